/** TD3. Numbers: those of the authors' code, as in CleanRL's `td3_continuous_action.py`. */
import { derive, next, now } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { actionValue, maskedMse, minimum, plusGaussian } from '../nodes/index.ts';
import { ddpg } from './ddpg.ts';

/** TD3 (arXiv 1802.09477): DDPG with a second critic, of which the target is the lesser one at an action with noise on it; the actor climbs the first. It and all lagged weights move with every second step of the critics. */
export const td3 = derive(ddpg, 'td3', (g, { b, targetActor, target, td, gain }) => {
  g.about('DDPG that believes the lesser of two critics, near the action it would take', 'Fujimoto et al. 2018, arXiv 1802.09477');
  const smooth = g.add('smoothedAction', plusGaussian({ std: 0.2, clip: 0.5 }), { action: next(targetActor.action) });
  const critic2 = g.slot('critic2', actionValue({ hidden: [256, 256] }), { x: now(b.obs), action: b.action });
  g.rewire('targetCritic', { action: smooth.action });
  const nextQ2 = g.target('targetCritic2', critic2, { x: next(b.obs), action: smooth.action });
  const least = g.add('leastNextQ', minimum(), { a: g.at('targetCritic').q, b: nextQ2.q });
  g.rewire('tdTarget', { nextValue: least.value });
  const td2 = g.slot('critic2Loss', maskedMse(), { prediction: critic2.q, target: target.value, mask: b.valid });
  g.train('critic', [td.loss, td2.loss], { optimiser: adam({ lr: 3e-4 }) });
  g.train('actor', gain.loss, { optimiser: adam({ lr: 3e-4 }), after: 'critic', every: 2 });
  g.targets({ polyak: 0.005, everyUpdates: 2 });
  return { critic2 };
});
