/**
 * The kit that our own tests, other people's nodes and conformance suites use: one node or one learning step, plain arrays in, plain arrays out.
 * Arrays are `{ shape, data }`; where only the data are given the shape is the one that the page asks for.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { bare, type Definition, type Page } from '../core/definition.ts';
import type { Engine, Input, OutputArray } from '../core/engine.ts';
import type { TypedArray } from '../core/environment.ts';
import { InputError } from '../core/error.ts';
import { Flow, type Feed } from '../core/flow.ts';
import type { Layers } from '../core/layers.ts';
import type { NodeFactory, NodeUse, Noise } from '../core/node.ts';
import { plan, type Plan } from '../core/plan.ts';
import { canonical, named, open, words, type DType, type Port } from '../core/port.ts';
import { Random } from '../core/random.ts';
import { Learner, type Batch } from '../core/step.ts';
import type { NamedArray } from '../core/store.ts';
import { freshState, initialise, START, view, type LearnerState, type Slots } from '../core/weights.ts';
import { tfjs } from './engines/tfjs.ts';

export { checkEnvironment } from './environments/check.ts';

export type Given = NamedArray | TypedArray;
type Arrays = Record<string, NamedArray>;
const engines = new Map<string, Promise<Engine>>();
/** `tfjs` or `tfjs:<backend>`; opened once a process. */
function engineOf(name = 'tfjs'): Promise<Engine> {
  const [kind, backend] = name.split(':') as [string, string?];
  if (kind !== tfjs.name) throw new InputError(`no engine ${kind}`, 'tfjs, or tfjs:<backend>');
  const opened = engines.get(name) ?? tfjs.open(backend);
  engines.set(name, opened);
  return opened;
}
const dataOf = (x: Given): TypedArray => ('data' in x ? x.data : x);
const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const copy = (o: OutputArray): NamedArray => ({ shape: o.shape, data: o.data.slice() });
function typed(x: Given, dtype: DType, name: string, size: number): TypedArray {
  const data = dataOf(x);
  if (data.length !== size) throw new InputError(`${name} has ${data.length} values, ${size} are asked for`);
  return dtype === 'f32' ? (data instanceof Float32Array ? data : Float32Array.from(data)) : dtype === 'i32' ? (data instanceof Int32Array ? data : Int32Array.from(data)) : data instanceof Uint8Array ? data : Uint8Array.from(data);
}

export interface NodeCase {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly knobs?: Readonly<Record<string, number>>;
  /** Sizes of dims that no input has (`action` of a head). */
  readonly sizes?: Readonly<Record<string, number>>;
  /** By port, over [batch, (time, (agent,)) ...own dims]; scalars for ports without leading dims. */
  readonly inputs: Readonly<Record<string, NamedArray>>;
  /** Dims of an input where the default (batch, time, agent in that order, then the port's own) is not meant. */
  readonly dims?: Readonly<Record<string, string>>;
  /** By `layer/tensor`; without them they come from `seed`. */
  readonly weights?: Readonly<Record<string, Given>>;
  /** [...leading dims without time, width], before the first step; zeros otherwise. */
  readonly carry?: Given;
  readonly noise?: Readonly<Record<string, Given>>;
  /** What the gradient of each float output is: ones if none is given, zeros beside those that are. */
  readonly cotangents?: Readonly<Record<string, Given>>;
  readonly seed?: number;
  readonly engine?: string;
}
export interface NodeResult {
  readonly outputs: Arrays;
  readonly gradients: { readonly inputs: Arrays; readonly weights: Arrays };
  readonly weights: Arrays;
  readonly carry?: NamedArray;
}

