/**
 * The programs of a page, each a pure function of named inputs: what is computed once per batch, one pass of some train rules, an acting step.
 * Run with real tensors they are the reference; traced, they are what a compiling engine builds.
 *
 * Inputs: `w.<slice>` `lag.<slice>` `arena.<rule>` `m.<rule>` `v.<rule>` `rate.<rule>` `eps.<rule>` `weight.<rule>.<i>` `mask.<rule>` `clipNorm.<rule>` `clipEach.<rule>`
 * `knob.<node>.<key>` `noise.<node>.<key>` `memory.<name>.<key>` `field.<source>.<field>` `once.<i>` `carry.<node>` `piece.<node>` `rows` `sweep`
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { parse, use } from './definition.ts';
import { digest, structuralHash } from './describe.ts';
import type { Input, Program } from './engine.ts';
import { Flow, type Feed } from './flow.ts';
import { typeOf, type Typed } from './infer.ts';
import { clipFactor, optimise, slotsOf } from './optimiser.ts';
import type { Plan, Rule } from './plan.ts';
import { base, isTime, words, type DType, type Port } from './port.ts';
import { topology, upstream } from './topology.ts';

/** Items and transitions of each source of a batch; its slot fields have one slot more. */
export interface Cut { readonly batch: number; readonly time: number }
export type Cuts = Readonly<Record<string, Cut>>;
export interface OnceShape { readonly shape: readonly number[]; readonly dtype: DType }
export interface PassOptions {
  readonly cuts: Cuts; readonly once: readonly OnceShape[];
  /** Rows of a minibatch; undefined for the whole batch. */
  readonly rows?: number;
  /** Writes memory and priorities. */
  readonly first: boolean;
  /** A rollout brings the carries of its first slot. */
  readonly carries: boolean;
  readonly taps?: readonly string[]; readonly gradients?: boolean;
}

export class Programs {
  readonly plan: Plan;
  /** The source that epochs and minibatches cut. */
  readonly main: string;
  readonly #key: string;
  constructor(plan: Plan) {
    this.plan = plan;
    this.main = Object.keys(plan.d.page.sources)[0]!;
    this.#key = `${structuralHash(plan.d)}/${digest([plan.slices.map(s => s.name), plan.once, Object.entries(plan.sizes).map(([k, n]) => `${k}=${n}`).sort()])}`;    // the same page written in another order has another arena
  }

  /** Steps of the pieces that a rollout of so many is cut into for the passes; undefined where sequences stay whole, or nothing is unrolled. */
  piece(time: number): number | undefined {
    const { cut, length } = this.plan.d.page.sources[this.main]!;
    return cut === 'rollout' && length !== undefined && length < time && !this.plan.timeFree ? length : undefined;
  }
  /** Items that minibatches share out: transitions, pieces or sequences. */
  items({ batch, time }: Cut): number { return this.plan.timeFree && (this.plan.d.page.sources[this.main]!.minibatches ?? 1) > 1 ? batch * time : batch * time / (this.piece(time) ?? time); }

