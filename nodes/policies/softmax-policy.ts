/**
 * A distribution over discrete actions: a linear layer that starts as PyTorch's do, whose unavailable actions have no chance.
 *
 *   raw = W z + b      logits = raw where available, else -1e9      pi = softmax(logits)
 *
 * z       features, of `recurrentEncoder` or another network
 * avail   true where an action is allowed; where none is (padding) pi is even
 * logits  for `categoricalLogProb` and `sampleCategorical`
 * raw     before the mask, for `epsilonMixed`
 * `categorical` is the same but for its start, which is nearly even: with weights in common agents then begin alike, and those that are to do different things may never part.
 * Source: the actors of PyMARL and EPyMARL (Papoudakis et al. 2021, arXiv 2006.07869).
 */
import { softmax } from '@tensorflow/tfjs-core';
import { dense } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { maskUnavailable } from '../maths.ts';

export const softmaxPolicy = defineNode({
  type: 'softmaxPolicy',
  about: 'A distribution over the available actions that starts as PyTorch\'s layers do',
  paper: 'Papoudakis et al. 2021, arXiv 2006.07869',
  in: { z: f32('... ?z'), avail: bool('... action') },
  out: { logits: f32('... action'), pi: f32('... action'), raw: f32('... action') },
  layers: ({ z, action }) => ({ head: dense(z, action) }),
  forward({ z, avail }, { head }) {
    const raw = head(z), logits = maskUnavailable(raw, avail);
    return { logits, pi: softmax(logits), raw };
  },
});
