/**
 * What is known of a chosen action: its value, the best available action with its value, and whether the two are one.
 *
 *   value = q[action]      greedy = argmax over available a of q[a]      best = q[greedy]      isGreedy = 1 if action = greedy, else 0
 *
 * Both values pass the gradient to q; no gradient passes through the choice. Where nothing is available (padding) greedy is 0.
 * What a mixer may ask for, as one node: QPLEX needs `best` (Wang et al. 2020, arXiv 2008.01062), SHAQ and weighted QMIX `isGreedy`.
 */
import { cast, equal } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, index } from '../../core/port.ts';
import { argMax, maskUnavailable, take } from '../maths.ts';

export const chosenAction = defineNode({
  type: 'chosenAction',
  about: 'Value of an action, the best available one and whether they are the same',
  in: { q: f32('... action'), avail: bool('... action'), action: index('...', 'action') },
  out: { value: f32('...'), best: f32('...'), greedy: index('...', 'action'), isGreedy: f32('...') },
  forward({ q, avail, action }) {
    const greedy = argMax(maskUnavailable(q, avail));
    return { value: take(q, action), best: take(q, greedy), greedy, isGreedy: cast(equal(greedy, action), 'float32') };
  },
});
