/**
 * A softmax over the available actions, mixed with even play among them, in learning as in acting.
 *
 *   pi = (1 - epsilon) softmax(raw where available) + epsilon / n where available, else 0      logits = log pi
 *
 * raw      of every action; those of unavailable ones do not count
 * epsilon  0 to 1, a schedule as a rule; with 0 this is the policy of `categorical`
 * n        number of available actions
 * logits   in nats, those of unavailable actions far below all others, for `categoricalLogProb` and `sampleCategorical`
 * Where no action is available (padding) pi is even.
 * Paper: Foerster et al. 2018 (arXiv 1705.08926), section 4. This order is `mask_before_softmax: True` of the authors' code, where it is not COMA's own: see `epsilonMixed`.
 */
import { cast, div, exp, logSoftmax, maximum, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { logMixed, maskUnavailable } from '../maths.ts';

export const epsilonMixedAvailable = defineNode({
  type: 'epsilonMixedAvailable',
  about: 'A softmax over the available actions mixed with even play among them',
  paper: 'Foerster et al. 2018, arXiv 1705.08926',
  knobs: { epsilon: 0.5 },
  ranges: { epsilon: [0, 1] },
  in: { raw: f32('... action'), avail: bool('... action') },
  out: { logits: f32('... action'), pi: f32('... action') },
  forward({ raw, avail, epsilon }) {
    const n = maximum(sum(cast(avail, 'float32'), -1, true), 1), mixed = logMixed(maskUnavailable(raw, avail), epsilon, div(epsilon, n)), log = logSoftmax(maskUnavailable(mixed, avail));
    return { logits: maskUnavailable(log, avail), pi: exp(log) };
  },
});
