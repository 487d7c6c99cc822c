import { describe, expect, it } from 'vitest';
import { join } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

const inputs = { obs: floats([[1, 2], [3, 4]]), last: floats([[5], [6]]), id: floats([[7, 8, 9], [10, 11, 12]]) };

describe('join', () => {
  it('puts features side by side in the order wired, and the gradient back where it came from', async () => {
    const { outputs, gradients } = await evaluateNode(join, { sizes: {}, inputs, cotangents: { x: floats([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]) } });
    expect(outputs['x']?.shape).toEqual([2, 6]);
    near(outputs['x'], [[1, 2, 5, 7, 8, 9], [3, 4, 6, 10, 11, 12]], 0);
    near(gradients.inputs['obs'], [[1, 2], [7, 8]], 0);
    near(gradients.inputs['last'], [[3], [9]], 0);
    near(gradients.inputs['id'], [[4, 5, 6], [10, 11, 12]], 0);
  });
  it('gives one input as it is', async () => {
    near((await evaluateNode(join, { sizes: {}, inputs: { obs: inputs.obs } })).outputs['x'], [[1, 2], [3, 4]], 0);
  });
});
