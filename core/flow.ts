/**
 * A page as streams. One wire is one cold, shared Observable<Tensor>; a node is an operator over the zip of its inputs. Subscribing to a wire
 * is asking for it, so exactly the nodes upstream of a subscription run: the learning slice is what the losses ask for, the acting slice what
 * `act` asks for, a tap one subscription more. One push of a pass flows through synchronously; each node fires once.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { map, type Observable, share, Subject, zip } from 'rxjs';
import { owner, parse, use } from './definition.ts';
import { typeOf, type Typed } from './infer.ts';
import { steps, type Over } from './layers.ts';
import type { Config, Noise, NodeSpec } from './node.ts';
import type { Box, Plan } from './plan.ts';
import { base, canonical, isTime, named, open, withDim, type Port } from './port.ts';

/** What one pass gets from outside; asking for a thing makes it an input of the program. */
export interface Feed {
  field(source: string, port: string): Tensor;
  weight(slice: string, kind: 'online' | 'lagged'): Tensor;
  knob(node: string, key: string): Tensor;
  noise(node: string, key: string, noise: Noise, shape: readonly number[]): Tensor;
  memory(name: string, key: string): Tensor;
  /** A wire computed once per batch, over the rows of this pass. */
  once(text: string): Tensor;
  /** Carry of a node before the first slot, [...leading dims without time, width]; undefined starts from zeros. */
  carry(node: string, shape: readonly number[]): Tensor | undefined;
  leave(node: string, carry: Tensor): void;
  /** These nodes go over time in pieces of so many slots, and tell what they carry into each of the first `count`: [batch, count, ...]. */
  readonly pieces?: { readonly nodes: ReadonlySet<string>; readonly length: number; readonly count: number; begin(node: string, carry: Tensor): void };
  /** Do episodes start inside the segments of this source? If not, carries run through. */
  restarts(source: string): boolean;
  within?: (<T>(node: string, run: () => T) => T) | undefined;
  readonly sweep?: { readonly dim: string; readonly index: Tensor; readonly nodes: ReadonlySet<string> };
}
type Values = Record<string, Tensor>;
interface Wired { readonly t: Tensor; readonly dims: readonly string[] }

/** Runs without the tape: nothing made in here takes or passes a gradient, and none of the work for one is done. */
function untaped<T>(f: () => T): T {
  const { state } = tf.engine();
  state.kernelDepth++;
  try { return f(); } finally { state.kernelDepth--; }
}
/** The same values, without a gradient. */
export const detach = <T extends Tensor>(x: T): T => untaped(() => tf.clone(x));

const permute = (x: Wired, to: readonly string[]): Tensor => {
  const order = to.map(dim => x.dims.indexOf(dim));
  return order.every((from, i) => from === i) ? x.t : tf.transpose(x.t, order);
};
const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
/** One index of an axis; the axis stays, with size 1. A masked sum, because gather has no gradient on every backend. */
const only = (x: Tensor, axis: number, index: Tensor): Tensor => {
  const n = x.shape[axis]!, here = tf.equal(tf.range(0, n, 1, 'int32'), index), mask = tf.reshape(tf.cast(here, x.dtype), x.shape.map((_, i) => (i === axis ? n : 1)));
  return tf.sum(tf.mul(x, mask), axis, true);
};
const at = (x: Wired, dim: string, i: number): Wired => {
  const axis = x.dims.indexOf(dim);
  if (axis < 0) return x;
  const begin = x.dims.map((_, k) => (k === axis ? i : 0)), shape = x.t.shape.map((n, k) => (k === axis ? 1 : n));
  return { t: tf.squeeze(tf.slice(x.t, begin, shape), [axis]), dims: x.dims.filter(d => d !== dim) };
};

type Slot = 'now' | 'next';
/** All slots but the last, or but the first. */
const shifted = (x: Tensor, axis: number, which: Slot): Tensor => tf.slice(x, x.shape.map((_, i) => (i === axis && which === 'next' ? 1 : 0)), x.shape.map((n, i) => (i === axis ? n - 1 : n)));

const made = ({ type }: NodeSpec, out: Values, key: string): Tensor => { const t = out[key]; if (!t) throw new Error(`${type} gives no ${key}`); return t; };
const cached = <V>(table: Map<string, V>, key: string, make: () => V): V => { const value = table.get(key) ?? make(); table.set(key, value); return value; };

