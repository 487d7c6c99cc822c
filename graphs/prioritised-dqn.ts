/** Prioritised replay: Double DQN that draws what it errs on most, and undoes the bias by weights. */
import { derive } from '../core/graph.ts';
import { linear } from '../core/schedule.ts';
import { weightedMse } from '../nodes/index.ts';
import { doubleDqn } from './dqn.ts';

/** Double DQN with proportional prioritised replay (arXiv 1511.05952): the paper's alpha 0.6 and beta from 0.4 to 1; rate and replay are those of `doubleDqn`. */
export const prioritisedDqn = derive(doubleDqn, 'prioritisedDqn', (g, { chosen, target }) => {
  g.about('Double DQN that draws transitions by their last error', 'Schaul et al. 2015, arXiv 1511.05952');
  const b = g.transitions({ keep: 10_000, batch: 128, start: 10_000, every: 10, prioritised: { alpha: 0.6, beta: linear({ from: 0.4, to: 1, steps: 500_000 }) } });
  const td = g.replace('tdLoss', weightedMse(), { prediction: chosen.value, target: target.value, mask: b.valid, weight: b.weight });
  g.prioritise('data', td.priority);
});
