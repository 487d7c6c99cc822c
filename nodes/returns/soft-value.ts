/**
 * What an action is worth, its surprise included.
 *
 *   value = Q - alpha log pi
 *
 * q        discounted return of the action, in units of reward
 * logProb  log pi of the same action, in nats
 * alpha    what a nat of entropy is worth (`temperature`)
 * Of an action that the policy draws now it is an estimate of the soft value of the state.
 * Paper: Haarnoja et al. 2018 (arXiv 1812.05905), equation 3.
 */
import { mul, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const softValue = defineNode({
  type: 'softValue',
  about: 'Value of an action and of how surprising it is',
  paper: 'Haarnoja et al. 2018, arXiv 1812.05905',
  in: { q: f32('...'), logProb: f32('...'), alpha: f32('') },
  out: { value: f32('...') },
  forward: ({ q, logProb, alpha }) => ({ value: sub(q, mul(alpha, logProb)) }),
});
