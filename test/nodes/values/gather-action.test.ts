import { describe, it } from 'vitest';
import { gatherAction } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, wholes } from '../arrays.ts';

describe('gatherAction', () => {
  it('takes the value of the action; the gradient goes there and nowhere else', async () => {
    const { outputs, gradients } = await evaluateNode(gatherAction, {
      sizes: { action: 3 }, inputs: { q: floats([[1, 2, 3], [4, 5, 6]]), action: wholes([2, 0]) }, cotangents: { value: floats([10, 20]) },
    });
    near(outputs['value'], [3, 4], 0);
    near(gradients.inputs['q'], [[0, 0, 10], [20, 0, 0]], 0);
  });
});
