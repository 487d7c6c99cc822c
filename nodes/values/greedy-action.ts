/**
 * The best available action and its value.
 *
 *   action = argmax over available a of q[a]      value = q[action]
 *
 * The first of equal ones, and 0 where nothing is available (padding). The value passes the gradient, the choice does not.
 * With q of the online network and the value gathered from the lagged one it is double Q-learning
 * (van Hasselt et al. 2015, arXiv 1509.06461, equation 4).
 */
import { defineNode } from '../../core/node.ts';
import { bool, f32, index } from '../../core/port.ts';
import { argMax, maskUnavailable, take } from '../maths.ts';

export const greedyAction = defineNode({
  type: 'greedyAction',
  about: 'The best available action and its value',
  in: { q: f32('... action'), avail: bool('... action') },
  out: { action: index('...', 'action'), value: f32('...') },
  forward({ q, avail }) {
    const action = argMax(maskUnavailable(q, avail));
    return { action, value: take(q, action) };
  },
});