/** One node on its own: outputs, and the gradients of the sum of its float outputs times `cotangents`. */
export async function evaluateNode(node: NodeUse | NodeFactory, c: NodeCase): Promise<NodeResult> {
  const made = typeof node === 'function' ? node((c.config ?? {}) as never) : { ...node, config: { ...node.config, ...c.config } }, use_: NodeUse = { ...made, config: { ...made.config, ...c.knobs } };
  const { d, sizes, timeless } = pageOf(use_, c), p = plan(d, sizes), seed = c.seed ?? 1, engine = await engineOf(c.engine), flow = new Flow(p, 'learn');
  const weights = initialise(p.slices, p.total, seed), ports = use_.spec.in as Record<string, Port>, outs = use_.spec.out as Record<string, Port>;
  for (const s of p.slices) { const given = c.weights?.[`${s.layer}/${s.tensor}`]; if (given) view(weights, s).set(typed(given, 'f32', s.name, s.size) as Float32Array); }
  for (const k of Object.keys(c.weights ?? {})) if (!p.slices.some(s => `${s.layer}/${s.tensor}` === k)) throw new InputError(`${use_.spec.type} has no weight ${k}`, p.slices.map(s => `${s.layer}/${s.tensor}`).join(', ') || 'it has none');
  const port = (key: string): Port => ports[key] ?? use_.spec.rest!, scalar = (key: string) => !open(port(key));
  const arrays: Record<string, TypedArray> = {}, floats = Object.keys(outs).filter(k => outs[k]!.dtype === 'f32');
  let carryOut: Tensor | undefined;
  const program = { key: `node/${use_.spec.type}`, run: (input: Input) => {
    const value = (key: string): Tensor => {
      const { shape } = c.inputs[key]!, full = scalar(key) ? [] : timeless ? [shape[0]!, 1, ...shape.slice(1)] : [...shape];
      arrays[`in.${key}`] = typed(c.inputs[key]!, port(key).dtype, key, product(full));
      return input(`in.${key}`, full, port(key).dtype);
    };
    const differentiable = Object.keys(c.inputs).filter(k => port(k).dtype === 'f32'), xs = [...differentiable.map(value), ...p.slices.map(s => input(`w.${s.name}`, s.shape, 'f32'))];
    const feed: Feed = {
      field: (_, key) => value(key), memory: (_, key) => value(key),
      weight: name => input(`w.${name}`, p.slices.find(s => s.name === name)!.shape, 'f32'),
      knob: (_, key) => { arrays[`knob.${key}`] = Float32Array.of(use_.config[key] as number); return input(`knob.${key}`, [], 'f32'); },
      noise: (_, key, noise: Noise, shape) => { const size = product(shape), given = c.noise?.[key]; arrays[`noise.${key}`] = given ? typed(given, 'f32', key, size) : Random.of(seed, `noise/${key}`).fill(noise.law, new Float32Array(size)); return input(`noise.${key}`, shape, 'f32'); },
      once: text => { throw new Error(`no ${text} here`); },
      carry: (_, shape) => { if (!c.carry) return undefined; arrays['carry'] = typed(c.carry, 'f32', 'carry', product(shape)); return input('carry', shape, 'f32'); },
      leave: (_, h) => { carryOut = tf.keep(h); },
      restarts: () => false,
    };
    const out: Record<string, Tensor> = {};
    const total = () => {
      const values = flow.pull(Object.keys(outs).map(k => `node.${k}`), feed);
      Object.keys(outs).forEach((k, i) => { out[`out.${k}`] = tf.keep(tf.clone(values[i]!)); });
      return floats.map(k => {
        const y = values[Object.keys(outs).indexOf(k)]!, given = c.cotangents?.[k];
        arrays[`cot.${k}`] = given ? typed(given, 'f32', k, y.size) : new Float32Array(y.size).fill(c.cotangents ? 0 : 1);
        return tf.sum(tf.mul(y, input(`cot.${k}`, y.shape, 'f32')));
      }).reduce<Tensor>((a, b) => tf.add(a, b), tf.scalar(0));
    };
    const { grads } = xs.length ? tf.engine().gradients(total, xs, undefined, true) as { grads: (Tensor | null)[] } : { grads: (tf.engine().tidy(() => { total(); }), []) };
    grads.forEach((g, i) => { out[`grad.${i}`] = g ?? tf.zerosLike(xs[i]!); });
    if (carryOut) out['carry'] = carryOut;
    return out;
  } };
  const runnable = engine.compile(program), result = await runnable.run(name => (name.startsWith('w.') ? view(weights, p.slices.find(s => s.name === name.slice(2))!) : arrays[name]!));
  runnable.dispose();
  const narrow = (o: OutputArray, lead: boolean): NamedArray => (timeless && lead ? { ...copy(o), shape: [o.shape[0]!, ...o.shape.slice(2)] } : copy(o));
  const inputs = Object.keys(c.inputs).filter(k => port(k).dtype === 'f32');
  return {
    outputs: Object.fromEntries(Object.entries(outs).map(([k, o]) => [k, narrow(result[`out.${k}`]!, open(o))])),
    gradients: {
      inputs: Object.fromEntries(inputs.map((k, i) => [k, narrow(result[`grad.${i}`]!, !scalar(k))])),
      weights: Object.fromEntries(p.slices.map((s, i) => [`${s.layer}/${s.tensor}`, copy(result[`grad.${inputs.length + i}`]!)])),
    },
    weights: Object.fromEntries(p.slices.map(s => [`${s.layer}/${s.tensor}`, { shape: s.shape, data: view(weights, s).slice() }])),
    ...(result['carry'] ? { carry: copy(result['carry']) } : {}),
  };
}

