import { describe, expect, it } from 'vitest';
import { standardise } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, normals, numbers } from '../arrays.ts';

const of = async (x: number[], mask = x.map(() => 1)) => (await evaluateNode(standardise, { sizes: {}, inputs: { x: floats([x]), mask: floats([mask]) } })).outputs['x'];

describe('standardise', () => {
  it('by hand: mean 3, variance (4 + 1 + 9) / 2', async () => { near(await of([1, 2, 6]), [-2, -1, 3].map(x => x / Math.sqrt(7))); });
  it('is over what counts alone, and 0 elsewhere', async () => { near(await of([1, 1e4, 2, 6], [1, 0, 1, 1]), [-2, 0, -1, 3].map(x => x / Math.sqrt(7))); });
  it('of one, of none and of equal numbers is 0', async () => {
    expect(numbers(await of([5, 7], [1, 0]))).toEqual([0, 0]);
    expect(numbers(await of([5, 7], [0, 0]))).toEqual([0, 0]);
    expect(numbers(await of([2, 2, 2]))).toEqual([0, 0, 0]);
  });
  it('does not see how rewards are scaled or moved', async () => {
    const x = normals(1, 'x', [5, 6]), mask = filled([5, 6], 1), moved = { shape: x.shape, data: Float32Array.from(x.data, v => 30 * v - 7) };
    near((await evaluateNode(standardise, { sizes: {}, inputs: { x: moved, mask } })).outputs['x'], numbers((await evaluateNode(standardise, { sizes: {}, inputs: { x, mask } })).outputs['x']), 1e-5);
  });
});
