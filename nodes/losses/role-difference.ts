/**
 * ROMA's second loss: two agents should have a likely role of each other's, or else be far apart by a learned dissimilarity, and few pairs should be far.
 *
 *   I_ij = mean_k max(ln N(rho_j; mu_i, var_i)_k + 13.9, -13.9)      d_ij = |d_phi(rho_i, rho_j)|      all pairs, (i, i) too
 *   L_D  = mean_ij(d'_ij) - soft mean_ij(min(I'_ij + d'_ij, 1))      ' = brought to [0, 1] over the pairs of a step
 *
 * role      rho, whose gradient passes to mu and var
 * roleMean, roleVar  of the law that it is drawn from
 * mask      1 for a transition, 0 for padding; the loss is the mean where it is 1
 * soft      weight of the bound that pairs should reach
 * d_phi reads the pair in order, so d_ij is not d_ji.
 * Paper: Wang et al. 2020 (arXiv 2003.08039), section 3.2, equation 8. The norm is the sum of entries and both terms are scaled to [0, 1], as in the authors' code;
 * unlike it padding does not count.
 */
import { abs, add, concat, div, expandDims, log, max, maximum, mean, min, minimum, mul, reshape, square, sub, tile, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { dense } from '../layers.ts';
import { maskedMean } from '../maths.ts';
import { normalisedDense } from '../roles.ts';

/** Bounds the logarithm of a density, -27.8 at least, and moves it to above -13.9. */
const BOUND = 13.9;
/** [rows pair] to [0, 1] over the pairs of a row. */
function scaled(x: Tensor): Tensor {
  const least = min(x, 1, true);
  return div(sub(x, least), add(sub(max(x, 1, true), least), 1e-12));
}

export const roleDifference = defineNode({
  type: 'roleDifference',
  about: 'Agents share a role or are far apart by a learned dissimilarity, and few pairs are far',
  paper: 'Wang et al. 2020, arXiv 2003.08039',
  config: { embed: 16 },
  knobs: { soft: 1 },
  ranges: { soft: [0, 100] },
  in: { role: f32('... agent role'), roleMean: f32('... agent role'), roleVar: f32('... agent role'), mask: still(f32('...')) },
  out: { loss: f32('') },
  layers: ({ role }, { embed }) => ({ pair: normalisedDense(2 * role, embed), dissimilarity: dense(embed, 1) }),
  forward({ role, roleMean, roleVar, mask, soft }, { pair, dissimilarity }, _, { agent }) {
    const own = (x: Tensor) => tile(expandDims(x, 2), [1, 1, agent, 1]), other = tile(expandDims(role, 1), [1, agent, 1, 1]), pairs = (x: Tensor) => reshape(x, [-1, agent * agent]);
    const variance = own(roleVar), density = mul(-0.5, add(div(square(sub(other, own(roleMean))), variance), log(mul(2 * Math.PI, variance))));   // rows agent agent role
    const shared = scaled(pairs(mean(maximum(add(density, BOUND), -BOUND), -1))), far = scaled(pairs(abs(dissimilarity(pair(concat([own(role), other], -1))))));
    return { loss: maskedMean(mean(sub(far, mul(soft, minimum(add(shared, far), 1))), 1), mask) };
  },
});
