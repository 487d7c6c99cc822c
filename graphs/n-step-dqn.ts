/** Returns of n steps: Double DQN on pieces of n transitions, whose first one learns. */
import { derive } from '../core/graph.ts';
import { firstTransition, nStepTarget } from '../nodes/index.ts';
import { doubleDqn } from './dqn.ts';

const n = 3;
/** Double DQN with the multi-step returns of Rainbow (arXiv 1710.02298, section 3; n = 3). Source and target say n alike: a piece holds the steps of its target. */
export const nStepDqn = derive(doubleDqn, 'nStepDqn', g => {
  g.about('Double DQN on the rewards of three steps and the value after them', 'Hessel et al. 2017, arXiv 1710.02298');
  const b = g.transitions({ keep: 10_000, batch: 128, start: 10_000, every: 10, length: n });
  g.swap('tdTarget', nStepTarget({ n, gamma: 0.99 }));
  const first = g.add('first', firstTransition(), { mask: b.valid });
  g.rewire('tdLoss', { mask: first.mask });
});
