/** Independent Q-learning: each agent learns from the team's reward as if it were alone. Numbers: the authors' of VDN and QMIX (oxwhirl/pymarl). */
import { each, graph, next, now } from '../core/graph.ts';
import { rmsprop } from '../core/optimiser.ts';
import { linear } from '../core/schedule.ts';
import { team } from '../core/world.ts';
import { epsilonGreedy, gatherAction, greedyAction, join, maskedMse, rnnAgentQ, tdTarget } from '../nodes/index.ts';

/** IQL (arXiv 1511.08779) with double-Q targets and shared weights: no mixer, a target for each agent. */
export const iql = graph('iql', team, g => {
  g.about('Independent Q-learning on the team reward, one recurrent network for all agents', 'Tampuu et al. 2015, arXiv 1511.08779');
  const ep = g.episodes({ keep: 5000, batch: 32 });
  const input = g.add('agentInput', join(), { obs: ep.obs, last: ep.lastAction, id: ep.agentId });
  const agentQ = g.slot('agentQ', rnnAgentQ({ hidden: 64 }), { x: input.x });
  const targetAgentQ = g.target('targetAgentQ', agentQ, { x: input.x });
  const chosen = g.add('chosenActionQ', gatherAction(), { q: now(agentQ.q), action: ep.action });
  const greedy = g.add('nextGreedy', greedyAction(), { q: next(agentQ.q), avail: next(ep.avail) });
  const nextChosen = g.add('nextChosenActionQ', gatherAction(), { q: next(targetAgentQ.q), action: greedy.action });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...each('agent', ep.outcome), nextValue: nextChosen.value });
  const td = g.slot('tdLoss', maskedMse(), { prediction: chosen.value, target: target.value, mask: each('agent', ep.valid) });
  g.train('q', td.loss, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  g.targets({ everyEpisodes: 200 });
  const explore = g.slot('explore', epsilonGreedy({ epsilon: linear({ from: 1, to: 0.05, steps: 50_000 }) }), { q: agentQ.q, avail: ep.avail });
  g.act(explore);
  return { ep, input, agentQ, chosen, nextChosen, target, td };
});
