/**
 * What is inside every node: its single operations in the order in which they run, and which value enters which of them. One pass over zeros, watched
 * at the one place where TensorFlow.js runs a kernel. For pictures at levels 2 and 3.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { use } from '../core/definition.ts';
import { typeOf } from '../core/infer.ts';
import { Flow, type Feed } from '../core/flow.ts';
import { SCAN, type Scan } from '../core/layers.ts';
import type { NodeSpec } from '../core/node.ts';
import { plan as bound, type Plan } from '../core/plan.ts';
import { base, isTime, type Port } from '../core/port.ts';
import type { End, Part, Thread } from '../visualizer/view-graph.ts';

/** Items and transitions of the pass; shapes in a picture show the rows of one item of one transition as they are. */
const BATCH = 1, STEPS = 1;
/** What moves nothing and computes nothing. */
const SILENT = new Set(['Identity', 'Reshape', 'Cast', 'ExpandDims']);
/** What takes a weight apart, so that a gate's product reads its gate. */
const PART_OF_WEIGHT = new Set(['Unpack', 'Slice', 'StridedSlice', 'SplitV', 'Transpose']);

export interface Traced {
  readonly operations: { readonly parts: readonly Part[]; readonly threads: readonly Thread[] };
  /** Between ports and layers, over whatever is computed on the way. */
  readonly layers: readonly Thread[];
}
/** Where a value comes from, within its node: the port, weight or operation, and the ports and layers that it depends on without another layer between. */
interface Value { readonly at: End | { readonly weight: string }; readonly ends: readonly End[] }
interface Operation { readonly label: string; readonly shape: string; readonly layer: string | undefined; readonly weights: readonly string[]; readonly reads: readonly End[] }
type Tensors = Readonly<Record<string, Tensor>>;

const keyOf = (e: End) => ('port' in e ? `.${e.port}` : e.part);
const distinct = <T>(list: readonly T[], key: (x: T) => string): T[] => [...new Map(list.map(x => [key(x), x])).values()];
const threadKey = (t: Thread) => `${keyOf(t.from)} > ${keyOf(t.to)}`;

/** One node's pass, as far as it was seen. */
class Watched {
  readonly operations: Operation[] = []; readonly out: Thread[] = []; readonly layers: Thread[] = [];
  /** What its results are, ports and carry. */
  readonly results: End[] = [];
  constructor(readonly node: string) {}
  part(i: number | string): End { return { part: `${this.node}/${i}` }; }
  /** Those that a result depends on. */
  #needed(): ReadonlySet<number> {
    const at = new Map(this.operations.map((_, i) => [keyOf(this.part(i)), i])), seen = new Set<number>(), open = [...this.results];
    for (let e = open.pop(); e; e = open.pop()) {
      const i = at.get(keyOf(e));
      if (i !== undefined && !seen.has(i)) { seen.add(i); open.push(...this.operations[i]!.reads); }
    }
    return seen;
  }
  traced(): Traced {
    const needed = this.#needed(), kept = this.operations.map((o, i) => ({ ...o, id: `${this.node}/${i}` })).filter((_, i) => needed.has(i));
    const parts = kept.map(({ id, label, shape, layer, weights }): Part => {
      const of = weights.length ? weights.map(w => w.replace('/', '.')).join(' ') : layer;
      return { id, label, detail: shape, ...(of === undefined ? {} : { of }) };
    });
    return { operations: { parts, threads: distinct([...kept.flatMap(o => o.reads.map((from): Thread => ({ from, to: { part: o.id } }))), ...this.out], threadKey) }, layers: distinct(this.layers, threadKey) };
  }
}

