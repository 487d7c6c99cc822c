import { describe, it } from 'vitest';
import { deterministic } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

describe('deterministic', () => {
  it('equals a calculation by hand: ReLU between the layers, tanh at the end', async () => {
    const weights = { 'net/kernel0': floats([[1, -1]]), 'net/bias0': floats([0, 0.5]), 'net/kernel1': floats([[0.5, 2], [-1, 1]]), 'net/bias1': floats([0.1, -0.2]) };
    const { outputs } = await evaluateNode(deterministic, { config: { hidden: [2] }, sizes: { action: 2 }, weights, inputs: { obs: floats([[0.2], [-1]]) } });
    near(outputs['action'], [[Math.tanh(0.1 - 0.3 + 0.1), Math.tanh(0.4 + 0.3 - 0.2)], [Math.tanh(-1.5 + 0.1), Math.tanh(1.5 - 0.2)]]);
  });
});
