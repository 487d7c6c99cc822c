/** Every node there is. The folder of a node is its kind in pictures. */
import type { NodeFactory } from '../core/node.ts';
import { epsilonGreedy } from './explore/epsilon-greedy.ts';
import { join } from './features/join.ts';
import { centralWeight } from './losses/central-weight.ts';
import { maskedMse } from './losses/masked-mse.ts';
import { optimisticWeight } from './losses/optimistic-weight.ts';
import { weightedMse } from './losses/weighted-mse.ts';
import { duplexMixer } from './mixers/duplex-mixer.ts';
import { freeMixer } from './mixers/free-mixer.ts';
import { monotonicMixer } from './mixers/monotonic-mixer.ts';
import { shapleyMixer } from './mixers/shapley-mixer.ts';
import { sumMixer } from './mixers/sum-mixer.ts';
import { qLambda } from './returns/q-lambda.ts';
import { tdLambda } from './returns/td-lambda.ts';
import { tdTarget } from './returns/td-target.ts';
import { chosenAction } from './values/chosen-action.ts';
import { gatherAction } from './values/gather-action.ts';
import { greedyAction } from './values/greedy-action.ts';
import { mlpAgentQ } from './values/mlp-agent-q.ts';
import { mlpQ } from './values/mlp-q.ts';
import { rnnAgentQ } from './values/rnn-agent-q.ts';

export { epsilonGreedy } from './explore/epsilon-greedy.ts';
export { join } from './features/join.ts';
export { centralWeight } from './losses/central-weight.ts';
export { maskedMse } from './losses/masked-mse.ts';
export { optimisticWeight } from './losses/optimistic-weight.ts';
export { weightedMse } from './losses/weighted-mse.ts';
export { duplexMixer } from './mixers/duplex-mixer.ts';
export { freeMixer } from './mixers/free-mixer.ts';
export { monotonicMixer } from './mixers/monotonic-mixer.ts';
export { shapleyMixer } from './mixers/shapley-mixer.ts';
export { sumMixer } from './mixers/sum-mixer.ts';
export { qLambda } from './returns/q-lambda.ts';
export { tdLambda } from './returns/td-lambda.ts';
export { tdTarget } from './returns/td-target.ts';
export { chosenAction } from './values/chosen-action.ts';
export { gatherAction } from './values/gather-action.ts';
export { greedyAction } from './values/greedy-action.ts';
export { mlpAgentQ } from './values/mlp-agent-q.ts';
export { mlpQ } from './values/mlp-q.ts';
export { rnnAgentQ } from './values/rnn-agent-q.ts';
/** Tensor functions for authors of nodes: masks, one-hots, choices without a gradient, returns over time. */
export { argMax, maskedMean, maskUnavailable, oneHot, take } from './maths.ts';
export { recurrence } from './recurrence.ts';

const folders = {
  features: [join],
  values: [mlpQ, mlpAgentQ, rnnAgentQ, gatherAction, chosenAction, greedyAction],
  mixers: [sumMixer, monotonicMixer, duplexMixer, shapleyMixer, freeMixer],
  returns: [tdTarget, tdLambda, qLambda],
  losses: [maskedMse, weightedMse, optimisticWeight, centralWeight],
  explore: [epsilonGreedy],
} as const satisfies Readonly<Record<string, readonly NodeFactory[]>>;

export type Kind = keyof typeof folders;

/** All node types: what the generic tests run over and a JSON page may name. */
export const nodeTypes: readonly NodeFactory[] = Object.values<readonly NodeFactory[]>(folders).flat();

/** What a mixer keeps of the agents' values, which tests show of each: a sum, never lower where a value of any action rises, greatest where every agent is greedy. */
export const guarantees: ReadonlyMap<string, readonly string[]> = new Map([[sumMixer, ['additive', 'monotonic', 'IGM']], [monotonicMixer, ['monotonic', 'IGM']], [duplexMixer, ['IGM']]].map(([node, kept]) => [(node as NodeFactory).spec.type, kept as readonly string[]]));

/** Node type -> the folder it stands in. */
export const kinds: ReadonlyMap<string, Kind> = new Map(Object.entries<readonly NodeFactory[]>(folders).flatMap(([kind, list]) => list.map(node => [node.spec.type, kind as Kind] as const)));
