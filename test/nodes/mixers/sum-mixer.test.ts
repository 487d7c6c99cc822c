import { describe, it } from 'vitest';
import { sumMixer } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

describe('sumMixer', () => {
  it('adds over agents, each with gradient 1', async () => {
    const { outputs, gradients } = await evaluateNode(sumMixer, { sizes: {}, inputs: { agentQs: floats([[[1, 2, 3], [-4, 5, 6]]]) }, cotangents: { qTot: floats([[1, 10]]) } });
    near(outputs['qTot'], [[6, 7]], 0);
    near(gradients.inputs['agentQs'], [[[1, 1, 1], [10, 10, 10]]], 0);
  });
});
