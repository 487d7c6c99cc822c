/**
 * A normal distribution over continuous actions: a linear layer for the mean, and a standard deviation that is the same whatever is observed.
 *
 *   mean = W z + b      logStd = s, a parameter for each number of an action
 *
 * z       features, of `encoder` or another network
 * mean    in units of half the range of actions; nothing keeps it in [-1, 1]
 * logStd  natural logarithm of the standard deviation, the same in every row
 * W starts orthogonal with gain 0.01, so that the first means are nearly 0; b and s at 0, so that the first standard deviation is 1.
 * Paper: Williams 1992, section 6; the deviation as a parameter of its own as in Schulman et al. 2015 (arXiv 1502.05477), appendix D. How it starts is OpenAI Baselines' and CleanRL's.
 */
import { add, zerosLike } from '@tensorflow/tfjs-core';
import { constant, orthogonal } from '../initial.ts';
import { dense, parameter } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const gaussian = defineNode({
  type: 'gaussian',
  about: 'A normal distribution over continuous actions, whose spread does not depend on the observation',
  paper: 'Schulman et al. 2015, arXiv 1502.05477',
  in: { z: f32('... ?z') },
  out: { mean: f32('... action'), logStd: f32('... action') },
  layers: ({ z, action }) => ({ head: dense(z, action, { kernel: orthogonal(0.01), bias: constant(0) }), logStd: parameter([action]) }),
  forward({ z }, { head, logStd }) {
    const mean = head(z);
    return { mean, logStd: add(zerosLike(mean), logStd()) };
  },
});
