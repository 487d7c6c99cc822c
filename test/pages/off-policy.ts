/** Several agents with critics of joint actions, learned from a replay. Widths are small: these pages prove the wiring. */
import { derive, each, graph, next, now, weigh } from '../../core/graph.ts';
import { per } from '../../core/node.ts';
import { adam } from '../../core/optimiser.ts';
import { continuousTeam, team } from '../../core/world.ts';
import { actionValue, allAgents, deterministic, join, maskedMse, meanSquare, monotonicMixer, negate, oneHotAction, plusGaussian, recurrentEncoder, tdTarget } from '../../nodes/index.ts';
import { actionLogits, gumbelOneHot, ownFresh } from './nodes/index.ts';

export const maddpg = graph('maddpg', team, g => {
  const b = g.transitions({ keep: 1_000_000, batch: 1024 });
  const actor = g.slot('actor', per('agent', actionLogits({ hidden: [16, 16] })), { obs: b.obs });
  const sample = g.add('sample', gumbelOneHot({ temperature: 1 }), { logits: actor.logits, avail: b.avail });
  const ahead = g.target('targetActor', actor, { obs: b.obs });
  const nextSample = g.add('nextSample', gumbelOneHot(), { logits: ahead.logits, avail: b.avail });
  const taken = g.add('taken', oneHotAction(), { action: b.action });
  const allObs = g.add('allObs', allAgents(), { x: b.obs });
  const takenJoint = g.add('takenJoint', allAgents(), { x: taken.x });
  const nextJoint = g.add('nextJoint', allAgents(), { x: nextSample.action });
  const critic = g.slot('critic', per('agent', actionValue({ hidden: [16, 16] })),
    { x: each('agent', now(allObs.x)), action: each('agent', takenJoint.x) });
  const nextQ = g.target('targetCritic', critic, { x: each('agent', next(allObs.x)), action: each('agent', next(nextJoint.x)) });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.95 }), { ...each('agent', b.outcome), reward: b.agentReward, nextValue: nextQ.q });
  const td = g.add('criticLoss', maskedMse(), { prediction: critic.q, target: target.value, mask: each('agent', b.valid) });
  const mine = g.slot('ownAction', ownFresh(), { fresh: now(sample.action), others: taken.x });
  const judged = g.frozen('judgedAction', critic, { x: each('agent', now(allObs.x)), action: mine.x });
  const gain = g.add('actorLoss', negate(), { value: judged.q, mask: each('agent', b.valid) });
  const small = g.add('logitSize', meanSquare(), { x: now(actor.logits), mask: each('agent', b.valid) });
  g.train('critic', td.loss, { optimiser: adam({ lr: 1e-2 }), clipNorm: 0.5 });
  g.train('actor', [gain.loss, weigh(1e-3, small.loss)], { optimiser: adam({ lr: 1e-2 }), clipNorm: 0.5, after: 'critic' });
  g.targets({ polyak: 0.01 });
  g.act({ action: sample.index, best: sample.best });
});
export const iddpg = graph('iddpg', continuousTeam, g => {
  const ep = g.episodes({ keep: 5000, batch: 32 });
  const input = g.add('agentInput', join(), { obs: ep.obs, last: ep.lastAction, id: ep.agentId });
  const z = g.slot('encoder', recurrentEncoder({ hidden: 16 }), { x: input.x });
  const actor = g.slot('actor', deterministic({ hidden: [] }), { obs: z.z });
  const ahead = g.target('targetActor', actor, { obs: g.target('targetEncoder', z, { x: input.x }).z });
  const critic = g.slot('critic', actionValue({ hidden: [16, 16] }), { x: now(ep.obs), action: ep.action });
  const nextQ = g.target('targetCritic', critic, { x: next(ep.obs), action: next(ahead.action) });
  const judged = g.frozen('judgedAction', critic, { x: now(ep.obs), action: now(actor.action) });
  const mask = each('agent', ep.valid);
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.85 }), { ...each('agent', ep.outcome), nextValue: nextQ.q });
  const td = g.add('criticLoss', maskedMse(), { prediction: critic.q, target: target.value, mask });
  const gain = g.add('actorLoss', negate(), { value: judged.q, mask });
  const small = g.add('actionSize', meanSquare(), { x: now(actor.action), mask });
  g.train('critic', td.loss, { optimiser: adam({ lr: 1e-2, eps: 1e-2 }), clipNorm: 0.5 });
  g.train('actor', [gain.loss, weigh(1e-3, small.loss)], { optimiser: adam({ lr: 1e-2, eps: 1e-2 }), clipNorm: 0.5, after: 'critic' });
  g.targets({ polyak: 0.001 });
  const explore = g.slot('explore', plusGaussian({ std: 0.1 }), { action: actor.action });
  g.act(explore);
  return { ep, critic, nextQ, judged };
});
/** The local critics are mixed; the actor's gradient goes through the mixer to all actions at once. */
export const facmac = derive(iddpg, 'facmac', (g, { ep, critic, nextQ, judged }) => {
  const mixer = g.slot('mixer', monotonicMixer({ embed: 8 }), { agentQs: critic.q, state: now(ep.state) });
  const nextTot = g.target('targetMixer', mixer, { agentQs: nextQ.q, state: next(ep.state) });
  const judgedTot = g.frozen('judgedMixer', mixer, { agentQs: judged.q, state: now(ep.state) });
  g.rewire('tdTarget', { ...ep.outcome, nextValue: nextTot.qTot });
  g.rewire('criticLoss', { prediction: mixer.qTot, mask: ep.valid });
  g.rewire('actorLoss', { value: judgedTot.qTot, mask: ep.valid });
});
