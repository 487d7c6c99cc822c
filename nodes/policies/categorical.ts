/**
 * A distribution over discrete actions: a linear layer whose unavailable actions have no chance.
 *
 *   raw = W z + b      logits = raw where available, else -1e9      pi = softmax(logits)
 *
 * z       features, of `encoder` or another network
 * avail   true where an action is allowed; where none is (padding) pi is even
 * logits  for `categoricalLogProb` and `sampleCategorical`
 * raw     before the mask, for what is to learn which actions are allowed
 * W starts orthogonal with gain 0.01, so that the first actions are nearly even; b at 0.
 * Paper: Williams 1992, section 6, a softmax in place of Bernoulli units; how it starts as in OpenAI Baselines and CleanRL. Masked as in Huang and Ontanon 2020 (arXiv 2006.14171).
 */
import { softmax } from '@tensorflow/tfjs-core';
import { constant, orthogonal } from '../initial.ts';
import { dense } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { maskUnavailable } from '../maths.ts';

export const categorical = defineNode({
  type: 'categorical',
  about: 'A distribution over the available actions',
  paper: 'Huang and Ontanon 2020, arXiv 2006.14171',
  in: { z: f32('... ?z'), avail: bool('... action') },
  out: { logits: f32('... action'), pi: f32('... action'), raw: f32('... action') },
  layers: ({ z, action }) => ({ head: dense(z, action, { kernel: orthogonal(0.01), bias: constant(0) }) }),
  forward({ z, avail }, { head }) {
    const raw = head(z), logits = maskUnavailable(raw, avail);
    return { logits, pi: softmax(logits), raw };
  },
});