/** A page with nothing but the node: its inputs are fields of a made-up world, its scalars memory. */
function pageOf(use_: NodeUse, c: Pick<NodeCase, 'inputs' | 'dims' | 'sizes'>): { d: Definition; sizes: Record<string, number>; timeless: boolean } {
  const ports = use_.spec.in as Record<string, Port>, sizes: Record<string, number> = { ...c.sizes }, world: Record<string, unknown> = {}, memory: Record<string, number> = {}, wires: Record<string, string> = {};
  const dimsOf = (key: string): string[] => {
    const port = ports[key] ?? use_.spec.rest;
    if (!port) throw new InputError(`${use_.spec.type} has no port ${key}`, `it has ${Object.keys(ports).join(', ')}`);
    if (c.dims?.[key] !== undefined) return words(c.dims[key]);
    const own = named(port).map(w => (w.startsWith('?') ? (ports[key] ? w.slice(1) : key) : w)), lead = ['batch', 'time', 'agent'].filter(x => !own.includes(x)).slice(0, Math.max(0, c.inputs[key]!.shape.length - own.length));
    return canonical([...lead, ...own]);
  };
  const all = Object.keys(c.inputs).map(k => [k, dimsOf(k)] as const), timeless = !all.some(([, dims]) => dims.includes('time'));
  for (const [key, dims] of all) {
    const { shape } = c.inputs[key]!, port = ports[key] ?? use_.spec.rest!;
    if (dims.length !== shape.length) throw new InputError(`${key} has the shape [${shape.join(', ')}] for the dims ${dims.join(' ') || 'of one number'}`);
    dims.forEach((x, i) => { if (sizes[x] !== undefined && sizes[x] !== shape[i] && x !== 'batch' && x !== 'time') throw new InputError(`${x} is ${sizes[x]} and, at ${key}, ${shape[i]}`); sizes[x] = shape[i]!; });
    if (!open(port)) { memory[key] = 0; wires[key] = `memory.${key}`; continue; }
    world[key] = { dtype: port.dtype, spec: dims.filter(x => x !== 'batch' && x !== 'time').join(' '), at: 'step', sight: 'local', ...(port.of === undefined ? {} : { of: port.of }) };
    wires[key] = `data.${key}`;
  }
  const page = bare({ format: 1, name: 'node', world, sources: { data: { cut: 'episodes' } }, memory: { memory }, keep: {}, train: {}, targets: {}, priority: {}, dims: {}, nodes: { node: { type: use_.spec.type, role: 'add', config: use_.config, ...(use_.per === undefined ? {} : { per: use_.per }), in: wires } } }) as unknown as Page;
  return { d: { page, specs: new Map([[use_.spec.type, use_.spec]]), handles: undefined }, sizes, timeless };
}

export interface SlotArrays { readonly count: number; readonly [moment: string]: number | Readonly<Record<string, Given>> }
export interface StepCase {
  /** Sizes of the world, and `batch` and `time` (transitions) of every source; `batch@expert` where a source differs. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Fields by `source.field`. Those that a runner makes (valid, start, lastAction, agentId, ...) may be left out. */
  readonly batch: Readonly<Record<string, Given>>;
  /** By `node/layer/tensor`; from `seed` where absent. */
  readonly weights?: Readonly<Record<string, Given>>;
  /** Lagged weights, by the node they lag; equal to the weights where absent. */
  readonly targets?: Readonly<Record<string, Given>>;
  readonly slots?: Readonly<Record<string, SlotArrays>>;
  readonly memory?: Readonly<Record<string, number>>;
  readonly carry?: Readonly<Record<string, Given>>;
  readonly knobs?: Readonly<Record<string, number>>;
  readonly noise?: Readonly<Record<string, Given>>;
  readonly order?: { readonly epochs?: readonly Int32Array[]; readonly sweep?: Int32Array };
  /** Clocks at the step. `last`: those at the update before it, one tick earlier where not given; what is due every so many ticks depends on both. */
  readonly counters?: { readonly steps?: number; readonly updates?: number; readonly episodes?: number; readonly last?: { readonly steps: number; readonly updates: number; readonly episodes: number } };
  readonly updates?: number;
  readonly seed?: number;
  readonly taps?: readonly string[];
  readonly engine?: string;
}
export interface StepResult {
  readonly losses: Record<string, number>;
  /** Losses of each update, where there were several. */
  readonly history: readonly Record<string, number>[];
  readonly gradients: Arrays;
  readonly gradientNorms: Record<string, number>;
  readonly weights: Arrays;
  readonly targets: Arrays;
  readonly slots: Record<string, { readonly count: number; readonly [moment: string]: number | Arrays }>;
  readonly memory: Record<string, number>;
  readonly priorities: Record<string, Float32Array>;
  readonly metrics: Record<string, number>;
  readonly taps: Arrays;
  readonly failed?: string;
}

