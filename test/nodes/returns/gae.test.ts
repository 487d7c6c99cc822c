import { describe, expect, it } from 'vitest';
import { gae, gaeLimitsAsEnds, gaeWithoutLimits } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, normals, numbers } from '../arrays.ts';

interface Row { readonly reward: number[]; readonly value: number[]; readonly nextValue: number[]; readonly valid?: number[]; readonly terminated?: number[]; readonly truncated?: number[] }
async function estimate(rows: readonly Row[], knobs: Readonly<Record<string, number>>, node = gae): Promise<{ advantage: number[][]; returns: number[][] }> {
  const of = (k: keyof Row, otherwise = 0) => rows.map(r => r[k] ?? r.reward.map(() => otherwise)), T = rows[0]!.reward.length;
  const { outputs } = await evaluateNode(node, { sizes: {}, knobs, inputs: { reward: floats(of('reward')), value: floats(of('value')), nextValue: floats(of('nextValue')), valid: floats(of('valid', 1)), terminated: flags(of('terminated')), truncated: flags(of('truncated')) } });
  const cut = (k: string) => { const all = numbers(outputs[k]); return rows.map((_, b) => all.slice(b * T, (b + 1) * T)); };
  return { advantage: cut('advantage'), returns: cut('returns') };
}
/** The sum that the recurrence stands for, written out: (gamma lambda)^l delta_{t+l} until the episode ends. */
function written({ reward, value, nextValue, valid = reward.map(() => 1), terminated = reward.map(() => 0), truncated = reward.map(() => 0) }: Row, gamma: number, lambda: number): number[] {
  return reward.map((_, t) => {
    let sum = 0;
    for (let l = 0; t + l < reward.length && valid[t + l]; l++) {
      const at = t + l;
      sum += (gamma * lambda) ** l * (reward[at]! + (terminated[at] ? 0 : gamma * nextValue[at]!) - value[at]!);
      if (terminated[at] || truncated[at]) break;
    }
    return sum;
  });
}
const ways = { gamma: 0.9, lambda: 0.8 };
// r = 1 0 2 -1 0.5 and V = 0.5 0.4 0.3 0.2 0.1; a limit at the third, where V of the final observation is 0.7, an end at the fourth, 0.6 behind the last
const golden: Row = {
  reward: [1, 0, 2, 0, -1, 0, 0.5], value: [0.5, 0.4, 0.3, 0.7, 0.2, 9, 0.1], nextValue: [0.4, 0.3, 0.7, 0.2, 9, 0.1, 0.6],
  valid: [1, 1, 1, 0, 1, 0, 1], terminated: [0, 0, 0, 0, 1, 0, 0], truncated: [0, 0, 1, 0, 0, 0, 0],
};

