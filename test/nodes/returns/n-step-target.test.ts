import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../core/random.ts';
import { firstTransition, nStepTarget, tdTarget } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, normals, numbers, off } from '../arrays.ts';

interface Row { readonly reward: readonly number[]; readonly terminated: readonly number[]; readonly truncated: readonly number[]; readonly valid: readonly number[]; readonly nextValue: readonly number[] }
const inputsOf = ({ reward, terminated, truncated, valid, nextValue }: Row) => ({ reward: floats([reward]), terminated: flags([terminated]), truncated: flags([truncated]), valid: floats([valid]), nextValue: floats([nextValue]) });
const value = async (row: Row, n: number, gamma = 0.5) => (await evaluateNode(nStepTarget, { config: { n }, knobs: { gamma }, inputs: inputsOf(row) })).outputs['value'];
const none = [0, 0, 0, 0];

describe('nStepTarget', () => {
  it('sums the rewards of n steps and bootstraps behind them, on what is left near the last step', async () => {
    const row = { reward: [1, 2, 4, 8], terminated: none, truncated: none, valid: [1, 1, 1, 1], nextValue: [10, 20, 30, 40] };
    near(await value(row, 1), [1 + 5, 2 + 10, 4 + 15, 8 + 20]);
    near(await value(row, 2), [1 + 1 + 0.25 * 20, 2 + 2 + 0.25 * 30, 4 + 4 + 0.25 * 40, 8 + 20]);
    near(await value(row, 3), [1 + 1 + 1 + 0.125 * 30, 2 + 2 + 2 + 0.125 * 40, 4 + 4 + 10, 28]);
    near(await value(row, 4), [1 + 1 + 1 + 1 + 40 / 16, 11, 18, 28]);
    near(await value(row, 9), [1 + 1 + 1 + 1 + 40 / 16, 11, 18, 28]);
  });
  it('stops at a true end without a value; what comes behind it is another episode', async () => {
    const row = { reward: [1, 2, 0, 8], terminated: [0, 1, 0, 0], truncated: none, valid: [1, 1, 0, 1], nextValue: [10, 20, 30, 40] };
    const got = numbers(await value(row, 3));
    expect([got[0], got[1], got[3]]).toEqual([1 + 1, 2, 8 + 20]);
    expect(numbers(await value({ ...row, reward: [1, 2, 0, -99], nextValue: [10, -99, -99, -99] }, 3)).slice(0, 2)).toEqual([2, 2]);
  });
  it('stops at a time limit with the value of the final observation', async () => {
    const row = { reward: [1, 2, 0, 8], terminated: none, truncated: [0, 1, 0, 0], valid: [1, 1, 0, 1], nextValue: [10, 20, 30, 40] };
    expect(numbers(await value(row, 3)).slice(0, 2)).toEqual([1 + 1 + 0.25 * 20, 2 + 10]);
    expect(numbers(await value(row, 2)).slice(0, 2)).toEqual([1 + 1 + 0.25 * 20, 2 + 10]);
  });
  it('stops before a slot that is no transition, whatever its flags say', async () => {
    expect(numbers(await value({ reward: [1, 2, 4, 8], terminated: none, truncated: none, valid: [1, 1, 0, 0], nextValue: [10, 20, 30, 40] }, 4)).slice(0, 2)).toEqual([1 + 1 + 0.25 * 20, 2 + 10]);
  });
  it('of an episode that is padding alone is a number, and leaves the others as they are (wqmix reads in front of its arrays there)', async () => {
    const rows = { reward: floats([[1, 2], [0, 0]]), terminated: flags([[0, 1], [0, 0]]), truncated: flags([[0, 0], [0, 0]]), valid: floats([[1, 1], [0, 0]]), nextValue: floats([[10, 20], [30, 40]]) };
    const got = numbers((await evaluateNode(nStepTarget, { config: { n: 2 }, knobs: { gamma: 0.5 }, inputs: rows })).outputs['value']);
    expect(got.every(Number.isFinite)).toBe(true);
    expect(got.slice(0, 2)).toEqual([1 + 1, 2]);
  });
  it('equals a sum transition by transition: any ends, any n, rows of agents', () => fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 6 }), fc.nat(999), async (T, n, seed) => {
    const draw = Random.of(seed, 'n-step'), agents = 2, rows = 2, gamma = 0.9;
    const ends = Array.from({ length: rows * T }, () => { const u = draw.uniform(); return u < 0.2 ? 1 : u < 0.4 ? 2 : 0; }), kinds = ends.map((e, i) => (i % T && ends[i - 1] ? 0 : e));       // 1 terminated, 2 truncated
    const valid = kinds.map((_, i) => Number(!(i % T && kinds[i - 1]))), spread = <A>(list: readonly A[]) => list.flatMap(x => Array<A>(agents).fill(x));
    const shape = [rows, T, agents], reward = normals(seed, 'reward', shape), nextValue = normals(seed, 'nextValue', shape);
    const { outputs } = await evaluateNode(nStepTarget, {
      config: { n }, knobs: { gamma }, dims: Object.fromEntries(['reward', 'terminated', 'truncated', 'valid', 'nextValue'].map(k => [k, 'batch time agent'])),
      inputs: { reward, nextValue, terminated: { shape, data: Uint8Array.from(spread(kinds), k => Number(k === 1)) }, truncated: { shape, data: Uint8Array.from(spread(kinds), k => Number(k === 2)) }, valid: { shape, data: Float32Array.from(spread(valid)) } },
    });
    const want = Float32Array.from(reward.data, (_, i) => {
      const agent = i % agents, b = Math.floor(i / agents / T), t = Math.floor(i / agents) % T, at = (s: number) => (b * T + s) * agents + agent;
      if (!valid[b * T + t]) return 0;
      let y = 0, discount = 1;
      for (let s = t; ; s++) {
        y += discount * reward.data[at(s)]!;
        discount *= gamma;
        if (kinds[b * T + s] === 1) return y;
        if (kinds[b * T + s] === 2 || s === t + n - 1 || s === T - 1) return y + discount * nextValue.data[at(s)]!;
      }
    });
    const got = outputs['value']!, counted = { shape: got.shape, data: Float32Array.from(got.data, (x, i) => (valid[Math.floor(i / agents)] ? x : 0)) };
    expect(off(counted, { shape, data: want })).toBeLessThan(1e-5);
  }), { numRuns: 40 }));
  it('of one step is tdTarget', async () => {
    const row = { reward: [1, -2, 3, 0], terminated: [0, 1, 0, 0], truncated: [0, 0, 0, 1], valid: [1, 1, 0, 1], nextValue: [3, 4, 5, 6] }, { reward, terminated, nextValue } = inputsOf(row);
    expect(numbers(await value(row, 1, 0.9))).toEqual(numbers((await evaluateNode(tdTarget, { inputs: { reward, terminated, nextValue }, knobs: { gamma: 0.9 } })).outputs['value']));
  });
  it('passes the gradient to the value that it bootstraps on', async () => {
    const row = { reward: [1, 2, 4, 8], terminated: [0, 0, 0, 1], truncated: none, valid: [1, 1, 1, 1], nextValue: [10, 20, 30, 40] };
    const { gradients } = await evaluateNode(nStepTarget, { config: { n: 2 }, knobs: { gamma: 0.5 }, inputs: inputsOf(row), cotangents: { value: floats([[1, 2, 4, 8]]) } });
    near(gradients.inputs['nextValue'], [[0, 0.25, 0.5, 0]]);
    near(gradients.inputs['reward'], [[1, 2 + 0.5, 4 + 1, 8 + 2]]);
  });
});

describe('firstTransition', () => {
  it('keeps the mask of the first step of each piece', async () => {
    near((await evaluateNode(firstTransition, { inputs: { mask: floats([[1, 1, 1], [0, 1, 1], [1, 0, 1]]) } })).outputs['mask'], [[1, 0, 0], [0, 0, 0], [1, 0, 0]], 0);
    near((await evaluateNode(firstTransition, { inputs: { mask: floats([[1], [0]]) } })).outputs['mask'], [[1], [0]], 0);
  });
});
