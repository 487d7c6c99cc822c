/** Deep Q-learning and its double form. Numbers: CleanRL's for low-dimensional observations (CartPole-v1: 488.69 +- 16.11 after 500k steps). */
import { derive, graph, next, now } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { linear } from '../core/schedule.ts';
import { single } from '../core/world.ts';
import { epsilonGreedy, gatherAction, greedyAction, maskedMse, mlpQ, tdTarget } from '../nodes/index.ts';

/** DQN (arXiv 1312.5602): y = r + gamma (1 - terminated) max_a Q'(s', a), with Q' a lagged copy of Q. */
export const dqn = graph('dqn', single, g => {
  g.about('Deep Q-learning with a lagged network for the targets', 'Mnih et al. 2013, arXiv 1312.5602');
  const b = g.transitions({ keep: 10_000, batch: 128, start: 10_000, every: 10 });
  const q = g.slot('q', mlpQ({ hidden: [120, 84] }), { obs: b.obs });
  const lagged = g.target('targetQ', q, { obs: b.obs });
  const chosen = g.add('chosenQ', gatherAction(), { q: now(q.q), action: b.action });
  const greedy = g.add('nextGreedy', greedyAction(), { q: next(lagged.q), avail: next(b.avail) });
  const nextQ = g.add('nextQ', gatherAction(), { q: next(lagged.q), action: greedy.action });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...b.outcome, nextValue: nextQ.value });
  const td = g.slot('tdLoss', maskedMse(), { prediction: chosen.value, target: target.value, mask: b.valid });
  g.train('q', td.loss, { optimiser: adam({ lr: 2.5e-4 }) });
  g.targets({ everySteps: 500 });
  const explore = g.slot('explore', epsilonGreedy({ epsilon: linear({ from: 1, to: 0.05, steps: 250_000 }) }), { q: q.q, avail: b.avail });
  g.act(explore);
  return { b, q, chosen, target, td };
});

/** Double DQN (arXiv 1509.06461): the next action is the online network's, its value the lagged one's. */
export const doubleDqn = derive(dqn, 'doubleDqn', (g, { q }) => {
  g.about('DQN whose next action is chosen by the online network', 'van Hasselt et al. 2015, arXiv 1509.06461');
  g.rewire('nextGreedy', { q: next(q.q) });
});
