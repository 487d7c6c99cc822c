/**
 * MADDPG for discrete and for continuous actions. Numbers: the authors' (openai/maddpg), which update every 100 steps, from 25,600 steps on, each network by gradients of norm 0.5 at
 * most a tensor. Their agents are updated one after another, so that a later one's target sees the lagged actors of the earlier ones one hundredth of the way further;
 * here all are updated from the same weights, and an agent's number means nothing.
 */
import { derive, each, graph, next, now, weigh } from '../core/graph.ts';
import { per } from '../core/node.ts';
import { adam } from '../core/optimiser.ts';
import { continuousTeam, team } from '../core/world.ts';
import { actionLogits, actionValue, agentwiseMeanSquare, agentwiseMse, agentwiseNegate, allAgents, deterministic, gumbelOneHot, oneHotAction, ownFresh, plusGaussian, tdTarget } from '../nodes/index.ts';

/**
 * MADDPG (arXiv 1706.02275) for discrete actions, drawn by straight-through Gumbel-softmax; the authors' soft actions are `gumbelSoftmax` in slots `explore` and `nextAction`.
 * Every agent has an actor and a critic of its own, which sees all observations and actions; its actor learns by its own action drawn anew beside the others' of the replay.
 */
export const maddpg = graph('maddpg', team, g => {
  g.about('An actor for each agent, learned by a critic of its own that sees what all see and do', 'Lowe et al. 2017, arXiv 1706.02275');
  const b = g.transitions({ keep: 1_000_000, batch: 1024, start: 25_600, every: 100 });
  const actor = g.slot('actor', per('agent', actionLogits({ hidden: [64, 64] })), { obs: b.obs, avail: b.avail });
  const drawn = g.slot('explore', gumbelOneHot({ temperature: 1 }), { logits: actor.logits, avail: b.avail });
  const lagged = g.target('targetActor', actor, { obs: b.obs, avail: b.avail });
  const ahead = g.slot('nextAction', gumbelOneHot({ temperature: 1 }), { logits: next(lagged.logits), avail: next(b.avail) });
  const done = g.add('action', oneHotAction(), { action: b.action });

  const seen = g.add('jointObs', allAgents(), { x: b.obs });
  const joint = g.add('jointAction', allAgents(), { x: done.x });
  const nextJoint = g.add('nextJointAction', allAgents(), { x: ahead.action });
  const critic = g.slot('critic', per('agent', actionValue({ hidden: [64, 64] })), { x: each('agent', now(seen.x)), action: each('agent', joint.x) });
  const nextQ = g.target('targetCritic', critic, { x: each('agent', next(seen.x)), action: each('agent', nextJoint.x) });
  const own = g.slot('ownAction', ownFresh(), { fresh: now(drawn.action), others: done.x });
  const judged = g.frozen('judgedAction', critic, { x: each('agent', now(seen.x)), action: own.x });

  const mask = each('agent', b.valid);
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.95 }), { ...each('agent', b.outcome), reward: b.agentReward, nextValue: nextQ.q });
  const td = g.slot('criticLoss', agentwiseMse(), { prediction: critic.q, target: target.value, mask });
  const gain = g.slot('actorLoss', agentwiseNegate(), { value: judged.q, mask });
  const size = g.slot('actorSize', agentwiseMeanSquare(), { x: now(actor.logits), mask });
  g.train('critic', td.loss, { optimiser: adam({ lr: 1e-2 }), clipEach: 0.5 });
  g.train('actor', [gain.loss, weigh(1e-3, size.loss)], { optimiser: adam({ lr: 1e-2 }), clipEach: 0.5, after: 'critic' });
  g.targets({ polyak: 0.01 });
  g.act({ action: drawn.index, best: drawn.best });
});

/** MADDPG for continuous actions: an actor gives one action, to which noise is added, as in FACMAC's authors' form of it; openai/maddpg draws from a normal law that the actor gives. */
export const maddpgContinuous = derive(maddpg, 'maddpgContinuous', g => {
  g.about('MADDPG for continuous actions', 'Lowe et al. 2017, arXiv 1706.02275');
  const b = g.data();
  g.remove('targetActor', 'nextAction', 'action');
  const actor = g.replace('actor', per('agent', deterministic({ hidden: [64, 64] })), { obs: b.obs });
  const lagged = g.target('targetActor', actor, { obs: b.obs });
  const explore = g.replace('explore', plusGaussian({ std: 0.1 }), { action: actor.action });
  g.rewire('jointAction', { x: b.action });
  g.rewire('nextJointAction', { x: next(lagged.action) });
  g.rewire('ownAction', { fresh: now(actor.action), others: b.action });
  g.rewire('actorSize', { x: now(actor.action) });
  g.act(explore);
}, continuousTeam);
