import { expect, it } from 'vitest';
import { binaryCrossEntropy, validity } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, numbers } from '../arrays.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const LOGITS = [[0.5, -1, 2], [-0.3, 0, 1], [4, 4, 4]], AVAIL = [[1, 0, 1], [0, 1, 1], [0, 0, 0]], MASK = [1, 1, 0];

it('equals the authors\' sum over actions of cross-entropies, as a mean over what counts; its slope is the chance less the label', async () => {
  const authors = -LOGITS.reduce((sum, row, b) => sum + MASK[b]! * row.reduce((s, l, a) => s + Math.log(AVAIL[b]![a] ? sigmoid(l) : 1 - sigmoid(l)), 0), 0);
  const { outputs, gradients } = await evaluateNode(validity(), { sizes: { batch: 3, action: 3 }, inputs: { logits: floats(LOGITS), avail: flags(AVAIL), mask: floats(MASK) } });
  expect(numbers(outputs['loss'])[0]).toBeCloseTo(authors / 2, 5);
  numbers(gradients.inputs['logits']).forEach((x, i) => { const b = Math.floor(i / 3), a = i % 3; expect(x).toBeCloseTo(MASK[b]! * (sigmoid(LOGITS[b]![a]!) - AVAIL[b]![a]!) / 2, 6); });
});
it('of one chance is the binary cross-entropy', async () => {
  const { outputs } = await evaluateNode(binaryCrossEntropy(), { sizes: { batch: 3 }, inputs: { logit: floats([0.5, -1, 9]), label: floats([1, 0, 0]), mask: floats(MASK) } });
  expect(numbers(outputs['loss'])[0]).toBeCloseTo(-(Math.log(sigmoid(0.5)) + Math.log(1 - sigmoid(-1))) / 2, 6);
});
