/** A distribution or an action in, an action out: `action` to explore, `best` to evaluate. */
import { add, clipByValue, exp, mul, softplus, sub, sum, tanh } from '@tensorflow/tfjs-core';
import { defineNode, normal } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';
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
