/** A mixer judged on every joint action of a small team, in one call: one row for each. */
import type { NodeFactory, NodeUse } from '../../../core/node.ts';
import type { NamedArray } from '../../../core/store.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, filled, normals, numbers, type Arrays } from '../arrays.ts';

export interface Team { readonly agents: number; readonly actions: number; readonly state: number; readonly seed: number }
const tableOf = (mixer: NodeFactory, { agents: agent, actions: action, state }: Team, config = {}) => layerTable(mixer(config), { agent, action, state, unit: state });
export const weightsOf = (mixer: NodeFactory, team: Team, config = {}): Arrays => drawWeights(team.seed, tableOf(mixer, team, config));

/** Settings of a node with no width, and no number at all, above `most`: the same function, soon computed. */
export const narrowed = (config: object, most: number): Record<string, unknown> => Object.fromEntries(Object.entries(config).map(([k, x]) => [k, typeof x === 'number' ? Math.min(x, most) : Array.isArray(x) ? x.map(n => Math.min(n as number, most)) : x]));
export const narrow = (mixer: NodeFactory, most: number): NodeUse => mixer(narrowed((mixer.spec.config ?? {}) as object, most) as never);
/** All tuples of actions, the last agent's fastest. */
export const jointActions = (agents: number, actions: number): number[][] =>
  Array.from({ length: actions ** agents }, (_, i) => Array.from({ length: agents }, (_, a) => Math.floor(i / actions ** (agents - 1 - a)) % actions));

/** What slot `mixer` of QMIX offers, for joint actions of one state with these values [agent][action]. */
export function offers(values: readonly (readonly number[])[], joint: readonly (readonly number[])[], state: readonly number[]): Arrays {
  const rows = joint.length, agents = values.length, best = values.map(q => Math.max(...q));
  const perAgent = (f: (agent: number, action: number) => number): NamedArray => ({ shape: [rows, agents], data: Float32Array.from(joint.flatMap(u => u.map((a, i) => f(i, a)))) });
  return {
    agentQs: perAgent((i, a) => values[i]![a]!), maxAgentQs: perAgent(i => best[i]!), isGreedy: perAgent((i, a) => Number(values[i]![a] === best[i])),
    action: { shape: [rows, agents], data: Int32Array.from(joint.flat()) },
    state: { shape: [rows, state.length], data: Float32Array.from(joint.flatMap(() => state)) },
    unitState: { shape: [rows, agents, state.length], data: Float32Array.from(joint.flatMap(u => u.flatMap((_, i) => state.map(s => s * (i + 1))))) },
    mask: filled([rows], 1),
  };
}
const taken = (mixer: NodeFactory, offered: Arrays): Arrays => Object.fromEntries(Object.entries(offered).filter(([port]) => port in (mixer.spec.in as object)));

/** qTot, and the gradient of its sum, for each of some joint actions. */
export async function mix(mixer: NodeFactory, team: Team, weights: Arrays, offered: Arrays, config = {}) {
  const rows = offered['agentQs']!.shape[0]!, result = await evaluateNode(mixer, { config, sizes: { action: team.actions }, weights, inputs: taken(mixer, offered), cotangents: { qTot: filled([rows], 1) } });
  return { ...result, qTot: numbers(result.outputs['qTot']) };
}
/** A game: values of every agent's actions and one state, drawn. */
export const game = ({ agents, actions, state, seed }: Team) => {
  const q = numbers(normals(seed, 'values', [agents, actions], 2));
  return { values: Array.from({ length: agents }, (_, i) => q.slice(i * actions, (i + 1) * actions)), state: numbers(normals(seed, 'state', [state])) };
};
