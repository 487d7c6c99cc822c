/** A distribution or an action in, an action out: `action` to explore, `best` to evaluate. */
import { add, clipByValue, div, exp, mul, softmax, softplus, sub, sum, tanh } from '@tensorflow/tfjs-core';
import { detach } from '../../../core/flow.ts';
import { defineNode, gumbel, normal } from '../../../core/node.ts';
import { bool, f32, index } from '../../../core/port.ts';
import { greatest, maskUnavailable, oneHot } from './maths.ts';
import { logNormal } from './policies.ts';

export const sampleGaussian = defineNode({
  type: 'sampleGaussian',
  in: { mean: f32('... action'), logStd: f32('... action') },
  noise: { eps: normal('... action') },
  out: { action: f32('... action'), best: f32('... action') },
  forward: ({ mean, logStd, eps }) => ({ action: add(mean, mul(exp(logStd), eps)), best: mean }),
});
/** SAC: tanh of a normal sample, and the density of that; log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2u)). */
export const sampleSquashed = defineNode({
  type: 'sampleSquashed',
  in: { mean: f32('... action'), logStd: f32('... action') },
  noise: { eps: normal('... action') },
  out: { action: f32('... action'), best: f32('... action'), logProb: f32('...') },
  forward({ mean, logStd, eps }) {
    const u = add(mean, mul(exp(logStd), eps)), squash = mul(2, sub(sub(Math.LN2, u), softplus(mul(-2, u))));
    return { action: tanh(u), best: tanh(mean), logProb: sum(sub(logNormal(u, mean, logStd), squash), -1) };
  },
});
/** MADDPG: one-hot forwards, softmax of logits with Gumbel noise backwards. */
export const gumbelOneHot = defineNode({
  type: 'gumbelOneHot',
  knobs: { temperature: 1 },
  in: { logits: f32('... action'), avail: bool('... action') },
  noise: { g: gumbel('... action') },
  out: { action: f32('... action'), index: index('...', 'action'), best: index('...', 'action') },
  forward({ logits, avail, g, temperature }, _, __, { action }) {
    const l = maskUnavailable(logits, avail), soft = softmax(div(add(l, g), temperature)), chosen = greatest(soft);
    return { action: add(detach(sub(oneHot(chosen, action), soft)), soft), index: chosen, best: greatest(l) };
  },
});
/** The noise of an Ornstein-Uhlenbeck process is what a row carries from step to step. */
export const plusOrnsteinUhlenbeck = defineNode({
  type: 'plusOrnsteinUhlenbeck',
  knobs: { theta: 0.15, std: 0.2 },
  in: { action: f32('... action') },
  noise: { eps: normal('... action') },
  out: { action: f32('... action'), best: f32('... action') },
  carry: ({ action }) => action,
  step({ action, eps, theta, std }, noise) {
    const carry = add(mul(noise, sub(1, theta)), mul(std, eps));
    return { action: clipByValue(add(action, carry), -1, 1), best: action, carry };
  },
});
