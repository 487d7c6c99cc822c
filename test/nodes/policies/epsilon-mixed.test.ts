/** COMA's policy, with the mask behind the softmax and before it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categorical, categoricalLogProb, epsilonMixed, epsilonMixedAvailable } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, normals, numbers, off, wholes } from '../arrays.ts';

const both = [['epsilonMixed', epsilonMixed], ['epsilonMixedAvailable', epsilonMixedAvailable]] as const;
const of = async (node: typeof epsilonMixed, raw: readonly (readonly number[])[], avail: readonly (readonly number[])[], epsilon: number) => (await evaluateNode(node, { sizes: {}, inputs: { raw: floats(raw), avail: flags(avail) }, knobs: { epsilon } })).outputs;

describe('a softmax mixed with even play', () => {
  it('by hand, of three actions of which the third is unavailable', async () => {
    const e = [Math.E, 1, 1 / Math.E], all = e.reduce((a, b) => a + b), behind = e.map(x => 0.5 * x / all + 0.5 / 3), two = e[0]! + e[1]!;
    near((await of(epsilonMixed, [[1, 0, -1]], [[1, 1, 0]], 0.5))['pi'], [[behind[0]! / (behind[0]! + behind[1]!), behind[1]! / (behind[0]! + behind[1]!), 0]], 1e-6);
    near((await of(epsilonMixedAvailable, [[1, 0, -1]], [[1, 1, 0]], 0.5))['pi'], [[0.5 * e[0]! / two + 0.25, 0.5 * e[1]! / two + 0.25, 0]], 1e-6);
    // the same in the figures of the authors' formula
    near((await of(epsilonMixed, [[1, 0, -1]], [[1, 1, 0]], 0.5))['pi'], [[0.633357, 0.366643, 0]], 1e-6);
    near((await of(epsilonMixedAvailable, [[1, 0, -1]], [[1, 1, 0]], 0.5))['pi'], [[0.615529, 0.384471, 0]], 1e-6);
  });
  it.each(both)('%s: sums to 1 over what is available, nothing is below its share of epsilon, and logits are its logarithm', (_, node) => fc.assert(fc.asyncProperty(fc.nat(9999), fc.double({ min: 0, max: 1, noNaN: true }), async (seed, epsilon) => {
    const raw = normals(seed, 'raw', [6, 4], 5), avail = normals(seed, 'avail', [6, 4]), open = Uint8Array.from(avail.data, (x, i) => Number(x > 0 || i % 4 === seed % 4)), { pi, logits } = (await evaluateNode(node, { sizes: {}, inputs: { raw, avail: { shape: [6, 4], data: open } }, knobs: { epsilon } })).outputs;
    for (let row = 0; row < 6; row++) {
      const at = [0, 1, 2, 3].map(a => row * 4 + a), p = at.map(i => pi!.data[i]!);
      expect(Math.abs(p.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-5);
      at.forEach((i, a) => {
        if (!open[i]) { expect([p[a], logits!.data[i]]).toEqual([0, -1e9]); return; }
        expect(p[a]).toBeGreaterThanOrEqual(epsilon / 4 - 1e-6);
        if (p[a]! > 1e-6) expect(Math.abs(Math.exp(logits!.data[i]!) / p[a]! - 1)).toBeLessThan(1e-4);
      });
    }
  }), { numRuns: 50 }));
  it('where all actions are available the order of mask and softmax does not matter; with epsilon 1 play is even', async () => {
    const raw = [[1, -2, 0.5, 3]], open = [[1, 1, 1, 1]];
    near((await of(epsilonMixed, raw, open, 0.3))['pi'], [numbers((await of(epsilonMixedAvailable, raw, open, 0.3))['pi'])], 1e-6);
    for (const [, node] of both) near((await of(node, raw, [[1, 0, 1, 1]], 1))['pi'], [[1 / 3, 0, 1 / 3, 1 / 3]], 1e-6);
  });
  it('before the softmax, with epsilon 0, is the policy of categorical', async () => {
    const weights = { 'head/kernel': normals(1, 'kernel', [5, 4]), 'head/bias': normals(1, 'bias', [4]) }, avail = flags([[1, 0, 1, 1], [1, 1, 1, 1], [0, 0, 1, 0]]), { outputs } = await evaluateNode(categorical, { sizes: {}, inputs: { z: normals(1, 'z', [3, 5]), avail }, weights });
    const mixed = (await evaluateNode(epsilonMixedAvailable, { sizes: {}, inputs: { raw: outputs['raw']!, avail }, knobs: { epsilon: 0 } })).outputs;
    expect(off(mixed['pi'], outputs['pi'])).toBeLessThan(1e-6);
    const action = wholes([2, 1, 2]), logProb = async (logits: typeof outputs[string] | undefined) => numbers((await evaluateNode(categoricalLogProb, { sizes: {}, inputs: { logits: logits!, action } })).outputs['logProb']);
    near(floats(await logProb(mixed['logits'])), await logProb(outputs['logits']), 1e-5);
  });
  it.each(both)('%s: the log-probability of what float32 cannot hold is a number, and so is its gradient', async (_, node) => {
    const inputs = { raw: floats([[0, -300, -1000], [0, -300, -1000], [0, 0, 0]]), avail: flags([[1, 1, 1], [0, 1, 1], [0, 0, 0]]) };
    for (const epsilon of [0, 1e-3]) {
      const { outputs, gradients } = await evaluateNode(node, { sizes: {}, inputs, knobs: { epsilon }, cotangents: { logits: floats([[1, 1, 1], [0, 1, 1], [0, 0, 0]]) } });
      for (const x of [...Object.values(outputs), gradients.inputs['raw']]) expect(numbers(x).every(Number.isFinite)).toBe(true);
      if (epsilon === 0) near({ shape: [3], data: outputs['logits']!.data.slice(0, 3) }, [0, -300, -1000], 1e-3);
      near({ shape: [3], data: outputs['pi']!.data.slice(6) }, [1 / 3, 1 / 3, 1 / 3], 1e-6);          // of padding
    }
  });
  it('is what is differentiated: the slope of log pi by the raw logits is that of the mix, not of the softmax', async () => {
    const raw = [0.2, -0.4, 1], epsilon = 0.4, e = raw.map(Math.exp), sum = e.reduce((a, b) => a + b), p = e.map(x => x / sum), mix = p.map(x => (1 - epsilon) * x + epsilon / 3);
    const { gradients } = await evaluateNode(epsilonMixed, { sizes: {}, inputs: { raw: floats([raw]), avail: flags([[1, 1, 1]]) }, knobs: { epsilon }, cotangents: { logits: floats([[1, 0, 0]]), pi: floats([[0, 0, 0]]) } });
    near(gradients.inputs['raw'], [raw.map((_, a) => (1 - epsilon) * p[0]! * (Number(a === 0) - p[a]!) / mix[0]!)], 1e-6);
  });
});
