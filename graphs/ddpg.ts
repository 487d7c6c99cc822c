/** DDPG. Numbers: CleanRL's `ddpg_continuous_action.py` and those of Fujimoto's DDPG beside TD3, but that an actor steps with every step of its critic, as in the paper and the latter. */
import { graph, next, now } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { continuous } from '../core/world.ts';
import { actionValue, deterministic, maskedMse, negate, plusGaussian, tdTarget } from '../nodes/index.ts';

/**
 * DDPG (arXiv 1509.02971): y = r + gamma Q'(s', mu'(s')), and the actor climbs Q(s, mu(s)), whose critic does not learn from that. The first 25,000 actions are random, and nothing is learned before.
 * The paper has normalised layers, weights that decay, and noise that stays (`plusOrnsteinUhlenbeck`).
 */
export const ddpg = graph('ddpg', continuous, g => {
  g.about('One continuous action for each observation, led uphill by a critic', 'Lillicrap et al. 2015, arXiv 1509.02971');
  const b = g.transitions({ keep: 1_000_000, batch: 256, start: 25_000 });
  const actor = g.slot('actor', deterministic({ hidden: [256, 256] }), { obs: b.obs });
  const targetActor = g.target('targetActor', actor, { obs: b.obs });
  const critic = g.slot('critic', actionValue({ hidden: [256, 256] }), { x: now(b.obs), action: b.action });
  const nextQ = g.target('targetCritic', critic, { x: next(b.obs), action: next(targetActor.action) });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...b.outcome, nextValue: nextQ.q });
  const td = g.slot('criticLoss', maskedMse(), { prediction: critic.q, target: target.value, mask: b.valid });
  const judged = g.frozen('judgedAction', critic, { x: now(b.obs), action: now(actor.action) });
  const gain = g.add('actorLoss', negate(), { value: judged.q, mask: b.valid });
  g.train('critic', td.loss, { optimiser: adam({ lr: 3e-4 }) });
  g.train('actor', gain.loss, { optimiser: adam({ lr: 3e-4 }), after: 'critic' });
  g.targets({ polyak: 0.005 });
  const explore = g.slot('explore', plusGaussian({ std: 0.1 }), { action: actor.action });
  g.act(explore, { randomSteps: 25_000 });
  return { b, actor, targetActor, critic, target, td, gain };
});
