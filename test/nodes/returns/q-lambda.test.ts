import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { qLambda, tdLambda, tdTarget } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, normals, numbers } from '../arrays.ts';

interface Fixture {
  readonly gamma: number; readonly reward: number[][]; readonly terminated: number[][]; readonly truncated: number[][]; readonly valid: number[][]; readonly greedy: number[][]; readonly taken: number[][];
  readonly cases: readonly { readonly lambda: number; readonly q: number[][] }[];
}
const theirs = JSON.parse(readFileSync(new URL('../../fixtures/returns/lambda.json', import.meta.url), 'utf8')) as Fixture;
const value = async (reward: number[], nextValue: number[], nextTaken: number[], { terminated = reward.map(() => 0), truncated = reward.map(() => 0) } = {}) =>
  numbers((await evaluateNode(qLambda, { sizes: {}, knobs: { gamma: 0.9, lambda: 0.8 }, inputs: { reward: floats([reward]), nextValue: floats([nextValue]), nextTaken: floats([nextTaken]), terminated: flags([terminated]), truncated: flags([truncated]) } })).outputs['value']);
const close = (got: readonly number[], want: readonly number[]) => { expect(got).toHaveLength(want.length); got.forEach((x, i) => { expect(x).toBeCloseTo(want[i]!, 4); }); };

describe('qLambda', () => {
  // from behind: 3 + 0.9 * 30 = 30; 2 + 0.9 (20 + 0.8 (30 - 15)) = 30.8; 1 + 0.9 (10 + 0.8 (30.8 - 10)) = 24.976
  it('by hand, where the batch ends and the episode goes on', async () => { close(await value([1, 2, 3], [10, 20, 30], [10, 15, 7]), [24.976, 30.8, 30]); });
  it('by hand, with a true end: 3; 2 + 0.9 (20 + 0.8 (3 - 15)); 1 + 0.9 (10 + 0.8 (11.36 - 10))', async () => { close(await value([1, 2, 3], [10, 20, 30], [10, 15, 7], { terminated: [0, 0, 1] }), [10.9792, 11.36, 3]); });
  it('by hand, with a limit inside: each episode from its own last step, whatever stands behind it', async () => {
    for (const behind of [0, 1e6]) close((await value([1, 2, behind], [10, 20, behind], [10, 15, behind], { truncated: [0, 1, 0] })).slice(0, 2), [1 + 0.9 * (10 + 0.8 * (20 - 10)), 2 + 0.9 * 20]);
  });
  it('is the one-step target with lambda 0, and TD(lambda) where every later action is greedy', async () => {
    const reward = normals(1, 'r', [4, 5]), nextValue = normals(1, 'v', [4, 5]), nextTaken = normals(1, 'q', [4, 5]), flagged = (p: number) => flags(Array.from({ length: 4 }, (_, b) => Array.from({ length: 5 }, (_, t) => Number((b + t) % p === 0))));
    const inputs = { reward, nextValue, terminated: flagged(4) }, all = { ...inputs, truncated: flagged(3) }, of = async (node: typeof qLambda | typeof tdLambda, given: object, lambda: number) => numbers((await evaluateNode(node, { sizes: {}, knobs: { gamma: 0.99, lambda }, inputs: given as typeof all })).outputs['value']);
    close(await of(qLambda, { ...all, nextTaken }, 0), numbers((await evaluateNode(tdTarget, { sizes: {}, inputs })).outputs['value']));
    close(await of(qLambda, { ...all, nextTaken: nextValue }, 0.7), await of(tdLambda, all, 0.7));
  });
  it.each(theirs.cases.map(c => [c.lambda, c] as const))('with lambda %f is the authors\' target of each episode by itself, without the correction of its own step', async (lambda, { q }) => {
    const ahead = (x: number[][]) => floats(x.map(row => row.slice(1))), { greedy, taken, valid } = theirs;
    const got = numbers((await evaluateNode(qLambda, { sizes: {}, knobs: { gamma: theirs.gamma, lambda }, inputs: { reward: floats(theirs.reward), terminated: flags(theirs.terminated), truncated: flags(theirs.truncated), nextValue: ahead(greedy), nextTaken: ahead(taken) } })).outputs['value']);
    const corrected = valid.flatMap((row, b) => row.map((v, t) => v * (got[b * row.length + t]! + greedy[b]![t]! - taken[b]![t]!)));
    near({ shape: [], data: Float32Array.from(corrected) }, q.flat(), 2e-5);
  });
});
