/**
 * How likely a discrete action is, and how undecided the distribution.
 *
 *   logProb = log softmax(logits)[action]      entropy = -sum_a pi_a log pi_a
 *
 * logits   of every action, those of unavailable ones far below all others (`categorical`)
 * logProb  in nats; of an unavailable action some -1e9
 * entropy  in nats, from 0 to log of the number of available actions
 */
import { exp, logSoftmax, mul, neg, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, index } from '../../core/port.ts';
import { take } from '../maths.ts';

export const categoricalLogProb = defineNode({
  type: 'categoricalLogProb',
  about: 'Log-probability of a discrete action, and the entropy',
  in: { logits: f32('... action'), action: index('...', 'action') },
  out: { logProb: f32('...'), entropy: f32('...') },
  forward({ logits, action }) {
    const log = logSoftmax(logits);
    return { logProb: take(log, action), entropy: neg(sum(mul(exp(log), log), -1)) };
  },
});
