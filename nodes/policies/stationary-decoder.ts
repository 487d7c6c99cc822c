/**
 * What the others are about to do, told from a belief alone: as if their policies looked at nothing.
 *
 *   logits_j = V_j relu(W z + b) + c_j      p(a_j | z) = softmax(logits_j)
 *
 * z       the belief, or a draw of it (`beliefEncoder`): it must hold all that is known of the others
 * logits  of each other's actions
 */
import { reshape } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { mlp } from '../layers.ts';

export const stationaryDecoder = defineNode({
  type: 'stationaryDecoder',
  about: "The others' policies, told from a belief alone",
  config: { hidden: 64 },
  in: { z: f32('... latent') },
  out: { logits: f32('... other action') },
  layers: ({ latent, other, action }, { hidden }) => ({ net: mlp([latent, hidden, other * action]) }),
  forward: ({ z }, { net }, _, { other, action }) => ({ logits: reshape(net(z), [-1, other, action]) }),
});
