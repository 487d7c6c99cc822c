/**
 * IPPO. Numbers: those of the on-policy code (marlbenchmark/on-policy) for MPE's simple_spread, where 26 slots hold an episode of 25 steps and its last
 * observation. Theirs are cut into pieces of 10 steps, which do not fill 25; ours into halves.
 */
import { each, graph, next, now, once, weigh } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { team } from '../core/world.ts';
import {
  categorical, categoricalLogProb, clippedHuberValue, clippedPolicy, entropyLoss, gae, join, layerNormRecurrentEncoder, linearValue, multiply, populationStandardise, sampleCategorical,
} from '../nodes/index.ts';

/**
 * IPPO (arXiv 2011.09533): PPO of every agent on what it observes itself, with weights that all share, and the reward of the team. Advantages are standardised
 * over the whole rollout. An agent that is dead does not count. Without memory: `layerNormEncoder` in the slots `encoder` and `criticEncoder`.
 */
export const ippo = graph('ippo', team, g => {
  g.about('PPO of every agent on its own observations, with shared weights and the reward of the team', 'Schroeder de Witt et al. 2020, arXiv 2011.09533');
  const ro = g.rollout({ steps: 26, copies: 128, epochs: 10, minibatches: 1, length: 13 });
  const input = g.slot('agentInput', join(), { obs: ro.obs, id: ro.agentId });
  const z = g.slot('encoder', layerNormRecurrentEncoder({ hidden: [64, 64] }), { x: input.x });
  const pi = g.slot('policy', categorical(), { z: z.z, avail: ro.avail });
  const criticInput = g.slot('criticInput', join(), { obs: ro.obs, id: ro.agentId });
  const memory = g.slot('criticEncoder', layerNormRecurrentEncoder({ hidden: [64, 64] }), { x: criticInput.x });
  const critic = g.slot('critic', linearValue(), { z: memory.z, x: memory.z });

  const p = g.slot('logProb', categoricalLogProb(), { logits: now(pi.logits), action: ro.action });
  const adv = g.slot('advantage', gae({ gamma: 0.99, lambda: 0.95 }), { ...each('agent', ro.outcome), value: now(critic.value), nextValue: next(critic.value) });
  const mask = g.add('aliveMask', multiply(), { a: each('agent', ro.valid), b: now(ro.alive) });
  const advantage = g.slot('standardAdvantage', populationStandardise(), { x: adv.advantage, mask: mask.x });
  const policyLoss = g.slot('policyLoss', clippedPolicy({ clip: 0.2 }), { logProb: p.logProb, oldLogProb: once(p.logProb), advantage: once(advantage.x), mask: mask.x });
  const value = now(critic.value), returns = once(adv.returns);
  const valueLoss = g.slot('valueLoss', clippedHuberValue({ clip: 0.2, huber: 10 }), { value, oldValue: once(value), returns, prediction: value, target: returns, mask: mask.x });
  const entropy = g.add('entropy', entropyLoss(), { entropy: p.entropy, mask: mask.x });
  g.train('actor', [policyLoss.loss, weigh(0.01, entropy.loss)], { optimiser: adam({ lr: 7e-4, eps: 1e-5 }), clipNorm: 10 });
  g.train('critic', valueLoss.loss, { optimiser: adam({ lr: 7e-4, eps: 1e-5 }), clipNorm: 10 });
  const explore = g.slot('explore', sampleCategorical(), { logits: pi.logits });
  g.act(explore);
  return { ro, input, z, pi, criticInput, memory, critic, p, adv, mask, advantage, policyLoss, valueLoss, entropy };
});
