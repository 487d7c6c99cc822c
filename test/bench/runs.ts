/** Whole runs that are timed: pages, environments and numbers of those whose speed they are compared with. */
import type { Definition } from '../../core/definition.ts';
import { derive, each, now, once, weigh } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { adam } from '../../core/optimiser.ts';
import { f32 } from '../../core/port.ts';
import { linear } from '../../core/schedule.ts';
import { relu } from '@tensorflow/tfjs-core';
import { dqn, ippo, maa2c, ppo, qmix, sac } from '../../graphs/index.ts';
import { allAgents, clippedPolicy, clippedValue, gaeLimitsAsEnds, join, maskedMse, mlpValue, recurrentEncoder, standardise } from '../../nodes/index.ts';
import { dense } from '../../nodes/layers.ts';
import { applySettings } from '../../plugins/page-settings.ts';

/** Timed from one number of environment steps to another, or, where a batch is all the steps since the one before, from one number of batches to another. */
export interface WholeRun { readonly page: Definition; readonly environment: string; readonly copies: number; readonly from: number; readonly to: number; readonly by?: 'batches' }

/** `ppo.yml` of the zoo of Stable-Baselines3, CartPole-v1: rate and clipping fall to 0 over 100,000 steps, no entropy, values not clipped. 256 steps, all of them a minibatch, 20 times. */
const zooPpo = applySettings(derive(ppo, 'ppo', (g, { ro, critic, adv, entropy, policyLoss }) => {
  const valueLoss = g.replace('valueLoss', maskedMse(), { prediction: now(critic.value), target: once(adv.returns), mask: ro.valid });
  g.train('all', [policyLoss.loss, weigh(0.5, valueLoss.loss), weigh(0, entropy.loss)], { optimiser: adam({ lr: linear({ from: 1e-3, to: 0, steps: 100_000 }), eps: 1e-5 }), clipNorm: 0.5 });
}), { 'data.steps': 32, 'data.copies': 8, 'data.epochs': 20, 'data.minibatches': 1, 'advantage.gamma': 0.98, 'advantage.lambda': 0.8, 'policyLoss.clip': linear({ from: 0.2, to: 0, steps: 100_000 }) });

/** `mappo.yaml` of EPyMARL: 10 episodes, 4 times; GRU 128, a critic of the state without memory, targets of five steps by a lagged critic, standardised rewards. What the lagged critic says is worked out once for the four. */
const epymarl = derive(maa2c, 'mappoOfEpymarl', (g, { target, p, mask, entropy }) => {
  g.rollout({ steps: 26, copies: 10, epochs: 4, minibatches: 1 });
  const returns = once(target.value);
  g.rewire('advantage', { a: returns });
  g.rewire('criticLoss', { target: returns });
  const policyLoss = g.replace('policyLoss', clippedPolicy({ clip: 0.2 }), { logProb: p.logProb, oldLogProb: once(p.logProb), advantage: g.at('advantage').x, mask });
  g.train('critic', g.at('criticLoss').loss, { optimiser: adam({ lr: 3e-4 }), clipNorm: 10 });
  g.train('actor', [policyLoss.loss, weigh(0.001, entropy.loss)], { optimiser: adam({ lr: 3e-4 }), clipNorm: 10 });
});

const reluLayer = defineNode({
  type: 'reluLayer', config: { width: 128 }, in: { x: f32('... ?x') }, out: { z: f32('... width') }, sizes: (_, { width }) => ({ width }),
  layers: ({ x }, { width }) => ({ layer: dense(x, width) }), forward: ({ x }, { layer }) => ({ z: relu(layer(x)) }),
});
/**
 * `mappo_homogenous_rnn_mpe.yaml` of JaxMARL: 128 steps of 16 copies, 4 times in 4 minibatches of whole sequences; a layer, a GRU and a layer of 128 in actor and critic.
 * 133 slots hold 128 steps and the last observations of five episodes.
 */
const jaxmarl = derive(ippo, 'mappoOfJaxmarl', (g, { ro, z, adv, mask, entropy }) => {
  g.rollout({ steps: 133, copies: 16, epochs: 4, minibatches: 4 });
  g.replace('agentInput', join(), { obs: ro.obs });
  g.swap('encoder', recurrentEncoder({ hidden: 128 }));
  g.rewire('policy', { z: g.add('actorLayer', reluLayer({ width: 128 }), { x: z.z }).z });
  const joint = g.add('jointObs', allAgents(), { x: ro.obs });
  g.replace('criticInput', join(), { joint: each('agent', joint.x) });
  g.swap('criticEncoder', recurrentEncoder({ hidden: 128 }));
  g.swap('critic', mlpValue({ hidden: [128] }));
  g.swap('advantage', gaeLimitsAsEnds({ gamma: 0.99, lambda: 0.95 }));
  const advantage = g.replace('standardAdvantage', standardise(), { x: once(adv.advantage), mask: mask.x });
  g.rewire('policyLoss', { advantage: advantage.x });
  const valueLoss = g.swap('valueLoss', clippedValue({ clip: 0.2 })), rule = { optimiser: adam({ lr: linear({ from: 2e-3, to: 0, steps: 10_000_000 }), eps: 1e-5 }), clipNorm: 0.5 };
  g.train('actor', [g.at('policyLoss').loss, weigh(0.01, entropy.loss)], rule);
  g.train('critic', weigh(0.5, valueLoss.loss), rule);
});

/** As Stable-Baselines3 has it, whose temperature goes by the same draws as its actor; the page draws anew after the actor's step, as CleanRL. */
const sb3Sac = applySettings(derive(sac, 'sac', g => { g.train('temperature', g.at('temperatureLoss').loss, { optimiser: adam({ lr: 1e-3 }), after: 'critics' }); }), { 'data.start': 100, 'act.randomSteps': 100, 'actor.lr': 1e-3 });

/** QMIX of EPyMARL (its two-layer hypernetworks are the default here), DQN, PPO and SAC of Stable-Baselines3 and its zoo, MAPPO of EPyMARL and of JaxMARL. */
export const RUNS = {
  'train-qmix': { page: qmix, environment: 'lbf/8x8-2p-3f', copies: 1, from: 3_000, to: 6_000 },
  'train-qmix-8': { page: applySettings(qmix, { 'data.every': 8 }), environment: 'lbf/8x8-2p-3f', copies: 8, from: 10_000, to: 26_000 },
  'train-dqn': {
    page: applySettings(derive(dqn, 'dqn', g => { g.train('q', g.at('tdLoss').loss, { optimiser: adam({ lr: 1e-4 }), clipNorm: 10 }); }), { 'q.hidden': [64, 64], 'data.keep': 1_000_000, 'data.batch': 32, 'data.start': 100, 'data.every': 4, 'targets.everySteps': 10_000 }),
    environment: 'classic/cartpole', copies: 1, from: 2_000, to: 8_000,
  },
  'train-ppo': { page: zooPpo, environment: 'classic/cartpole', copies: 8, from: 10, to: 60, by: 'batches' },
  'train-mappo-epymarl': { page: epymarl, environment: 'mpe/spread', copies: 10, from: 3, to: 15, by: 'batches' },
  'train-mappo-jaxmarl': { page: jaxmarl, environment: 'mpe/spread', copies: 16, from: 1, to: 2, by: 'batches' },
  'train-sac': { page: sb3Sac, environment: 'classic/pendulum', copies: 1, from: 150, to: 350 },
} as const satisfies Record<string, WholeRun>;
