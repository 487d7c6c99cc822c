import { describe, it } from 'vitest';
import { optimisticWeight } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

describe('optimisticWeight', () => {
  const inputs = { qTot: floats([[1, 2, 3], [-5, 0, 1e-3]]), target: floats([[2, 2, 2], [0, 0, 0]]) };
  it('is 1 below the target, alpha at it and above', async () => {
    near((await evaluateNode(optimisticWeight, { sizes: {}, inputs, knobs: { alpha: 0.5 } })).outputs['weight'], [[1, 0.5, 0.5], [1, 0.5, 0.5]], 0);
  });
  it('is 1 everywhere with alpha 1', async () => {
    near((await evaluateNode(optimisticWeight, { sizes: {}, inputs, knobs: { alpha: 1 } })).outputs['weight'], [[1, 1, 1], [1, 1, 1]], 0);
  });
});
