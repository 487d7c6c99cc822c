import { expect, it } from 'vitest';
import { ownFresh } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, numbers } from '../arrays.ts';

const inputs = { fresh: floats([[[1, 2], [3, 4], [5, 6]]]), others: floats([[[10, 20], [30, 40], [50, 60]]]) };
it('ownFresh shows each agent its own new action among the others\' old ones: by hand', async () => {
  const { outputs } = await evaluateNode(ownFresh, { inputs });
  near(outputs['x'], [[[1, 2, 30, 40, 50, 60], [10, 20, 3, 4, 50, 60], [10, 20, 30, 40, 5, 6]]], 0);
});
it('ownFresh passes the gradient of what agent i sees to the action of agent i, and of nothing else', async () => {
  for (const i of [0, 1, 2]) {
    const cotangents = { x: floats([[0, 1, 2].map(row => Array<number>(6).fill(row === i ? 7 : 0))]) }, { gradients } = await evaluateNode(ownFresh, { inputs, cotangents });
    near(gradients.inputs['fresh'], [[0, 1, 2].map(agent => [agent === i ? 7 : 0, agent === i ? 7 : 0])], 0);
    expect(numbers(gradients.inputs['others'])).toEqual([0, 0, 0, 0, 0, 0]);
  }
});
