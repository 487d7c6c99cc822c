/**
 * A softmax mixed with even play, in learning as in acting, over the available actions.
 *
 *   p = (1 - epsilon) softmax(raw) + epsilon / |A|      pi = p where available, else 0, over its sum      logits = log pi
 *
 * raw      of every action, before any mask: those of unavailable actions count in the softmax and are then taken out
 * epsilon  0 to 1, a schedule as a rule; it lies inside what is differentiated, so no action becomes impossible to learn about
 * logits   in nats, those of unavailable actions far below all others, for `categoricalLogProb` and `sampleCategorical`
 * Where no action is available (padding) pi is even. Computed in logs: with epsilon 0 an action may be as unlikely as float32 has no number for.
 * Paper: Foerster et al. 2018 (arXiv 1705.08926), section 4. The mask behind the softmax is the authors' code (`mask_before_softmax: False`); before it: `epsilonMixedAvailable`.
 */
import { div, exp, logSoftmax } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { logMixed, maskUnavailable } from '../maths.ts';

export const epsilonMixed = defineNode({
  type: 'epsilonMixed',
  about: 'A softmax over all actions mixed with even play, then masked',
  paper: 'Foerster et al. 2018, arXiv 1705.08926',
  knobs: { epsilon: 0.5 },
  ranges: { epsilon: [0, 1] },
  in: { raw: f32('... action'), avail: bool('... action') },
  out: { logits: f32('... action'), pi: f32('... action') },
  forward({ raw, avail, epsilon }, _, __, { action }) {
    const log = logSoftmax(maskUnavailable(logMixed(raw, epsilon, div(epsilon, action)), avail));
    return { logits: maskUnavailable(log, avail), pi: exp(log) };
  },
});
