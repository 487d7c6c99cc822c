/**
 * Weight of an error in CW-QMIX: full where the joint action may be the best one, less elsewhere.
 *
 *   w = 1 if every agent is greedy or y > Q*(s, u*), else alpha      u* = the agents' greedy actions
 *
 * isGreedy     1 where an agent's action is its best available one, else 0
 * target       y, of the unrestricted joint value
 * greedyValue  Q*(s, u*) at the present state, of the lagged unrestricted networks, as in the authors' code
 * alpha        0 to 1; with 1 all errors count alike
 * Paper: Rashid et al. 2020 (arXiv 2006.10800), central weighting as its deep algorithm approximates it: the agents' greedy actions stand
 * in for the best joint action, which nobody can search for.
 */
import { add, cast, greater, maximum, min, mul, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';

export const centralWeight = defineNode({
  type: 'centralWeight',
  about: 'Full weight where the joint action is greedy or beats the greedy one, a smaller one elsewhere',
  paper: 'Rashid et al. 2020, arXiv 2006.10800',
  knobs: { alpha: 0.1 },
  ranges: { alpha: [0, 1] },
  in: { isGreedy: still(f32('... agent')), target: still(f32('...')), greedyValue: still(f32('...')) },
  out: { weight: f32('...') },
  forward({ isGreedy, target, greedyValue, alpha }) {
    const full = maximum(min(isGreedy, -1), cast(greater(target, greedyValue), 'float32'));
    return { weight: add(full, mul(alpha, sub(1, full))) };
  },
});
