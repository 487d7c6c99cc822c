/** A distribution in, an action out: `action` to explore, `best` to evaluate. */
import { add, div, softmax, sub } from '@tensorflow/tfjs-core';
import { detach } from '../../../core/flow.ts';
import { defineNode, gumbel } from '../../../core/node.ts';
import { bool, f32, index } from '../../../core/port.ts';
import { greatest, maskUnavailable, oneHot } from './maths.ts';

/** MADDPG: one-hot forwards, softmax of logits with Gumbel noise backwards. */
export const gumbelOneHot = defineNode({
  type: 'gumbelOneHot',
  knobs: { temperature: 1 },
  in: { logits: f32('... action'), avail: bool('... action') },
  noise: { g: gumbel('... action') },
  out: { action: f32('... action'), index: index('...', 'action'), best: index('...', 'action') },
  forward({ logits, avail, g, temperature }, _, __, { action }) {
    const l = maskUnavailable(logits, avail), soft = softmax(div(add(l, g), temperature)), chosen = greatest(soft);
    return { action: add(detach(sub(oneHot(chosen, action), soft)), soft), index: chosen, best: greatest(l) };
  },
});
