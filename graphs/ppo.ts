/** PPO for discrete actions. Numbers: CleanRL's `ppo.py` (CartPole-v1: 490.04 +- 6.12 after 500k steps), whose clipped value loss, standardised advantages and start of the layers the paper does not have. */
import { derive, now, once, weigh } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { linear } from '../core/schedule.ts';
import { clippedPolicy, clippedValue, standardise } from '../nodes/index.ts';
import { a2c } from './a2c.ts';

/**
 * PPO (arXiv 1707.06347): A2C whose rollouts are used four times, in minibatches. What the old policy and critic said is computed once, before the first step; advantages are standardised in each
 * minibatch. The learning rate falls to 0 over 500,000 steps: a run of another length wants another.
 */
export const ppo = derive(a2c, 'ppo', (g, { critic, p, adv, entropy }) => {
  g.about('Actor and critic that use each rollout several times, while the policy stays near the one that acted', 'Schulman et al. 2017, arXiv 1707.06347');
  const ro = g.rollout({ steps: 128, copies: 4, epochs: 4, minibatches: 4 });
  g.set('advantage', { lambda: 0.95 });
  const advantage = g.slot('standardAdvantage', standardise(), { x: once(adv.advantage), mask: ro.valid });
  const value = now(critic.value), returns = once(adv.returns);
  const policyLoss = g.replace('policyLoss', clippedPolicy({ clip: 0.2 }), { logProb: p.logProb, oldLogProb: once(p.logProb), advantage: advantage.x, mask: ro.valid });
  const valueLoss = g.replace('valueLoss', clippedValue({ clip: 0.2 }), { value, oldValue: once(value), returns, prediction: value, target: returns, mask: ro.valid });
  g.train('all', [policyLoss.loss, weigh(0.5, valueLoss.loss), weigh(0.01, entropy.loss)], { optimiser: adam({ lr: linear({ from: 2.5e-4, to: 0, steps: 500_000 }), eps: 1e-5 }), clipNorm: 0.5 });
  return { policyLoss };
});