describe('gae', () => {
  it('is what was computed apart for a rollout with a limit and an end inside', async () => {
    const { advantage, returns } = await estimate([golden], ways), want = [1.974272, 1.5476, 2.33, 0, -1.2, 0, 0.94];
    near(floats(advantage), want);
    near(floats([returns[0]!.filter((_, t) => golden.valid![t])]), want.map((a, t) => a + golden.value[t]!).filter((_, t) => golden.valid![t]));
  });
  it('of those that treat a limit otherwise: as an end, or as a step to learn nothing from', async () => {
    near(floats((await estimate([golden], ways, gaeLimitsAsEnds)).advantage), [1.64768, 1.094, 1.7, 0, -1.2, 0, 0.94]);
    const { advantage, returns } = await estimate([golden], ways, gaeWithoutLimits);
    near(floats(advantage), [0.7664, -0.13, 0, 0, -1.2, 0, 0.94]);
    expect(returns[0]![2]).toBeCloseTo(golden.value[2]!, 6);
    const limitless = [{ ...golden, truncated: golden.truncated!.map(() => 0), terminated: golden.terminated!.map(Number) }];
    for (const node of [gaeLimitsAsEnds, gaeWithoutLimits]) expect(await estimate(limitless, ways, node)).toEqual(await estimate(limitless, ways));
  });
  it('by hand, without an end: 3 + 0.9 * 6 - 5; 2 + 0.9 * 5 - 4 + 0.72 * 3.4; 1 + 0.9 * 4 - 3 + 0.72 * 4.948', async () => {
    near(floats((await estimate([{ reward: [1, 2, 3], value: [3, 4, 5], nextValue: [4, 5, 6] }], ways)).advantage), [1.6 + 0.72 * 4.948, 2.5 + 0.72 * 3.4, 3.4]);
  });
  it('is the sum of all errors to the end of the episode, and with lambda 0 the first of them', async () => {
    const draw = (what: string) => numbers(normals(2, what, [3, 9])), rows = [0, 1, 2].map((b): Row => {
      const cut = (all: number[]) => all.slice(9 * b, 9 * b + 9), at = (...steps: number[]) => Array.from({ length: 9 }, (_, t) => Number(steps.includes(t)));
      return { reward: cut(draw('r')), value: cut(draw('v')), nextValue: cut(draw('n')), terminated: at(b, 6), truncated: at(b + 3), valid: at(b + 1, b + 4, 7).map(x => 1 - x) };
    });
    for (const lambda of [0, 0.5, 0.95, 1]) near(floats((await estimate(rows, { gamma: 0.97, lambda })).advantage), rows.map(r => written(r, 0.97, lambda)), 2e-5);
  });
  it('with lambda 1 is the return less the value; what a limit or the end of the batch cuts off the value there stands for', async () => {
    const row: Row = { reward: [8, 4, 2, 0, 1], value: [1, 2, 3, 0, 5], nextValue: [2, 3, 16, 5, 10], valid: [1, 1, 1, 0, 1], truncated: [0, 0, 1, 0, 0] };
    const { advantage, returns } = await estimate([row], { gamma: 0.5, lambda: 1 });
    near(floats([returns[0]!.filter((_, t) => t !== 3)]), [8 + 2 + 0.5 + 2, 4 + 1 + 4, 2 + 8, 1 + 5]);
    near(floats(advantage), [11.5, 7, 7, 0, 1]);
  });
  it('is 0 where the values are those of the rewards to come', async () => {
    // 1, then 2, then 4 and the end, without a discount of 1/2: V = 1 + 1 + 1 = 3, 2 + 2 = 4, 4
    for (const lambda of [0, 0.7, 1]) near(floats((await estimate([{ reward: [1, 2, 4], value: [3, 4, 4], nextValue: [4, 4, 100], terminated: [0, 0, 1] }], { gamma: 0.5, lambda })).advantage), [0, 0, 0]);
  });
  it('takes no notice of what stands behind an episode, and episodes after one another are as each alone', async () => {
    const padded = (behind: number): Row => ({ reward: [1, 2, behind, behind], value: [1, 1, behind, behind], nextValue: [1, behind, behind, behind], terminated: [0, 1, 0, 0], valid: [1, 1, 0, 0] });
    const [a, b] = [await estimate([padded(0)], ways), await estimate([padded(1e3)], ways)];
    expect(b.advantage).toEqual(a.advantage);
    const first: Row = { reward: [1, -1, 0], value: [2, 1, 4], nextValue: [1, 4, 2], truncated: [0, 1, 0], valid: [1, 1, 0] }, second: Row = { reward: [3, 1, 2], value: [1, 1, 1], nextValue: [1, 1, 7], terminated: [0, 0, 1] };
    const both = Object.fromEntries((['reward', 'value', 'nextValue', 'terminated', 'truncated', 'valid'] as const).map(k => [k, [first, second].flatMap(r => r[k] ?? r.reward.map(() => (k === 'valid' ? 1 : 0)))])) as unknown as Row;
    near(floats((await estimate([both], ways)).advantage), [...written(first, 0.9, 0.8), ...written(second, 0.9, 0.8)]);
  });
  it('is per agent where values are: the team is paid once, each has a critic', async () => {
    const inputs = { reward: floats([[[1, 1], [2, 2]]]), value: floats([[[1, 3], [2, 4]]]), nextValue: floats([[[2, 4], [5, 6]]]), valid: floats([[[1, 1], [1, 1]]]), terminated: flags([[[0, 0], [0, 0]]]), truncated: flags([[[0, 0], [0, 0]]]) };
    const dims = Object.fromEntries(Object.keys(inputs).map(k => [k, 'batch time agent'])), { outputs } = await evaluateNode(gae, { sizes: {}, knobs: ways, inputs, dims });
    near(outputs['advantage'], [[[1.8 + 0.72 * 4.5, 1.6 + 0.72 * 3.4], [4.5, 3.4]]]);
  });
});
