import { describe, expect, it } from 'vitest';
import { attentionKl } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, normals, numbers } from '../arrays.ts';

const run = async (later: ReturnType<typeof floats>, attention: ReturnType<typeof floats>, mask = filled([later.shape[0]!], 1)) => evaluateNode(attentionKl, { inputs: { later, attention, mask } });
/** Rows of positive numbers of sum 1. */
function weights(seed: number, shape: readonly number[]) {
  const x = normals(seed, 'attention', shape), n = shape.at(-1)!, e = Float32Array.from(x.data, Math.exp);
  return { shape, data: e.map((v, i) => v / e.slice(i - i % n, i - i % n + n).reduce((a, b) => a + b, 0)) };
}

describe('attentionKl', () => {
  it('equals a calculation by hand: 1 agent, 2 heads', async () => {
    const { outputs, gradients } = await run(floats([[[[0.5, 0.5], [0, 1]]], [[[1, 0], [0.2, 0.8]]]]), floats([[[[0.25, 0.75], [0, 1]]], [[[0.5, 0.5], [0.4, 0.6]]]]));
    const rows = [0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 0, Math.log(2), 0.2 * Math.log(0.5) + 0.8 * Math.log(4 / 3)];
    near(outputs['loss'], rows.reduce((a, x) => a + x, 0) / 4);
    near(gradients.inputs['attention'], [[[[-0.5, -0.5 / 3], [0, -0.25]]], [[[-0.5, 0], [-0.125, -1 / 3]]]]);        // -later / attention / 4
    expect(numbers(gradients.inputs['later']).every(x => x === 0)).toBe(true);
  });
  it('is 0 where nothing changes and above it where anything does, whichever neighbours are not heard', async () => {
    const shape = [6, 2, 3, 3], a = weights(1, shape), b = weights(2, shape);
    expect(numbers((await run(a, a)).outputs['loss'])).toEqual([0]);
    for (let k = 0; k < 6; k++) expect(numbers((await run(b, a, { shape: [6], data: Float32Array.from({ length: 6 }, (_, i) => (i === k ? 1 : 0)) })).outputs['loss'])[0]).toBeGreaterThan(1e-3);
    const unheard = floats([[[[0, 1], [1, 0]]]]);
    expect(numbers((await run(unheard, unheard)).outputs['loss'])).toEqual([0]);
  });
  it('weighs the next step\'s attention: the two in the other order give another number', async () => {
    const a = weights(3, [4, 2, 3, 3]), b = weights(4, [4, 2, 3, 3]), [ab, ba] = [numbers((await run(a, b)).outputs['loss'])[0]!, numbers((await run(b, a)).outputs['loss'])[0]!];
    const kl = (p: ArrayLike<number>, q: ArrayLike<number>) => Array.from(p).reduce((sum, x, i) => sum + x * Math.log(x / q[i]!), 0) / (4 * 2 * 3);
    expect(ab).toBeCloseTo(kl(a.data, b.data), 5);
    expect(ba).toBeCloseTo(kl(b.data, a.data), 5);
    expect(Math.abs(ab - ba)).toBeGreaterThan(1e-3);
  });
});
