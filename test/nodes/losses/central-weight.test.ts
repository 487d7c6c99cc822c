import { describe, it } from 'vitest';
import { centralWeight } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

describe('centralWeight', () => {
  const inputs = { isGreedy: floats([[1, 1], [1, 0], [0, 0], [1, 1], [0, 1], [0, 1]]), target: floats([1, 1, 3, 3, 2, 2.001]), greedyValue: floats([2, 2, 2, 2, 2, 2]) };
  it('is 1 where every agent is greedy or the target beats the greedy value, else alpha', async () => {
    near((await evaluateNode(centralWeight, { sizes: {}, inputs, knobs: { alpha: 0.75 } })).outputs['weight'], [1, 0.75, 1, 1, 0.75, 1], 0);
  });
  it('is 1 everywhere with alpha 1', async () => {
    near((await evaluateNode(centralWeight, { sizes: {}, inputs, knobs: { alpha: 1 } })).outputs['weight'], [1, 1, 1, 1, 1, 1], 0);
  });
});
