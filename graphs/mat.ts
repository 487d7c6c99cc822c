/** MAT. Numbers: the authors' (PKU-MARL/Multi-Agent-Transformer) for MPE's simple_spread, where 26 slots hold an episode of 25 steps and its last observation. */
import { each, graph, next, now, once, weigh } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { team } from '../core/world.ts';
import {
  actionDecoder, agentTransformer, categoricalLogProb, clippedHuberValue, clippedPolicy, denormalise, entropyLoss, gae, moments, multiply, normalise, populationStandardise,
  sampleCategorical, tokenValue,
} from '../nodes/index.ts';

/**
 * MAT (arXiv 2205.14953): PPO of a team that acts agent by agent. An encoder over all observations gives every agent a token, a critic values it, and a decoder says what an agent does when those
 * before it do what they do; while learning they are known, so one pass says it of all. One rule trains all three, and the loss of the policy reaches the encoder. Agents go in
 * the order of the environment. Values are learned in units of what returns were so far. To act, all must be seen: it is no decentralised page.
 */
export const mat = graph('mat', team, g => {
  g.about('PPO of a transformer over the team, whose agents act one after another and know what those before them do', 'Wen et al. 2022, arXiv 2205.14953');
  const ro = g.rollout({ steps: 26, copies: 128, epochs: 10, minibatches: 1 });
  const tokens = g.slot('encoder', agentTransformer({ embed: 64, heads: 1, blocks: 1 }), { x: ro.obs });
  const critic = g.slot('critic', tokenValue(), { z: tokens.z });
  const decoder = g.slot('decoder', actionDecoder({ heads: 1, blocks: 1 }), { z: now(tokens.z), action: ro.action, avail: now(ro.avail) });
  const p = g.add('logProb', categoricalLogProb(), { logits: decoder.logits, action: ro.action });

  const seen = g.memory('valueNorm', { mean: 0, square: 0, weight: 0 });
  const value = g.add('value', denormalise(), { x: critic.value, ...seen });
  const adv = g.slot('advantage', gae({ gamma: 0.99, lambda: 0.95 }), { ...each('agent', ro.outcome), value: now(value.x), nextValue: next(value.x) });
  const mask = g.add('aliveMask', multiply(), { a: each('agent', ro.valid), b: now(ro.alive) });
  const advantage = g.slot('standardAdvantage', populationStandardise(), { x: adv.advantage, mask: mask.x });
  const fresh = g.add('returnMoments', moments({ rate: 1e-5 }), { x: once(adv.returns), mask: each('agent', ro.valid), ...seen });
  const returns = g.add('normalReturns', normalise(), { x: once(adv.returns), mean: fresh.mean, square: fresh.square, weight: fresh.weight });
  g.keep('valueNorm', fresh);

  const policyLoss = g.slot('policyLoss', clippedPolicy({ clip: 0.05 }), { logProb: p.logProb, oldLogProb: once(p.logProb), advantage: once(advantage.x), mask: mask.x });
  const valueLoss = g.slot('valueLoss', clippedHuberValue({ clip: 0.05 }), { value: now(critic.value), oldValue: once(now(critic.value)), returns: returns.x, mask: mask.x });
  const entropy = g.add('entropy', entropyLoss(), { entropy: p.entropy, mask: mask.x });
  g.train('all', [policyLoss.loss, valueLoss.loss, weigh(0.01, entropy.loss)], { optimiser: adam({ lr: 7e-4, eps: 1e-5 }), clipNorm: 10 });
  const explore = g.slot('explore', sampleCategorical(), { logits: decoder.logits });
  g.act(explore, { inTurn: 'agent' });
  return { ro, tokens, critic, decoder, p, adv, mask, advantage, policyLoss, valueLoss, entropy };
});
