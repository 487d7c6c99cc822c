/**
 * The learning step: one pure function
 *
 *   update(weights, slots, lagged weights, memory, batch, noise, knobs, counters) -> the same, plus losses, metrics, taps
 *
 * and the acting step, the slice of the same page upstream of `act`. What it is given it leaves as it is.
 */
import type { Engine, Executable, OutputArray, Outputs, Program, Supply } from './engine.ts';
import type { TypedArray } from './environment.ts';
import { RunError } from './error.ts';
import { typeOf, type Typed } from './infer.ts';
import type { Noise } from './node.ts';
import { scalars, slotsOf } from './optimiser.ts';
import { floatWires, Programs, type Cuts, type OnceShape, type PassOptions } from './programs.ts';
import type { Plan, Rule } from './plan.ts';
import { base, isTime } from './port.ts';
import { parse, use, type TargetRule } from './definition.ts';
import { Random } from './random.ts';
import { isSchedule, valueAt, type Clocks, type Schedule } from './schedule.ts';
import { kept, topology, upstream } from './topology.ts';
import { copied, gather, scatter, view, type LearnerState, type Slots } from './weights.ts';

/** Segments of every source: fields as `source.field`, over [batch, time+1, ...] or [batch, time, ...]. */
export interface Batch {
  readonly cuts: Cuts; readonly fields: Readonly<Record<string, TypedArray>>;
  /** What recurrent nodes carry into the first slot of a rollout, by node. */
  readonly carry?: Readonly<Record<string, Float32Array>>;
}
export interface UpdateOptions {
  /** Keys of noise, orders and fresh draws. */
  readonly seed: number;
  /** Values that stand for knobs (`node.knob`), noise (`node.name`) and orders of items (one per epoch), instead of those of the run. */
  readonly knobs?: Readonly<Record<string, number>>;
  readonly noise?: Readonly<Record<string, Float32Array>>; readonly order?: { readonly epochs?: readonly Int32Array[]; readonly sweep?: Int32Array };
  readonly taps?: readonly string[]; readonly gradients?: boolean;
  /** In a thread of its own, where the engine has one. */
  readonly beside?: boolean;
  /** A state that nobody reads any more: the new one may be written over it. */
  readonly spare?: LearnerState | undefined;
}
export interface Updated {
  readonly state: LearnerState;
  /** Weighted sum of each rule's losses, and each of its terms, as `rule` and `rule/node`; means over minibatches. */
  readonly losses: Readonly<Record<string, number>>;
  /** Norm of each rule's gradient before clipping. */
  readonly norms: Readonly<Record<string, number>>; readonly taps: Readonly<Record<string, OutputArray>>;
  /** By `node/layer/tensor`, before clipping; of the last pass of each rule. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
  readonly priorities: Readonly<Record<string, Float32Array>>;
  /** Why nothing was applied: a number that is not finite, with the node it was first seen at. */
  readonly failed?: string;
}
interface Working { weights: Float32Array; slots: Record<string, Slots>; memory: Record<string, Record<string, number | readonly number[]>> }
/** What one program call of an update is about; acting names its fields without their source (`bare`). */
interface Call { readonly batch: Batch; readonly options: UpdateOptions; readonly clocks: Clocks; readonly now: Working; readonly lagged: Float32Array; readonly once: Outputs; readonly bare?: true; readonly counters: readonly number[]; readonly rows?: Int32Array; readonly sweep?: { readonly rule: Rule; readonly index: number } }

/** How one input of a program is read off a call. */
type Read = (call: Call, shape: readonly number[]) => TypedArray;
/** Rules that take their steps on a batch together, pass by pass; those of a sweep alone. */
interface Turn { readonly passes: readonly (readonly string[])[]; readonly sweep?: string }

const due = (every: number, at: number, last: number) => Math.floor(at / every) > Math.floor(last / every);
/** Do lagged weights follow now? */
export const targetsDue = ({ everySteps, everyEpisodes, everyUpdates = 1 }: TargetRule, at: Clocks, last: Clocks): boolean =>
  (everySteps !== undefined ? due(everySteps, at.steps, last.steps) : everyEpisodes !== undefined ? due(everyEpisodes, at.episodes, last.episodes) : due(everyUpdates, at.updates, last.updates));
