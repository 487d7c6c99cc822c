import { describe, expect, it } from 'vitest';
import { gae, monteCarlo } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, flags, floats, near, normals, numbers } from '../arrays.ts';

const returns = async (reward: number[], { terminated = reward.map(() => 0), truncated = reward.map(() => 0), valid = reward.map(() => 1) } = {}, gamma = 0.5) =>
  (await evaluateNode(monteCarlo, { sizes: {}, knobs: { gamma }, inputs: { reward: floats([reward]), terminated: flags([terminated]), truncated: flags([truncated]), valid: floats([valid]) } })).outputs['returns'];

describe('monteCarlo', () => {
  it('by hand: 4; 2 + 4 / 2; 1 + 4 / 2', async () => { near(await returns([1, 2, 4], { terminated: [0, 0, 1] }), [3, 4, 4]); });
  it('without a discount is the sum of what is still to come', async () => { near(await returns([1, 2, 4], {}, 1), [7, 6, 4]); });
  it('ends where an episode ends, truly or by a limit, whatever stands behind it', async () => {
    for (const behind of [0, 1e3]) for (const end of ['terminated', 'truncated']) {
      const got = numbers(await returns([1, 2, behind, 8, 4], { [end]: [0, 1, 0, 0, 1], valid: [1, 1, 0, 1, 1] }));
      expect(got).toEqual([2, 2, 0, 10, 4]);
    }
    near(await returns([1, 2, 8, 4], { terminated: [0, 1, 0, 1] }), [2, 2, 10, 4]);
  });
  it('is the lambda-return with lambda 1 of a critic that expects nothing', async () => {
    const reward = normals(1, 'r', [4, 6]), none = filled([4, 6], 0), at = (p: number) => flags(Array.from({ length: 4 }, (_, b) => Array.from({ length: 6 }, (__, t) => Number((b + 2 * t) % p === 0)))), shared = { reward, terminated: at(5), truncated: at(7), valid: filled([4, 6], 1) };
    near((await evaluateNode(monteCarlo, { sizes: {}, inputs: shared })).outputs['returns'], numbers((await evaluateNode(gae, { sizes: {}, knobs: { gamma: 0.99, lambda: 1 }, inputs: { ...shared, value: none, nextValue: none } })).outputs['returns']));
  });
});
