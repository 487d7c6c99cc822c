/** The arena: all weights of a page in one flat Float32Array; `node/layer/tensor` names are views of it. Lagged weights have the same layout. And what an edit keeps of it. */
import type { Begin } from './definition.ts';
import { InputError } from './error.ts';
import type { Plan, Rule, Slice } from './plan.ts';
import { slotsOf } from './optimiser.ts';
import { Random } from './random.ts';
import type { NamedArray } from './store.ts';

/** A tensor of the arena, not copied. */
export const view = (arena: Float32Array, s: Slice): Float32Array => arena.subarray(s.from, s.from + s.size);

/** Fresh weights. Each tensor has a stream of its own, so that adding a node changes no other node's start. */
export function initialise(slices: readonly Slice[], total: number, seed: number): Float32Array {
  const arena = new Float32Array(total);
  for (const s of slices) {
    const into = view(arena, s), parts = Math.max(1, s.per), one = into.length / parts, shape = s.per ? s.shape.slice(1) : s.shape;
    for (let i = 0; i < parts; i++) s.init(into.subarray(i * one, (i + 1) * one), Random.of(seed, `weights/${s.name}`, i), shape);
  }
  return arena;
}

/** Moments of one train rule over what it trains, and the steps that it took. */
export interface Slots { readonly count: number; readonly moments: Readonly<Record<string, Float32Array>> }
/** By memory and name: a number, or those of all indices row by row. What lies over dims is one number until it is first written. */
export type Memory = Readonly<Record<string, Readonly<Record<string, number | readonly number[]>>>>;
export interface LearnerState {
  readonly weights: Float32Array; readonly lagged: Float32Array; readonly slots: Readonly<Record<string, Slots>>;
  readonly memory: Memory; readonly counters: Counters;
}
export interface Counters {
  readonly steps: number; readonly updates: number; readonly episodes: number;
  /** The clocks at the last update: what is due every so many ticks is due when its clock has passed a multiple since. */
  readonly last: { readonly steps: number; readonly updates: number; readonly episodes: number };
}
export const START: Counters = { steps: 0, updates: 0, episodes: 0, last: { steps: 0, updates: 0, episodes: 0 } };

const freshSlots = (plan: Plan): Record<string, Slots> => Object.fromEntries([...plan.rules.values()].map(r =>
  [r.name, { count: 0, moments: Object.fromEntries(slotsOf(plan.d.page.train[r.name]!.optimiser).map(m => [m, new Float32Array(r.size)])) }]));

/** A learner before its first update: weights from the seed, lagged ones equal to them, moments zero. Of weights that are put in afterwards nothing has to be drawn: `drawn` leaves them out. */
export function freshState(plan: Plan, seed: number, drawn = plan.slices): LearnerState {
  const weights = initialise(drawn, plan.total, seed);
  return { weights, lagged: weights.slice(), slots: freshSlots(plan), memory: Object.fromEntries(Object.entries(plan.d.page.memory).map(([n, m]) => [n, Object.fromEntries(Object.entries(m).map(([k, x]) => [k, typeof x === 'number' ? x : x.start]))])), counters: START };
}

/** The weights that a rule trains, one after another. They lie side by side unless two rules train one node, so this is a view wherever it can be. */
export function gather(arena: Float32Array, rule: Rule): Float32Array {
  const [first] = rule.slices, last = rule.slices.at(-1);
  if (first && last && last.from + last.size - first.from === rule.size) return arena.subarray(first.from, first.from + rule.size);
  const out = new Float32Array(rule.size);
  let to = 0;
  for (const s of rule.slices) { out.set(view(arena, s), to); to += s.size; }
  return out;
}
/** A copy in room that nobody needs any more, if it is that of another array of this length; else in room of its own. */
export function copied(arena: Float32Array, room?: Float32Array): Float32Array {
  if (room === arena || room?.length !== arena.length) return arena.slice();
  room.set(arena);
  return room;
}
/** The reverse of `gather`, which leaves `before` as it is: `flat` itself where it is all there is, else it goes into the arena, or into a copy of `before`. */
export function scatter(arena: Float32Array, before: Float32Array, rule: Rule, flat: Float32Array, room?: Float32Array): Float32Array {
  if (rule.size === arena.length) return flat;
  const into = arena === before ? copied(before, room) : arena;
  let from = 0;
  for (const s of rule.slices) { into.set(flat.subarray(from, from + s.size), s.from); from += s.size; }
  return into;
}

type Arrays = Readonly<Record<string, NamedArray>>;
/** State as named arrays: `weights/node/layer/tensor`, `lagged/...`, `slots/rule/moment/node/layer/tensor`. */
export function toArrays(plan: Plan, state: LearnerState): Record<string, NamedArray> {
  const out: Record<string, NamedArray> = {};
  for (const s of plan.slices) {
    out[`weights/${s.name}`] = { shape: s.shape, data: view(state.weights, s) };
    out[`lagged/${s.name}`] = { shape: s.shape, data: view(state.lagged, s) };
  }
  for (const rule of plan.rules.values()) for (const [m, flat] of Object.entries(state.slots[rule.name]!.moments)) {
    let from = 0;
    for (const s of rule.slices) { out[`slots/${rule.name}/${m}/${s.name}`] = { shape: s.shape, data: flat.subarray(from, from + s.size) }; from += s.size; }
  }
  return out;
}
export interface Loaded { readonly state: LearnerState; readonly skipped: readonly string[] }
/**
 * The reverse. Strict: a tensor that is missing, extra or of another shape refuses the whole, with all of them in the message.
 * With `partial` what fits is taken, the rest stays as in `into`, and `skipped` says what was left out.
 */
