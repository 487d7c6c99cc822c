/**
 * What a belief is trained by: that the others' actions follow from it, and that it holds no more than that takes.
 *
 *   H_j = -log p(a_j | x, z)      KL = KL(N(mean, sigma^2) || N(0, I)) = 1/2 sum(mean^2 + sigma^2 - 1) - sum(log sigma)
 *   L = sum(mask seen_j (H_j + beta KL)) / sum(mask seen_j)      over steps, agents and their others; 0 where nothing counts
 *
 * logits         of each other's actions, from a draw z of the belief
 * seenAction     what each did; where it was not seen (`seen`), any
 * mean, logStd   mean and log sigma of the belief that z was drawn from
 * beta           weight of the divergence. With 1, -(H_j + KL) bounds log p(a_j | x) from below, in the mean over z.
 * mask           1 for a transition, 0 for padding
 * crossEntropy   the mean of H_j over what counts; `kl` that of KL, never below 0; both in nats
 * Paper: Zhai et al. 2023 (IJCAI 2023, paper 39), whose abstract says "variational"; the bound is that of Kingma and Welling 2013 (arXiv 1312.6114, equation 3), with the weight of Higgins et al. 2017 (beta-VAE).
 */
import { add, cast, exp, expandDims, logSoftmax, mul, neg, square, sub, sum, tile } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, index, still } from '../../core/port.ts';
import { maskedMean, take } from '../maths.ts';

export const beliefLoss = defineNode({
  type: 'beliefLoss',
  about: "Cross-entropy of the others' seen actions, and divergence of the belief from its prior",
  paper: 'Zhai et al. 2023, IJCAI 2023, paper 39',
  knobs: { beta: 0.1 },
  ranges: { beta: [0, 1e9] },
  in: { logits: f32('... other action'), seenAction: index('... other', 'action'), seen: bool('... other'), mean: f32('... latent'), logStd: f32('... latent'), mask: still(f32('...')) },
  out: { loss: f32(''), crossEntropy: f32(''), kl: f32('') },
  forward({ logits, seenAction, seen, mean, logStd, mask, beta }, _, __, { other }) {
    const counts = mul(cast(seen, 'float32'), expandDims(mask, -1)), entropy = maskedMean(neg(take(logSoftmax(logits), seenAction)), counts);      // rows other
    const apart = sum(sub(mul(0.5, sub(add(square(mean), exp(mul(2, logStd))), 1)), logStd), -1), kl = maskedMean(tile(expandDims(apart, -1), [1, other]), counts);
    return { loss: add(entropy, mul(beta, kl)), crossEntropy: entropy, kl };
  },
});
