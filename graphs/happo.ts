/** HAPPO. Numbers: the authors' (cyanrain7/TRPO-in-MARL) for SMAC, where no policy has a memory. */
import { derive, once, weigh } from '../core/graph.ts';
import { per } from '../core/node.ts';
import { adam } from '../core/optimiser.ts';
import { categorical, join, layerNormEncoder, multiply, othersRatio, populationStandardise, stateValue } from '../nodes/index.ts';
import { mappo } from './mappo.ts';

/**
 * HAPPO (arXiv 2109.11251): MAPPO of agents with actors and critics of their own. They learn one after another, in an order that is drawn for each rollout, and an agent's advantages count M times, the
 * product of the ratios of those that have learned before it: what it gains is what the team gains. Each agent's advantages are standardised for itself. Where the authors' agents
 * each normalise values by what they have seen themselves, here all share the statistics.
 */
export const happo = derive(mappo, 'happo', (g, { adv, mask, p, policyLoss, valueLoss, entropy }) => {
  g.about('PPO of agents with weights of their own that learn one after another, each from how those before it have changed', 'Kuba et al. 2022, arXiv 2109.11251');
  const ro = g.rollout({ steps: 160, copies: 20, epochs: 5, minibatches: 1 });
  g.replace('agentInput', join(), { obs: ro.obs });
  for (const encoder of ['encoder', 'criticEncoder']) g.swap(encoder, per('agent', layerNormEncoder({ hidden: [64, 64] })));
  g.swap('policy', per('agent', categorical()));
  g.swap('critic', per('agent', stateValue({ hidden: [] })));
  g.set('advantage', { gamma: 0.95 });
  const advantage = g.replace('standardAdvantage', per('agent', populationStandardise()), { x: adv.advantage, mask: mask.x });
  const others = g.add('othersRatio', othersRatio(), { logProb: p.logProb, oldLogProb: once(p.logProb) });
  const factored = g.add('factoredAdvantage', multiply(), { a: others.ratio, b: once(advantage.x) });
  g.rewire('policyLoss', { advantage: factored.x });
  const inTurn = { optimiser: adam({ lr: 5e-4, eps: 1e-5 }), clipNorm: 10, sweep: { over: 'agent', order: 'shuffled' } } as const;
  g.train('actor', [policyLoss.loss, weigh(0.01, entropy.loss)], inTurn);
  g.train('critic', valueLoss.loss, inTurn);
  return { others, factored };
});