/** What a node's rows carry in, and what takes the carry that its layers or steps leave. */
interface Carried { readonly before: Tensor; readonly alive: Tensor | undefined; keep(h: Tensor, at?: number): void; left(): Wired }
interface Incoming { readonly key: string; readonly open: boolean; readonly named: readonly string[]; readonly v: Wired }
/** What a node gives by port, and the carry that it leaves. */
type Given = Readonly<Record<string, Wired>>;
const CARRY = '#carry';
interface Firing { readonly name: string; readonly spec: NodeSpec; readonly config: Config; readonly per: string | undefined; readonly box: Box; readonly feed: Feed; readonly knobs: Values; readonly size: Readonly<Record<string, number>> }
type Which = number | 'all' | undefined;                               // under `per`: one index, or all of them, whose rows then come index by index
/** A layer was given something else than the rows of its node, so which index that belongs to is not known. */
const ASTRAY = new Error('not the rows of the node');

export class Flow {
  readonly plan: Plan;
  readonly stage: 'once' | 'learn' | 'act';
  readonly #pass$ = new Subject<Feed>();
  readonly #wires = new Map<string, Observable<Tensor>>();
  readonly #nodes = new Map<string, Observable<Values>>(); readonly #later = new Map<string, boolean>(); readonly #astray = new Set<string>();
  constructor(plan: Plan, stage: Flow['stage']) { this.plan = plan; this.stage = stage; }

  /** Pushes one pass and returns the wires asked for. A program is asked for once when it is traced, and run without streams from then on. */
  pull(texts: readonly string[], feed: Feed): Tensor[] {
    const out: Tensor[] = [], failed: unknown[] = [];
    // without an error callback RxJS would rethrow later, from a timer, and leave holes in `out`
    const subscriptions = texts.map((text, i) => this.#wire$(text).subscribe({ next: x => { out[i] = x; }, error: e => { failed.push(e); } }));
    this.#pass$.next(feed);
    for (const s of subscriptions) s.unsubscribe();
    if (failed.length) throw failed[0];
    return out;
  }

  #wire$(text: string): Observable<Tensor> { return cached(this.#wires, text, () => this.#made$(text).pipe(share())); }
  #made$(text: string): Observable<Tensor> {
    const cut = text.lastIndexOf(' | '), { from, port } = parse(text), { page } = this.plan.d;
    if (this.stage === 'learn' && cut >= 0 && cut === text.indexOf(' | once')) return this.#pass$.pipe(map(feed => feed.once(text)));
    if (cut >= 0) return this.#operator(text.slice(0, cut), text.slice(cut + 3));
    if (from in page.sources) return this.#pass$.pipe(map(feed => feed.field(from, port)));
    if (from in page.memory) return this.#pass$.pipe(map(feed => feed.memory(from, port)));
    return this.#node$(from).pipe(map(out => out[port]!));
  }

