/**
 * A belief to which the order of what was seen is all the same: what each step tells, averaged since the start of the episode.
 *
 *   r_t = mean over tau <= t of  W_2 relu(W_1 x_tau + b_1) + b_2      (mu_t, log sigma_t) = V relu(r_t) + c      z_t = mu_t + sigma_t eps,  eps ~ N(0, I)
 *
 * x       own observation and identity, and what it saw the others do (`seenActions`), side by side
 * mean    mu, the belief that policies and critics read; `logStd` log sigma, kept within -20 and 2
 * z       a draw, for the decoder that says what the others will do
 * Paper: the encoder of neural processes (Garnelo et al. 2018, arXiv 1807.01622, section 2.2), for others whose policies stay as they are. Widths are ours.
 */
import { add, concat, div, ones, relu, slice } from '@tensorflow/tfjs-core';
import { defineNode, normal } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { gaussianBelief } from '../gaussian-belief.ts';
import { dense, mlp } from '../layers.ts';

export const pooledBelief = defineNode({
  type: 'pooledBelief',
  about: "A Gaussian belief of the others' policies, by the mean of what the steps tell",
  paper: 'Garnelo et al. 2018, arXiv 1807.01622',
  config: { hidden: 64, latent: 8 },
  in: { x: f32('... ?x') },
  noise: { eps: normal('... latent') },
  out: { mean: f32('... latent'), logStd: f32('... latent'), z: f32('... latent') },
  sizes: (_, { latent }) => ({ latent }),
  layers: ({ x }, { hidden, latent }) => ({ told: mlp([x, hidden, hidden]), law: dense(hidden, 2 * latent) }),
  carry: (_, { hidden }) => hidden + 1,                                // the sum of what the steps told, and their number
  step({ x, eps }, before, { told, law }, { hidden }) {
    const carry = add(before, concat([told(x), ones([x.shape[0]!, 1])], 1)), pooled = div(slice(carry, [0, 0], [-1, hidden]), slice(carry, [0, hidden], [-1, 1]));
    return { ...gaussianBelief(law(relu(pooled)), eps), carry };
  },
});
