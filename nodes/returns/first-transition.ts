/**
 * The mask of the first transition of each piece.
 *
 *   first_t = mask_t at t = 0, else 0
 *
 * mask  1 for a transition, 0 for what is none; over the steps of a piece
 * With pieces of n steps and `nStepTarget` a loss under this mask learns from targets of n steps alone: later transitions of a piece have fewer left, and are
 * the first of pieces of their own. Hessel et al. 2017 (arXiv 1710.02298), section 3, store such transitions whole.
 */
import { mul, scalar } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { oneHot } from '../maths.ts';

export const firstTransition = defineNode({
  type: 'firstTransition',
  about: 'The mask of the first transition of each piece',
  paper: 'Hessel et al. 2017, arXiv 1710.02298',
  in: { mask: f32('... time') },
  out: { mask: f32('... time') },
  forward: ({ mask }, _, __, { time }) => ({ mask: mul(mask, oneHot(scalar(0, 'int32'), time)) }),
});