/** A whole learning step of a page (or several on the same batch), whose numbers can be compared with any other implementation. */
export async function evaluateStep(d: Definition, c: StepCase): Promise<StepResult> {
  const p = plan(d, c.sizes), engine = await engineOf(c.engine), learner = new Learner(p, engine), seed = c.seed ?? 1;
  let state = stateOf(p, c);
  const batch = batchOf(p, c), history: Record<string, number>[] = [], noise = c.noise && Object.fromEntries(Object.entries(c.noise).map(([k, x]) => [k, typed(x, 'f32', k, dataOf(x).length) as Float32Array]));
  let last: Awaited<ReturnType<Learner['update']>> | undefined;
  for (let i = 0; i < (c.updates ?? 1); i++) {
    last = await learner.update(state, batch, { seed, gradients: true, ...(c.knobs ? { knobs: c.knobs } : {}), ...(noise ? { noise } : {}), ...(c.order ? { order: c.order } : {}), ...(c.taps ? { taps: c.taps } : {}) });
    state = last.state;
    history.push({ ...last.losses });
  }
  learner.dispose();
  const by = (arena: Float32Array): Arrays => Object.fromEntries(p.slices.map(s => [s.name, { shape: s.shape, data: view(arena, s).slice() }])), done = last!;
  const slots = Object.fromEntries([...p.rules.values()].map(rule => [rule.name, { count: state.slots[rule.name]!.count, ...Object.fromEntries(Object.entries(state.slots[rule.name]!.moments).map(([m, flat]) => [m, perSlice(rule.slices, flat)])) }]));
  return {
    losses: { ...done.losses }, history, gradientNorms: { ...done.norms }, weights: by(state.weights), targets: by(state.lagged), slots,
    gradients: Object.fromEntries(Object.entries(done.gradients).map(([k, data]) => [k, { shape: p.slices.find(s => s.name === k)!.shape, data }])),
    memory: Object.fromEntries(Object.entries(state.memory).flatMap(([n, m]) => Object.entries(m).map(([k, x]) => [`${n}.${k}`, x]))), priorities: { ...done.priorities },
    metrics: { ...Object.fromEntries(Object.entries(done.losses).map(([k, x]) => [`loss/${k}`, x])), ...Object.fromEntries(Object.entries(done.norms).map(([k, x]) => [`grad/${k}`, x])) },
    taps: Object.fromEntries(Object.entries(done.taps).map(([k, o]) => [k, copy(o)])), ...(done.failed === undefined ? {} : { failed: done.failed }),
  };
}
function perSlice(slices: Plan['slices'], flat: Float32Array): Arrays {
  let from = 0;
  return Object.fromEntries(slices.map(s => { const data = flat.slice(from, from + s.size); from += s.size; return [s.name, { shape: s.shape, data }]; }));
}
function stateOf(p: Plan, c: Pick<StepCase, 'weights' | 'targets' | 'slots' | 'memory' | 'counters' | 'seed'>): LearnerState {
  const fresh = freshState(p, c.seed ?? 1), put = (arena: Float32Array, given: Readonly<Record<string, Given>> = {}) => {
    for (const [k, x] of Object.entries(given)) {
      const s = p.slices.find(y => y.name === k);
      if (!s) throw new InputError(`page ${p.d.page.name} has no weight ${k}`, p.slices.map(y => y.name).join(', '));
      if ('shape' in x && x.shape.join() !== s.shape.join()) throw new InputError(`${k} is [${x.shape.join(', ')}], the page has [${s.shape.join(', ')}]`);
      view(arena, s).set(typed(x, 'f32', k, s.size) as Float32Array);
    }
  };
  put(fresh.weights, c.weights);
  fresh.lagged.set(fresh.weights);
  put(fresh.lagged, c.targets);
  const slots = Object.fromEntries(Object.entries(fresh.slots).map(([rule, s]): [string, Slots] => {
    const given = c.slots?.[rule];
    if (!given) return [rule, s];
    const moments = Object.fromEntries(Object.entries(s.moments).map(([m, flat]) => {
      let from = 0;
      for (const slice of p.rules.get(rule)!.slices) { const x = (given[m] as Readonly<Record<string, Given>> | undefined)?.[slice.name]; if (x) flat.set(typed(x, 'f32', slice.name, slice.size) as Float32Array, from); from += slice.size; }
      return [m, flat];
    }));
    return [rule, { count: given.count, moments }];
  }));
  const memory = Object.fromEntries(Object.entries(fresh.memory).map(([n, m]) => [n, Object.fromEntries(Object.entries(m).map(([k, x]) => [k, c.memory?.[`${n}.${k}`] ?? x]))]));
  const clocks = { steps: c.counters?.steps ?? 0, updates: c.counters?.updates ?? 0, episodes: c.counters?.episodes ?? 0 };
  return { ...fresh, slots, memory, counters: { ...START, ...clocks, last: c.counters?.last ?? { steps: Math.max(0, clocks.steps - 1), updates: clocks.updates, episodes: Math.max(0, clocks.episodes - 1) } } };
}
function batchOf(p: Plan, c: StepCase): Batch {
  const fields: Record<string, TypedArray> = {}, cuts = Object.fromEntries(Object.keys(p.d.page.sources).map(source => {
    const size = (dim: string) => { const n = c.sizes[`${dim}@${source}`] ?? c.sizes[dim]; if (n === undefined) throw new InputError(`sizes has no ${dim}`); return n; };
    const cut = { batch: size('batch'), time: size('time') };
    for (const [name, f] of Object.entries(p.d.page.world)) {
      const dims = words(f.spec).map(w => p.sizes[w]), given = c.batch[`${source}.${name}`];
      if (dims.some(x => x === undefined)) { if (given) throw new InputError(`${source}.${name} has the dims ${f.spec}, and sizes lacks one of them`); continue; }
      const size = cut.batch * (cut.time + (f.at === 'slot' ? 1 : 0)) * product(dims as number[]);
      const made = given ? typed(given, f.dtype, `${source}.${name}`, size) : implied(name, f.dtype, size, cut, p, c.batch[`${source}.action`]);
      if (made) fields[`${source}.${name}`] = made;
    }
    return [source, cut];
  }));
  for (const k of Object.keys(c.batch)) if (!(k in fields)) throw new InputError(`page ${p.d.page.name} has no field ${k}`, Object.keys(fields).join(', '));
  return { cuts, fields, ...(c.carry ? { carry: Object.fromEntries(Object.entries(c.carry).map(([k, x]) => [k, typed(x, 'f32', k, dataOf(x).length) as Float32Array])) } : {}) };
}
/** Fields that a runner makes: whole segments that begin an episode, all available and alive. */
function implied(name: string, dtype: DType, size: number, cut: { batch: number; time: number }, p: Plan, action: Given | undefined): TypedArray | undefined {
  const filled = (x: number) => (dtype === 'bool' ? new Uint8Array(size).fill(x) : dtype === 'i32' ? new Int32Array(size).fill(x) : new Float32Array(size).fill(x)), slots = cut.time + 1;
  if (['valid', 'weight', 'alive', 'avail'].includes(name)) return filled(1);
  if (['terminated', 'truncated', 'nextAction'].includes(name)) return filled(0);
  if (name === 'start') return filled(0).map((_, i) => (i % slots === 0 ? 1 : 0));
  const { agent = 1, action: actions = 1, id = 1 } = p.sizes;
  if (name === 'agentId') return filled(0).map((_, i) => (Math.floor(i / id) % agent === i % id ? 1 : 0));
  if (name === 'lastAction' && action) {
    const taken = dataOf(action), out = filled(0);
    for (let b = 0; b < cut.batch; b++) for (let t = 1; t < slots; t++) for (let i = 0; i < agent; i++) {
      const from = (b * cut.time + t - 1) * agent + i, to = ((b * slots + t) * agent + i) * actions;
      if (p.d.page.world['action']?.dtype === 'i32') out[to + taken[from]!] = 1; else for (let a = 0; a < actions; a++) out[to + a] = taken[from * actions + a]!;
    }
    return out;
  }
  return undefined;
}

