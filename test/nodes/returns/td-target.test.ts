import { describe, it } from 'vitest';
import { tdTarget } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near } from '../arrays.ts';

const inputs = { reward: floats([1, -2, 0]), terminated: flags([0, 1, 0]), nextValue: floats([10, 10, -4]) };

describe('tdTarget', () => {
  it('bootstraps unless the episode ended truly', async () => {
    near((await evaluateNode(tdTarget, { sizes: {}, inputs })).outputs['value'], [1 + 0.99 * 10, -2, -0.99 * 4]);
  });
  it('takes its discount as a number that may change', async () => {
    near((await evaluateNode(tdTarget, { sizes: {}, inputs, knobs: { gamma: 0.5 } })).outputs['value'], [6, -2, -2]);
    near((await evaluateNode(tdTarget, { sizes: {}, inputs, knobs: { gamma: 0 } })).outputs['value'], [1, -2, 0]);
  });
});
