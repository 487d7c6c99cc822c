/**
 * The kit that our own tests, other people's nodes and conformance suites use: one node or one learning step, plain arrays in, plain arrays out.
 * Arrays are `{ shape, data }`; where only the data are given the shape is the one that the page asks for.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { bare, parse, use, type Begin, type Definition, type Page } from '../core/definition.ts';
import type { Engine, Input, OutputArray } from '../core/engine.ts';
import type { TypedArray } from '../core/environment.ts';
import { InputError } from '../core/error.ts';
import { Flow, type Feed } from '../core/flow.ts';
import { typeOf } from '../core/infer.ts';
import type { NodeFactory, NodeUse, Noise } from '../core/node.ts';
import { plan, type Plan, type Slice } from '../core/plan.ts';
import { base, canonical, isTime, named, open, words, type DType, type Port } from '../core/port.ts';
import { Random } from '../core/random.ts';
import { isSchedule } from '../core/schedule.ts';
import { Learner, type Batch } from '../core/step.ts';
import type { NamedArray } from '../core/store.ts';
import { freshState, initialise, START, view, type LearnerState, type Slots } from '../core/weights.ts';
import { ARRAYS } from './arrays.ts';
import { onnx } from './engines/onnx/engine.ts';
import { tfjs } from './engines/tfjs.ts';
import { agentIds } from './rollout.ts';
import { dataOf, judgeNames, product, typed, type Given } from './given.ts';

export { checkEnvironment } from './environments/check.ts';
export { importTorch, layerTable, type LayerRow, type TorchTensor } from './weight-names.ts';

export type { Given };
type Arrays = Record<string, NamedArray>;
const engines = new Map<string, Promise<Engine>>();
/** `tfjs`, `onnx`, or one of them with a backend, `tfjs:wasm`; opened once a process. */
function engineOf(name = 'tfjs'): Promise<Engine> {
  const [kind, backend] = name.split(':') as [string, string?], factory = [tfjs, onnx].find(e => e.name === kind);
  if (!factory) throw new InputError(`no engine ${kind}`, 'tfjs or onnx, with :<backend> where one is meant');
  const opened = engines.get(name) ?? factory.open(backend);
  engines.set(name, opened);
  return opened;
}
const copy = (o: OutputArray): NamedArray => ({ shape: o.shape, data: o.data.slice() });

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
  /** What the gradient of each float output is: ones if none is given, zeros beside those that are; with `{}` there is no backward pass. */
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
  judgeNode(use_, c);
  const { d, sizes, timeless } = pageOf(use_, c), p = plan(d, sizes), seed = c.seed ?? 1, engine = await engineOf(c.engine), flow = new Flow(p, 'learn');
  const nameOf = (s: Slice) => `${s.layer}/${s.tensor}`, weights = initialise(p.slices.filter(s => !c.weights?.[nameOf(s)]), p.total, seed), ports = use_.spec.in as Record<string, Port>, outs = use_.spec.out as Record<string, Port>;
  for (const s of p.slices) { const given = c.weights?.[nameOf(s)]; if (given) view(weights, s).set(typed(given, 'f32', nameOf(s), s.shape) as Float32Array); }
  judgeNames(use_.spec.type, 'weight', c.weights, p.slices.map(nameOf));
  if (c.carry && !p.boxes.get('node')!.carry) throw new InputError(`${use_.spec.type} carries nothing from step to step`, 'leave carry out');
  const port = (key: string): Port => ports[key] ?? use_.spec.rest!, scalar = (key: string) => !open(port(key));
  const arrays: Record<string, TypedArray> = {}, floats = Object.keys(outs).filter(k => outs[k]!.dtype === 'f32');
  /** Of gradients that are all 0 nothing has to be computed. */
  const backward = !c.cotangents || Object.keys(c.cotangents).length > 0;
  let carryOut: Tensor | undefined;
  const program = { key: `node/${use_.spec.type}`, run: (input: Input) => {
    const value = (key: string): Tensor => {
      const { shape } = c.inputs[key]!, full = scalar(key) ? [...shape] : timeless ? [shape[0]!, 1, ...shape.slice(1)] : [...shape];
      arrays[`in.${key}`] = typed({ ...c.inputs[key]!, shape: full }, port(key).dtype, key, full);
      return input(`in.${key}`, full, port(key).dtype);
    };
    const differentiable = Object.keys(c.inputs).filter(k => port(k).dtype === 'f32'), xs = [...differentiable.map(value), ...p.slices.map(s => input(`w.${s.name}`, s.shape, 'f32'))];
    const feed: Feed = {
      field: (_, key) => value(key), memory: (_, key) => value(key),
      weight: name => input(`w.${name}`, p.slices.find(s => s.name === name)!.shape, 'f32'),
      knob: (_, key) => { arrays[`knob.${key}`] = Float32Array.of(use_.config[key] as number); return input(`knob.${key}`, [], 'f32'); },
      noise: (_, key, noise: Noise, shape) => { const given = c.noise?.[key]; arrays[`noise.${key}`] = given ? typed(given, 'f32', `noise ${key}`, timeless && open(noise) ? [shape[0]!, ...shape.slice(2)] : shape) : Random.of(seed, `noise/${key}`).fill(noise.law, new Float32Array(product(shape))); return input(`noise.${key}`, shape, 'f32'); },
      once: text => { throw new Error(`no ${text} here`); },
      carry: (_, shape) => { if (!c.carry) return undefined; arrays['carry'] = typed(c.carry, 'f32', 'carry', shape); return input('carry', shape, 'f32'); },
      leave: (_, h) => { carryOut = tf.keep(h); },
      restarts: () => false, within: input.within,
    };
    const out: Record<string, Tensor> = {};
    const total = () => {
      const values = flow.pull(Object.keys(outs).map(k => `node.${k}`), feed);
      Object.keys(outs).forEach((k, i) => { out[`out.${k}`] = tf.keep(tf.clone(values[i]!)); });
      return floats.map(k => {
        const y = values[Object.keys(outs).indexOf(k)]!, given = c.cotangents?.[k];
        arrays[`cot.${k}`] = given ? typed(given, 'f32', `cotangent ${k}`, timeless && open(outs[k]!) ? [y.shape[0]!, ...y.shape.slice(2)] : y.shape) : new Float32Array(y.size).fill(c.cotangents ? 0 : 1);
        return tf.sum(tf.mul(y, input(`cot.${k}`, y.shape, 'f32')));
      }).reduce<Tensor>((a, b) => tf.add(a, b), tf.scalar(0));
    };
    const { grads } = xs.length && backward ? tf.engine().gradients(total, xs, undefined, true) as { grads: (Tensor | null)[] } : { grads: (tf.engine().tidy(() => { total(); }), xs.map(() => null)) };
    grads.forEach((g, i) => { out[`grad.${i}`] = g ?? tf.zerosLike(xs[i]!); });
    if (carryOut) out['carry'] = carryOut;
    return out;
  } };
  const runnable = engine.compile(program), result = await runnable.run(name => (name.startsWith('w.') ? view(weights, p.slices.find(s => s.name === name.slice(2))!) : arrays[name]!)).catch((e: unknown) => { throw inputErrorIn(e) ?? e; });
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

