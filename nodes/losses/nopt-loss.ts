/**
 * QTRAN-base's second condition: at no action do the sum of values and the state value fall below the joint value.
 *
 *   L_nopt = sum(mask min(Q' - stop(Q_jt) + V, 0)^2) / sum(mask)      all at the action taken
 *
 * sum    Q' = sum_i q_i(u_i), whose gradient passes to the agents where the condition fails
 * joint  Q_jt of the network that learns, not of the lagged one; it takes no gradient
 * value  V
 * Paper: Son et al. 2019 (arXiv 1905.05408), equation 7.
 */
import { add, minimum, square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const noptLoss = defineNode({
  type: 'noptLoss',
  about: 'Square of how far the sum of values and the state value fall below the joint value',
  paper: 'Son et al. 2019, arXiv 1905.05408',
  in: { sum: f32('...'), joint: still(f32('...')), value: f32('...'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ sum, joint, value, mask }) => ({ loss: maskedMean(square(minimum(add(sub(sum, joint), value), 0)), mask) }),
});
