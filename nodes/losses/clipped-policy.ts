/**
 * PPO's policy loss: the policy gradient of data used several times, which ends where the policy has moved far enough.
 *
 *   rho = exp(logProb - oldLogProb)
 *   L = -sum(mask min(rho A, clip(rho, 1 - clip, 1 + clip) A)) / sum(mask)      0 where nothing counts
 *   kl = sum(mask (rho - 1 - log rho)) / sum(mask)
 *
 * logProb      of the action taken, in nats; `oldLogProb` under the policy that took it
 * advantage    A, standardised as a rule
 * clip         how far a probability may move, as a share; beyond it the gradient is 0
 * mask         1 for a transition, 0 for padding
 * ratio        rho, 1 before the first step on a batch
 * kl           estimate of KL(old || new), in nats, never below 0
 * Old log-probabilities, advantages and mask take no gradient whatever is wired to them.
 * Paper: Schulman et al. 2017 (arXiv 1707.06347), equation 7; the estimate of the divergence is Schulman's, as CleanRL and Stable-Baselines3 report it.
 */
import { add, exp, maximum, minimum, mul, neg, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const clippedPolicy = defineNode({
  type: 'clippedPolicy',
  about: 'Policy gradient on ratios of probabilities, clipped',
  paper: 'Schulman et al. 2017, arXiv 1707.06347',
  knobs: { clip: 0.2 },
  ranges: { clip: [0, 1e9] },
  in: { logProb: f32('...'), oldLogProb: still(f32('...')), advantage: still(f32('...')), mask: still(f32('...')) },
  out: { loss: f32(''), ratio: f32('...'), kl: f32('') },
  forward({ logProb, oldLogProb, advantage, mask, clip }) {
    const log = sub(logProb, oldLogProb), ratio = exp(log), near = minimum(maximum(ratio, sub(1, clip)), add(1, clip));
    return { loss: maskedMean(neg(minimum(mul(ratio, advantage), mul(near, advantage))), mask), ratio, kl: maskedMean(sub(sub(ratio, 1), log), mask) };
  },
});
