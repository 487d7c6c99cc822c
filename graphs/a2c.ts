/** A2C: the synchronous form of A3C. Numbers: those of OpenAI Baselines (16 copies, 5 steps, RMSprop at 7e-4), with a critic of its own. */
import { graph, next, now, weigh } from '../core/graph.ts';
import { rmsprop } from '../core/optimiser.ts';
import { single } from '../core/world.ts';
import { categorical, categoricalLogProb, encoder, entropyLoss, gae, maskedMse, policyGradient, sampleCategorical, stateValue } from '../nodes/index.ts';

/** A2C (arXiv 1602.01783): A = R - V(s), where R has the rewards to the end of the rollout and the value there; each rollout is used once. */
export const a2c = graph('a2c', single, g => {
  g.about('Actor and critic that learn from short rollouts of many copies, each used once', 'Mnih et al. 2016, arXiv 1602.01783');
  const ro = g.rollout({ steps: 5, copies: 16 });
  const z = g.slot('encoder', encoder({ hidden: [64, 64] }), { x: ro.obs });
  const pi = g.slot('policy', categorical(), { z: z.z, avail: ro.avail });
  const critic = g.slot('critic', stateValue({ hidden: [64, 64] }), { x: ro.obs });
  const p = g.slot('logProb', categoricalLogProb(), { logits: now(pi.logits), action: ro.action });
  const adv = g.slot('advantage', gae({ gamma: 0.99, lambda: 1 }), { ...ro.outcome, value: now(critic.value), nextValue: next(critic.value) });
  const policyLoss = g.slot('policyLoss', policyGradient(), { logProb: p.logProb, advantage: adv.advantage, mask: ro.valid });
  const valueLoss = g.slot('valueLoss', maskedMse(), { prediction: now(critic.value), target: adv.returns, mask: ro.valid });
  const entropy = g.add('entropy', entropyLoss(), { entropy: p.entropy, mask: ro.valid });
  g.train('all', [policyLoss.loss, weigh(0.5, valueLoss.loss), weigh(0.01, entropy.loss)], { optimiser: rmsprop({ lr: 7e-4 }), clipNorm: 0.5 });
  const explore = g.slot('explore', sampleCategorical(), { logits: pi.logits });
  g.act(explore);
  return { ro, z, pi, critic, p, adv, entropy };
});
