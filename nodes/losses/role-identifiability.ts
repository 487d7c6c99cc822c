/**
 * ROMA's first loss: an agent's role should be told from its history, so that what it has done says who it is.
 *
 *   L_I = sum(mask KL(p(rho_t | x_t) || q_xi(rho_t | h_{t-1}, x_t))) / sum(mask)      p, q_xi independent normals, 0 where nothing counts
 *
 * roleMean, roleVar  of p; the loss trains p and q_xi
 * hidden  h_t; the loss does not reach it. h_{t-1} is 0 at the first slot and behind one that is no transition, where an episode begins
 * x       what the agent read at the step
 * mask    1 for a transition, 0 for padding
 * kl      in nats
 * Paper: Wang et al. 2020 (arXiv 2003.08039), section 3.1, the cross-entropy of p and q_xi less the entropy of p, which is the divergence. The authors' code keeps
 * the entropy in (it also narrows the roles), takes softplus of the sum, which halves its slope, and counts padding; ours does none of this.
 */
import { add, concat, div, expandDims, log, mul, slice, square, sub, sum, zeros } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { dense } from '../layers.ts';
import { maskedMean } from '../maths.ts';
import { gaussianOf, normalisedDense } from '../roles.ts';

export const roleIdentifiability = defineNode({
  type: 'roleIdentifiability',
  about: 'Divergence of the role from what the history tells of it',
  paper: 'Wang et al. 2020, arXiv 2003.08039',
  config: { embed: 16 },
  knobs: { leastVar: 0.002 },
  ranges: { leastVar: [1e-8, 10] },
  in: { roleMean: f32('... time role'), roleVar: f32('... time role'), hidden: still(f32('... time hidden')), x: f32('... time ?x'), mask: still(f32('... time')) },
  out: { loss: f32(''), kl: f32('... time') },
  layers: ({ x, hidden, role }, { embed }) => ({ infer: normalisedDense(hidden + x, embed), posterior: dense(embed, 2 * role) }),
  forward({ roleMean, roleVar, hidden, x, mask, leastVar }, { infer, posterior }, _, { hidden: width, time }) {
    const before = concat([zeros([hidden.shape[0]!, 1, width]), slice(mul(hidden, expandDims(mask, -1)), [0, 0, 0], [-1, time - 1, -1])], 1);   // rows time hidden
    const { mean, variance } = gaussianOf(posterior(infer(concat([before, x], -1))), leastVar);                          // rows time role
    const apart = div(add(roleVar, square(sub(roleMean, mean))), variance);
    const kl = mul(0.5, sum(sub(add(log(div(variance, roleVar)), apart), 1), -1));
    return { loss: maskedMean(kl, mask), kl };
  },
});
