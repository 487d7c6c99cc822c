/**
 * Features of a history by a recurrent network.
 *
 *   z_t = GRU(relu(W x_t + b), z_{t-1}),   z = 0 before an episode
 *
 * x  what is observed at a slot, as numbers (`join`)
 * z  what is made of everything since the episode began, for a policy or a critic to stand on
 * All layers start as PyTorch's do. The agents' values of `rnnAgentQ` stand on the same two layers.
 * Paper: Foerster et al. 2017 (arXiv 1705.08926), section 5, the actor; layers as in the code of PyMARL, whose cell is PyTorch's GRUCell.
 */
import { relu } from '@tensorflow/tfjs-core';
import { dense, gru } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const recurrentEncoder = defineNode({
  type: 'recurrentEncoder',
  about: 'Features of a history by a recurrent network',
  paper: 'Foerster et al. 2017, arXiv 1705.08926',
  config: { hidden: 64 },
  in: { x: f32('... ?x') },
  out: { z: f32('... hidden') },
  sizes: (_, { hidden }) => ({ hidden }),
  layers: ({ x }, { hidden }) => ({ first: dense(x, hidden), cell: gru(hidden, hidden) }),
  forward: ({ x }, { first, cell }) => ({ z: cell(relu(first(x))) }),
});
