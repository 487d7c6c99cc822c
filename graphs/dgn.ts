/**
 * Agents that exchange features with their neighbours. Numbers: Battle of the authors' code (PKU-RL/DGN), whose exploration falls by 0.996 an
 * episode; learning rate and weight of the divergence as where the authors regularise.
 */
import { each, graph, next, now, weigh } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { bool } from '../core/port.ts';
import { exponential } from '../core/schedule.ts';
import { local, team } from '../core/world.ts';
import { attentionKl, epsilonGreedy, gatherAction, graphAgentQ, greedyAction, maskedMse, tdTarget } from '../nodes/index.ts';

/**
 * DGN with temporal relation regularisation (DGN+R, arXiv 1810.09202), L = mean (y_i - q_i)^2 + 0.03 KL. Each agent learns from a reward of its
 * own and acts on what its neighbours tell it. A transition keeps its graph: the next values and the next attention are those of the next
 * observations in the graph of this step. The mean is over agents; the authors' also runs over the actions not taken, where the error is 0.
 */
export const dgn = graph('dgn', { ...team, adjacency: local(bool('agent neighbour')) }, g => {
  g.about("Q-learning of agents that attend to their neighbours' features", 'Jiang et al. 2020, arXiv 1810.09202');
  const b = g.transitions({ keep: 200_000, batch: 128, start: 2000 });
  const agentQ = g.slot('agentQ', graphAgentQ({ encoder: [512, 128], heads: 8, embed: 16 }), { x: b.obs, adjacency: b.adjacency });
  const later = { x: next(b.obs), adjacency: now(b.adjacency) };
  const nextAgentQ = g.shared('nextAgentQ', agentQ, later);
  const targetAgentQ = g.target('targetAgentQ', agentQ, later);
  const chosen = g.add('chosenActionQ', gatherAction(), { q: now(agentQ.q), action: b.action });
  const greedy = g.add('nextGreedy', greedyAction(), { q: targetAgentQ.q, avail: next(b.avail) });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.96 }), { ...each('agent', b.outcome), reward: b.agentReward, nextValue: greedy.value });
  const td = g.slot('tdLoss', maskedMse(), { prediction: chosen.value, target: target.value, mask: each('agent', b.valid) });
  const steady = g.add('attentionKl', attentionKl(), { attention: now(agentQ.attention), later: nextAgentQ.attention, mask: b.valid });
  g.train('q', [td.loss, weigh(0.03, steady.loss)], { optimiser: adam({ lr: 1e-4 }) });
  g.targets({ polyak: 0.01 });
  const explore = g.slot('explore', epsilonGreedy({ epsilon: exponential({ from: 0.6, to: 0.01, episodes: 1022 }) }), { q: agentQ.q, avail: b.avail });
  g.act(explore, { sees: 'agents' });
  return { b, agentQ, nextAgentQ, targetAgentQ, chosen, greedy, target, td, steady };
});
