/** REINFORCE, without a baseline and with one. Numbers: those of Spinning Up's example (32 tanh units, Adam at 1e-2, rewards to go, no discount), on batches of ten episodes. */
import { derive, graph, next, now } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { single } from '../core/world.ts';
import { categorical, categoricalLogProb, encoder, maskedMse, monteCarlo, policyGradient, sampleCategorical, stateValue, subtract } from '../nodes/index.ts';

/**
 * REINFORCE (Williams 1992): L = -mean of G_t log pi(a_t|s_t), with the rewards to go G. In one copy of the environment every episode of a batch is of the policy that
 * learns from it; in several those under way at an update go on with the new one.
 */
export const reinforce = graph('reinforce', single, g => {
  g.about('Policy gradient of whole episodes: actions are weighed by the rewards after them', 'Williams 1992, Machine Learning 8');
  const ep = g.episodes({ batch: 10 });
  const z = g.slot('encoder', encoder({ hidden: [32] }), { x: ep.obs });
  const pi = g.slot('policy', categorical(), { z: z.z, avail: ep.avail });
  const p = g.add('logProb', categoricalLogProb(), { logits: now(pi.logits), action: ep.action });
  const weight = g.slot('weight', monteCarlo({ gamma: 1 }), { ...ep.outcome });
  const policyLoss = g.slot('policyLoss', policyGradient(), { logProb: p.logProb, advantage: weight.returns, mask: ep.valid });
  g.train('policy', policyLoss.loss, { optimiser: adam({ lr: 1e-2 }) });
  const explore = g.slot('explore', sampleCategorical(), { logits: pi.logits });
  g.act(explore);
  return { ep, weight };
});

/** REINFORCE with a baseline (Williams 1992, section 4): what counts is by how much the rewards to go are above the value of the state, which is learned from them. */
export const reinforceBaseline = derive(reinforce, 'reinforceBaseline', (g, { ep, weight }) => {
  g.about('REINFORCE on rewards above the value of the state', 'Williams 1992, Machine Learning 8');
  const critic = g.slot('critic', stateValue({ hidden: [32] }), { x: ep.obs });
  const above = g.add('aboveBaseline', subtract(), { a: weight.returns, b: now(critic.value) });
  g.rewire('weight', { value: now(critic.value), nextValue: next(critic.value) });
  g.rewire('policyLoss', { advantage: above.x });
  const valueLoss = g.slot('valueLoss', maskedMse(), { prediction: now(critic.value), target: weight.returns, mask: ep.valid });
  g.train('critic', valueLoss.loss, { optimiser: adam({ lr: 1e-2 }) });
  return { critic };
});
