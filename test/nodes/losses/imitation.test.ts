import { expect, it } from 'vitest';
import { imitation } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, numbers, wholes } from '../arrays.ts';

it('is log n where the policy is even, and takes no notice of padding', async () => {
  const { outputs } = await evaluateNode(imitation(), { sizes: { batch: 3, action: 5 }, inputs: { logits: floats([[2, 2, 2, 2, 2], [0, 0, 0, 0, 0], [9, 0, 0, 0, 0]]), action: wholes([0, 4, 3]), mask: floats([1, 1, 0]) } });
  expect(numbers(outputs['loss'])[0]).toBeCloseTo(Math.log(5), 6);
});
it('equals a calculation by hand, and so does its slope: chance less one at the action', async () => {
  const { outputs, gradients } = await evaluateNode(imitation(), { sizes: { batch: 1, action: 3 }, inputs: { logits: floats([[0, Math.log(2), 0]]), action: wholes([1]), mask: floats([1]) } });
  expect(numbers(outputs['loss'])[0]).toBeCloseTo(Math.log(2), 6);                        // softmax is 1/4, 1/2, 1/4
  numbers(gradients.inputs['logits']).forEach((x, i) => { expect(x).toBeCloseTo([0.25, -0.5, 0.25][i]!, 6); });
});
