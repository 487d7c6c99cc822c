/**
 * The value expected of a policy that has yet to choose.
 *
 *   value = sum_a pi(a) q(a)
 *
 * q   value of each action
 * pi  how likely each is; an unavailable one has no chance, so its value does not count
 * COMA's counterfactual baseline, and the value of a state where values of all actions are known.
 * Paper: Foerster et al. 2017 (arXiv 1705.08926), equation 4.
 */
import { mul, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const expectedValue = defineNode({
  type: 'expectedValue',
  about: 'The value expected of a policy that has yet to choose',
  paper: 'Foerster et al. 2017, arXiv 1705.08926',
  in: { q: f32('... action'), pi: f32('... action') },
  out: { value: f32('...') },
  forward: ({ q, pi }) => ({ value: sum(mul(q, pi), -1) }),
});
