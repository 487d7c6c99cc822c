import { describe, it } from 'vitest';
import { meanSquare, negate } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

const mask = floats([[1, 1, 0]]), cotangents = { loss: floats(1) };

describe('negate', () => {
  it('is the mean of what counts, turned round', async () => {
    const { outputs, gradients } = await evaluateNode(negate, { sizes: {}, inputs: { value: floats([[3, -1, 100]]), mask }, cotangents });
    near(outputs['loss'], -1);
    near(gradients.inputs['value'], [[-0.5, -0.5, 0]]);
  });
  it('is 0 where nothing counts', async () => {
    near((await evaluateNode(negate, { sizes: {}, inputs: { value: floats([[3]]), mask: floats([[0]]) }, cotangents })).outputs['loss'], 0, 0);
  });
});

describe('meanSquare', () => {
  it('is the mean over numbers and over what counts', async () => {
    const { outputs, gradients } = await evaluateNode(meanSquare, { sizes: {}, inputs: { x: floats([[[1, 3], [0, -2], [9, 9]]]), mask }, cotangents });
    near(outputs['loss'], (1 + 9 + 0 + 4) / 4);
    near(gradients.inputs['x'], [[[0.5, 1.5], [0, -1], [0, 0]]]);
  });
});
