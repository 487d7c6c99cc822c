/**
 * The lesser of two numbers.
 *
 *   value = min(a, b)
 *
 * Of two critics the one that hopes less. The gradient reaches the lesser one, and of equal ones a.
 * Paper: Fujimoto et al. 2018 (arXiv 1802.09477), equation 10, clipped double Q-learning.
 */
import { minimum as lesser } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const minimum = defineNode({
  type: 'minimum',
  about: 'The lesser of two numbers',
  paper: 'Fujimoto et al. 2018, arXiv 1802.09477',
  in: { a: f32('...'), b: f32('...') },
  out: { value: f32('...') },
  forward: ({ a, b }) => ({ value: lesser(a, b) }),
});
