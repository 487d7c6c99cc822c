import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tdLambda, tdTarget } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, normals, numbers } from '../arrays.ts';

interface Fixture {
  readonly gamma: number; readonly reward: number[][]; readonly terminated: number[][]; readonly truncated: number[][]; readonly valid: number[][]; readonly greedy: number[][];
  readonly cases: readonly { readonly lambda: number; readonly td: number[][]; readonly tdTogether: number[][] }[];
}
const theirs = JSON.parse(readFileSync(new URL('../../fixtures/returns/lambda.json', import.meta.url), 'utf8')) as Fixture;
const knobs = { gamma: 0.9, lambda: 0.8 };
const value = async (reward: number[], nextValue: number[], { terminated = reward.map(() => 0), truncated = reward.map(() => 0) } = {}, how = knobs) =>
  numbers((await evaluateNode(tdLambda, { sizes: {}, knobs: how, inputs: { reward: floats([reward]), nextValue: floats([nextValue]), terminated: flags([terminated]), truncated: flags([truncated]) } })).outputs['value']);
const close = (got: readonly number[], want: readonly number[], digits = 4) => { expect(got).toHaveLength(want.length); got.forEach((x, i) => { expect(x).toBeCloseTo(want[i]!, digits); }); };

describe('tdLambda', () => {
  // from behind: 3 + 0.9 * 30 = 30; 2 + 0.9 (0.2 * 20 + 0.8 * 30) = 27.2; 1 + 0.9 (0.2 * 10 + 0.8 * 27.2) = 22.384
  it('by hand, where the batch ends and the episode goes on', async () => { close(await value([1, 2, 3], [10, 20, 30]), [22.384, 27.2, 30]); });
  it('by hand, with a true end: 3; 2 + 0.9 (4 + 2.4); 1 + 0.9 (2 + 0.8 * 7.76)', async () => { close(await value([1, 2, 3], [10, 20, 30], { terminated: [0, 0, 1] }), [8.3872, 7.76, 3]); });
  it('by hand, with a time limit at the end: as where it goes on', async () => { close(await value([1, 2, 3], [10, 20, 30], { truncated: [0, 0, 1] }), [22.384, 27.2, 30]); });
  it.each([
    ['an end after the third step', { terminated: [0, 0, 1, 0] }, [4.694363, 4.5146, 3]],
    ['a time limit there', { truncated: [0, 0, 1, 0] }, [5.191156, 5.141864, 3.792]],
    ['neither', {}, [5.236364, 5.198945, 3.864072, 0.891]],
  ])('worked out elsewhere, lambda 0.8 and gamma 0.99, with %s', async (_, ends, want) => { close((await value([1, 2, 3, 0], [0.6, 0.7, 0.8, 0.9], ends, { gamma: 0.99, lambda: 0.8 })).slice(0, want.length), want, 5); });
  it('by hand, with an end or a limit inside: each episode from its own last step, whatever stands behind it', async () => {
    for (const behind of [0, 1e6]) {
      const limit = await value([1, 2, behind, 4], [10, 20, behind, 5], { truncated: [0, 1, 0, 0], terminated: [0, 0, 0, 1] }), end = await value([1, 2, behind, 4], [10, 20, behind, 5], { terminated: [0, 1, 0, 1] });
      close(limit.slice(0, 2), [1 + 0.9 * (0.2 * 10 + 0.8 * 20), 2 + 0.9 * 20]);
      close(end.slice(0, 2), [1 + 0.9 * (0.2 * 10 + 0.8 * 2), 2]);
      close([limit[3]!, end[3]!], [4, 4]);
    }
  });
  it('is the one-step target with lambda 0, and the return with lambda 1', async () => {
    const reward = normals(1, 'r', [4, 5]), nextValue = normals(1, 'v', [4, 5]), flagged = (p: number) => flags(Array.from({ length: 4 }, (_, b) => Array.from({ length: 5 }, (_, t) => Number((b + t) % p === 0))));
    const inputs = { reward, nextValue, terminated: flagged(4) }, one = (await evaluateNode(tdTarget, { sizes: {}, inputs })).outputs['value'];
    close(numbers((await evaluateNode(tdLambda, { sizes: {}, knobs: { gamma: 0.99, lambda: 0 }, inputs: { ...inputs, truncated: flagged(3) } })).outputs['value']), numbers(one), 5);
    const ways = { gamma: 0.5, lambda: 1 };
    close(await value([8, 4, 2], [9, 9, 6], { terminated: [0, 0, 1] }, ways), [8 + 2 + 0.5, 4 + 1, 2], 5);
    close(await value([8, 4, 2], [9, 9, 6], { truncated: [0, 0, 1] }, ways), [8 + 2 + 0.5 + 0.75, 4 + 1 + 1.5, 2 + 3], 5);
  });
  it('is lambda times the weight for each further n-step target', async () => {
    const r = [1, -2, 0.5, 3], v = [2, 1, -1, 4], { gamma, lambda } = knobs;
    const steps = (n: number) => r.slice(0, n).reduce((sum, x, k) => sum + gamma ** k * x, 0) + gamma ** n * v[n - 1]!;
    expect((await value(r, v))[0]).toBeCloseTo((1 - lambda) * (steps(1) + lambda * steps(2) + lambda ** 2 * steps(3)) + lambda ** 3 * steps(4), 5);
  });
  it.each(theirs.cases.map(c => [c.lambda, c] as const))('with lambda %f is the authors\' target of each episode by itself', async (lambda, { td, tdTogether }) => {
    const nextValue = theirs.greedy.map(row => row.slice(1)), inputs = { reward: floats(theirs.reward), terminated: flags(theirs.terminated), truncated: flags(theirs.truncated), nextValue: floats(nextValue) };
    const got = numbers((await evaluateNode(tdLambda, { sizes: {}, knobs: { gamma: theirs.gamma, lambda }, inputs })).outputs['value']), valid = theirs.valid.flat();
    near({ shape: [], data: Float32Array.from(got, (x, i) => x * valid[i]!) }, td.flat(), 1e-5);
    // in one batch an episode that a limit cut early takes in what stands behind it, which ours must not
    const leaks = tdTogether.map((row, b) => row.some((x, t) => theirs.valid[b]![t] === 1 && Math.abs(x - td[b]![t]!) > 1e-3));
    expect(leaks).toEqual(theirs.truncated.map((row, b) => lambda > 0 && row.indexOf(1) >= 0 && theirs.valid[b]!.includes(0)));
  });
});
