/**
 * Dueling aggregation: a value of the state and advantages of the actions make action values.
 *
 *   Q(s, a) = V(s) + A(s, a) - mean over a' of A(s, a')
 *
 * value      V, in units of discounted return
 * advantage  A, of every action; a number added to all of them changes nothing
 * The mean is over all actions, also those that are not available: over the available ones Q would depend on the mask. V is the mean of Q, and the
 * greedy action is that of A. For pages that have the two streams as nodes of their own; `duelingQ` is a network with both.
 * Paper: Wang et al. 2015 (arXiv 1511.06581), equation 9.
 */
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { aboveMean } from '../maths.ts';

export const duelingMean = defineNode({
  type: 'duelingMean',
  about: 'Action values of a value and of advantages over their mean',
  paper: 'Wang et al. 2015, arXiv 1511.06581',
  in: { value: f32('...'), advantage: f32('... action') },
  out: { q: f32('... action') },
  forward: ({ value, advantage }) => ({ q: aboveMean(value, advantage) }),
});
