/** Running statistics, against Stable-Baselines3's own (fixtures/continuous/README.md). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { normaliseObservation, normaliseReward, featureMoments } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { arrayOf, batchOf, type Encoded, type State } from '../../graphs/policy-fixture.ts';
import { filled, floats, near, normals, numbers, off, type Arrays } from '../arrays.ts';

type Moments = Readonly<Record<'mean' | 'variance' | 'count', number>>;
interface Reward { readonly case: string; readonly gamma: number; readonly clip: number; readonly batch: State; readonly before: Moments & { readonly sofar: readonly number[] }; readonly reward: Encoded; readonly after: Moments & { readonly sofar: readonly number[] } }
const { moments, rewards } = JSON.parse(readFileSync(new URL('../../fixtures/continuous/normalisers.json', import.meta.url), 'utf8')) as {
  readonly moments: { readonly batches: readonly Encoded[]; readonly after: readonly Readonly<Record<'mean' | 'variance', readonly number[]> & { readonly count: number }>[] }; readonly rewards: readonly Reward[];
};

describe('featureMoments', () => {
  it('are those of Stable-Baselines3 after each of three batches', async () => {
    let kept: Arrays = { mean: filled([3], 0), variance: filled([3], 1), count: { shape: [], data: Float32Array.of(1e-4) } };
    for (const [i, x] of moments.batches.entries()) {
      kept = (await evaluateNode(featureMoments(), { inputs: { x: arrayOf(x), ...kept }, cotangents: {} })).outputs;
      const want = moments.after[i]!;
      expect(off(kept['mean'], floats(want.mean))).toBeLessThan(1e-5);
      expect(off(kept['variance'], floats(want.variance))).toBeLessThan(1e-5);
      expect(Math.abs(numbers(kept['count'])[0]! / want.count - 1)).toBeLessThan(1e-5);
    }
  });
  it('do not depend on how what was seen is cut into batches', async () => {
    const x = normals(1, 'x', [24, 2], 3), from = { mean: floats([1, -1]), variance: floats([2, 0.5]), count: { shape: [], data: Float32Array.of(7) } };
    const whole = (await evaluateNode(featureMoments(), { inputs: { x, ...from }, cotangents: {} })).outputs;
    let parts: Arrays = from;
    for (const [begin, end] of [[0, 5], [5, 6], [6, 24]] as const) parts = (await evaluateNode(featureMoments(), { inputs: { x: { shape: [end - begin, 2], data: x.data.slice(2 * begin, 2 * end) }, ...parts }, cotangents: {} })).outputs;
    for (const k of ['mean', 'variance', 'count']) expect(off(parts[k], whole[k]), k).toBeLessThan(1e-5);
  });
});

describe('normaliseObservation', () => {
  it('centres, scales and clips', async () => {
    const { outputs } = await evaluateNode(normaliseObservation(), { inputs: { x: floats([[3, 1], [1, -9]]), mean: floats([1, 1]), variance: floats([4, 0.25]) }, knobs: { clip: 10 } });
    near(outputs['x'], [[1, 0], [0, -10]]);
  });
  it('takes a variance of nothing for a very small one', async () => {
    const { outputs } = await evaluateNode(normaliseObservation(), { inputs: { x: floats([[2, 5]]), mean: floats([2, 4]), variance: floats([0, -1]) } });
    near(outputs['x'], [[0, 10]]);
  });
});

describe('normaliseReward', () => {
  it.each(rewards.map(c => [c.case, c] as const))('gives the rewards and keeps the statistics of Stable-Baselines3: %s', async (_, c) => {
    const { 'data.reward': reward, 'data.terminated': terminated, 'data.truncated': truncated, 'data.valid': valid } = batchOf(c.batch), number = (x: number) => ({ shape: [], data: Float32Array.of(x) });
    const dims = Object.fromEntries([...['reward', 'terminated', 'truncated', 'valid'].map(k => [k, 'batch time']), ['sofar', 'batch']]) as Record<string, string>;
    const { outputs } = await evaluateNode(normaliseReward(), {
      inputs: { reward: reward!, terminated: terminated!, truncated: truncated!, valid: valid!, sofar: floats(c.before.sofar), mean: number(c.before.mean), variance: number(c.before.variance), count: number(c.before.count) },
      dims, knobs: { gamma: c.gamma, clip: c.clip }, cotangents: {},
    });
    expect(off(outputs['reward'], arrayOf(c.reward))).toBeLessThan(1e-5);
    expect(off(outputs['sofar'], floats(c.after.sofar))).toBeLessThan(1e-5);
    for (const k of ['mean', 'variance', 'count'] as const) expect(Math.abs(numbers(outputs[k])[0]! - c.after[k]), k).toBeLessThan(1e-5 * Math.max(1, Math.abs(c.after[k])));
  });
  it('the cases hold what they are there for: ends and limits, waiting slots, a clip that bites', () => {
    for (const name of ['terminated', 'truncated']) expect(rewards.flatMap(c => c.batch[name]!.data)).toContain(1);
    expect(rewards.flatMap(c => c.batch['valid']!.data)).toContain(0);
    expect(rewards.some(c => c.reward.data.some(x => Math.abs(x) === Math.fround(c.clip)))).toBe(true);
  });
});
