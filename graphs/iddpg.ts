/** Independent DDPG: each agent learns from the team's reward as if it were alone. Numbers: those of FACMAC's authors (oxwhirl/facmac, `iddpg_pp.yaml`, predator-prey of MPE). */
import { each, graph, next, now, weigh } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { continuousTeam } from '../core/world.ts';
import { actionValue, deterministic, join, maskedMse, meanSquare, negate, plusGaussian, recurrentEncoder, tdTarget } from '../nodes/index.ts';

/**
 * DDPG (arXiv 1509.02971) for each agent, with one recurrent actor and one critic that all agents share; as in the authors' code the actor knows which agent it is, the critic does not. Their actor
 * loss counts padding, ours transitions only.
 */
export const iddpg = graph('iddpg', continuousTeam, g => {
  g.about('Independent DDPG on the team reward, one recurrent actor and one critic for all agents', 'Lillicrap et al. 2015, arXiv 1509.02971');
  const ep = g.episodes({ keep: 5000, batch: 32 });
  const input = g.add('agentInput', join(), { obs: ep.obs, last: ep.lastAction, id: ep.agentId });
  const z = g.slot('encoder', recurrentEncoder({ hidden: 64 }), { x: input.x });
  const actor = g.slot('actor', deterministic({ hidden: [] }), { obs: z.z });
  const lagged = g.target('targetActor', actor, { obs: g.target('targetEncoder', z, { x: input.x }).z });
  const critic = g.slot('critic', actionValue({ hidden: [64, 64] }), { x: now(ep.obs), action: ep.action });
  const nextQ = g.target('targetCritic', critic, { x: next(ep.obs), action: next(lagged.action) });
  const judged = g.frozen('judgedAction', critic, { x: now(ep.obs), action: now(actor.action) });

  const mask = each('agent', ep.valid);
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.85 }), { ...each('agent', ep.outcome), nextValue: nextQ.q });
  const td = g.slot('criticLoss', maskedMse(), { prediction: critic.q, target: target.value, mask });
  const gain = g.slot('actorLoss', negate(), { value: judged.q, mask });
  const size = g.slot('actorSize', meanSquare(), { x: now(actor.action), mask });
  g.train('critic', td.loss, { optimiser: adam({ lr: 1e-2, eps: 1e-2 }), clipNorm: 0.5 });
  g.train('actor', [gain.loss, weigh(1e-3, size.loss)], { optimiser: adam({ lr: 1e-2, eps: 1e-2 }), clipNorm: 0.5, after: 'critic' });
  g.targets({ polyak: 0.001 });
  const explore = g.slot('explore', plusGaussian({ std: 0.1 }), { action: actor.action });
  g.act(explore);
  return { ep, critic, nextQ, judged };
});