/** Noise and carry are judged where their shapes are known, inside the flow, which says at which node. */
const inputErrorIn = (e: unknown): InputError | undefined => (e instanceof InputError ? e : e instanceof Error && e.cause !== undefined ? inputErrorIn(e.cause) : undefined);
/** A page with nothing but the node: its inputs are fields of a made-up world, its scalars memory. */
function pageOf(use_: NodeUse, c: Pick<NodeCase, 'inputs' | 'dims' | 'sizes'>): { d: Definition; sizes: Record<string, number>; timeless: boolean } {
  const ports = use_.spec.in as Record<string, Port>, sizes: Record<string, number> = { ...c.sizes }, world: Record<string, unknown> = {}, memory: Record<string, Begin> = {}, wires: Record<string, string> = {};
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
    dims.forEach((x, i) => { if (sizes[x] !== undefined && sizes[x] !== shape[i]) throw new InputError(`${x} is ${sizes[x]} and, at ${key}, ${shape[i]}`, 'inputs that share a dim have one size of it; `dims` names those of an input that are others'); sizes[x] = shape[i]!; });
    if (!open(port) || (!timeless && !dims.includes('time'))) { memory[key] = dims.length ? { over: dims.join(' '), start: 0 } : 0; wires[key] = `memory.${key}`; continue; }
    world[key] = { dtype: port.dtype, spec: dims.filter(x => x !== 'batch' && x !== 'time').join(' '), at: 'step', sight: 'local', ...(port.of === undefined ? {} : { of: port.of }) };
    wires[key] = `data.${key}`;
  }
  const page = bare({ format: 1, name: 'node', world, sources: { data: { cut: 'episodes' } }, memory: { memory }, keep: {}, train: {}, targets: {}, priority: {}, dims: {}, nodes: { node: { type: use_.spec.type, role: 'add', config: use_.config, ...(use_.per === undefined ? {} : { per: use_.per }), in: wires } } }) as unknown as Page;
  return { d: { page, specs: new Map([[use_.spec.type, use_.spec]]), handles: undefined }, sizes, timeless };
}
const NODE = ['config', 'knobs', 'sizes', 'inputs', 'dims', 'weights', 'carry', 'noise', 'cotangents', 'seed', 'engine'];
/** Everything of a case that its node alone can judge. */
function judgeNode({ spec, config }: NodeUse, c: NodeCase): void {
  const settings = Object.keys((spec.config ?? {}) as object), knobs = Object.keys((spec.knobs ?? {}) as object), ports = Object.keys(spec.in as object), outputs = Object.entries(spec.out as Record<string, Port>);
  judgeNames('evaluateNode', 'option', c, NODE);
  judgeNames(spec.type, 'knob', c.knobs, knobs);
  judgeNames(spec.type, 'setting', config, [...settings, ...knobs]);
  if (!spec.rest) judgeNames(spec.type, 'port', c.inputs, ports);
  judgeNames('inputs', 'input', c.dims, Object.keys(c.inputs));
  judgeNames(spec.type, 'noise', c.noise, Object.keys((spec.noise ?? {}) as object));
  judgeNames(spec.type, 'float output', c.cotangents, outputs.filter(([, o]) => o.dtype === 'f32').map(([k]) => k));
  for (const key of ports) if (!c.inputs[key]) throw new InputError(`${spec.type}: no input is given for its port ${key}`, `inputs: { ..., ${key}: { shape, data } }`);
  for (const key of knobs) if (typeof config[key] !== 'number') throw new InputError(`${spec.type}: the knob ${key} is ${JSON.stringify(config[key])}, no number`, `knobs: { ${key}: its value at the moment }`);
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
  /** By `memory.name`: a number, or those of all indices, row by row. */
  readonly memory?: Readonly<Record<string, number | readonly number[]>>;
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
  readonly memory: Record<string, number | readonly number[]>;
  readonly priorities: Record<string, Float32Array>;
  readonly metrics: Record<string, number>;
  readonly taps: Arrays;
  readonly failed?: string;
}

