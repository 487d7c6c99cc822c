import { describe, expect, it } from 'vitest';
import { deathMask, jointInput, localInput, stateInput } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

describe('what a critic sees', () => {
  const id = floats([[1, 0], [0, 1]]), state = floats([[7, 8], [7, 8]]), obs = floats([[1], [2]]), joint = floats([[1, 2], [1, 2]]);
  it('is one input beside who asks, in that order', async () => {
    near((await evaluateNode(stateInput, { sizes: {}, inputs: { state, id } })).outputs['x'], [[7, 8, 1, 0], [7, 8, 0, 1]]);
    near((await evaluateNode(localInput, { sizes: {}, inputs: { obs, id } })).outputs['x'], [[1, 1, 0], [2, 0, 1]]);
    expect((await evaluateNode(jointInput, { sizes: {}, inputs: { joint } })).outputs['x']).toEqual(joint);
  });
  it('is nothing for the dead, and what it was for the living', async () => {
    const { outputs, gradients } = await evaluateNode(deathMask, { sizes: {}, inputs: { x: state, alive: floats([1, 0]) } });
    near(outputs['x'], [[7, 8], [0, 0]]);
    near(gradients.inputs['x'], [[1, 1], [0, 0]]);
  });
});
