/** What a learner has learned under one page, as the state of another: pure, by name. */
import type { Plan } from './plan.ts';
import type { NamedArray } from './store.ts';
import { freshState, fromArrays, toArrays, type LearnerState } from './weights.ts';

type Arrays = Readonly<Record<string, NamedArray>>;
/** By name: nodes that have weights; `restarted` are the rules whose moments begin anew, because their optimiser is another. */
export interface Lists { readonly kept: readonly string[]; readonly fresh: readonly string[]; readonly dropped: readonly string[]; readonly restarted: readonly string[] }
export interface Migrated extends Lists {
  readonly state: LearnerState;
  /** Weights, lagged weights and moments of the nodes that were dropped: what an undo gives back. */
  readonly left: Arrays;
}
export interface MigrateOptions {
  readonly seed: number;
  /** Of an earlier page, for nodes that would be fresh. */
  readonly more?: Arrays | undefined;
  /** Lagged weights of kept nodes become equal to their source too. */
  readonly syncTargets?: boolean | undefined;
}

/** Each node that has weights, with the names and shapes of all of them. */
const shapes = (p: Plan): Map<string, string> => p.slices.reduce((all, s) => all.set(s.node, `${all.get(s.node) ?? ''}${s.name}[${s.per}:${s.shape.join()}]`), new Map<string, string>());
/** `weights/node/...`, `slots/rule/moment/node/...` */
const whose = (name: string): { readonly node: string; readonly rule: string | undefined } => { const [kind, a, , b] = name.split('/') as [string, string, string, string]; return kind === 'slots' ? { node: b, rule: a } : { node: a, rule: undefined }; };
const pick = (arrays: Arrays, wanted: (name: string) => boolean): Arrays => Object.fromEntries(Object.entries(arrays).filter(([name]) => wanted(name)));

/**
 * Nodes of the same name and shapes keep weights, lagged weights and moments, rules their count of steps; others start from the seed, with lagged
 * weights equal to them and moments of zero. A node is taken whole or not at all. Clocks go on.
 */
export function migrate(from: Plan, to: Plan, state: LearnerState, { seed, more = {}, syncTargets = false }: MigrateOptions): Migrated {
  const before = shapes(from), after = shapes(to), names = [...after.keys()], start = freshState(to, seed), arrays = toArrays(from, state);
  const kept = new Set(names.filter(n => before.get(n) === after.get(n))), again = (rule: string) => from.d.page.train[rule]?.optimiser.type === to.d.page.train[rule]?.optimiser.type;
  const fits = (ours: (node: string) => boolean) => (name: string) => { const { node, rule } = whose(name); return ours(node) && (rule === undefined || again(rule)); };
  const taken = { ...pick(more, fits(n => !kept.has(n))), ...pick(arrays, fits(n => kept.has(n))) }, { state: now } = fromArrays(to, taken, start, { partial: true });
  const { memory } = start, same = (a: object | undefined, b: object) => a !== undefined && Object.keys(a).sort().join() === Object.keys(b).sort().join();
  const back = new Set(Object.keys(more).map(n => whose(n).node)), left = pick(arrays, n => before.has(whose(n).node) && !kept.has(whose(n).node));
  return {
    state: {
      ...now, ...(syncTargets ? { lagged: now.weights.slice() } : {}), counters: state.counters,
      slots: Object.fromEntries(Object.entries(now.slots).map(([r, s]) => [r, { ...s, count: again(r) ? state.slots[r]!.count : 0 }])),
      memory: Object.fromEntries(Object.entries(memory).map(([n, m]) => [n, same(state.memory[n], m) ? state.memory[n]! : m])),
    },
    kept: names.filter(n => kept.has(n) || back.has(n)), fresh: names.filter(n => !kept.has(n) && !back.has(n)), dropped: [...before.keys()].filter(n => !kept.has(n)), restarted: Object.keys(to.d.page.train).filter(r => r in from.d.page.train && !again(r)),
    left: Object.fromEntries(Object.entries(left).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }])),
  };
}