/** A whole learning step of a page (or several on the same batch), whose numbers can be compared with any other implementation. */
export async function evaluateStep(d: Definition, c: StepCase): Promise<StepResult> {
  const p = plan(d, c.sizes), engine = await engineOf(c.engine), learner = new Learner(p, engine), seed = c.seed ?? 1;
  judgeNames('evaluateStep', 'option', c, STEP);
  let state = stateOf(p, c);
  const batch = batchOf(p, c), history: Record<string, number>[] = [], noise = noiseOf(p, c.noise, batch.cuts);
  judgeKnobs(p, c.knobs);
  judgeTaps(p, c.taps, batch);
  judgeOrder(p, c.order, learner.programs.items(batch.cuts[learner.programs.main]!));
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
  const fresh = freshState(p, c.seed ?? 1, p.slices.filter(s => !c.weights?.[s.name])), put = (arena: Float32Array, given: Readonly<Record<string, Given>> = {}) => {
    for (const [k, x] of Object.entries(given)) {
      const s = p.slices.find(y => y.name === k)!;
      view(arena, s).set(typed(x, 'f32', k, s.shape) as Float32Array);
    }
  };
  const page = pageNamed(p), names = p.slices.map(s => s.name);
  judgeNames(page, 'weight', c.weights, names);
  judgeNames(page, 'weight', c.targets, names);
  judgeNames(page, 'train rule', c.slots, p.rules.keys());
  judgeNames(page, 'number in memory', c.memory, Object.entries(fresh.memory).flatMap(([n, m]) => Object.keys(m).map(k => `${n}.${k}`)));
  judgeNames('counters', 'clock', c.counters, ['steps', 'updates', 'episodes', 'last']);
  judgeNames('counters.last', 'clock', c.counters?.last, ['steps', 'updates', 'episodes']);
  put(fresh.weights, c.weights);
  fresh.lagged.set(fresh.weights);
  put(fresh.lagged, c.targets);
  const slots = Object.fromEntries(Object.entries(fresh.slots).map(([rule, s]): [string, Slots] => {
    const given = c.slots?.[rule];
    if (!given) return [rule, s];
    if (!(Number.isInteger(given.count) && given.count >= 0)) throw new InputError(`slots.${rule}: count is ${String(given.count)}`, 'count: the steps that its optimiser has made, 0 or more');
    judgeNames(`slots.${rule}`, 'moment', given, ['count', ...Object.keys(s.moments)]);
    for (const m of Object.keys(s.moments)) judgeNames(`slots.${rule}.${m}`, 'weight', given[m] as object | undefined, p.rules.get(rule)!.slices.map(x => x.name));
    const moments = Object.fromEntries(Object.entries(s.moments).map(([m, flat]) => {
      let from = 0;
      for (const slice of p.rules.get(rule)!.slices) { const x = (given[m] as Readonly<Record<string, Given>> | undefined)?.[slice.name]; if (x) flat.set(typed(x, 'f32', `slots.${rule}.${m}.${slice.name}`, slice.shape) as Float32Array, from); from += slice.size; }
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
    const size = (dim: string) => { const n = c.sizes[`${dim}@${source}`] ?? c.sizes[dim]; if (!(n !== undefined && Number.isInteger(n) && n >= 1)) throw new InputError(`sizes: ${dim} is ${n === undefined ? 'missing' : n}`, `sizes: { ..., ${dim}: n }, a whole number above 0`); return n; };
    const cut = { batch: size('batch'), time: size('time') };
    for (const [name, f] of Object.entries(p.d.page.world)) {
      const dims = words(f.spec).map(w => p.sizes[w]), given = c.batch[`${source}.${name}`];
      if (dims.some(x => x === undefined)) { if (given) throw new InputError(`${source}.${name} has the dims ${f.spec}, and sizes lacks one of them`, `sizes: { ..., ${words(f.spec).find(w => p.sizes[w] === undefined)}: n }`); continue; }
      const shape = [cut.batch, cut.time + (f.at === 'slot' ? 1 : 0), ...dims as number[]];
      const made = given ? typed(given, f.dtype, `${source}.${name}`, shape) : implied(name, f.dtype, product(shape), cut, p, c.batch[`${source}.action`]);
      if (made) fields[`${source}.${name}`] = made;
    }
    return [source, cut];
  }));
  judgeNames(pageNamed(p), 'field', c.batch, Object.keys(p.d.page.sources).flatMap(source => Object.keys(p.d.page.world).map(name => `${source}.${name}`)));
  return { cuts, fields, ...(c.carry ? { carry: carryOf(p, c.carry, cuts) } : {}) };
}
const STEP = ['sizes', 'batch', 'weights', 'targets', 'slots', 'memory', 'carry', 'knobs', 'noise', 'order', 'counters', 'updates', 'seed', 'taps', 'engine'];
const pageNamed = (p: Plan) => `page ${p.d.page.name}`;
/** Knobs by `node.knob`, and the rate of a rule. */
function judgeKnobs({ d, ...p }: Plan, given: StepCase['knobs']): void {
  const own = Object.entries(d.page.nodes).filter(([, n]) => n.of === undefined).flatMap(([name]) => Object.keys((use(d, name).spec.knobs ?? {}) as object).map(k => `${name}.${k}`));
  judgeNames(pageNamed({ d, ...p }), 'knob', given, [...own, ...Object.keys(d.page.train).map(rule => `${rule}.lr`)]);
}
/** Sizes of the leading dims of a node in a batch; undefined where minibatches have rows of their own. */
function leadOf(p: Plan, node: string, cuts: Batch['cuts'], dims: readonly string[]): number[] | undefined {
  const [main = ''] = Object.keys(p.d.page.sources), box = p.boxes.get(node)!;
  const sizes = dims.map(dim => {
    const cut = cuts[dim.split('@')[1] ?? main]!;
    return base(dim) === 'batch' ? cut.batch : isTime(dim) ? Math.max(1, cut.time + (base(dim) === 'time' ? 0 : 1)) : box.size[dim] ?? p.sizes[dim] ?? p.d.page.dims[dim];
  });
  return sizes.some(n => n === undefined) ? undefined : sizes as number[];
}
function noiseOf(p: Plan, given: StepCase['noise'], cuts: Batch['cuts']): Record<string, Float32Array> | undefined {
  const all = new Map(Object.keys(p.d.page.nodes).flatMap(node => Object.entries((use(p.d, node).spec.noise ?? {}) as Record<string, Noise>).map(([key, noise]): [string, { node: string; noise: Noise }] => [`${node}.${key}`, { node, noise }])));
  judgeNames(pageNamed(p), 'noise', given, all.keys());
  const cutInParts = Object.values(p.d.page.sources).some(s => (s.minibatches ?? 1) > 1 || (s.cut === 'rollout' && s.length !== undefined));
  return given && Object.fromEntries(Object.entries(given).map(([k, x]) => {
    const { node, noise } = all.get(k)!, dims = [...(open(noise) ? p.boxes.get(node)!.lead : []), ...named(noise)], shape = cutInParts ? undefined : leadOf(p, node, cuts, dims);
    return [k, typed(x, 'f32', `noise ${k}`, shape ?? ('shape' in x ? x.shape : [x.length])) as Float32Array];
  }));
}
function carryOf(p: Plan, given: NonNullable<StepCase['carry']>, cuts: Batch['cuts']): Record<string, Float32Array> {
  judgeNames(pageNamed(p), 'recurrent node', given, [...p.boxes].filter(([, box]) => box.carry > 0).map(([node]) => node));
  return Object.fromEntries(Object.entries(given).map(([node, x]) => {
    const box = p.boxes.get(node)!, lead = leadOf(p, node, cuts, box.lead.filter(dim => !isTime(dim)));
    return [node, typed(x, 'f32', `carry of ${node}`, lead ? [...lead, box.carry] : 'shape' in x ? x.shape : [x.length]) as Float32Array];
  }));
}
function judgeTaps(p: Plan, taps: StepCase['taps'], { fields }: Batch): void {
  for (const wire of taps ?? []) {
    const type = typeOf(p.d, wire, p.types), { from, port } = parse(wire);
    if (typeof type === 'string') throw new InputError(`no tap on ${wire}: ${type}`, 'a wire as node.port, as the page writes it');
    if (from in p.d.page.sources && !(`${from}.${port}` in fields)) throw new InputError(`no tap on ${wire}: the batch has no ${from}.${port}`, 'give it in batch');
  }
}
/** Items in the order of each epoch's minibatches, and indices of a sweep. */
function judgeOrder(p: Plan, order: StepCase['order'], items: number): void {
  judgeNames('order', 'order', order, ['epochs', 'sweep']);
  const source = Object.values(p.d.page.sources)[0]!, over = Object.values(p.d.page.train).find(r => r.sweep)?.sweep?.over;
  if (order?.sweep && over === undefined) throw new InputError(`order.sweep: no rule of ${pageNamed(p)} sweeps`, 'leave it out');
  const { epochs = 1 } = source, most = isSchedule(epochs) ? Math.max(epochs.from, epochs.to) : epochs;
  if ((order?.epochs?.length ?? 0) > most) throw new InputError(`order.epochs has ${order!.epochs!.length} orders, and ${pageNamed(p)} makes ${most} epochs`, 'one order an epoch');
  const judge = (name: string, given: Int32Array, n: number) => { if ([...given].sort((a, b) => a - b).join() !== Array.from({ length: n }, (_, i) => i).join()) throw new InputError(`${name} is no order of ${n} items`, `each of 0 .. ${n - 1} once`); };
  order?.epochs?.forEach((given, i) => { judge(`order.epochs[${i}]`, given, items); });
  const n = over === undefined ? undefined : p.sizes[over] ?? p.d.page.dims[over], wrong = order?.sweep?.find((x, i, all) => !(x >= 0 && x < (n ?? Infinity)) || all.indexOf(x) !== i);
  if (wrong !== undefined) throw new InputError(`order.sweep: ${wrong} is no index of ${over}, or stands twice`, `some of 0 .. ${(n ?? 1) - 1}, each once`);
}
/** Fields that a runner makes: whole segments that begin an episode, all available and alive. */
function implied(name: string, dtype: DType, size: number, cut: { batch: number; time: number }, p: Plan, action: Given | undefined): TypedArray | undefined {
  const filled = (x: number) => new ARRAYS[dtype](size).fill(x), slots = cut.time + 1;
  if (['valid', 'weight', 'alive', 'avail'].includes(name)) return filled(1);
  if (['terminated', 'truncated', 'nextAction'].includes(name)) return filled(0);
  if (name === 'start') return filled(0).map((_, i) => (i % slots === 0 ? 1 : 0));
  const { agent = 1, action: actions = 1, id = 1 } = p.sizes;
  if (name === 'agentId') return agentIds(size / agent / id, agent, id);
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
  const p = plan(d, c.sizes), learner = new Learner(p, await engineOf(c.engine)), copies = c.sizes['batch'] ?? NaN, cuts = { [Object.keys(d.page.sources)[0]!]: { batch: copies, time: 1 } };
  judgeNames('evaluateAct', 'option', c, ['sizes', 'fields', 'weights', 'targets', 'memory', 'carry', 'knobs', 'noise', 'seed', 'counters', 'engine', 'best']);
  if (!(Number.isInteger(copies) && copies >= 1)) throw new InputError(`sizes: batch is ${c.sizes['batch'] ?? 'missing'}`, 'sizes: { ..., batch: n }, the copies that act');
  judgeNames(pageNamed(p), 'field', c.fields, Object.keys(d.page.world));
  judgeKnobs(p, c.knobs);
  const noise = noiseOf(p, c.noise, { [Object.keys(d.page.sources)[0]!]: { batch: copies, time: 0 } });
  const fields = Object.fromEntries(Object.entries(d.page.world).flatMap(([name, f]) => {
    const shape = [copies, 1, ...words(f.spec).map(w => p.sizes[w] ?? 0)], given = c.fields[name], made = given ? typed(given, f.dtype, name, shape) : implied(name, f.dtype, product(shape), { batch: copies, time: 0 }, p, undefined);
    return made ? [[name, made]] : [];
  }));
  const { action, carry } = await learner.act(stateOf(p, c), fields, copies, carryOf(p, c.carry ?? {}, cuts), { seed: c.seed ?? 1, counters: [0], ...(c.best === undefined ? {} : { best: c.best }), ...(c.knobs ? { knobs: c.knobs } : {}), ...(noise ? { noise } : {}) });
  learner.dispose();
  return { action: copy(action), carry };
}
