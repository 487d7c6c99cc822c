/** One agent. Widths are small: these pages prove the wiring. */
import { derive, graph, next, now, stop } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { continuous } from '../../core/world.ts';
import { ppo } from '../../graphs/index.ts';
import { actionValue, deterministic, maskedMse, minimum, negate, plusGaussian, tdTarget } from '../../nodes/index.ts';
import { gaussian, gaussianLogProb, meanAndStd, sampleGaussian, sampleSquashed, softValue, squashedEntropyTarget, temperature } from './nodes/index.ts';

export const ppoContinuous = derive(ppo, 'ppoContinuous', (g, { z }) => {
  const pi = g.replace('policy', gaussian(), { z: z.z });
  g.replace('logProb', gaussianLogProb(), { mean: now(pi.mean), logStd: now(pi.logStd), action: g.data().action });
  g.replace('explore', sampleGaussian(), { mean: pi.mean, logStd: pi.logStd });
}, continuous);

export const ddpg = graph('ddpg', continuous, g => {
  const b = g.transitions({ keep: 1_000_000, batch: 256 });
  const actor = g.slot('actor', deterministic({ hidden: [16, 16] }), { obs: b.obs });
  const targetActor = g.target('targetActor', actor, { obs: b.obs });
  const critic = g.slot('critic', actionValue({ hidden: [16, 16] }), { x: now(b.obs), action: b.action });
  const nextQ = g.target('targetCritic', critic, { x: next(b.obs), action: next(targetActor.action) });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...b.outcome, nextValue: nextQ.q });
  const td = g.add('criticLoss', maskedMse(), { prediction: critic.q, target: target.value, mask: b.valid });
  const judged = g.frozen('judgedAction', critic, { x: now(b.obs), action: now(actor.action) });
  const gain = g.add('actorLoss', negate(), { value: judged.q, mask: b.valid });
  g.train('critic', td.loss, { optimiser: adam({ lr: 1e-3 }) });
  g.train('actor', gain.loss, { optimiser: adam({ lr: 1e-4 }), after: 'critic' });
  g.targets({ polyak: 0.005 });
  const explore = g.slot('explore', plusGaussian({ std: 0.1 }), { action: actor.action });
  g.act(explore, { randomSteps: 25_000 });
  return { b, actor, targetActor, critic, target, td, gain };
});
export const td3 = derive(ddpg, 'td3', (g, { b, targetActor, target, td, gain }) => {
  const smooth = g.add('smoothedAction', plusGaussian({ std: 0.2, clip: 0.5 }), { action: next(targetActor.action) });
  const critic2 = g.add('critic2', actionValue({ hidden: [16, 16] }), { x: now(b.obs), action: b.action });
  g.rewire('targetCritic', { action: smooth.action });
  const nextQ2 = g.target('targetCritic2', critic2, { x: next(b.obs), action: smooth.action });
  const least = g.add('leastNextQ', minimum(), { a: g.at('targetCritic').q, b: nextQ2.q });
  g.rewire('tdTarget', { nextValue: least.value });
  const td2 = g.add('critic2Loss', maskedMse(), { prediction: critic2.q, target: target.value, mask: b.valid });
  g.train('critic', [td.loss, td2.loss], { optimiser: adam({ lr: 3e-4 }) });
  g.train('actor', gain.loss, { optimiser: adam({ lr: 3e-4 }), after: 'critic', every: 2 });
  g.targets({ polyak: 0.005, everyUpdates: 2 });
});

export const sac = graph('sac', continuous, g => {
  const b = g.transitions({ keep: 1_000_000, batch: 256 });
  const pi = g.slot('actor', meanAndStd({ hidden: [16, 16] }), { obs: b.obs });
  const sample = g.add('sample', sampleSquashed(), { mean: pi.mean, logStd: pi.logStd });
  const alpha = g.add('temperature', temperature(), {});
  const q1 = g.slot('critic1', actionValue({ hidden: [16, 16] }), { x: now(b.obs), action: b.action });
  const q2 = g.slot('critic2', actionValue({ hidden: [16, 16] }), { x: now(b.obs), action: b.action });
  const ahead = { x: next(b.obs), action: next(sample.action) }, here = { x: now(b.obs), action: now(sample.action) };
  const nextLeast = g.add('leastNextQ', minimum(), { a: g.target('targetCritic1', q1, ahead).q, b: g.target('targetCritic2', q2, ahead).q });
  const soft = g.add('softNextValue', softValue(), { q: nextLeast.value, logProb: next(sample.logProb), alpha: alpha.alpha });
  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...b.outcome, nextValue: soft.value });
  const td1 = g.add('critic1Loss', maskedMse(), { prediction: q1.q, target: target.value, mask: b.valid });
  const td2 = g.add('critic2Loss', maskedMse(), { prediction: q2.q, target: target.value, mask: b.valid });
  const least = g.add('leastQ', minimum(), { a: g.frozen('judged1', q1, here).q, b: g.frozen('judged2', q2, here).q });
  const softQ = g.add('softQ', softValue(), { q: least.value, logProb: now(sample.logProb), alpha: stop(alpha.alpha) });
  const gain = g.add('actorLoss', negate(), { value: softQ.value, mask: b.valid });
  const heat = g.add('temperatureLoss', squashedEntropyTarget(),
    { alpha: alpha.alpha, logProb: now(sample.logProb), action: now(sample.action), mask: b.valid });
  g.train('critics', [td1.loss, td2.loss], { optimiser: adam({ lr: 1e-3 }) });
  g.train('actor', gain.loss, { optimiser: adam({ lr: 3e-4 }), after: 'critics' });
  g.train('temperature', heat.loss, { optimiser: adam({ lr: 1e-3 }), after: 'critics' });
  g.targets({ polyak: 0.005 });
  g.act(sample, { randomSteps: 5_000 });
});
