/**
 * QTRAN-alt's second condition: of each agent's own actions the one with the least slack has none.
 *
 *   D_i(a) = q_i(a) + sum_{j != i} q_j(u_j) - stop(Q_i(a)) + V      L_nopt = mean over agents of sum(mask (min_a D_i(a))^2) / sum(mask)
 *
 * The least is over available actions, and is pushed to 0 from both sides.
 *
 * q       values of all own actions
 * chosen  q_j(u_j), of the actions taken
 * joint   Q_i(a), the joint value with the others' actions as taken; it takes no gradient
 * value   V
 * Paper: Son et al. 2019 (arXiv 1905.05408), equation 8.
 */
import { add, expandDims, max, mean, neg, reshape, square, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, still } from '../../core/port.ts';
import { maskedMean, maskUnavailable } from '../maths.ts';

export const noptMinLoss = defineNode({
  type: 'noptMinLoss',
  about: "Square of the least slack among each agent's own actions",
  paper: 'Son et al. 2019, arXiv 1905.05408',
  in: {
    q: f32('... agent action'), avail: bool('... agent action'), chosen: f32('... agent'), joint: still(f32('... agent action')),
    value: f32('...'), mask: still(f32('...')),
  },
  out: { loss: f32('') },
  forward({ q, avail, chosen, joint, value, mask }) {
    const others = sub(sum(chosen, -1, true), chosen);                                        // rows agent
    const slack = add(sub(add(q, expandDims(others, -1)), joint), reshape(value, [-1, 1, 1]));
    const least = neg(max(maskUnavailable(neg(slack), avail), -1));                           // rows agent
    return { loss: maskedMean(mean(square(least), -1), mask) };
  },
});