const finite = (x: TypedArray): boolean => !(x instanceof Float32Array) || x.every(n => Number.isFinite(n));
/** Lagged weights go part of the way to those that they follow. */
function follow(lagged: Float32Array, weights: Float32Array, k: number): void {
  if (k === 1) { lagged.set(weights); return; }
  const keep = 1 - k;
  for (let i = 0; i < lagged.length; i++) lagged[i] = keep * lagged[i]! + k * weights[i]!;
}
const one = (x: number) => Float32Array.of(x), number = (o: OutputArray | undefined): number => o?.data[0] ?? Number.NaN, bad = (o: OutputArray | undefined): boolean => o === undefined || !finite(o.data);
/** A number, or those of all indices. */
const numbersOf = (o: OutputArray): number | readonly number[] => (o.shape.length ? Array.from(o.data) : number(o));

/** Sums for means over minibatches. */
type Sums = Map<string, { total: number; n: number }>;
const tally = (sums: Sums, key: string, x: number): void => { const { total, n } = sums.get(key) ?? { total: 0, n: 0 }; sums.set(key, { total: total + x, n: n + 1 }); };

/** A page on an engine: programs built once for each shape, and the host's part of a step. It holds no learner state. */
export class Learner {
  readonly plan: Plan;
  readonly programs: Programs;
  readonly #engine: Engine;
  readonly #built = new Map<string, Executable>();
  readonly #reads = new Map<string, Read>();
  readonly #slices: ReadonlyMap<string, Plan['slices'][number]>;
  readonly #turns: readonly Turn[];
  /** Memory that is kept from wires computed once: of the whole batch, whatever rows a pass has. */
  readonly #keptOnce: readonly { readonly memory: string; readonly key: string; readonly from: string }[];
  /** Memory and priorities that the first pass of a minibatch writes, by the output that has them. */
  readonly #written: readonly string[];
  constructor(plan: Plan, engine: Engine) {
    this.plan = plan; this.programs = new Programs(plan); this.#engine = engine;
    this.#slices = new Map(plan.slices.map(s => [s.name, s]));
    this.#turns = turnsOf(plan);
    const { keep, priority } = plan.d.page, kept = Object.entries(keep).flatMap(([memory, wires]) => Object.entries(wires).map(([key, t]) => ({ memory, key, from: plan.once.indexOf(t) })));
    this.#keptOnce = kept.filter(k => k.from >= 0).map(k => ({ ...k, from: `once.${k.from}` }));
    this.#written = [...kept.filter(k => k.from < 0).map(k => `memory.${k.memory}.${k.key}`), ...Object.keys(priority).map(s => `priority.${s}`)];
  }
  dispose(): void { for (const e of this.#built.values()) e.dispose(); this.#built.clear(); }

  /** The newest programs stay: episodes of many lengths would otherwise hold one for each. */
  #executable(key: string, make: () => Program, beside: boolean): Executable {
    const known = this.#built.get(key);
    if (known) { this.#built.delete(key); this.#built.set(key, known); return known; }
    const built = this.#engine.compile(make(), beside);
    this.#built.set(key, built);
    for (const [old, e] of this.#built) { if (this.#built.size <= 64) break; e.dispose(); this.#built.delete(old); }
    return built;
  }

  async update(state: LearnerState, batch: Batch, options: UpdateOptions): Promise<Updated> {
    const { page } = this.plan.d, main = page.sources[this.programs.main]!, { batch: B, time: T } = batch.cuts[this.programs.main]!, clocks: Clocks = state.counters;
    const now: Working = {
      weights: state.weights, memory: Object.fromEntries(Object.entries(state.memory).map(([n, m]) => [n, { ...m }])),
      slots: { ...state.slots },
    };
    const sums: Sums = new Map(), norms: Record<string, number> = {}, taps: Record<string, OutputArray> = {}, gradients: Record<string, Float32Array> = {}, priorities: Record<string, Float32Array> = {};
    const call: Call = { batch, options, clocks, now, lagged: state.lagged, once: {}, counters: [state.counters.updates] };
    const piece = this.programs.piece(T);
    if (piece !== undefined && T % piece) throw new RunError(`${page.name}: pieces of ${piece} steps do not fill a batch of ${T}`, 'a length that divides the steps');
    const carries = Boolean(batch.carry), sizes = `${sizesOf(batch.cuts)}/${carries}`, about = `${sizes}/${options.taps?.join()}/${Boolean(options.gradients)}`;
    const ahead = async (): Promise<Outputs> => (this.plan.once.length || piece !== undefined ? this.#run(`once/${sizes}`, () => this.programs.once(batch.cuts, carries), call) : {}), once = { ...await ahead() };
    const shapes: OnceShape[] = this.plan.once.map((_, i) => ({ shape: once[`once.${i}`]!.shape, dtype: once[`once.${i}`]!.dtype }));
    const items = this.programs.items({ batch: B, time: T }), parts = main.minibatches ?? 1;
    if (parts > items) throw new RunError(`${page.name}: ${parts} minibatches of ${items} items`, 'fewer minibatches, or more steps or copies');

    const times = Math.round(valueAt(main.epochs ?? 1, clocks));
    let lead = true;                                                     // memory and priorities are written in the first pass of each minibatch
    const epochs = async (passes: Turn['passes'], tag: readonly number[], sweep?: Call['sweep']): Promise<string | undefined> => {
      let ran = false;
      const enough = new Set<string>();                                   // rules that make no further step on this batch
      for (let e = 0; e < times; e++) {
        const order = options.order?.epochs?.[e] ?? (parts === 1 ? undefined : Random.of(options.seed, 'order', state.counters.updates, ...tag, e).permutation(items));
        for (let m = 0, first = lead; m < parts; m++, first = lead) for (const pass of passes) {
          const rules = pass.filter(r => !enough.has(r) && (state.counters.updates + 1) % (page.train[r]!.every ?? 1) === 0);
          if (!rules.length) continue;
          const rows = parts === 1 ? undefined : order!.slice(Math.floor((m * items) / parts), Math.floor(((m + 1) * items) / parts));
          const of = (): PassOptions => ({ cuts: batch.cuts, once: shapes, first, carries, ...(rows ? { rows: rows.length } : {}), ...(options.taps && first ? { taps: options.taps } : {}), ...(options.gradients ? { gradients: true } : {}) });
          const here: Call = { ...call, once, counters: [state.counters.updates, ...tag, e, m], ...(rows ? { rows } : {}), ...(sweep ? { sweep } : {}) };
          const out = await this.#run(`pass/${rules.join()}/${first}/${rows?.length}/${about}`, () => this.programs.pass(rules, of()), here);
          const failed = rules.find(r => (page.train[r]!.until && bad(out[`until.${r}`])) || bad(out[`norm.${r}`]) || bad(out[`finite.${r}`]) || this.plan.rules.get(r)!.losses.some((_, i) => bad(out[`loss.${r}.${i}`])));
          if (failed !== undefined || (first && this.#written.some(k => bad(out[k]))) || this.#keptOnce.some(({ from }) => bad(once[from]))) return await this.#culprit(failed ?? rules[0]!, here, shapes, out);
          if (first) this.#write(out, once, now, { taps, priorities }, options.taps);
          first = false; ran = true;
          for (const r of rules) if (this.#over(r, out, sums, clocks)) enough.add(r);
          this.#settle(rules.filter(r => !enough.has(r)), out, now, [state.weights, options.spare?.weights], sweep, { sums, norms, gradients }, clocks);
        }
      }
      lead &&= !ran;
      return undefined;
    };

    let failed: string | undefined;
    for (const { passes, sweep: name } of this.#turns) {
      if (failed !== undefined) break;
      if (name === undefined) { failed = await epochs(passes, []); continue; }
      const rule = this.plan.rules.get(name)!, sweep = page.train[name]!.sweep!, n = sweep.over === 'time' ? T : page.dims[sweep.over] ?? this.plan.sizes[sweep.over]!, before = now.slots[name]!.count;
      const indices = options.order?.sweep ?? (sweep.order === 'backwards' ? Int32Array.from({ length: n }, (_, i) => n - 1 - i) : Random.of(options.seed, `sweep/${name}`, state.counters.updates).permutation(n));
      for (const index of indices) {
        if (sweep.over === 'time' && !this.#reached(batch, index)) continue;
        if (sweep.over === 'time' && now.weights !== state.weights) this.#renew(once, await ahead(), index);
        if (rule.slices.some(x => x.dim === sweep.over)) now.slots[name] = { ...now.slots[name]!, count: before };      // each index has taken as many steps as the others
        failed ??= await epochs(passes, [index + 1], { rule, index });
      }
    }
    const { last, ...at } = { ...state.counters, updates: state.counters.updates + 1 };
    if (failed !== undefined) return { state: { ...state, counters: { ...at, last } }, losses: {}, norms, taps, gradients, priorities: {}, failed };
    const losses = Object.fromEntries([...sums].map(([k, s]) => [k, s.total / s.n]));
    return { state: { weights: now.weights, lagged: this.#follow(state, now.weights, at, options.spare?.lagged), slots: now.slots, memory: now.memory, counters: { ...at, last: at } }, losses, norms, taps, gradients, priorities };
  }

  /** What is computed once is computed before the first step on it: in a sweep over time, that of each index before the step there. */
  #renew(once: Record<string, OutputArray>, now: Outputs, index: number): void {
    this.plan.once.forEach((text, i) => {
      const { data, shape } = once[`once.${i}`]!, axis = (typeOf(this.plan.d, text, this.plan.types) as Typed).dims.findIndex(isTime), into = data.slice(), width = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      if (axis < 0) return;
      for (let at = index * width; at < into.length; at += shape[axis]! * width) into.set(now[`once.${i}`]!.data.subarray(at, at + width) as never, at);
      once[`once.${i}`] = { data: into, shape, dtype: once[`once.${i}`]!.dtype };
    });
  }
  /** Does any item have a transition there? Padding alone makes no step of a sweep, and no moment shrinks by it. */
  #reached({ cuts, fields }: Batch, index: number): boolean {
    const { main } = this.programs, { time } = cuts[main]!, valid = fields[`${main}.valid`];
    return valid === undefined || valid.some((x: number, i: number) => i % time === index && x !== 0);
  }
  /** Has a rule gone as far as it may on this batch? */
  #over(rule: string, out: Outputs, sums: Sums, clocks: Clocks): boolean {
    const { until } = this.plan.d.page.train[rule]!;
    if (!until) return false;
    const { from, port } = parse(until.wire), x = number(out[`until.${rule}`]);
    tally(sums, `${rule}/${from}.${port}`, x);
    return x > valueAt(until.above, clocks);
  }
  /** Takes memory, priorities and taps, which the first pass of a minibatch gives. */
  #write(out: Outputs, once: Outputs, now: Working, to: { taps: Record<string, OutputArray>; priorities: Record<string, Float32Array> }, taps: readonly string[] = []): void {
    for (const { memory, key, from } of this.#keptOnce) now.memory[memory]![key] = numbersOf(once[from]!);
    for (const key of this.#written) {
      const [kind, n, k] = key.split('.') as [string, string, string];
      if (kind === 'memory') now.memory[n]![k] = numbersOf(out[key]!); else to.priorities[n] = out[key]!.data as Float32Array;
    }
    for (const text of taps) to.taps[text] = out[`tap.${text}`]!;
  }
  /** Takes what a pass has given; only called when all of it is finite. */
  #settle(rules: readonly string[], out: Outputs, now: Working, [before, room]: readonly [Float32Array, Float32Array | undefined], sweep: Call['sweep'], to: { sums: Sums; norms: Record<string, number>; gradients: Record<string, Float32Array> }, clocks: Clocks): void {
    const { page } = this.plan.d;
    for (const name of rules) {
      const rule = this.plan.rules.get(name)!, spec = page.train[name]!, slots = now.slots[name]!;
      now.weights = scatter(now.weights, before, rule, out[`arena.${name}`]!.data as Float32Array, room);
      now.slots[name] = { count: slots.count + 1, moments: Object.fromEntries(slotsOf(spec.optimiser).map(m => [m, out[`${m}.${name}`]!.data as Float32Array])) };
      to.norms[name] = number(out[`norm.${name}`]);
      let total = 0;
      rule.losses.forEach((text, i) => {
        const x = number(out[`loss.${name}.${i}`]), term = spec.losses[i];
        total += x * (term ? valueAt(term.weight, clocks) : 1);
        if (rule.losses.length > 1) { const { from, port } = parse(text); tally(to.sums, `${name}/${port === 'loss' ? from : `${from}.${port}`}`, x); }
      });
      tally(to.sums, name, total);
      const gradient = out[`grad.${name}`]?.data as Float32Array | undefined;
      if (gradient) { let from = 0; for (const s of rule.slices) { const g = gradient.slice(from, from + s.size), held = to.gradients[s.name]; to.gradients[s.name] = held && sweep ? held.map((x, i) => x + g[i]!) : g; from += s.size; } }
    }
  }

  #follow(state: LearnerState, weights: Float32Array, at: Clocks, room?: Float32Array): Float32Array {
    const { targets } = this.plan.d.page;
    let { lagged } = state;                                              // the same array while nothing is due
    for (const s of this.plan.slices) {
      const rule = targets[s.node] ?? targets['*'];
      if (!rule || !targetsDue(rule, at, state.counters.last)) continue;
      if (lagged === state.lagged) lagged = copied(lagged, room);
      follow(view(lagged, s), view(weights, s), valueAt(rule.polyak ?? 1, state.counters));
    }
    return lagged;
  }

  /** Wires on a whole batch, with the weights as they are. */
  async #probe(texts: readonly string[], call: Call, shapes: readonly OnceShape[]): Promise<Record<string, OutputArray>> {
    const out = await this.#run(`probe/${texts.join()}/${sizesOf(call.batch.cuts)}/${Boolean(call.batch.carry)}`, () => this.programs.probe(texts, call.batch.cuts, shapes, Boolean(call.batch.carry)), call);
    return Object.fromEntries(Object.entries(out).map(([k, o]) => [k.slice('tap.'.length), o]));
  }
  /** The first wire of a rule whose values are not finite, in words. */
  async #culprit(rule: string, call: Call, shapes: readonly OnceShape[], out_: Outputs): Promise<string> {
    const slice = upstream(this.plan.d, [...this.plan.rules.get(rule)!.losses, ...kept(this.plan.d)].map(l => parse(l).from)), texts = floatWires(this.plan.d).filter(t => slice.has(parse(t).from));
    for (const [name, data] of Object.entries(call.batch.fields)) if (data instanceof Float32Array && !finite(data)) return `rule ${rule}: ${name} of the batch holds a number that is not finite`;
    for (const s of this.plan.slices) if (!finite(view(call.now.weights, s))) return `rule ${rule}: the weight ${s.name} holds a number that is not finite`;
    const out = await this.#probe(texts, call, shapes), first = texts.find(t => !finite(out[t]!.data));
    return first === undefined ? `rule ${rule}: its ${bad(out_[`norm.${rule}`]) ? 'gradient is not finite, though every wire is' : 'step would give a weight that is not finite'}` : `rule ${rule}: ${first} (${use(this.plan.d, parse(first).from).spec.type}) is the first wire that is not finite: ${this.#placed(first, out[first]!)}`;
  }
  /** The first number of a wire that is not finite, and where it stands by the names of its dims. */
  #placed(wire: string, { data, shape }: OutputArray): string {
    const { d, types } = this.plan, { dims } = typeOf(d, wire, types) as Typed, found = Array.from(data).findIndex(x => !Number.isFinite(x));
    const at = shape.map((n, k) => `${base(dims[k]!).replace('+1', '')} ${Math.floor(found / shape.slice(k + 1).reduce((a, b) => a * b, 1)) % n}`);
    return `${data[found]}${at.length ? ` at ${at.join(', ')}` : ''}`;
  }

  /** One acting step of all copies. `fields` by name over [copies, 1, ...]; `counters` key the noise. */
  async act(state: LearnerState, fields: Readonly<Record<string, TypedArray>>, copies: number, carry: Readonly<Record<string, Float32Array>>, { seed, counters, best = false, knobs, noise }: { seed: number; counters: readonly number[]; best?: boolean; knobs?: Readonly<Record<string, number>>; noise?: Readonly<Record<string, Float32Array>> }): Promise<{ action: OutputArray; carry: Record<string, Float32Array> }> {
    const { main } = this.programs, turn = this.plan.d.page.act?.inTurn, options: UpdateOptions = { seed, ...(knobs ? { knobs } : {}), ...(noise ? { noise } : {}) };
    const program = async (given: Readonly<Record<string, TypedArray>>) => this.#run(`act/${copies}/${best}`, () => this.programs.act(copies, best), {
      batch: { cuts: { [main]: { batch: copies, time: 1 } }, fields: given, carry }, bare: true,
      options, clocks: state.counters, now: state as unknown as Working, lagged: state.lagged, once: {}, counters: [-1, ...counters],
    });
    const carried = (out: Outputs) => {
      const left: Record<string, Float32Array> = {};
      for (const k in out) if (k.startsWith('carry.')) left[k.slice('carry.'.length)] = out[k]!.data as Float32Array;
      return left;
    };
    if (turn === undefined) { const out = await program(fields); return { action: out['action']!, carry: carried(out) }; }
    const n = this.plan.sizes[turn]!, chosen = new Int32Array(copies * n).fill(-1);      // one index of the dim after another, each seeing the choices before it
    let out: Outputs = {};
    for (let i = 0; i < n; i++) {
      out = await program({ ...fields, action: chosen.slice() });
      for (let c = 0; c < copies; c++) chosen[c * n + i] = out['action']!.data[c * n + i]!;
    }
    return { action: { ...out['action']!, data: chosen }, carry: carried(out) };
  }

