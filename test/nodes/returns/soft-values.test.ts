/** Soft values and what holds an entropy at its target. */
import { describe, expect, it } from 'vitest';
import { categoricalEntropyTarget, softExpectedValue, softValue, squashedEntropyTarget } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, flags, floats, near, normals, numbers } from '../arrays.ts';

const number = (x: number) => ({ shape: [], data: Float32Array.of(x) });

it('softValue is Q - alpha log pi', async () => {
  near((await evaluateNode(softValue(), { inputs: { q: floats([2, 3]), logProb: floats([-1, 0.5]), alpha: number(0.2) } })).outputs['value'], [2.2, 2.9]);
});

describe('softExpectedValue', () => {
  it('is what single draws come to on average, by enumeration', async () => {
    const q = normals(1, 'q', [6, 4]), logits = normals(2, 'l', [6, 4]), alpha = 0.3, { outputs } = await evaluateNode(softExpectedValue(), { inputs: { q, logits, alpha: number(alpha) } });
    for (let row = 0; row < 6; row++) {
      const e = [0, 1, 2, 3].map(a => Math.exp(logits.data[row * 4 + a]!)), all = e.reduce((a, b) => a + b, 0), pi = e.map(x => x / all);
      const drawn = pi.map((p, a) => q.data[row * 4 + a]! - alpha * Math.log(p));           // of a next action that was drawn, as the authors' code has it
      expect(outputs['value']!.data[row]).toBeCloseTo(pi.reduce((sum, p, a) => sum + p * drawn[a]!, 0), 5);
      expect(Math.max(...drawn) - Math.min(...drawn)).toBeGreaterThan(0.1);
    }
  });
  it('of even chances the entropy is log n, and unavailable actions count for nothing', async () => {
    const { outputs, gradients } = await evaluateNode(softExpectedValue(), { inputs: { q: floats([[1, 2, 99], [3, 5, 4]]), logits: floats([[0.5, 0.5, -1e9], [1, 1, 1]]), alpha: number(2) } });
    near(outputs['entropy'], [Math.log(2), Math.log(3)]);
    near(outputs['value'], [1.5 + 2 * Math.log(2), 4 + 2 * Math.log(3)]);
    for (const g of Object.values(gradients.inputs)) expect(numbers(g).every(Number.isFinite)).toBe(true);
    expect(gradients.inputs['q']!.data[2]).toBe(0);
  });
  it('is greatest at pi = softmax(q / alpha), and there alpha log sum exp(q / alpha)', async () => {
    const q = [1, 0.2, -0.5], alpha = 0.7, at = async (logits: readonly number[]) => (await evaluateNode(softExpectedValue(), { inputs: { q: floats([q]), logits: floats([logits]), alpha: number(alpha) }, cotangents: { value: floats([1]) } }));
    const top = await at(q.map(x => x / alpha));
    near(top.outputs['value'], [alpha * Math.log(q.reduce((sum, x) => sum + Math.exp(x / alpha), 0))]);
    expect(Math.max(...numbers(top.gradients.inputs['logits']).map(Math.abs))).toBeLessThan(1e-6);
    for (const other of [[0, 0, 0], [2, 0, -2], [1, 1, -5]]) expect(numbers((await at(other)).outputs['value'])[0]).toBeLessThan(numbers(top.outputs['value'])[0]!);
  });
});

describe('squashedEntropyTarget', () => {
  const of = async (logProb: number) => (await evaluateNode(squashedEntropyTarget(), { inputs: { alpha: number(0.5), logProb: filled([4], logProb), action: filled([4, 3], 0), mask: floats([1, 1, 1, 0]) }, knobs: { target: -1 } }));
  it('is -alpha (log pi - n), of actions of n numbers', async () => { near((await of(-2)).outputs['loss'], -0.5 * (-2 - 3)); });
  it('lowers alpha where the policy is less decided than the target, raises it where it is more so, and rests between', async () => {
    expect(numbers((await of(-2)).gradients.inputs['alpha'])[0]).toBeCloseTo(5, 5);        // entropy 2 above -3
    expect(numbers((await of(4)).gradients.inputs['alpha'])[0]).toBeCloseTo(-1, 5);        // entropy -4 below it
    expect(numbers((await of(3)).gradients.inputs['alpha'])[0]).toBeCloseTo(0, 6);
  });
});

describe('categoricalEntropyTarget', () => {
  const avail = flags([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]]);
  it('is alpha (H - share log n), n of the actions that are available in each state', async () => {
    const { outputs } = await evaluateNode(categoricalEntropyTarget(), { inputs: { alpha: number(0.5), entropy: floats([1, 0.5, 0]), avail, mask: floats([1, 1, 1]) }, knobs: { share: 0.5 } });
    near(outputs['loss'], 0.5 * ((1 - 0.5 * Math.log(4)) + (0.5 - 0.5 * Math.log(2)) + 0) / 3);
  });
  it('lowers alpha where the policy is less decided than the target', async () => {
    const g = async (h: number) => numbers((await evaluateNode(categoricalEntropyTarget(), { inputs: { alpha: number(0.5), entropy: floats([h]), avail: flags([[1, 1, 1]]), mask: floats([1]) }, knobs: { share: 0.89 } })).gradients.inputs['alpha'])[0]!;
    expect(await g(Math.log(3))).toBeGreaterThan(0);
    expect(await g(0.1)).toBeLessThan(0);
  });
});
