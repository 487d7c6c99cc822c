/**
 * What the others are about to do, told from a belief and from what the agent sees itself.
 *
 *   logits_j = V_j relu(W (x, z) + b) + c_j      p(a_j | x, z) = softmax(logits_j)
 *
 * x       own observation and identity, before anybody acts
 * z       the belief, or a draw of it (`beliefEncoder`)
 * logits  of each other's actions
 * Paper: Zhai et al. 2023 (IJCAI 2023, paper 39), whose abstract says that the belief predicts the others' policies; the network is ours.
 */
import { concat, reshape } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { mlp } from '../layers.ts';

export const beliefDecoder = defineNode({
  type: 'beliefDecoder',
  about: "The others' policies, told from a belief and the own observation",
  paper: 'Zhai et al. 2023, IJCAI 2023, paper 39',
  config: { hidden: 64 },
  in: { x: f32('... ?x'), z: f32('... latent') },
  out: { logits: f32('... other action') },
  layers: ({ x, latent, other, action }, { hidden }) => ({ net: mlp([x + latent, hidden, other * action]) }),
  forward: ({ x, z }, { net }, _, { other, action }) => ({ logits: reshape(net(concat([x, z], -1)), [-1, other, action]) }),
});
