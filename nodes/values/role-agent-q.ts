/**
 * ROMA's agent: a recurrent agent whose last layer is made from a role, drawn anew at every step.
 *
 *   mu_t, var_t = E(x_t), var >= leastVar      rho_t = mu_t + sqrt(var_t) eps      eps ~ N(0, I)
 *   h_t = GRU(relu(W x_t + b), h_{t-1})        q_t = W2(D(rho_t))^T h_t + b2(D(rho_t))
 *
 * x         observation, last action and identity, side by side (`join`)
 * q         value of each action, in units of discounted return
 * hidden    h_t, the history that `roleIdentifiability` tells the role from
 * role      rho_t; the gradient passes to mu and var
 * roleMean, roleVar  of the law that the role is drawn from; a variance, not its root
 * leastVar  0.002 in the authors' configuration; 1e-4 on some of their maps
 * Paper: Wang et al. 2020 (arXiv 2003.08039), section 3.1 and figure 2; E and D have a hidden layer of 16. As in the authors' code E reads all of x, where the
 * paper says the observation alone, and the role is drawn when acting as well. Unlike it each row is normalised by itself (`normalisedDense`).
 */
import { add, matMul, mul, relu, reshape, sqrt } from '@tensorflow/tfjs-core';
import { defineNode, normal } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { dense, gru } from '../layers.ts';
import { gaussianOf, normalisedDense } from '../roles.ts';

export const roleAgentQ = defineNode({
  type: 'roleAgentQ',
  about: 'Action values by a recurrent network whose last layer is made from a role drawn at every step',
  paper: 'Wang et al. 2020, arXiv 2003.08039',
  config: { hidden: 64, role: 3, embed: 16 },
  knobs: { leastVar: 0.002 },
  ranges: { leastVar: [1e-8, 10] },
  in: { x: f32('... ?x') },
  noise: { eps: normal('... role') },
  out: { q: f32('... action'), hidden: f32('... hidden'), role: f32('... role'), roleMean: f32('... role'), roleVar: f32('... role') },
  sizes: (_, { hidden, role }) => ({ hidden, role }),
  layers: ({ x, action }, { hidden, role, embed }) => ({
    encode: normalisedDense(x, embed), law: dense(embed, 2 * role), decode: normalisedDense(role, embed),
    w2: dense(embed, hidden * action), b2: dense(embed, action), first: dense(x, hidden), cell: gru(hidden, hidden),
  }),
  forward({ x, eps, leastVar }, { encode, law, decode, w2, b2, first, cell }, _, { hidden, action }) {
    const { mean, variance } = gaussianOf(law(encode(x)), leastVar), role = add(mean, mul(sqrt(variance), eps));   // rows role
    const made = decode(role), h = cell(relu(first(x)));                                                                  // rows embed, rows hidden
    const product = matMul(reshape(h, [-1, 1, hidden]), reshape(w2(made), [-1, hidden, action]));                         // rows 1 action
    return { q: add(reshape(product, [-1, action]), b2(made)), hidden: h, role, roleMean: mean, roleVar: variance };
  },
});
