import { expect, it } from 'vitest';
import { beliefDecoder, stationaryDecoder } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near } from '../arrays.ts';

it('beliefDecoder equals a calculation by hand: 2 others of 2 actions, from 1 number seen and 1 believed', async () => {
  const weights = { 'net/kernel0': floats([[1], [-2]]), 'net/bias0': floats([0.5]), 'net/kernel1': floats([[1, 2, 3, -4]]), 'net/bias1': floats([0, 1, 0, 0.5]) };
  const { outputs } = await evaluateNode(beliefDecoder, { config: { hidden: 1 }, sizes: { other: 2, action: 2 }, weights, inputs: { x: floats([[2], [0]]), z: floats([[1], [3]]) } });
  expect(outputs['logits']!.shape).toEqual([2, 2, 2]);
  near(outputs['logits'], [[[0.5, 2], [1.5, -1.5]], [[0, 1], [0, 0.5]]]);      // relu(2 - 2 + 0.5) = 0.5, relu(0 - 6 + 0.5) = 0
});
it('stationaryDecoder equals a calculation by hand, and has no port for what the agent sees', async () => {
  const weights = { 'net/kernel0': floats([[2]]), 'net/bias0': floats([-1]), 'net/kernel1': floats([[1, 0, -1]]), 'net/bias1': floats([0, 0.5, 0]) };
  const { outputs } = await evaluateNode(stationaryDecoder, { config: { hidden: 1 }, sizes: { other: 1, action: 3 }, weights, inputs: { z: floats([[1], [0]]) } });
  near(outputs['logits'], [[[1, 0.5, -1]], [[0, 0.5, 0]]]);
  expect(Object.keys(stationaryDecoder.spec.in as object)).toEqual(['z']);
});
