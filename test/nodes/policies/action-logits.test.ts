import { it } from 'vitest';
import { actionLogits } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near } from '../arrays.ts';

it('actionLogits equals a calculation by hand, and is 0 where an action is not available', async () => {
  const weights = { 'net/kernel0': floats([[1, -1], [2, 0]]), 'net/bias0': floats([0, 1]), 'net/kernel1': floats([[1, 0, 2], [3, 1, 0]]), 'net/bias1': floats([0.5, 0, -1]) };
  const { outputs } = await evaluateNode(actionLogits, { config: { hidden: [2] }, sizes: { action: 3 }, inputs: { obs: floats([[1, 1], [-2, 0]]), avail: flags([[1, 1, 1], [1, 0, 1]]) }, weights });
  near(outputs['logits'], [[3.5, 0, 5], [9.5, 0, -1]]);                // hidden units 3, 0 and 0, 3
});
