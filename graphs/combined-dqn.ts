/** What combines: double, dueling, several steps, priorities. Rainbow without its distributions and noisy layers. */
import { derive } from '../core/graph.ts';
import { linear } from '../core/schedule.ts';
import { firstTransition, nStepTarget, weightedMse } from '../nodes/index.ts';
import { duelingDqn } from './dueling-dqn.ts';

const n = 3;
/** Dueling Double DQN on prioritised pieces of n transitions (arXiv 1710.02298): its n, alpha and beta; networks and all other numbers are those of `duelingDqn`. */
export const combinedDqn = derive(duelingDqn, 'combinedDqn', (g, { chosen, target }) => {
  g.about('Double and dueling DQN on returns of three steps, drawn by priority', 'Hessel et al. 2017, arXiv 1710.02298');
  const b = g.transitions({ keep: 10_000, batch: 128, start: 10_000, every: 10, length: n, prioritised: { alpha: 0.5, beta: linear({ from: 0.4, to: 1, steps: 500_000 }) } });
  g.swap('tdTarget', nStepTarget({ n, gamma: 0.99 }));
  const first = g.add('first', firstTransition(), { mask: b.valid });
  const td = g.replace('tdLoss', weightedMse(), { prediction: chosen.value, target: target.value, mask: first.mask, weight: b.weight });
  g.prioritise('data', td.priority);
});
