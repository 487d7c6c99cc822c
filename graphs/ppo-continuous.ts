/** PPO for continuous actions. Numbers: CleanRL's `ppo_continuous_action.py`, with its wrappers, which are nodes here. */
import { derive, now, once, over, weigh } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { linear } from '../core/schedule.ts';
import { continuous } from '../core/world.ts';
import { gaussian, gaussianLogProb, normaliseObservation, normaliseReward, featureMoments, sampleGaussian } from '../nodes/index.ts';
import { ppo } from './ppo.ts';

/**
 * PPO (arXiv 1707.06347) with a normal distribution over actions. Observations stand in units of how all before this rollout have spread, the same while acting and learning; rewards in units of how
 * discounted returns have. What is done is the nearest action in the range, and what is learned from is the action as it was drawn. The learning rate falls to 0 over 1,000,000 steps: a run of another
 * length wants another.
 */
export const ppoContinuous = derive(ppo, 'ppoContinuous', (g, { z, policyLoss }) => {
  g.about('PPO with a normal distribution over continuous actions, on normalised observations and rewards', 'Schulman et al. 2017, arXiv 1707.06347');
  const ro = g.rollout({ steps: 2048, copies: 1, epochs: 10, minibatches: 32 });
  const seen = g.memory('seen', { mean: over('obs', 0), variance: over('obs', 1), count: 1e-4 });
  const x = g.slot('observation', normaliseObservation({ clip: 10 }), { x: ro.obs, mean: once(seen.mean), variance: once(seen.variance) });
  const moments = g.add('seenMoments', featureMoments(), { x: now(ro.obs), ...seen });
  g.keep('seen', { mean: once(moments.mean), variance: once(moments.variance), count: once(moments.count) });
  const paid = g.memory('paid', { sofar: over('batch', 0), mean: 0, variance: 1, count: 1e-4 });
  const reward = g.slot('reward', normaliseReward({ gamma: 0.99, clip: 10 }), { ...ro.outcome, ...paid });
  g.keep('paid', { sofar: once(reward.sofar), mean: once(reward.mean), variance: once(reward.variance), count: once(reward.count) });
  g.rewire('encoder', { x: x.x });
  g.rewire('critic', { x: x.x });
  g.rewire('advantage', { reward: reward.reward });
  const pi = g.replace('policy', gaussian(), { z: z.z, obs: z.z });
  g.replace('logProb', gaussianLogProb(), { mean: now(pi.mean), logStd: now(pi.logStd), action: ro.action });
  g.remove('entropy');
  g.train('all', [policyLoss.loss, weigh(0.5, g.at('valueLoss').loss)], { optimiser: adam({ lr: linear({ from: 3e-4, to: 0, steps: 1_000_000 }), eps: 1e-5 }), clipNorm: 0.5 });
  g.remove('explore');                                                   // no slot: what draws an action and what says how likely it was belong together
  const explore = g.add('explore', sampleGaussian(), { mean: pi.mean, logStd: pi.logStd });
  g.act(explore, { clipped: true });
  return { x, reward };
}, continuous);
