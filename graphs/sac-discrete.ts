/** SAC for discrete actions. Numbers: CleanRL's `sac_atari.py`, with networks for observations that are no pictures. */
import { graph, next, now, stop } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { single } from '../core/world.ts';
import { allActionValues, categorical, categoricalEntropyTarget, encoder, gatherAction, maskedMse, minimum, negate, sampleCategorical, softExpectedValue, tdTarget, temperature } from '../nodes/index.ts';

/**
 * SAC-discrete (arXiv 1910.07207): y = r + gamma V'(s'), V(s) = sum_a pi(a|s) (min Q(s, a) - alpha log pi(a|s)), an exact sum over available actions; the actor climbs V, and alpha holds the entropy at 0.89
 * of the greatest. Losses are means over transitions of sums over actions, as in the paper, where both the authors' code and CleanRL divide by the number of actions, too.
 */
export const sacDiscrete = graph('sacDiscrete', single, g => {
  g.about('SAC for discrete actions: sums over all of them in place of draws', 'Christodoulou 2019, arXiv 1910.07207');
  const b = g.transitions({ keep: 1_000_000, batch: 64, start: 20_000, every: 4 });
  const z = g.slot('encoder', encoder({ hidden: [256, 256] }), { x: b.obs });
  const pi = g.slot('policy', categorical(), { z: z.z, avail: b.avail });
  const alpha = g.slot('temperature', temperature(), {});
  const q1 = g.slot('critic1', allActionValues({ hidden: [256, 256] }), { x: b.obs });
  const q2 = g.slot('critic2', allActionValues({ hidden: [256, 256] }), { x: b.obs });
  const nextLeast = g.add('leastNextQ', minimum(), { a: next(g.target('targetCritic1', q1, { x: b.obs }).q), b: next(g.target('targetCritic2', q2, { x: b.obs }).q) });
  const ahead = g.add('softNextValue', softExpectedValue(), { q: nextLeast.value, logits: next(pi.logits), alpha: alpha.alpha });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...b.outcome, nextValue: ahead.value });
  const chosen1 = g.add('chosenQ1', gatherAction(), { q: now(q1.q), action: b.action });
  const chosen2 = g.add('chosenQ2', gatherAction(), { q: now(q2.q), action: b.action });
  const td1 = g.slot('critic1Loss', maskedMse(), { prediction: chosen1.value, target: target.value, mask: b.valid });
  const td2 = g.slot('critic2Loss', maskedMse(), { prediction: chosen2.value, target: target.value, mask: b.valid });
  const least = g.add('leastQ', minimum(), { a: now(q1.q), b: now(q2.q) });
  const here = g.add('softValue', softExpectedValue(), { q: stop(least.value), logits: now(pi.logits), alpha: stop(alpha.alpha) });
  const gain = g.add('actorLoss', negate(), { value: here.value, mask: b.valid });
  const heat = g.slot('temperatureLoss', categoricalEntropyTarget({ share: 0.89 }), { alpha: alpha.alpha, entropy: here.entropy, avail: now(b.avail), mask: b.valid });
  g.train('critics', [td1.loss, td2.loss], { optimiser: adam({ lr: 3e-4, eps: 1e-4 }) });
  g.train('actor', gain.loss, { optimiser: adam({ lr: 3e-4, eps: 1e-4 }), after: 'critics' });
  g.train('temperature', heat.loss, { optimiser: adam({ lr: 3e-4, eps: 1e-4 }), after: 'critics' });
  g.targets({ everySteps: 8000 });
  const explore = g.slot('explore', sampleCategorical(), { logits: pi.logits });
  g.act(explore, { randomSteps: 20_000 });
  return { b, z, pi, alpha, q1, q2, target };
});
