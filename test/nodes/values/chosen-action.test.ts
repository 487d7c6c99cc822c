import { describe, it } from 'vitest';
import { chosenAction } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, wholes } from '../arrays.ts';

const inputs = {
  q: floats([[1, 5, 9], [1, 5, 9], [7, 7, 1], [1, 2, 3]]),
  avail: flags([[1, 1, 0], [1, 1, 0], [1, 1, 1], [0, 0, 0]]),
  action: wholes([0, 1, 1, 2]),
};

describe('chosenAction', () => {
  it('knows the value, the best available action and whether they are the same', async () => {
    const { outputs } = await evaluateNode(chosenAction, { sizes: { action: 3 }, inputs });
    near(outputs['value'], [1, 5, 7, 3], 0);
    near(outputs['greedy'], [1, 1, 0, 0], 0);                 // 9 is not available; of equal ones the first; 0 where nothing is
    near(outputs['best'], [5, 5, 7, 1], 0);
    near(outputs['isGreedy'], [0, 1, 0, 0], 0);
  });
  it('passes the gradient to the chosen and to the best action, none through the choice', async () => {
    const cotangents = { value: floats([1, 1, 1, 1]), best: floats([10, 10, 10, 10]), isGreedy: floats([100, 100, 100, 100]) };
    const { gradients } = await evaluateNode(chosenAction, { sizes: { action: 3 }, inputs, cotangents });
    near(gradients.inputs['q'], [[1, 10, 0], [0, 11, 0], [10, 1, 0], [10, 0, 1]], 0);
  });
});
