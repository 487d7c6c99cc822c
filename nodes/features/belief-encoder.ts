/**
 * What an agent believes of the others' policies: a Gaussian over what is not known of them, from everything that it has seen in the episode.
 *
 *   h_t = GRU(relu(W x_t + b), h_{t-1})      (mu_t, log sigma_t) = V h_t + c      z_t = mu_t + sigma_t eps,  eps ~ N(0, I)      h = 0 before an episode
 *
 * x       own observation and identity, and what it saw the others do (`seenActions`), side by side
 * mean    mu, the belief that policies and critics read; `logStd` log sigma, kept within -20 and 2
 * z       a draw, for the decoder that says what the others will do
 * Paper: Zhai et al. 2023 (IJCAI 2023, paper 39): a latent variable inferred from the others' past actions. Of the paper only the abstract was read: cell, widths and the Gaussian are ours.
 */
import { relu } from '@tensorflow/tfjs-core';
import { defineNode, normal } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { gaussianBelief } from '../gaussian-belief.ts';
import { dense, gru } from '../layers.ts';

export const beliefEncoder = defineNode({
  type: 'beliefEncoder',
  about: "A Gaussian belief of the others' policies, by a recurrent network over what was seen",
  paper: 'Zhai et al. 2023, IJCAI 2023, paper 39',
  config: { hidden: 64, latent: 8 },
  in: { x: f32('... ?x') },
  noise: { eps: normal('... latent') },
  out: { mean: f32('... latent'), logStd: f32('... latent'), z: f32('... latent') },
  sizes: (_, { latent }) => ({ latent }),
  layers: ({ x }, { hidden, latent }) => ({ first: dense(x, hidden), cell: gru(hidden, hidden), law: dense(hidden, 2 * latent) }),
  forward: ({ x, eps }, { first, cell, law }) => gaussianBelief(law(cell(relu(first(x)))), eps),
});