export interface ActCase extends Pick<StepCase, 'sizes' | 'weights' | 'targets' | 'memory' | 'carry' | 'knobs' | 'noise' | 'seed' | 'counters' | 'engine'> {
  /** Fields of the present slot by name, over [batch, 1, ...]. */
  readonly fields: Readonly<Record<string, Given>>;
  readonly best?: boolean;
}
/** One acting step: the action over [batch, 1, ...], and what recurrent nodes carry on, by node. */
export async function evaluateAct(d: Definition, c: ActCase): Promise<{ action: NamedArray; carry: Record<string, Float32Array> }> {
  const p = plan(d, c.sizes), learner = new Learner(p, await engineOf(c.engine)), copies = c.sizes['batch']!, plain = (given: Readonly<Record<string, Given>> = {}) => Object.fromEntries(Object.entries(given).map(([k, x]) => [k, Float32Array.from(dataOf(x))]));
  const fields = Object.fromEntries(Object.entries(d.page.world).flatMap(([name, f]) => {
    const dims = words(f.spec).map(w => p.sizes[w]), size = copies * product(dims.map(x => x ?? 0)), given = c.fields[name], made = given ? typed(given, f.dtype, name, size) : implied(name, f.dtype, size, { batch: copies, time: 0 }, p, undefined);
    return made ? [[name, made]] : [];
  }));
  const { action, carry } = await learner.act(stateOf(p, c), fields, copies, plain(c.carry), { seed: c.seed ?? 1, counters: [0], ...(c.best === undefined ? {} : { best: c.best }), ...(c.knobs ? { knobs: c.knobs } : {}), ...(c.noise ? { noise: plain(c.noise) } : {}) });
  learner.dispose();
  return { action: copy(action), carry };
}

