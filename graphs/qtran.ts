/** Factoring any joint value: an unconstrained joint network, and a sum of the agents' values held to it by losses. Numbers: the authors' of PyMARL. */
import { derive, each, graph, next, now, weigh } from '../core/graph.ts';
import { rmsprop } from '../core/optimiser.ts';
import { linear } from '../core/schedule.ts';
import { team } from '../core/world.ts';
import {
  centralValue, counterfactualJointQ, epsilonGreedy, gatherAction, greedyAction, join, jointQ, maskedMse, noptLoss, noptMinLoss, optLoss, rnnAgentQ, sumMixer, tdTarget,
} from '../nodes/index.ts';

/**
 * QTRAN-base (arXiv 1905.05408), L = L_td + L_opt + 0.1 L_nopt; the paper weighs all alike. Where both conditions hold, the agents' greedy
 * actions are the joint value's. The next joint action is the online agents' (double Q), and the conditions are asked of online networks only.
 */
export const qtranBase = graph('qtranBase', team, g => {
  g.about("An unconstrained joint value, whose greedy action the sum of the agents' values is taught", 'Son et al. 2019, arXiv 1905.05408');
  const ep = g.episodes({ keep: 5000, batch: 32 });
  const input = g.add('agentInput', join(), { obs: ep.obs, last: ep.lastAction, id: ep.agentId });
  const agentQ = g.slot('agentQ', rnnAgentQ({ hidden: 64 }), { x: input.x });
  const targetAgentQ = g.target('targetAgentQ', agentQ, { x: input.x });
  const chosen = g.add('chosenActionQ', gatherAction(), { q: now(agentQ.q), action: ep.action });
  const greedy = g.add('greedy', greedyAction(), { q: now(agentQ.q), avail: now(ep.avail) });
  const nextGreedy = g.add('nextGreedy', greedyAction(), { q: next(agentQ.q), avail: next(ep.avail) });

  const joint = g.slot('jointQ', jointQ({ hidden: [64, 64] }), { state: now(ep.state), hidden: now(agentQ.hidden), action: ep.action });
  const jointBest = g.shared('greedyJointQ', joint, { state: now(ep.state), hidden: now(agentQ.hidden), action: greedy.action });
  const nextJoint = g.target('targetJointQ', joint, { state: next(ep.state), hidden: next(targetAgentQ.hidden), action: nextGreedy.action });
  const value = g.slot('value', centralValue({ hidden: [64, 64] }), { state: now(ep.state), hidden: now(agentQ.hidden) });
  const sum = g.add('sum', sumMixer(), { agentQs: chosen.value });
  const sumBest = g.add('greedySum', sumMixer(), { agentQs: greedy.value });

  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...ep.outcome, nextValue: nextJoint.q });
  const td = g.slot('tdLoss', maskedMse(), { prediction: joint.q, target: target.value, mask: ep.valid });
  const opt = g.add('optLoss', optLoss(), { sum: sumBest.qTot, joint: jointBest.q, value: value.value, mask: ep.valid });
  const nopt = g.add('noptLoss', noptLoss(), { sum: sum.qTot, joint: joint.q, value: value.value, mask: ep.valid });
  g.train('q', [td.loss, weigh(1, opt.loss), weigh(0.1, nopt.loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  g.targets({ everyEpisodes: 200 });
  const explore = g.slot('explore', epsilonGreedy({ epsilon: linear({ from: 1, to: 0.05, steps: 50_000 }) }), { q: agentQ.q, avail: ep.avail });
  g.act(explore);
  return { ep, agentQ, chosen, greedy, nextGreedy, jointBest, nextJoint, value, sumBest, td, opt };
});

/**
 * QTRAN-alt (arXiv 1905.05408), L = L_td + L_opt + L_nopt: the joint network values every own action of each agent, so the second condition is
 * asked of the one with the least slack and not of the action taken alone.
 */
export const qtranAlt = derive(qtranBase, 'qtranAlt', (g, { ep, agentQ, chosen, greedy, nextGreedy, jointBest, nextJoint, value, sumBest, td, opt }) => {
  g.about('QTRAN whose joint value is counterfactual: of every own action of each agent', 'Son et al. 2019, arXiv 1905.05408');
  const joint = g.swap('jointQ', counterfactualJointQ({ hidden: [64, 64] })), mask = each('agent', ep.valid);
  const taken = g.add('jointTaken', gatherAction(), { q: joint.q, action: ep.action });
  const best = g.add('jointBest', gatherAction(), { q: jointBest.q, action: greedy.action });
  const nextTaken = g.add('nextJointTaken', gatherAction(), { q: nextJoint.q, action: nextGreedy.action });
  g.rewire('tdTarget', { ...each('agent', ep.outcome), nextValue: nextTaken.value });
  g.rewire('tdLoss', { prediction: taken.value, mask });
  g.rewire('optLoss', { sum: each('agent', sumBest.qTot), joint: best.value, value: each('agent', value.value), mask });
  g.remove('noptLoss', 'sum');
  const nopt = g.add('noptMinLoss', noptMinLoss(), { q: now(agentQ.q), avail: now(ep.avail), chosen: chosen.value, joint: joint.q, value: value.value, mask: ep.valid });
  g.train('q', [td.loss, weigh(1, opt.loss), weigh(1, nopt.loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
});
