/** Every page, in a form that these tests can run, and one that only they have. */
import type { Definition, Registry } from '../../core/definition.ts';
import { derive } from '../../core/graph.ts';
import type { World } from '../../core/world.ts';
import { coma, ddpg, dgn, facmac, iddpg, maddpg, maddpgContinuous, pages, ppoContinuous, primal, sac, sacDiscrete, td3 } from '../../graphs/index.ts';
import { nodeTypes } from '../../nodes/index.ts';
import * as values from './values.ts';

/** A narrow network: in one of 512 units the attention to large weights goes to one neighbour alone. */
const narrowGraph: Definition = derive(dgn, 'dgn', g => { g.set('agentQ', { encoder: [16], heads: 2, embed: 8 }); });
/** In the larger world one of the 645,000 units of the wide critic is so near its kink that two engines take different sides of it. */
const narrowCritic: Definition = derive(coma, 'coma', g => { g.set('critic', { hidden: [16, 16] }); });
/** Gradients of single weights among tens of thousands are as small as what two engines round by, and a first step of Adam is as long for them as for others. */
const NARROW = Object.fromEntries([ddpg, td3, sac, sacDiscrete, maddpg, maddpgContinuous, iddpg, facmac].map(page => [page.page.name, derive(page as Definition<unknown, World>, page.page.name, g => {
  for (const node of ['actor', 'encoder', 'critic', 'critic1', 'critic2']) if ((page.page.nodes[node]?.config?.['hidden'] as readonly number[] | undefined)?.length) g.set(node, { hidden: [16, 16] });
})]));
/** The same of a view. */
const narrowView: Definition = derive(primal, 'primal', g => { g.set('look', { near: 4, far: 4, hidden: 16 }); g.set('memory', { hidden: 16 }); });
/** In as many minibatches as a small batch has items. */
const fewMinibatches: Definition = derive(ppoContinuous, 'ppoContinuous', g => { g.rollout({ steps: 2048, copies: 1, epochs: 10, minibatches: 2 }); });

export const allPages: Readonly<Record<string, Definition>> = { ...pages, ...NARROW, ppoContinuous: fewMinibatches, dgn: narrowGraph, coma: narrowCritic, primal: narrowView, ...values };
export const registry: Registry = new Map(nodeTypes.map(({ spec }) => [spec.type, spec]));

/** The nodes that one step of a page must change; from the papers, not derived. */
export const CHANGES: Readonly<Record<string, string>> = {
  dqn: 'q', doubleDqn: 'q', duelingDqn: 'q', nStepDqn: 'q', prioritisedDqn: 'q', combinedDqn: 'q',
  reinforce: 'encoder policy', reinforceBaseline: 'critic encoder policy',
  a2c: 'critic encoder policy', ppo: 'critic encoder policy', ppoContinuous: 'critic encoder policy',
  ddpg: 'actor critic', td3: 'actor critic critic2', sac: 'actor critic1 critic2 temperature', sacDiscrete: 'critic1 critic2 encoder policy temperature',
  iql: 'agentQ', vdn: 'agentQ', qmix: 'agentQ mixer', qplex: 'agentQ mixer', qatten: 'agentQ mixer', qmixLambda: 'agentQ mixer', shaq: 'agentQ mixer',
  roma: 'agentQ mixer roleDifference roleIdentifiability',
  owQmix: 'agentQ central centralQ mixer', cwQmix: 'agentQ central centralQ mixer',
  qtranBase: 'agentQ jointQ value', qtranAlt: 'agentQ jointQ value',
  dgn: 'agentQ',
  coma: 'critic encoder head', comaSweep: 'critic encoder head', ia2c: 'critic encoder policy', maa2c: 'critic encoder policy',
  ippo: 'critic criticEncoder encoder policy', mappo: 'critic criticEncoder encoder policy', mappoPopArt: 'critic criticEncoder encoder policy', happo: 'critic criticEncoder encoder policy',
  mat: 'critic decoder encoder',
  beliefPpo: 'belief beliefDecoder critic criticEncoder encoder policy',
  primal: 'blocks critic look memory policy',
  maddpg: 'actor critic', maddpgContinuous: 'actor critic', iddpg: 'actor critic encoder', facmac: 'actor critic encoder mixer',
};
