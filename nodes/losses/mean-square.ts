/**
 * How large numbers are, to be kept small: the mean of their squares over what counts.
 *
 *   L = sum(mask x^2) / (n sum(mask))      n numbers in each place; 0 where nothing counts
 *
 * x     logits or actions of an actor
 * mask  1 for a transition, 0 for padding; over agents too if x is
 * Source: the code of Lowe et al. 2017 (arXiv 1706.02275), which adds a thousandth of it to the actor's loss.
 */
import { mean, square } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const meanSquare = defineNode({
  type: 'meanSquare',
  about: 'Mean of squares over what counts, to keep numbers small',
  paper: 'Lowe et al. 2017, arXiv 1706.02275',
  in: { x: f32('... action'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ x, mask }) => ({ loss: maskedMean(mean(square(x), -1), mask) }),
});
