/**
 * The soft value of a state where actions can be counted: what is expected of the policy, and its entropy.
 *
 *   value = sum_a pi_a (q_a - alpha log pi_a)      pi = softmax(logits)      entropy = -sum_a pi_a log pi_a
 *
 * q        value of each action, in units of reward
 * logits   of every action, those of unavailable ones far below all others (`categorical`); they count for nothing
 * alpha    what a nat of entropy is worth (`temperature`)
 * entropy  in nats, from 0 to log of the number of available actions
 * An exact sum, where the authors' code draws one next action.
 * Paper: Christodoulou 2019 (arXiv 1910.07207), equation 10.
 */
import { exp, logSoftmax, mul, neg, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const softExpectedValue = defineNode({
  type: 'softExpectedValue',
  about: 'Value expected of a policy over discrete actions, and of its entropy',
  paper: 'Christodoulou 2019, arXiv 1910.07207',
  in: { q: f32('... action'), logits: f32('... action'), alpha: f32('') },
  out: { value: f32('...'), entropy: f32('...') },
  forward({ q, logits, alpha }) {
    const log = logSoftmax(logits), pi = exp(log);
    return { value: sum(mul(pi, sub(q, mul(alpha, log))), -1), entropy: neg(sum(mul(pi, log), -1)) };
  },
});
