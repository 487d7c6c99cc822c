/** SAC with a learned temperature. Numbers: CleanRL's `sac_continuous_action.py`, but that the actor makes a step after each step of the critics, where CleanRL makes two after every second. */
import { graph, next, now, stop } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { continuous } from '../core/world.ts';
import { actionValue, maskedMse, meanAndStd, minimum, negate, sampleSquashed, softValue, squashedEntropyTarget, tdTarget, temperature } from '../nodes/index.ts';

/**
 * SAC (arXiv 1801.01290, 1812.05905): y = r + gamma (min Q'(s', a') - alpha log pi(a'|s')), a' drawn from the policy as it is; the actor climbs the same of its own action, and alpha holds the entropy at
 * -1 nat for each number of an action. The same `sample` serves learning and acting.
 */
export const sac = graph('sac', continuous, g => {
  g.about('A policy that is paid for staying undecided, and two critics', 'Haarnoja et al. 2018, arXiv 1812.05905');
  const b = g.transitions({ keep: 1_000_000, batch: 256, start: 5000 });
  const pi = g.slot('actor', meanAndStd({ hidden: [256, 256] }), { obs: b.obs });
  const sample = g.slot('sample', sampleSquashed(), { mean: pi.mean, logStd: pi.logStd });
  const alpha = g.slot('temperature', temperature(), {});
  const q1 = g.slot('critic1', actionValue({ hidden: [256, 256] }), { x: now(b.obs), action: b.action });
  const q2 = g.slot('critic2', actionValue({ hidden: [256, 256] }), { x: now(b.obs), action: b.action });
  const ahead = { x: next(b.obs), action: next(sample.action) }, here = { x: now(b.obs), action: now(sample.action) };
  const nextLeast = g.add('leastNextQ', minimum(), { a: g.target('targetCritic1', q1, ahead).q, b: g.target('targetCritic2', q2, ahead).q });
  const soft = g.add('softNextValue', softValue(), { q: nextLeast.value, logProb: next(sample.logProb), alpha: alpha.alpha });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...b.outcome, nextValue: soft.value });
  const td1 = g.slot('critic1Loss', maskedMse(), { prediction: q1.q, target: target.value, mask: b.valid });
  const td2 = g.slot('critic2Loss', maskedMse(), { prediction: q2.q, target: target.value, mask: b.valid });
  const least = g.add('leastQ', minimum(), { a: g.frozen('judged1', q1, here).q, b: g.frozen('judged2', q2, here).q });
  const softQ = g.add('softQ', softValue(), { q: least.value, logProb: now(sample.logProb), alpha: stop(alpha.alpha) });
  const gain = g.add('actorLoss', negate(), { value: softQ.value, mask: b.valid });
  const heat = g.slot('temperatureLoss', squashedEntropyTarget({ target: -1 }), { alpha: alpha.alpha, logProb: now(sample.logProb), action: now(sample.action), mask: b.valid });
  g.train('critics', [td1.loss, td2.loss], { optimiser: adam({ lr: 1e-3 }) });
  g.train('actor', gain.loss, { optimiser: adam({ lr: 3e-4 }), after: 'critics' });
  g.train('temperature', heat.loss, { optimiser: adam({ lr: 1e-3 }), after: 'actor' });
  g.targets({ polyak: 0.005 });
  g.act(sample, { randomSteps: 5000 });
  return { b, pi, sample, alpha, q1, q2, target };
});