  /** What `once` asks for, over the whole batch; and where passes are of pieces, what is carried into each: `piece.<node>`. */
  once(cuts: Cuts, carries: boolean): Program {
    const flow = new Flow(this.plan, 'once'), { time } = cuts[this.main]!, length = this.piece(time), nodes = length === undefined ? [] : this.plan.carrying.filter(n => this.#ownTime(n)), begins: Record<string, Tensor> = {};
    const pieces: Feed['pieces'] = length === undefined ? undefined : { nodes: new Set(nodes), length, count: time / length, begin: (node, h) => { begins[`piece.${node}`] = h; } };
    return { key: `${this.#key}/once/${JSON.stringify([cuts, carries, length])}`, run: input => {
      const out = flow.pull([...this.plan.once, ...nodes.map(n => this.#oneWire(n))], this.#feed(input, cuts, { carries, ...(pieces ? { pieces } : {}) }));
      return { ...Object.fromEntries(this.plan.once.map((_, i) => [`once.${i}`, out[i]!])), ...begins };
    } };
  }
  #oneWire(node: string): string { return `${node}.${Object.keys(use(this.plan.d, node).spec.out as object)[0]!}`; }
  /** Does a node go over the time of the source that minibatches are of? */
  #ownTime(node: string): boolean { const { lead } = this.plan.boxes.get(node)!; return lead.some(isTime) && !lead.some(x => x.includes('@')); }

  /** One pass of some rules: losses, gradients, optimiser; all of them see the weights that the pass began with. */
  pass(rules: readonly string[], options: PassOptions): Program {
    const flow = new Flow(this.plan, 'learn');
    return { key: `${this.#key}/pass/${rules.join()}/${JSON.stringify(options)}`, run: input => {
      const out: Record<string, Tensor> = {};
      try { rules.forEach((name, i) => { this.#rule(this.plan.rules.get(name)!, flow, input, options, i === 0, out); }); } catch (e) {
        for (const t of Object.values(out)) t.dispose();                    // losses and taps that were kept for the end
        throw e;
      }
      return out;
    } };
  }

  #rule(rule: Rule, flow: Flow, input: Input, options: PassOptions, leads: boolean, out: Record<string, Tensor>): void {
    const { page } = this.plan.d, spec = page.train[rule.name]!, side: [string, string][] = [...(leads ? this.#side(options) : []), ...(spec.until ? [[`until.${rule.name}`, spec.until.wire] as [string, string]] : [])];
    const sweep = spec.sweep && { dim: spec.sweep.over, index: input('sweep', [1], 'i32'), nodes: new Set(spec.losses.map(l => parse(l.loss).from)) };
    const rows = options.rows === undefined ? undefined : input('rows', [options.rows], 'i32');
    const views = rule.slices.map(s => input(`w.${s.name}`, s.shape, 'f32'));
    const total = () => {
      const feed = this.#feed(input, options.cuts, { carries: options.carries, once: options.once, ...(rows ? { rows } : {}), ...(sweep ? { sweep } : {}), piece: this.piece(options.cuts[this.main]!.time) });
      const values = flow.pull([...rule.losses, ...side.map(([, text]) => text)], feed);
      side.forEach(([name], i) => { out[name] = tf.keep(tf.clone(values[rule.losses.length + i]!)); });
      return rule.losses.map((_, i) => {
        const loss = tf.reshape(values[i]!, []), weight = spec.losses[i]?.weight ?? 1;
        out[`loss.${rule.name}.${i}`] = tf.keep(tf.clone(loss));
        return weight === 1 ? loss : tf.mul(loss, input(`weight.${rule.name}.${i}`, [], 'f32'));
      }).reduce((a, b) => tf.add(a, b));
    };
    const { grads } = tf.engine().gradients(total, views, undefined, true) as { grads: (Tensor | null)[] };
    const pieces = grads.map((g, i) => (g ? tf.reshape(g, [-1]) : tf.zeros([rule.slices[i]!.size]))), size = [rule.size], mask = sweep && input(`mask.${rule.name}`, size, 'f32');
    const most = (of: 'clipNorm' | 'clipEach') => { const x = spec[of]; return typeof x === 'object' ? input(`${of}.${rule.name}`, [], 'f32') : x; }, [own, whole] = [most('clipEach'), most('clipNorm')], masked = (list: Tensor[]) => { const all = list.length === 1 ? list[0]! : tf.concat(list as Tensor1D[]); return mask ? tf.mul(all, mask) : all; }, length = (x: Tensor) => tf.sqrt(tf.sum(tf.square(x)));
    const gradient = masked(pieces), norm = length(gradient), each = own === undefined ? gradient : masked(pieces.map((g, i) => clipOwn(g, rule.slices[i]!.per, own)));
    const clipped = whole === undefined ? each : tf.mul(each, clipFactor(own === undefined ? norm : length(each), whole));
    const before: Record<string, Tensor> = Object.fromEntries(slotsOf(spec.optimiser).map(m => [m, input(`${m}.${rule.name}`, size, 'f32')])), w = input(`arena.${rule.name}`, size, 'f32');
    const after = optimise(spec.optimiser, w, clipped, before, input(`rate.${rule.name}`, [], 'f32'), input(`eps.${rule.name}`, [], 'f32'));
    const settle = (from: Tensor, to: Tensor) => (mask ? tf.add(from, tf.mul(mask, tf.sub(to, from))) : to);
    out[`arena.${rule.name}`] = settle(w, after.w);
    for (const [m, t] of Object.entries(after.slots)) out[`${m}.${rule.name}`] = settle(before[m]!, t);
    out[`norm.${rule.name}`] = norm;
    out[`finite.${rule.name}`] = tf.sum(tf.sub(out[`arena.${rule.name}`]!, out[`arena.${rule.name}`]!));      // 0, or NaN where any weight is not finite
    if (options.gradients) out[`grad.${rule.name}`] = gradient;
  }
  /** Wires that a pass gives besides its losses: memory, but for what is computed once; priorities, taps. */
  #side({ first, taps = [] }: PassOptions): [string, string][] {
    const { page } = this.plan.d;
    return [
      ...(first ? Object.entries(page.keep).flatMap(([n, w]) => Object.entries(w).filter(([, t]) => !this.plan.once.includes(t)).map(([k, t]): [string, string] => [`memory.${n}.${k}`, t])) : []),
      ...(first ? Object.entries(page.priority).map(([s, t]): [string, string] => [`priority.${s}`, t]) : []),
      ...taps.map((t): [string, string] => [`tap.${t}`, this.#tapped(t)]),
    ];
  }

  /** What was computed once is shown as it was. */
  #tapped(text: string): string { return this.plan.once.includes(`${text} | once`) ? `${text} | once` : text; }
  /** Some wires on a whole batch, with the weights as they are. */
  probe(texts: readonly string[], cuts: Cuts, once: readonly OnceShape[], carries: boolean): Program {
    const flow = new Flow(this.plan, 'learn');
    return { key: `${this.#key}/probe/${texts.join()}/${JSON.stringify([cuts, once, carries])}`, run: input => {
      const out = flow.pull(texts.map(t => this.#tapped(t)), this.#feed(input, cuts, { carries, once }));
      return Object.fromEntries(out.map((t, i) => [`tap.${texts[i]!}`, t]));
    } };
  }

  /** One acting step of all copies: the action (or that of an evaluation) and the carries it leaves. */
  act(copies: number, best: boolean): Program {
    const { act } = this.plan.d.page, flow = new Flow(this.plan, 'act'), texts = [best ? act!.best ?? act!.action : act!.action, ...this.watched()], carries = [...this.carries(copies)];
    return { key: `${this.#key}/act/${copies}/${best}`, run: input => {
      const left = new Map<string, Tensor>(), feed = this.#feed(input, { [this.main]: { batch: copies, time: 1 } }, { carries: true, acting: left });
      const [action] = flow.pull(texts, feed), out: Record<string, Tensor> = { action: action! };
      for (const [node, shape] of carries) out[`carry.${node}`] = left.get(node) ?? tf.zeros([...shape]);
      return out;
    } };
  }
  #lead(node: string): string[] { return this.plan.boxes.get(node)!.lead.filter(x => !isTime(x)); }
  /** Nodes that carry something from one acting step to the next, with the shape of their carry. */
  carries(copies: number): Map<string, number[]> {
    const { d, boxes, sizes } = this.plan, { act } = d.page, slice = upstream(d, [act!.action, act!.best ?? act!.action, ...this.watched()].map(t => parse(t).from));
    return new Map(topology(d).order.filter(n => slice.has(n) && boxes.get(n)!.carry > 0).map(n => {
      const box = boxes.get(n)!;
      return [n, [...this.#lead(n).map(x => (base(x) === 'batch' ? copies : box.size[x] ?? sizes[x] ?? 1)), box.carry]];
    }));
  }
  /** Recurrent nodes that a rollout must carry on although only the learner reads them (a recurrent critic): stepped while acting. One wire of each. */
  watched(): string[] {
    const { d, boxes } = this.plan, { page } = d;
    if (page.sources[this.main]!.cut !== 'rollout') return [];
    const present = (n: string) => [...upstream(d, [n])].every(m => {
      let ok = true;
      if (m in page.nodes) topology(d).graph.forEachInEdge(m, (_, e) => {
        const field = e.from in page.sources ? page.world[e.port] : undefined;
        if (e.via.includes('next') || (e.via.includes('once') && !(e.from in page.memory)) || field?.sight === 'after' || (field && e.from !== this.main)) ok = false;
      });
      return ok;
    });
    return topology(d).order.filter(n => boxes.get(n)!.carry > 0 && page.nodes[n]!.role !== 'target' && present(n)).map(n => this.#oneWire(n));
  }

  #feed(input: Input, cuts: Cuts, { carries, once = [], rows, piece, pieces, sweep, acting }: { carries: boolean; once?: readonly OnceShape[]; rows?: Tensor; piece?: number | undefined; pieces?: NonNullable<Feed['pieces']>; sweep?: NonNullable<Feed['sweep']>; acting?: Map<string, Tensor> }): Feed {
    const { d, sizes, types } = this.plan, { page } = d, T = cuts[this.main]!.time, cut = (whole: Tensor, dims: readonly string[]) => { const t = piece === undefined ? whole : inPieces(whole, dims, piece, T); return rows ? this.#take(t, dims, rows, T) : t; };
    return {
      field: (source, port) => {
        const f = page.world[port]!, { batch, time } = cuts[source]!, slots = acting ? 1 : f.at === 'slot' ? time + 1 : time;
        const t = input(`field.${source}.${port}`, [batch, slots, ...words(f.spec).map(w => sizes[w]!)], f.dtype);
        return source === this.main ? cut(t, ['batch', f.at === 'slot' ? 'time+1' : 'time']) : t;
      },
      weight: (slice, kind) => input(`${kind === 'online' ? 'w' : 'lag'}.${slice}`, this.plan.slices.find(s => s.name === slice)!.shape, 'f32'),
      knob: (node, key) => input(`knob.${node}.${key}`, [], 'f32'),
      noise: (node, key, _, shape) => input(`noise.${node}.${key}`, shape, 'f32'),
      memory: (name, key) => {
        const { dims } = typeOf(d, `${name}.${key}`, types) as Typed;
        return cut(input(`memory.${name}.${key}`, dims.map(dim => (dim === 'batch' ? cuts[this.main]!.batch : page.dims[dim] ?? sizes[dim]!)), 'f32'), dims);
      },
      once: text => {
        const i = this.plan.once.indexOf(text), { shape, dtype } = once[i]!;
        return cut(input(`once.${i}`, shape, dtype), (typeOf(d, text, types) as Typed).dims);
      },
      carry: (node, shape) => {
        if (piece !== undefined && this.#ownTime(node)) {
          const begins = input(`piece.${node}`, [cuts[this.main]!.batch, T / piece, ...shape.slice(1)], 'f32'), all = tf.reshape(begins, [-1, ...shape.slice(1)]);
          return rows ? tf.gather(all, rows as Tensor1D) : all;
        }
        if (!carries || this.#lead(node).some(x => x.includes('@'))) return undefined;      // carries belong to the source that is acted in
        const whole = [cuts[this.main]!.batch, ...shape.slice(1)];
        return acting || page.nodes[node]!.role !== 'target' ? cut(input(`carry.${node}`, base(this.#lead(node)[0] ?? '') === 'batch' ? whole : shape, 'f32'), this.#lead(node)) : undefined;
      },
      leave: (node, h) => { acting?.set(node, h); },
      restarts: source => acting !== undefined || page.sources[source]!.cut === 'rollout' || (page.sources[source]!.length ?? 1) > 1,
      ...(sweep ? { sweep } : {}), ...(pieces ? { pieces } : {}), within: input.within,
    };
  }
  /** Rows of a minibatch, taken inside the program: the index is the input, not the copied rows. Time-free pages index single transitions. */
  #take(t: Tensor, dims: readonly string[], rows: Tensor, T: number): Tensor {
    if (dims[0] !== 'batch') return t;                                   // of another source, or of none
    const gather = (x: Tensor, i: Tensor): Tensor => (x.dtype === 'bool' ? tf.cast(tf.gather(tf.cast(x, 'int32'), i as Tensor1D), 'bool') : tf.gather(x, i as Tensor1D));
    const time = dims.findIndex(isTime);
    if (!this.plan.timeFree) return gather(t, rows);
    const item = tf.cast(tf.floor(tf.div(tf.add(tf.cast(rows, 'float32'), 0.5), T)), 'int32');
    if (time < 0) return gather(t, item);
    const width = t.shape[1]!, flat = tf.reshape(t, [t.shape[0]! * width, ...t.shape.slice(2)]), row = width === T ? rows : tf.add(rows, item);
    const slots = base(dims[time]!) === 'time+1' ? [gather(flat, row), gather(flat, tf.add(row, tf.scalar(1, 'int32')))] : [gather(flat, row)];
    return slots[0]!.dtype === 'bool' ? tf.cast(tf.stack(slots.map(s => tf.cast(s, 'int32')), 1), 'bool') : tf.stack(slots, 1);
  }
}
/** A flat gradient of one tensor, by its own norm; of one with weights for each of `per` indices, by the norm of each index, whose tensor it is. */
function clipOwn(g: Tensor, per: number, most: number | Tensor): Tensor {
  const rows = tf.reshape(g, [Math.max(1, per), -1]);
  return tf.reshape(tf.mul(rows, clipFactor(tf.sqrt(tf.sum(tf.square(rows), 1, true)), most)), [-1]);
}
/**
 * Pieces of so many steps in place of whole sequences of T: [batch, T, ...] to [batch T / length, length, ...]. What lies over slots has one more, and so do pieces, the last
 * being the first of the next one; what does not lie over time is that of each piece.
 */
function inPieces(t: Tensor, dims: readonly string[], length: number, T: number): Tensor {
  if (dims[0] !== 'batch') return t;                                      // of another source, or of none
  if (t.dtype === 'bool') return tf.cast(inPieces(tf.cast(t, 'int32'), dims, length, T), 'bool');
  const [B] = t.shape as [number], K = T / length;
  if (!dims.some(isTime)) return tf.reshape(tf.tile(tf.expandDims(t, 1), [1, K, ...t.shape.slice(1).map(() => 1)]), [B * K, ...t.shape.slice(1)]);
  const rest = t.shape.slice(2), from = (slot: number) => tf.reshape(tf.slice(t, [0, slot, ...rest.map(() => 0)], [B, T, ...rest]), [B * K, length, ...rest]);
  return t.shape[1] === T ? from(0) : tf.concat([from(0), tf.slice(from(1), [0, length - 1, ...rest.map(() => 0)], [B * K, 1, ...rest])], 1);
}
/** Wires of all float outputs, in the order in which they are computed. */
export const floatWires = (d: Plan['d']): string[] => topology(d).order.flatMap(n => Object.entries(use(d, n).spec.out as Record<string, Port>).filter(([, p]) => p.dtype === 'f32').map(([k]) => `${n}.${k}`));
