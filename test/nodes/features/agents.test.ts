import { describe, expect, it } from 'vitest';
import { allAgents, oneHotAction, othersActions } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, wholes } from '../arrays.ts';

describe('allAgents', () => {
  it('sets agents side by side in their order, and the gradient finds each again', async () => {
    const { outputs, gradients } = await evaluateNode(allAgents, { sizes: {}, inputs: { x: floats([[[1, 2], [3, 4], [5, 6]]]) }, cotangents: { x: floats([[10, 20, 30, 40, 50, 60]]) } });
    expect(outputs['x']?.shape).toEqual([1, 6]);
    near(outputs['x'], [[1, 2, 3, 4, 5, 6]], 0);
    near(gradients.inputs['x'], [[[10, 20], [30, 40], [50, 60]]], 0);
  });
});

describe('othersActions', () => {
  it('by hand: 3 agents, 2 actions; the own block is zeros', async () => {
    const { outputs } = await evaluateNode(othersActions, { sizes: { action: 2 }, inputs: { action: wholes([[1, 0, 1]]) } });
    expect(outputs['x']?.shape).toEqual([1, 3, 6]);
    near(outputs['x'], [[[0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 0, 1], [0, 1, 1, 0, 0, 0]]], 0);
  });
  it('of one agent is zeros', async () => {
    near((await evaluateNode(othersActions, { sizes: { action: 3 }, inputs: { action: wholes([[2], [0]]) } })).outputs['x'], [[[0, 0, 0]], [[0, 0, 0]]], 0);
  });
});

describe('oneHotAction', () => {
  it('has a 1 at the action', async () => {
    near((await evaluateNode(oneHotAction, { sizes: { action: 3 }, inputs: { action: wholes([2, 0]) } })).outputs['x'], [[0, 0, 1], [1, 0, 0]], 0);
  });
});