  async #run(key: string, make: () => Program, call: Call): Promise<Outputs> { const { beside = false } = call.options; return this.#executable(`${key}/${beside}`, make, beside).run(this.#supply(call)); }

  #supply(call: Call): Supply {
    return (name, shape) => {
      let read = this.#reads.get(name);
      if (!read) this.#reads.set(name, read = this.#read(name));
      return read(call, shape);
    };
  }
  /** Where an input of a program comes from, by its name; see programs.ts. */
  #read(name: string): Read {
    const { page } = this.plan.d, [kind = '', ...parts] = name.split('.'), rest = parts.join('.'), [a = '', b = ''] = parts;
    const shaped = (shape: readonly number[]) => `[${shape.join(', ')}]`;
    switch (kind) {
      case 'w': { const slice = this.#slices.get(rest)!; return ({ now }) => view(now.weights, slice); }
      case 'lag': { const slice = this.#slices.get(rest)!; return ({ lagged }) => view(lagged, slice); }
      case 'arena': { const rule = this.plan.rules.get(rest)!; return ({ now }) => gather(now.weights, rule); }
      case 'm': case 'v': return ({ now }) => now.slots[rest]!.moments[kind]!;
      case 'rate': case 'eps': {
        const { optimiser } = page.train[rest]!, lr = `${rest}.lr`;
        return ({ options, clocks, now }) => one(scalars(optimiser, options.knobs?.[lr] ?? valueAt(optimiser.lr, clocks), now.slots[rest]!.count + 1)[kind]);
      }
      case 'weight': { const { weight } = page.train[a]!.losses[Number(b)]!; return ({ clocks }) => one(valueAt(weight, clocks)); }
      case 'clipNorm': case 'clipEach': { const most = page.train[rest]![kind]!; return ({ clocks }) => one(valueAt(most, clocks)); }
      case 'mask': { const { over } = page.train[rest]!.sweep!; return ({ sweep }) => sweepMask(sweep!.rule, sweep!.index, over); }
      case 'knob': { const x = page.nodes[a]!.config![b] as number | Schedule; return ({ options, clocks }) => one(options.knobs?.[rest] ?? valueAt(x, clocks)); }
      case 'noise': {
        const { law } = ((use(this.plan.d, a).spec.noise ?? {}) as Record<string, Noise>)[b]!;
        return ({ options, counters }, shape) => {
          const given = options.noise?.[rest], size = sizeOf(shape);
          if (given && given.length !== size) throw new RunError(`noise ${rest} has ${given.length} numbers, the program asks for ${size}: ${shaped(shape)}`, `give ${size} numbers`);
          return given ?? Random.of(options.seed, `noise/${rest}`, ...counters).fill(law, new Float32Array(size));
        };
      }
      case 'memory': return ({ now }, shape) => {
        const held = now.memory[a]![b]!, size = sizeOf(shape);
        if (typeof held === 'number') return new Float32Array(size).fill(held);
        if (held.length !== size) throw new RunError(`memory ${rest} has ${held.length} numbers, the page asks for ${size}: ${shaped(shape)}`, 'memory over batch is of so many copies as the run began with');
        return Float32Array.from(held);
      };
      case 'field': return ({ batch: { fields }, bare }, shape) => {
        const data = fields[bare ? b : rest], size = sizeOf(shape);
        if (!data) throw new RunError(`the batch has no ${rest}`, `it has ${Object.keys(fields).join(', ') || 'nothing'}`);
        if (data.length !== size) throw new RunError(`${rest} of the batch has ${data.length} values, the page asks for ${size}: ${shaped(shape)}`, `give ${rest} as ${shaped(shape)}`);
        return data;
      };
      case 'once': case 'piece': return ({ once }) => once[name]!.data;
      case 'carry': return ({ batch }, shape) => batch.carry?.[rest] ?? new Float32Array(sizeOf(shape));
      case 'rows': return ({ rows }) => rows!;
      case 'sweep': return ({ sweep }) => Int32Array.of(sweep!.index);
      default: throw new Error(`no input is called ${name}`);
    }
  }
  /** Numbers that stand on a schedule, at these clocks: `node.knob`, `rule.lr`, `rule.clipNorm`, the weight of a loss as `rule.node`, `source.epochs`, `targets.polyak`. */
  scheduled(clocks: Clocks): Record<string, number> {
    const { page } = this.plan.d, found: (readonly [string, unknown])[] = [
      ...topology(this.plan.d).order.flatMap(n => Object.entries(page.nodes[n]!.config ?? {}).map(([k, x]) => [`${n}.${k}`, x] as const)),
      ...Object.entries(page.train).flatMap(([r, { losses, optimiser, until, ...rest }]) => [[`${r}.lr`, optimiser.lr] as const, [`${r}.until`, until?.above] as const, ...losses.map(l => [`${r}.${parse(l.loss).from}`, l.weight] as const), ...Object.entries(rest).map(([k, x]) => [`${r}.${k}`, x] as const)]),
      ...Object.entries(page.sources).flatMap(([s, { prioritised, ...rest }]) => [[`${s}.beta`, prioritised?.beta] as const, ...Object.entries(rest).map(([k, x]) => [`${s}.${k}`, x] as const)]),
      ...Object.entries(page.targets).map(([n, { polyak }]) => [n === '*' ? 'targets.polyak' : `${n}.polyak`, polyak] as const),
    ];
    return Object.fromEntries(found.flatMap(([name, x]) => (isSchedule(x) ? [[name, valueAt(x, clocks)]] : [])));
  }
}
const sizeOf = (shape: readonly number[]): number => { let n = 1; for (const x of shape) n *= x; return n; };
/** Sizes of a batch, in words. */
function sizesOf(cuts: Cuts): string {
  let text = '';
  for (const source in cuts) text += `${source}:${cuts[source]!.batch}x${cuts[source]!.time},`;
  return text;
}
/** A sweep is over before what comes `after` it begins, and begins when what it comes after is over. */
function turnsOf({ d: { page: { train } }, passes }: Plan): Turn[] {
  const stage = (r: string): number => { const { after, sweep } = train[r]!; return after === undefined ? 0 : stage(after) + (sweep || train[after]!.sweep ? 1 : 0); }, all = Object.keys(train);
  const taking = (wanted: (rule: string) => boolean) => passes.map(p => p.filter(wanted)).filter(p => p.length);
  return [...new Set(all.map(stage))].sort((a, b) => a - b).flatMap(at => [
    { passes: taking(r => !train[r]!.sweep && stage(r) === at) }, ...all.filter(r => train[r]!.sweep && stage(r) === at).map(sweep => ({ passes: taking(r => r === sweep), sweep })),
  ]);
}
/** 1 for what a sweep at this index may change: all weights, and of those that have the dim the ones of the index. */
function sweepMask(rule: Rule, index: number, over: string): Float32Array {
  const mask = new Float32Array(rule.size);
  let from = 0;
  for (const s of rule.slices) {
    const one = s.dim === over ? s.size / s.per : s.size, begin = s.dim === over ? index * one : 0;
    mask.fill(1, from + begin, from + begin + one); from += s.size;
  }
  return mask;
}
