/** IA2C and MAA2C. Numbers: those of EPyMARL (`ia2c.yaml`, `maa2c.yaml`). */
import { derive, each, graph, next, now, weigh } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { team } from '../core/world.ts';
import { categoricalLogProb, entropyLoss, join, maskedMse, mlpValue, nStepTarget, policyGradient, recurrentEncoder, runningMoments, sampleCategorical, softmaxPolicy, standardiseBy, subtract } from '../nodes/index.ts';

/**
 * IA2C (arXiv 2006.07869): advantage actor-critic of each agent on its own observation, all with the same weights, learned from whole episodes that are used once. The advantage is the target of five
 * steps, which bootstraps by the lagged critic, less the critic's value before its step. Rewards are standardised over all of the run; `--swap reward=scale` leaves them as they are.
 */
export const ia2c = graph('ia2c', team, g => {
  g.about('Actor-critic of each agent on its own observation, with a lagged critic', 'Papoudakis et al. 2021, arXiv 2006.07869');
  const ep = g.episodes({ batch: 10 });
  const input = g.add('agentInput', join(), { obs: ep.obs, id: ep.agentId });
  const z = g.slot('encoder', recurrentEncoder({ hidden: 128 }), { x: input.x });
  const pi = g.slot('policy', softmaxPolicy(), { z: z.z, avail: ep.avail });
  const criticInput = g.slot('criticInput', join(), { obs: ep.obs, id: ep.agentId });
  const critic = g.slot('critic', mlpValue({ hidden: [128, 128] }), { x: criticInput.x });
  const lagged = g.target('targetCritic', critic, { x: criticInput.x });

  const paid = g.memory('rewards', { mean: 0, variance: 1, count: 1e-4 });
  const moments = g.add('rewardMoments', runningMoments(), { x: ep.reward, mask: ep.valid, ...paid });
  g.keep('rewards', moments);
  const reward = g.slot('reward', standardiseBy(), { x: ep.reward, mean: moments.mean, variance: moments.variance, mask: ep.valid });
  const value = now(critic.value), mask = each('agent', ep.valid);
  const target = g.slot('target', nStepTarget({ n: 5, gamma: 0.99 }), { ...each('agent', { ...ep.outcome, reward: reward.x }), nextValue: next(lagged.value) });
  const advantage = g.add('advantage', subtract(), { a: target.value, b: value });
  const p = g.add('logProb', categoricalLogProb(), { logits: now(pi.logits), action: ep.action });
  const criticLoss = g.slot('criticLoss', maskedMse(), { prediction: value, target: target.value, mask });
  const policyLoss = g.slot('policyLoss', policyGradient(), { logProb: p.logProb, advantage: advantage.x, mask });
  const entropy = g.add('entropy', entropyLoss(), { entropy: p.entropy, mask });
  g.train('critic', criticLoss.loss, { optimiser: adam({ lr: 5e-4 }), clipNorm: 10 });
  g.train('actor', [policyLoss.loss, weigh(0.001, entropy.loss)], { optimiser: adam({ lr: 5e-4 }), clipNorm: 10 });
  g.targets({ polyak: 0.01 });
  const explore = g.slot('explore', sampleCategorical(), { logits: pi.logits });
  g.act(explore);
  return { ep, z, pi, critic, lagged, reward, target, advantage, p, mask, criticLoss, policyLoss, entropy };
});

/** MAA2C (arXiv 2006.07869): IA2C whose critic sees the state. */
export const maa2c = derive(ia2c, 'maa2c', (g, { ep, policyLoss, entropy }) => {
  g.about('Actor-critic of each agent with a critic that sees the state', 'Papoudakis et al. 2021, arXiv 2006.07869');
  g.replace('criticInput', join(), { state: each('agent', ep.state), id: ep.agentId });
  g.train('actor', [policyLoss.loss, weigh(0.01, entropy.loss)], { optimiser: adam({ lr: 5e-4 }), clipNorm: 10 });
});
