/** Several agents, learned by values. Widths are small: these pages prove the wiring. */
import { each, graph, next, now, swap, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { f32 } from '../../core/port.ts';
import { exponential } from '../../core/schedule.ts';
import { local, team } from '../../core/world.ts';
import { qmix } from '../../graphs/index.ts';
import { epsilonGreedy, gatherAction, greedyAction, maskedMse, tdTarget, tdLambda } from '../../nodes/index.ts';
import { attentionKl, graphAgentQ } from './nodes/index.ts';

export const qmixLambda = swap(qmix, 'tdTarget', tdLambda({ lambda: 0.6 }), { name: 'qmixLambda' });

export const dgn = graph('dgn', { ...team, adjacency: local(f32('agent neighbour')) }, g => {
  const b = g.transitions({ keep: 200_000, batch: 128 });
  const agentQ = g.slot('agentQ', graphAgentQ({ hidden: 16 }), { obs: b.obs, adjacency: b.adjacency });
  const lagged = g.target('targetAgentQ', agentQ, { obs: b.obs, adjacency: b.adjacency });
  const chosen = g.add('chosenActionQ', gatherAction(), { q: now(agentQ.q), action: b.action });
  const nextBest = g.add('nextBest', greedyAction(), { q: next(lagged.q), avail: next(b.avail) });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.96 }), { ...each('agent', b.outcome), reward: b.agentReward, nextValue: nextBest.value });
  const td = g.add('tdLoss', maskedMse(), { prediction: chosen.value, target: target.value, mask: each('agent', b.valid) });
  const steady = g.add('attentionKl', attentionKl(), { later: next(agentQ.attention), attention: now(agentQ.attention), mask: b.valid });
  g.train('q', [td.loss, weigh(0.03, steady.loss)], { optimiser: adam({ lr: 1e-4 }) });
  g.targets({ polyak: 0.01 });
  const explore = g.slot('explore', epsilonGreedy({ epsilon: exponential({ from: 0.6, to: 0.01, episodes: 1000 }) }), { q: agentQ.q, avail: b.avail });
  g.act(explore, { sees: 'agents' });
});
