/**
 * Logits of discrete actions by a feed-forward network, for actions that a critic is to be differentiated by (`gumbelOneHot`, `gumbelSoftmax`).
 *
 *   logits = W_n ... relu(W_1 obs + b_1) ... + b_n where available, else 0
 *
 * obs     what the actor sees, or features of it
 * avail   true where an action is allowed
 * logits  0 where an action is not available, so that a loss on their size takes no notice of it; what draws an action masks them itself
 * hidden  widths of the hidden layers; of none the logits are one layer of obs
 * Layers start as PyTorch's do. The authors' code starts them by Glorot's law, biases at 0.
 * Paper: Lowe et al. 2017 (arXiv 1706.02275), appendix: two layers of 64 ReLU units.
 */
import { where, zerosLike } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';

export const actionLogits = defineNode({
  type: 'actionLogits',
  about: 'Logits of discrete actions by a feed-forward network',
  paper: 'Lowe et al. 2017, arXiv 1706.02275',
  config: { hidden: [64, 64] },
  in: { obs: f32('... ?obs'), avail: bool('... action') },
  out: { logits: f32('... action') },
  layers: ({ obs, action }, { hidden }) => ({ net: mlp([obs, ...hidden, action]) }),
  forward({ obs, avail }, { net }) {
    const raw = net(obs);
    return { logits: where(avail, raw, zerosLike(raw)) };
  },
});