export function fromArrays(plan: Plan, arrays: Arrays, into: LearnerState, { partial = false, subject = 'checkpoint' } = {}): Loaded {
  const state = { ...into, weights: into.weights.slice(), lagged: into.lagged.slice(), slots: Object.fromEntries(Object.entries(into.slots).map(([r, s]) => [r, { count: s.count, moments: Object.fromEntries(Object.entries(s.moments).map(([m, a]) => [m, a.slice()])) }])) };
  const want = toArrays(plan, state), own = Object.keys(arrays).filter(k => /^(weights|lagged|slots)\//.test(k)), problems: string[] = [];
  for (const [name, to] of Object.entries(want)) {
    const given = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
    if (!given) problems.push(`missing  ${name} [${to.shape.join(', ')}]`);
    else if (given.shape.join() !== to.shape.join() || !(given.data instanceof Float32Array) || given.data.length !== to.data.length) problems.push(`shape    ${name} is [${given.shape.join(', ')}], the page has [${to.shape.join(', ')}]`);
    else (to.data as Float32Array).set(given.data);
  }
  for (const name of own) if (!Object.hasOwn(want, name)) problems.push(`extra    ${name} [${arrays[name]!.shape.join(', ')}]`);
  if (problems.length && !partial) throw new InputError(`${subject}: the weights are not those of page ${plan.d.page.name}\n${problems.slice(0, 40).map(p => `  ${p}`).join('\n')}${problems.length > 40 ? `\n  and ${problems.length - 40} more` : ''}`, 'load it with the page it was saved from, or take what fits with `partial`');
  return { state, skipped: problems };
}

/** By name: nodes that have weights; `restarted` are the rules whose moments begin anew, because their optimiser is another. */
export interface Lists { readonly kept: readonly string[]; readonly fresh: readonly string[]; readonly dropped: readonly string[]; readonly restarted: readonly string[] }
export interface Migrated extends Lists {
  readonly state: LearnerState;
  /** Weights, lagged weights and moments of the nodes that were dropped: what an undo gives back. */
  readonly left: Arrays;
}

/** Each node that has weights, with the names and shapes of all of them. */
const shapes = (p: Plan): Map<string, string> => p.slices.reduce((all, s) => all.set(s.node, `${all.get(s.node) ?? ''}${s.name}[${s.per}:${s.shape.join()}]`), new Map<string, string>());
/** `weights/node/...`, `slots/rule/moment/node/...` */
const whose = (name: string): { readonly node: string; readonly rule: string | undefined } => { const [kind, a, , b] = name.split('/') as [string, string, string, string]; return kind === 'slots' ? { node: b, rule: a } : { node: a, rule: undefined }; };
const pick = (arrays: Arrays, wanted: (name: string) => boolean): Arrays => Object.fromEntries(Object.entries(arrays).filter(([name]) => wanted(name)));

/**
 * Nodes of the same name and shapes keep weights, lagged weights and moments, rules their count of steps; others start from the seed, with lagged
 * weights equal to them and moments of zero. A node is taken whole or not at all. Clocks go on. `more` has arrays of an earlier page for nodes that
 * would be fresh; with `syncTargets` lagged weights of kept nodes become equal to their source too. Pure, by name.
 */
export function migrate(from: Plan, to: Plan, state: LearnerState, { seed, more = {}, syncTargets = false }: { readonly seed: number; readonly more?: Arrays | undefined; readonly syncTargets?: boolean | undefined }): Migrated {
  const before = shapes(from), after = shapes(to), names = [...after.keys()], start = freshState(to, seed), arrays = toArrays(from, state);
  const kept = new Set(names.filter(n => before.get(n) === after.get(n))), again = (rule: string) => from.d.page.train[rule]?.optimiser.type === to.d.page.train[rule]?.optimiser.type;
  const fits = (ours: (node: string) => boolean) => (name: string) => { const { node, rule } = whose(name); return ours(node) && (rule === undefined || again(rule)); };
  const taken = { ...pick(more, fits(n => !kept.has(n))), ...pick(arrays, fits(n => kept.has(n))) }, { state: now } = fromArrays(to, taken, start, { partial: true });
  const { memory } = start, lying = (m: Readonly<Record<string, Begin>> | undefined) => m && Object.entries(m).map(([k, x]) => `${k} ${typeof x === 'number' ? '' : x.over}`).sort().join(), same = (n: string) => lying(from.d.page.memory[n]) === lying(to.d.page.memory[n]);
  const back = new Set(Object.keys(more).map(n => whose(n).node)), left = pick(arrays, n => before.has(whose(n).node) && !kept.has(whose(n).node));
  return {
    state: {
      ...now, ...(syncTargets ? { lagged: now.weights.slice() } : {}), counters: state.counters,
      slots: Object.fromEntries(Object.entries(now.slots).map(([r, s]) => [r, { ...s, count: again(r) ? state.slots[r]!.count : 0 }])),
      memory: Object.fromEntries(Object.entries(memory).map(([n, m]) => [n, same(n) ? state.memory[n]! : m])),
    },
    kept: names.filter(n => kept.has(n) || back.has(n)), fresh: names.filter(n => !kept.has(n) && !back.has(n)), dropped: [...before.keys()].filter(n => !kept.has(n)), restarted: Object.keys(to.d.page.train).filter(r => r in from.d.page.train && !again(r)),
    left: Object.fromEntries(Object.entries(left).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }])),
  };
}
