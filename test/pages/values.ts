/** Several agents, learned by values. Widths are small: these pages prove the wiring. */
import { derive, each, graph, next, now, swap, weigh } from '../../core/graph.ts';
import { adam, rmsprop } from '../../core/optimiser.ts';
import { f32 } from '../../core/port.ts';
import { exponential } from '../../core/schedule.ts';
import { local, team } from '../../core/world.ts';
import { qmix } from '../../graphs/index.ts';
import { epsilonGreedy, gatherAction, greedyAction, maskedMse, rnnAgentQ, sumMixer, tdTarget, weightedMse } from '../../nodes/index.ts';
import {
  attentionKl, centralWeight, freeMixer, graphAgentQ, optimisticWeight, roleAgentQ, roleDifference, shapleyMixer, tdLambda,
} from './nodes/index.ts';

export const qmixLambda = swap(qmix, 'tdTarget', tdLambda({ lambda: 0.6 }), { name: 'qmixLambda' });

export const shaq = derive(qmix, 'shaq', (g, { agentQ, mixer, nextChosen, td }) => {
  g.swap('mixer', shapleyMixer({ samples: 4, embed: 8 }));
  g.replace('targetMixer', sumMixer(), { agentQs: nextChosen.value });
  g.train('q', td.loss, { clipNorm: 10, only: [agentQ], optimiser: rmsprop({ lr: 5e-4 }) });
  g.train('alpha', td.loss, { clipNorm: 10, only: [mixer], optimiser: rmsprop({ lr: 1e-3 }) });
});
export const roma = derive(qmix, 'roma', (g, { ep, td }) => {
  const agent = g.swap('agentQ', roleAgentQ({ hidden: 16, role: 3, identify: 1e-4 }));
  const differ = g.add('roleDifference', roleDifference(),
    { role: now(agent.role), roleMean: now(agent.roleMean), roleVar: now(agent.roleVar), mask: ep.valid });
  g.train('q', [td.loss, weigh(1e-3, differ.loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
});

export const owQmix = derive(qmix, 'owQmix', (g, { ep, input, mixer, nextGreedy, target }) => {
  const centralQ = g.add('centralQ', rnnAgentQ({ hidden: 16 }), { x: input.x });
  const targetCentralQ = g.target('targetCentralQ', centralQ, { x: input.x });
  const centralChosen = g.add('centralChosen', gatherAction(), { q: now(centralQ.q), action: ep.action });
  const nextCentral = g.add('nextCentral', gatherAction(), { q: next(targetCentralQ.q), action: nextGreedy.action });
  const central = g.add('central', freeMixer({ hidden: 16 }), { agentQs: centralChosen.value, state: now(ep.state) });
  const targetCentral = g.target('targetCentral', central, { agentQs: nextCentral.value, state: next(ep.state) });
  g.rewire('tdTarget', { nextValue: targetCentral.qTot });
  g.remove('targetMixer', 'targetAgentQ', 'nextChosen');

  const y = target.value;
  const weight = g.slot('weight', optimisticWeight({ alpha: 0.5 }), { qTot: mixer.qTot, target: y });
  const td = g.replace('tdLoss', weightedMse(), { prediction: mixer.qTot, target: y, mask: ep.valid, weight: weight.weight });
  const centralTd = g.add('centralLoss', maskedMse(), { prediction: central.qTot, target: y, mask: ep.valid });
  g.train('q', [td.loss, centralTd.loss], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  return { targetCentralQ, central, weight };
});
export const cwQmix = derive(owQmix, 'cwQmix', (g, { ep, chosen, targetCentralQ, central }) => {
  const best = g.add('greedyCentral', gatherAction(), { q: now(targetCentralQ.q), action: chosen.greedy });
  const value = g.target('greedyCentralValue', central, { agentQs: best.value, state: now(ep.state) });
  g.rewire('weight', { isGreedy: chosen.isGreedy, greedyValue: value.qTot });
  g.swap('weight', centralWeight({ alpha: 0.1 }));
});

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
