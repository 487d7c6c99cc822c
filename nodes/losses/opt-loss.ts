/**
 * QTRAN's first condition: at the agents' greedy actions the sum of their values and the state value are the joint value.
 *
 *   L_opt = sum(mask (Q' - stop(Q_jt) + V)^2) / sum(mask)      all at the greedy joint action
 *
 * sum    Q' = sum_i max_a q_i, whose gradient passes to the agents
 * joint  Q_jt of the network that learns, not of the lagged one; it takes no gradient, or it would drift to fit the sum
 * value  V
 * Paper: Son et al. 2019 (arXiv 1905.05408), equation 6.
 */
import { add, square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const optLoss = defineNode({
  type: 'optLoss',
  about: 'Square of what the sum of values and the state value are off from the joint value at the greedy action',
  paper: 'Son et al. 2019, arXiv 1905.05408',
  in: { sum: f32('...'), joint: still(f32('...')), value: f32('...'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ sum, joint, value, mask }) => ({ loss: maskedMean(square(add(sub(sum, joint), value)), mask) }),
});
