/**
 * With probability epsilon any available action, each as likely; else the best available one.
 *
 *   action = argmax_a lot_a if coin < epsilon, else argmax_a q[a]      over available a; coin and each lot_a ~ U[0, 1), so any of them is as likely the largest
 *
 * epsilon  0 to 1, a schedule as a rule
 * best     the greedy action, for evaluation
 * Each agent tosses its own coin. Where nothing is available (padding) both are 0.
 * Paper: Mnih et al. 2013 (arXiv 1312.5602), algorithm 1; for agents as in the authors' code of QMIX (arXiv 1803.11485).
 */
import { less, where } from '@tensorflow/tfjs-core';
import { defineNode, uniform } from '../../core/node.ts';
import { bool, f32, index } from '../../core/port.ts';
import { argMax, maskUnavailable } from '../maths.ts';

export const epsilonGreedy = defineNode({
  type: 'epsilonGreedy',
  about: 'A random available action with probability epsilon, else the best',
  paper: 'Mnih et al. 2013, arXiv 1312.5602',
  knobs: { epsilon: 0.05 },
  ranges: { epsilon: [0, 1] },
  in: { q: f32('... action'), avail: bool('... action') },
  noise: { coin: uniform('...'), lot: uniform('... action') },
  out: { action: index('...', 'action'), best: index('...', 'action') },
  forward({ q, avail, epsilon, coin, lot }) {
    const best = argMax(maskUnavailable(q, avail)), any = argMax(maskUnavailable(lot, avail));
    return { action: where(less(coin, epsilon), any, best), best };
  },
});