export interface LayerRow { readonly name: string; readonly shape: readonly number[]; readonly layout: string; readonly weights: number }
/** Names, shapes and layouts of all weights of a page (`node/layer/tensor`) or of one node (`layer/tensor`, sizes of the dims that its ports name). */
export function layerTable(of: Definition | NodeUse, sizes: Readonly<Record<string, number>>): LayerRow[] {
  if ('page' in of) return plan(of, sizes).slices.map(s => ({ name: s.name, shape: s.shape, layout: s.layout, weights: s.size }));
  const layers = (of.spec.layers?.(sizes as never, of.config as never) ?? {}) as Layers;
  return Object.entries(layers).flatMap(([layer, l]) => Object.entries(l.tensors).map(([t, s]) => ({ name: `${layer}/${t}`, shape: s.shape, layout: s.layout, weights: product(s.shape) })));
}

export interface TorchTensor {
  /** Its name there; several are stacked along a new first dim (heads). */
  readonly from: string | readonly string[];
  /** Linear weights are [out, in] in PyTorch; a dense kernel is [in, out]. */
  readonly transpose?: boolean;
  /** Blocks of rows, one a gate, as GRUCell stacks them: they become the first dim. */
  readonly gates?: number;
}
/** Weights of a PyTorch state dict under our names: `{ 'agentQ/first/kernel': { from: 'fc1.weight', transpose: true }, ... }`. */
export function importTorch(stateDict: Readonly<Record<string, NamedArray>>, map: Readonly<Record<string, TorchTensor | string>>): Arrays {
  return Object.fromEntries(Object.entries(map).map(([to, how]) => {
    const { from, transpose = false, gates = 0 } = typeof how === 'string' ? { from: how } : how;
    if (typeof from !== 'string') {
      const parts = from.map(name => importTorch(stateDict, { part: { from: name, transpose, gates } })['part']!), one = parts[0]!.data.length, data = new Float32Array(one * parts.length);
      parts.forEach((x, i) => { data.set(x.data, i * one); });
      return [to, { shape: [parts.length, ...parts[0]!.shape], data }];
    }
    const x = stateDict[from];
    if (!x) throw new InputError(`the state dict has no ${from}`, `it has ${Object.keys(stateDict).join(', ')}`);
    const g = gates || 1, [rows = 1, columns = 1] = x.shape.length > 1 ? [x.shape[0]! / g, x.shape[1]!] : [x.shape[0]! / g, 1], data = new Float32Array(x.data.length);
    for (let k = 0; k < g; k++) for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[(k * rows * columns) + (transpose ? j * rows + i : i * columns + j)] = x.data[(k * rows + i) * columns + j]!;
    const inner = x.shape.length > 1 ? (transpose ? [columns, rows] : [rows, columns]) : [rows];
    return [to, { shape: gates ? [gates, ...inner] : inner, data }];
  }));
}