/** Follows values through the kernels that run while it is on. Tensors of different ids may be the same data: a view keeps the origin of what it is a view of. */
class Watch {
  readonly found = new Map<string, Watched>();
  readonly #values = new Map<number, Value>();
  readonly #plan: Plan;
  #node = ''; #open: Watched | undefined; #layer: string | undefined;
  constructor(plan: Plan) { this.#plan = plan; }

  within<T>(node: string, run: () => T): T { this.#node = node; return run(); }
  weight(name: string, t: Tensor): Tensor {
    const [, layer = '', ...tensor] = name.split('/');
    this.#values.set(t.id, { at: { weight: [layer, ...tensor].join('/') }, ends: [{ part: `${this.#node}/${layer}` }] });
    return t;
  }
  /** A kernel has run. Outside of a node's function only views of weights are followed. */
  #ran(name: string, inputs: readonly Tensor[], out: readonly Tensor[]): void {
    const read = inputs.flatMap(t => this.#values.get(t.id) ?? []), node = this.#open, [first] = read, weight = first !== undefined && 'weight' in first.at;
    if (!node || SILENT.has(name) || (weight && PART_OF_WEIGHT.has(name))) {
      if (first && (node || weight)) for (const t of out) this.#values.set(t.id, first);
      return;
    }
    const layer = this.#layer, here = layer === undefined ? undefined : node.part(layer), ends = distinct(read.flatMap(v => v.ends), keyOf), at = node.part(node.operations.length);
    if (here) for (const from of ends) if (keyOf(from) !== keyOf(here)) node.layers.push({ from, to: here });
    node.operations.push({
      label: name.replace(/^_?FusedMatMul$/, 'MatMul').replace(/^BatchMatMul$/, 'MatMul'), shape: `[${(out[0]?.shape ?? []).join(' ')}]`, layer,
      weights: [...new Set(read.flatMap(v => ('weight' in v.at ? [v.at.weight] : [])))], reads: distinct(read.flatMap(v => ('weight' in v.at ? [] : [v.at])), keyOf),
    });
    for (const t of out) this.#values.set(t.id, { at, ends: here ? [here] : ends });
  }
  /** Of steps over time one is shown: all are alike. */
  #scanned(inputs: readonly Tensor[], { step, carries, read }: Scan): Tensor[] {
    const first = inputs.slice(0, carries), xs = inputs.slice(carries, inputs.length - read.length), from = (t: Tensor, origin: Tensor) => { const v = this.#values.get(origin.id); if (v) this.#values.set(t.id, v); return t; }, unseen = <T>(f: () => T): T => { const open = this.#open; this.#open = undefined; try { return f(); } finally { this.#open = open; } };
    const slots = xs.map(x => from(unseen(() => tf.squeeze(tf.slice(x, x.shape.map(() => 0), [1, ...x.shape.slice(1)]), [0])), x)), done = step(first, slots), length = xs[0]!.shape[0]!;
    return [...done.carry, ...[...done.out, ...first].map(x => from(unseen(() => tf.stack(Array.from({ length }, () => x))), x))];
  }
  /** While `run` runs, every kernel is seen. */
  on(run: () => void): void {
    const engine = tf.engine(), plain = engine.runKernel.bind(engine) as (name: string, inputs: Tensors, attrs?: unknown) => Tensor | Tensor[], backend = tf.getBackend(), own = tf.getKernel(SCAN, backend) === undefined;
    if (own) tf.registerKernel({ kernelName: SCAN, backendName: backend, kernelFunc: () => { throw new Error('steps over time run where they are watched'); } });
    const seen = (name: string, inputs: Tensors, attrs?: unknown): Tensor | Tensor[] => {
      if (name === SCAN) return this.#scanned(Object.values(inputs), attrs as Scan);
      const out = plain(name, inputs, attrs);
      this.#ran(name, Object.values(inputs).flat().filter((t): t is Tensor => t instanceof tf.Tensor), Array.isArray(out) ? out : [out]);
      return out;
    };
    Object.assign(engine, { runKernel: seen });
    try { run(); } finally {
      Reflect.deleteProperty(engine, 'runKernel');
      if (own) tf.unregisterKernel(SCAN, backend);
    }
  }

  /** The node with its function watched, the first time that it runs: of a node that runs for one agent after another, the first of them. */
  spec(spec: NodeSpec): NodeSpec {
    const forward = spec.forward as ((...a: unknown[]) => Tensors) | undefined, step = spec.step as ((...a: unknown[]) => Tensors) | undefined;
    return {
      ...spec,
      ...(forward ? { forward: ((inputs: Tensors, layers: Readonly<Record<string, unknown>>, ...rest: unknown[]) => this.#watched(inputs, layers, (x, l) => forward(x, l, ...rest))) as never } : {}),
      ...(step ? { step: ((inputs: Tensors, carry: Tensor, layers: Readonly<Record<string, unknown>>, ...rest: unknown[]) => this.#watched(inputs, layers, (x, l) => step(x, carry, l, ...rest))) as never } : {}),
    } as NodeSpec;
  }
  #watched(inputs: Tensors, layers: Readonly<Record<string, unknown>>, run: (inputs: Tensors, layers: Readonly<Record<string, unknown>>) => Tensors): Tensors {
    if (this.found.has(this.#node)) return run(inputs, layers);
    const node = new Watched(this.#node), ports = new Set(this.#plan.boxes.get(this.#node)!.inputs.map(i => i.key));
    const tagged = Object.fromEntries(Object.entries(inputs).map(([key, t]) => { const own = tf.clone(t), port = { port: key }; if (ports.has(key)) this.#values.set(own.id, { at: port, ends: [port] }); return [key, own]; }));
    const told = Object.fromEntries(Object.entries(layers).map(([key, layer]) => [key, typeof layer === 'function' ? (...given: unknown[]) => { const outer = this.#layer; this.#layer = key; try { return (layer as (...a: unknown[]) => unknown)(...given); } finally { this.#layer = outer; } } : layer]));
    this.found.set(this.#node, node);
    this.#open = node;
    try {
      const out = run(tagged, told), named = new Set(Object.keys(use(this.#plan.d, node.node).spec.out as Record<string, Port>));
      for (const [port, t] of Object.entries(out)) {
        const v = this.#values.get(t.id);
        if (v && !('weight' in v.at)) node.results.push(v.at);
        if (!v || !named.has(port)) continue;
        if (!('weight' in v.at)) node.out.push({ from: v.at, to: { port } });
        for (const from of v.ends) node.layers.push({ from, to: { port } });
      }
      return out;
    } catch (e) { this.found.delete(node.node); throw e; } finally { this.#open = undefined; }
  }
}

/** By node. A backend of TensorFlow.js must be loaded: open an engine first. */
export function operationsOf(given: Plan): ReadonlyMap<string, Traced> {
  const watch = new Watch(given), specs = new Map([...given.d.specs].map(([type, spec]) => [type, watch.spec(spec as NodeSpec)]));
  const d = { ...given.d, page: { ...given.d.page }, specs }, plan = bound(d, given.sizes), flow = new Flow(plan, 'learn');
  const zeros = (dims: readonly string[], dtype: string) => tf.zeros(dims.map(x => (base(x) === 'batch' ? BATCH : isTime(x) ? STEPS + Number(base(x) === 'time+1') : plan.sizes[x] ?? plan.sizes[base(x)] ?? d.page.dims[x] ?? 1)), dtype === 'f32' ? 'float32' : dtype === 'i32' ? 'int32' : 'bool');
  const wire = (text: string) => { const t = typeOf(d, text, plan.types); return typeof t === 'string' ? tf.scalar(0) : zeros(t.dims, t.dtype); };
  const feed: Feed = {
    field: (source, port) => wire(`${source}.${port}`), once: text => wire(text), memory: (name, key) => tf.onesLike(wire(`${name}.${key}`)), knob: () => tf.scalar(0.5),
    weight: name => { const s = plan.slices.find(x => x.name === name)!; return watch.weight(name, tf.zeros([...s.shape])); },
    noise: (_, __, ___, shape) => tf.fill([...shape], 0.5), carry: () => undefined, leave: () => undefined, restarts: () => false,
    within: (name, run) => watch.within(name, run),
  };
  const texts = [...plan.boxes.keys()].flatMap(n => Object.keys(use(d, n).spec.out as Record<string, Port>).slice(0, 1).map(k => `${n}.${k}`));
  watch.on(() => { tf.tidy(() => { flow.pull(texts, feed); }); });
  return new Map([...watch.found].map(([n, w]) => [n, w.traced()]));
}