  #operator(inner: string, op: string): Observable<Tensor> {
    const { d, types, sizes } = this.plan, type = typeOf(d, inner, types) as Typed, axis = type.dims.findIndex(x => base(x) === 'time+1'), { from, port } = parse(inner);
    if ((op === 'now' || op === 'next') && inner === `${from}.${port}` && this.#apart(from)) return this.#node$(from, op).pipe(map(out => out[port]!));
    return this.#wire$(inner).pipe(map(x => {
      if (op === 'stop') return detach(x);
      if (op === 'once' || (this.stage === 'act' && !op.startsWith('each '))) return x;      // here, where it is computed; acting has one slot, the present one
      if (op === 'now' || op === 'next') return shifted(x, axis, op);
      const dim = op.slice('each '.length), dims = withDim(type.dims, dim), to = dims.indexOf(dim), n = d.page.dims[dim] ?? sizes[dim]!;
      const repeated = tf.tile(tf.expandDims(x.dtype === 'bool' ? tf.cast(x, 'int32') : x, to), dims.map((_, i) => (i === to ? n : 1)));
      return x.dtype === 'bool' ? tf.cast(repeated, 'bool') : repeated;
    }));
  }

  /** Do its slots know nothing of each other? Then those are computed that somebody reads. */
  #apart(name: string): boolean {
    const box = this.plan.boxes.get(name);
    if (this.stage === 'act' || box?.carry !== 0) return false;
    const { noise = {}, out } = use(this.plan.d, name).spec;
    return box.inputs.every(i => open(i.port) || !i.dims.some(isTime)) && Object.values({ ...out as Record<string, Port>, ...noise as Record<string, Noise> }).every(open);
  }
  /** With `slot`, on that one of all that it reads. */
  #node$(name: string, slot?: Slot): Observable<Values> {
    return cached(this.#nodes, `${name} ${slot ?? ''}`, () => {
      const inputs = this.plan.boxes.get(name)!.inputs.map(i => this.#wire$(slot && i.dims.some(x => base(x) === 'time+1') ? `${i.text} | ${slot}` : i.text));
      return zip([this.#pass$, ...inputs] as [Subject<Feed>, ...Observable<Tensor>[]]).pipe(map(([feed, ...xs]) => this.#fire(name, feed, xs, slot)), share());
    });
  }

  #fire(name: string, feed: Feed, xs: readonly Tensor[], slot?: Slot): Values {
    try {
      const run = () => this.#run(name, feed, xs, slot), body = () => (feed.within ? feed.within(name, run) : run());
      return this.plan.d.page.nodes[name]!.role === 'target' ? untaped(body) : body();
    } catch (e) {
      const shapes = this.plan.boxes.get(name)!.inputs.map((i, k) => `${i.key} [${xs[k]!.shape.join(', ')}]`).join(', ');
      throw new Error(`node ${name} (${use(this.plan.d, name).spec.type}): ${e instanceof Error ? e.message : String(e)}; inputs ${shapes || 'none'}`, { cause: e });
    }
  }

  #run(name: string, feed: Feed, xs: readonly Tensor[], slot?: Slot): Values {
    const { d, boxes } = this.plan, box = boxes.get(name)!, { spec, per, config } = use(d, name), size: Record<string, number> = Object.assign(Object.create(null) as Record<string, number>, box.size), own = owner(d.page, name);
    const incoming: Incoming[] = box.inputs.map((entry, k) => {
      let t = entry.port.still && entry.port.dtype === 'f32' ? detach(xs[k]!) : xs[k]!;
      const { sweep } = feed, axis = sweep?.nodes.has(name) ? entry.dims.indexOf(sweep.dim) : -1;
      if (sweep && axis >= 0) t = only(t, axis, sweep.index);
      entry.dims.forEach((dim, i) => { if (box.lead.includes(dim) || isTime(dim) || base(dim) === 'batch' || dim === sweep?.dim) { size[dim] = t.shape[i]!; if (base(dim) !== dim) size[base(dim)] = t.shape[i]!; } });
      return { key: entry.key, open: open(entry.port), named: entry.named, v: { t, dims: entry.dims } };
    });
    for (const [key, noise] of Object.entries((spec.noise ?? {}) as Record<string, Noise>)) {
      const words = named(noise), dims = [...(open(noise) ? box.lead : []), ...words], axis = slot ? dims.findIndex(x => base(x) === 'time+1') : -1;
      const all = feed.noise(name, key, noise, dims.map((x, i) => (i === axis ? size[x]! + 1 : size[x]!)));      // drawn for all slots, whichever are asked for
      incoming.push({ key, open: open(noise), named: words, v: { dims, t: slot && axis >= 0 ? shifted(all, axis, slot) : all } });
    }
    const knobs = Object.fromEntries(Object.keys((spec.knobs ?? {}) as object).map(k => [k, feed.knob(own, k)]));
    const firing: Firing = { name, spec, config, per, box, feed, knobs, size }, out = feed.pieces?.nodes.has(name) ? this.#pieces(firing, incoming, feed.pieces) : this.#given(firing, incoming);
    if (out[CARRY]) feed.leave(name, detach(permute(out[CARRY], [...box.lead.filter(x => !isTime(x)), CARRY])));
    return Object.fromEntries(Object.keys(spec.out as object).map(key => [key, permute(out[key]!, canonical(out[key]!.dims))]));
  }

  #given(f: Firing, incoming: readonly Incoming[]): Given { return f.per === undefined ? this.#rows(f, incoming, undefined) : this.#each(f, incoming, f.per); }
  /** Piece by piece of time, each from what the one before it left. */
  #pieces(f: Firing, incoming: readonly Incoming[], { length, count, begin }: NonNullable<Feed['pieces']>): Given {
    const { box, size, feed } = f, time = box.lead.find(isTime)!, own = box.lead.filter(x => x !== time), shape = [...own.map(x => size[x]!), box.carry], all = size[time]!, begins: Tensor[] = [], parts: Given[] = [];
    const piece = (x: Wired, from: number, n: number): Wired => { const axis = x.dims.indexOf(time); return axis < 0 ? x : { ...x, t: tf.slice(x.t, x.dims.map((_, i) => (i === axis ? from : 0)), x.t.shape.map((m, i) => (i === axis ? n : m))) }; };
    for (let from = 0, carry = feed.carry(f.name, shape) ?? tf.zeros(shape); from < all; from += length) {
      const n = Math.min(length, all - from), before = carry, sizes = Object.assign(Object.create(null) as Record<string, number>, size, { [time]: n, [base(time)]: n });
      const later: Feed = { ...feed, carry: () => before, field: (source, port) => { const x = feed.field(source, port); return port === 'start' ? tf.slice(x, [0, from], [-1, -1]) : x; } };
      const part = this.#given({ ...f, size: sizes, feed: later }, incoming.map(i => ({ ...i, v: piece(i.v, from, n) })));
      begins.push(before); parts.push(part);
      carry = permute(part[CARRY]!, [...own, CARRY]);
    }
    begin(f.name, tf.stack(begins.slice(0, count), 1));
    return Object.fromEntries(Object.entries(parts.at(-1)!).map(([key, { t, dims }]) => {
      const axis = dims.indexOf(time), list = parts.map(p => p[key]!.t);
      return [key, { dims, t: key === CARRY ? t : axis < 0 ? tf.mean(tf.stack(list), 0) : tf.concat(list, axis) }];
    }));
  }
  /** All indices of `per` at once, one product for all of them, where every layer takes the tensors of all and every port is one of rows; else one by one. */
  #each(f: Firing, incoming: readonly Incoming[], per: string): Given {
    const layers = Object.values(f.box.layers ?? {}), rowwise = incoming.every(i => i.open || !i.v.dims.length) && Object.values(f.spec.out as Record<string, Port>).every(open);
    if (rowwise && layers.length && layers.every(l => l.stacked) && !this.#astray.has(f.name)) try { return this.#rows(f, incoming, 'all'); } catch (e) {
      if (e !== ASTRAY) throw e;
      this.#astray.add(f.name);
    }
    return this.#joined(f.spec, per, Array.from({ length: f.size[per]! }, (_, i) => this.#rows(f, incoming.map(x => (x.open ? { ...x, v: at(x.v, per, i) } : x)), i)));
  }
  /** What a node gives along a dim; of what has no leading dims the mean. */
  #joined(spec: NodeSpec, dim: string, parts: readonly Given[]): Given {
    return Object.fromEntries(Object.entries(parts[0]!).map(([key, { dims }]) => {
      const all = tf.stack(parts.map(p => p[key]!.t)), port = (spec.out as Record<string, Port>)[key];
      return [key, port && !open(port) ? { t: tf.mean(all), dims } : { t: all, dims: [dim, ...dims] }];
    }));
  }

  /** Leading dims flattened to rows, `forward` or the steps over them, and back. Time stands first where something carries over it. */
  #rows(f: Firing, incoming: readonly Incoming[], which: Which): Given {
    const { spec, config, box, knobs, size } = f, many = which === 'all' ? [f.per!] : [], lead = box.lead.filter(x => x !== f.per), time = box.carry ? lead.find(isTime) : undefined, own = lead.filter(x => x !== time), over = time === undefined ? [] : [time];
    // a layer that carries goes over the slots of each index, steps of a node over all indices of each slot
    const order = spec.step ? [...over, ...many, ...own] : [...many, ...over, ...own], shape = (dims: readonly string[]) => dims.map(x => size[x]!), length = time === undefined ? 1 : size[time]!, rows = product(shape(order)), read: Tensor[] = [];
    const carried = box.carry ? this.#carry(f, time, own, many, which) : undefined, layers = this.#bind(f, which, spec.step ? rows / length : rows, length, carried, read);
    const x: Values = { ...knobs, ...Object.fromEntries(incoming.map(i => {
      const t = permute(i.v, [...(i.open ? order : []), ...i.named]);
      return [i.key, i.open ? tf.reshape(t, [rows, ...t.shape.slice(order.length)]) : t];
    })) }, about = [layers, config, size] as [never, never, never];
    const out = spec.step ? this.#stepped(spec, x, incoming, length, product(shape(many)), carried!, read, (slot, h) => spec.step!(slot as never, h, ...about) as Values) : spec.forward!(x as never, ...about) as Values;
    const given = Object.fromEntries(Object.entries(spec.out as Record<string, Port>).map(([key, port]) => {
      const t = made(spec, out, key), words = named(port).map(w => box.bound[w] ?? w);
      return [key, open(port) ? { t: tf.reshape(t, [...shape(order), ...t.shape.slice(1)]), dims: [...order, ...words] } : { t, dims: words }];
    }));
    return carried ? { ...given, [CARRY]: carried.left() } : given;
  }
  /** The steps of a node over rows of all slots, time first: rows of all slots, and of what has none the mean. */
  #stepped(spec: NodeSpec, x: Values, incoming: readonly Incoming[], length: number, many: number, { before, alive, keep }: Carried, weights: readonly Tensor[], step: (x: Values, h: Tensor) => Values): Values {
    const ports = Object.entries(spec.out as Record<string, Port>), rows = incoming.filter(i => i.open).map(i => i.key), fixed = incoming.filter(i => !i.open).map(i => x[i.key]!), slots = (t: Tensor) => tf.reshape(t, [length, t.shape[0]! / length, ...t.shape.slice(1)]);
    const { carry, out } = steps([before], [...rows.map(key => x[key]!), ...(alive ? [alive] : [])].map(slots), ([h], now) => {
      const done = step({ ...x, ...Object.fromEntries(rows.map((key, i) => [key, now[i]!])) }, alive ? tf.mul(h!, tf.tile(now.at(-1)!, [many, 1])) : h!);
      return { carry: [made(spec, done, 'carry')], out: ports.map(([key]) => made(spec, done, key)) };
    }, false, [...weights, ...fixed]);
    keep(carry[0]!);
    return Object.fromEntries(ports.map(([key, port], i) => [key, open(port) ? tf.reshape(out[i]!, [-1, ...out[i]!.shape.slice(2)]) : tf.mean(out[i]!)]));
  }
  /** Does a node over `time` see the later slot of each transition alone (all its wires went through `next`)? */
  #ahead(name: string): boolean {
    const over = () => this.plan.boxes.get(name)!.inputs.filter(i => i.dims.some(x => base(x) === 'time')).map(i => parse(i.text));
    return cached(this.#later, name, () => over().length > 0 && over().every(({ from, via }) => via.includes('next') || (!via.includes('now') && this.plan.boxes.has(from) && this.#ahead(from))));
  }
  /** The carry of a node's rows, and where episodes start in those that one index has. */
  #carry({ name, box, feed, size, per }: Firing, time: string | undefined, own: readonly string[], many: readonly string[], which: Which): Carried {
    const whole = box.lead.filter(x => !isTime(x)), width = box.carry, shape = (dims: readonly string[]) => dims.map(x => size[x]!), rows = [...many, ...own], n = product(shape(rows)), given = feed.carry(name, [...shape(whole), width]);
    const all = given && { t: given, dims: [...whole, CARRY] }, mine = all && (typeof which === 'number' ? at(all, per!, which) : all);
    const source = time?.split('@')[1] ?? Object.keys(this.plan.d.page.sources)[0]!, after = new Map<number, Tensor>();
    let alive: Tensor | undefined;
    if (time !== undefined && feed.restarts(source)) {
      const start = feed.field(source, 'start'), live = tf.transpose(tf.sub(1, tf.cast(tf.slice(start, [0, this.#ahead(name) ? 1 : 0], [-1, size[time]!]), 'float32')), [1, 0]), others = product(shape(own.filter(x => base(x) !== 'batch')));
      alive = tf.reshape(tf.tile(tf.expandDims(live, 2), [1, 1, others]), [size[time]! * product(shape(own)), 1]);
    }
    return {
      before: mine ? tf.reshape(permute(mine, [...rows, CARRY]), [n, width]) : tf.zeros([n, width]), alive,
      keep: (h, from = 0) => { after.set(from, h); },
      left: () => ({ t: tf.reshape(tf.concat([...after].sort(([a], [b]) => a - b).map(([, x]) => x), 1), [...shape(rows), width]), dims: [...rows, CARRY] }),
    };
  }

  #bind({ name, box, feed }: Firing, which: Which, rows: number, length: number, carried: Carried | undefined, read: Tensor[]): Record<string, unknown> {
    const { page } = this.plan.d, { role } = page.nodes[name]!, own = owner(page, name), bound: Record<string, unknown> = {};
    let from = 0;
    for (const [layer, l] of Object.entries(box.layers ?? {})) {
      const tensors = Object.fromEntries(Object.keys(l.tensors).map(tensor => {
        const whole = feed.weight(`${own}/${layer}/${tensor}`, role === 'target' ? 'lagged' : 'online'), w = role === 'frozen' ? detach(whole) : whole;
        return [tensor, typeof which === 'number' ? tf.squeeze(tf.slice(w, [which], [1]), [0]) : w];
      }));
      const width = l.carry ?? 0, begin = from;
      read.push(...Object.values(tensors));
      from += width;
      const over: Over = {
        length, alive: carried?.alive,
        get carry() { return width && carried ? (width === box.carry ? carried.before : tf.slice(carried.before, [0, begin], [-1, width])) : tf.zeros([0]); },
        leave: h => { carried?.keep(h, begin); },
      };
      const f = l.bind(tensors, over) as (x: Tensor) => Tensor;
      bound[layer] = which !== 'all' ? f : (x: Tensor) => { if (x.shape[0] !== rows) throw ASTRAY; return f(x); };
    }
    return bound;
  }
}
