/** Several agents, learned by values. Widths are small: these pages prove the wiring. */
import { derive, each, graph, next, now, swap, weigh } from '../../core/graph.ts';
import { adam, rmsprop } from '../../core/optimiser.ts';
import { f32 } from '../../core/port.ts';
import { exponential, linear } from '../../core/schedule.ts';
import { local, team } from '../../core/world.ts';
import { qmix } from '../../graphs/index.ts';
import { epsilonGreedy, gatherAction, greedyAction, join, maskedMse, rnnAgentQ, sumMixer, tdLambda, tdTarget } from '../../nodes/index.ts';
import {
  attentionKl, attentionMixer, counterfactualJointQ, graphAgentQ, jointQ, noptLoss, noptMinLoss, oneHotAction, optLoss, roleAgentQ, roleDifference, stateValue,
} from './nodes/index.ts';

export const qatten = swap(qmix, 'mixer', attentionMixer({ heads: 2, embed: 8, logitPenalty: 1e-3 }), { name: 'qatten' });
export const qmixLambda = swap(qmix, 'tdTarget', tdLambda({ lambda: 0.6 }), { name: 'qmixLambda' });

export const roma = derive(qmix, 'roma', (g, { ep, td }) => {
  const agent = g.swap('agentQ', roleAgentQ({ hidden: 16, role: 3, identify: 1e-4 }));
  const differ = g.add('roleDifference', roleDifference(),
    { role: now(agent.role), roleMean: now(agent.roleMean), roleVar: now(agent.roleVar), mask: ep.valid });
  g.train('q', [td.loss, weigh(1e-3, differ.loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
});

export const qtran = graph('qtran', team, g => {
  const ep = g.episodes({ keep: 5000, batch: 32 });
  const input = g.add('agentInput', join(), { obs: ep.obs, last: ep.lastAction, id: ep.agentId });
  const agentQ = g.slot('agentQ', rnnAgentQ({ hidden: 16 }), { x: input.x });
  const lagged = g.target('targetAgentQ', agentQ, { x: input.x });
  const chosen = g.add('chosenActionQ', gatherAction(), { q: now(agentQ.q), action: ep.action });
  const greedy = g.add('greedy', greedyAction(), { q: now(agentQ.q), avail: now(ep.avail) });
  const nextGreedy = g.add('nextGreedy', greedyAction(), { q: next(agentQ.q), avail: next(ep.avail) });
  const a = g.add('action', oneHotAction(), { action: ep.action });
  const best = g.add('greedyAction', oneHotAction(), { action: greedy.action });
  const nextBest = g.add('nextGreedyAction', oneHotAction(), { action: nextGreedy.action });

  const joint = g.add('jointQ', jointQ({ hidden: 16 }), { state: now(ep.state), hidden: now(agentQ.hidden), action: a.x });
  const jointBest = g.shared('greedyJointQ', joint, { state: now(ep.state), hidden: now(agentQ.hidden), action: best.x });
  const nextJoint = g.target('targetJointQ', joint, { state: next(ep.state), hidden: next(lagged.hidden), action: nextBest.x });
  const value = g.add('value', stateValue({ hidden: [16, 16] }), { x: now(ep.state) });
  const sum = g.add('sum', sumMixer(), { agentQs: chosen.value });
  const sumBest = g.add('greedySum', sumMixer(), { agentQs: greedy.value });

  const target = g.slot('tdTarget', tdTarget(), { ...ep.outcome, nextValue: nextJoint.q });
  const td = g.add('tdLoss', maskedMse(), { prediction: joint.q, target: target.value, mask: ep.valid });
  const opt = g.add('optLoss', optLoss(), { sum: sumBest.qTot, joint: jointBest.q, value: value.value, mask: ep.valid });
  const nopt = g.add('noptLoss', noptLoss(), { sum: sum.qTot, joint: joint.q, value: value.value, mask: ep.valid });
  g.train('q', [td.loss, weigh(1, opt.loss), weigh(0.1, nopt.loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  g.targets({ everyEpisodes: 200 });
  const explore = g.slot('explore', epsilonGreedy({ epsilon: linear({ from: 1, to: 0.05, steps: 50_000 }) }), { q: agentQ.q, avail: ep.avail });
  g.act(explore);
  return { ep, agentQ, chosen, greedy, nextGreedy, value, sumBest };
});
export const qtranAlt = derive(qtran, 'qtranAlt', (g, { ep, agentQ, chosen, greedy, nextGreedy, value, sumBest }) => {
  const joint = g.swap('jointQ', counterfactualJointQ({ hidden: 16 })), mask = each('agent', ep.valid);
  const taken = g.add('jointTaken', gatherAction(), { q: joint.q, action: ep.action });
  const best = g.add('jointBest', gatherAction(), { q: g.at('greedyJointQ').q, action: greedy.action });
  const nextTaken = g.add('nextJointTaken', gatherAction(), { q: g.at('targetJointQ').q, action: nextGreedy.action });
  g.rewire('tdTarget', { ...each('agent', ep.outcome), nextValue: nextTaken.value });
  g.rewire('tdLoss', { prediction: taken.value, mask });
  g.rewire('optLoss', { sum: each('agent', sumBest.qTot), joint: best.value, value: each('agent', value.value), mask });
  g.replace('noptLoss', noptMinLoss(),
    { q: now(agentQ.q), avail: now(ep.avail), chosen: chosen.value, joint: joint.q, value: value.value, mask: ep.valid });
  g.remove('sum');
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
