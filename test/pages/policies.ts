/** Several agents, learned on-policy. Widths are small: these pages prove the wiring. */
import { derive, each, graph, next, now, once, weigh } from '../../core/graph.ts';
import { per } from '../../core/node.ts';
import { adam } from '../../core/optimiser.ts';
import { team } from '../../core/world.ts';
import { mappo } from '../../graphs/index.ts';
import { categorical, categoricalLogProb, clippedHuberValue, clippedPolicy, entropyLoss, gae, linearValue, multiply, recurrentEncoder, sampleCategorical, standardise } from '../../nodes/index.ts';
import { actionDecoder, agentTransformer, othersRatio } from './nodes/index.ts';

export const happo = derive(mappo, 'happo', (g, { p, advantage, policyLoss, entropy }) => {
  g.swap('encoder', per('agent', recurrentEncoder({ hidden: 16 })));
  g.swap('policy', per('agent', categorical()));
  const others = g.add('othersRatio', othersRatio(), { logProb: p.logProb, oldLogProb: once(p.logProb) });
  const factored = g.add('factoredAdvantage', multiply(), { a: others.ratio, b: once(advantage.x) });
  g.rewire('policyLoss', { advantage: factored.x });
  g.train('actor', [policyLoss.loss, weigh(0.01, entropy.loss)],
    { optimiser: adam({ lr: 5e-4 }), clipNorm: 10, sweep: { over: 'agent', order: 'shuffled' } });
});
export const mat = graph('mat', team, g => {
  const ro = g.rollout({ steps: 25, copies: 128, epochs: 10, minibatches: 1 });
  const enc = g.slot('encoder', agentTransformer({ embed: 16 }), { obs: ro.obs });
  const critic = g.add('critic', linearValue(), { z: enc.rep });
  const dec = g.slot('decoder', actionDecoder(), { rep: now(enc.rep), action: ro.action, avail: now(ro.avail) });
  const mask = each('agent', ro.valid);
  const adv = g.slot('advantage', gae(), { ...each('agent', ro.outcome), value: now(critic.value), nextValue: next(critic.value) });
  const advantage = g.add('standardAdvantage', standardise(), { x: adv.advantage, mask });
  const p = g.add('logProb', categoricalLogProb(), { logits: dec.logits, action: ro.action });
  const policyLoss = g.add('policyLoss', clippedPolicy({ clip: 0.05 }),
    { logProb: p.logProb, oldLogProb: once(p.logProb), advantage: once(advantage.x), mask });
  const valueLoss = g.add('valueLoss', clippedHuberValue(),
    { value: now(critic.value), oldValue: once(now(critic.value)), returns: once(adv.returns), mask });
  const entropy = g.add('entropy', entropyLoss(), { entropy: p.entropy, mask });
  g.train('all', [policyLoss.loss, valueLoss.loss, weigh(0.01, entropy.loss)], { optimiser: adam({ lr: 5e-4 }), clipNorm: 10 });
  const explore = g.slot('explore', sampleCategorical(), { logits: dec.logits });
  g.act(explore, { inTurn: 'agent' });
});
