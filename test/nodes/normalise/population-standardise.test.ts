import { describe, expect, it } from 'vitest';
import { populationStandardise } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, numbers } from '../arrays.ts';

const of = async (x: number[], mask = x.map(() => 1)) => (await evaluateNode(populationStandardise, { sizes: {}, inputs: { x: floats([x]), mask: floats([mask]) } })).outputs['x'];

describe('populationStandardise', () => {
  it('by hand: mean 3, variance (4 + 1 + 9) / 3, over what counts alone', async () => {
    const s = Math.sqrt(14 / 3) + 1e-5;
    near(await of([1, 2, 6]), [[-2 / s, -1 / s, 3 / s]]);
    near(await of([1, 1e4, 2, 6], [1, 0, 1, 1]), [[-2 / s, 0, -1 / s, 3 / s]]);
  });
  it('of one, of none and of equal numbers is 0', async () => {
    for (const [x, mask] of [[[5, 7], [1, 0]], [[5, 7], [0, 0]], [[2, 2], [1, 1]]] as const) expect(numbers(await of([...x], [...mask]))).toEqual([0, 0]);
  });
});
