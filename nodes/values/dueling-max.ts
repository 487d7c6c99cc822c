/**
 * Dueling aggregation by the greatest advantage.
 *
 *   Q(s, a) = V(s) + A(s, a) - max over a' of A(s, a')
 *
 * value      V, in units of discounted return: the value of the best action
 * advantage  A, of every action; a number added to all of them changes nothing
 * The maximum is over all actions, also those that are not available. Where several are greatest the gradient reaches each of them. It is the paper's first form;
 * the paper prefers the mean (`duelingMean`), under which advantages need not follow every change of the greatest.
 * Paper: Wang et al. 2015 (arXiv 1511.06581), equation 8.
 */
import { add, expandDims, max, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const duelingMax = defineNode({
  type: 'duelingMax',
  about: 'Action values of a value and of advantages below the greatest',
  paper: 'Wang et al. 2015, arXiv 1511.06581',
  in: { value: f32('...'), advantage: f32('... action') },
  out: { q: f32('... action') },
  forward: ({ value, advantage }) => ({ q: add(expandDims(value, -1), sub(advantage, max(advantage, -1, true))) }),
});
