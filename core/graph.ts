/** The builder: the verbs a page is written with. It only collects; `check` judges the result, and any page read from JSON, as a whole. */
import { check } from './check.ts';
import { bare, owner, parse, print, type ActRule, type Begin, type Definition, type Entry, type Page, type Role, type Source, type TargetRule, type TrainRule } from './definition.ts';
import { GraphError, nearest, type Issue } from './error.ts';
import { NOWHERE } from './infer.ts';
import type { Erased, NodeSpec, NodeUse } from './node.ts';
import type { DType, Ports } from './port.ts';
import type { Schedule } from './schedule.ts';
import type { World } from './world.ts';

declare const TYPE: unique symbol, PHASE: unique symbol, PORTS: unique symbol;
const NODE = Symbol('node');

/** What the compiler knows of a wire beside its dtype: over `time+1` (slot), over `time` (step), or a number (none). All other dims are checked when the page is built. */
export interface Wire<T extends DType = DType, in out P = Erased> { readonly text: string; readonly [TYPE]?: T; readonly [PHASE]?: (p: P) => P }
type DTypeOf<X> = X extends { dtype: infer T extends DType } ? T : never;
/** Wires for ports: those with leading dims share one phase. */
export type Wires<I, P = Erased> = { readonly [K in keyof I]: Wire<DTypeOf<I[K]>, I[K] extends { spec: `...${string}` } ? P : 'none'> };
type PhaseIn<X> = 0 extends 1 & X ? never : X extends Wire<Erased, infer P> ? (0 extends 1 & P ? never : P) : never;
type OpenKeys<I, F> = keyof I extends never ? keyof F : { [K in keyof I]: I[K] extends { spec: `...${string}` } ? K : never }[keyof I];
type Settle<P> = [P] extends [never] ? Erased : 'step' extends P ? 'step' : 'slot';
/** The phase of a node: step if any wire with leading dims is, else slot. */
type PhaseOf<I, F> = Settle<PhaseIn<F[OpenKeys<I, F> & keyof F]>>;
type Only<I, F> = keyof I extends never ? unknown : { readonly [K in Exclude<keyof F & string, keyof I>]: never };
type Given = Readonly<Record<string, Wire>>;
interface Named { readonly [NODE]: string }
/** A node on the page: its outputs as wires. */
export type Placed<I, O, P = Erased> = Wires<O, P> & Named & { readonly [PORTS]?: I };
type Fields<W> = { readonly [K in keyof W]: Wire<DTypeOf<W[K]>, W[K] extends { at: 'slot' } ? 'slot' : 'step'> };
const OUTCOME = ['reward', 'terminated', 'truncated', 'valid'] as const;
/** The fields of a source; `outcome` is reward, terminated, truncated and valid as one record. */
export type Data<W> = Fields<W> & { readonly outcome: Fields<Pick<W, Extract<keyof W, (typeof OUTCOME)[number]>>> };

/** The text of a wire; where a page gives none (a misspelt output of `g.at`), `check` says so with the place. */
const textOf = (w: Wire | undefined): string => w?.text ?? NOWHERE;
const apply = <T extends DType, P>(w: Wire<T, Erased> | undefined, op: string): Wire<T, P> => {
  const r = parse(textOf(w));
  return { text: print({ ...r, via: [...r.via, op] }) };
};
/** All slots but the last: `time+1` becomes `time`. */
export const now = <T extends DType>(w: Wire<T, 'slot'>): Wire<T, 'step'> => apply(w, 'now');
/** All slots but the first: `time+1` becomes `time`. */
export const next = <T extends DType>(w: Wire<T, 'slot'>): Wire<T, 'step'> => apply(w, 'next');
/** No gradient passes. */
export const stop = <T extends DType, P>(w: Wire<T, P>): Wire<T, P> => apply(w, 'stop');
/** Computed once per batch, over all of it, with the weights from before the first step, in a sweep over time from before that of each index; epochs and minibatches then read it as data. */
export const once = <T extends DType, P>(w: Wire<T, P>): Wire<T, P> => apply(w, 'once');
/** Repeated along a dim that it lacks; also a record of wires: ...each('agent', ep.outcome). */
export function each<T extends DType, P>(dim: string, w: Wire<T, P>): Wire<T, P>;
export function each<R extends Given>(dim: string, w: R): R;
export function each(dim: string, w: Erased): unknown {
  return w === undefined || typeof w.text === 'string' ? apply(w as Wire | undefined, `each ${dim}`) : Object.fromEntries(Object.entries(w as Given).map(([k, x]) => [k, apply(x, `each ${dim}`)]));
}
/** In memory one number for each index of these dims, not one alone: `over('obs', 0)`; over `batch`, one for each copy. */
export const over = (dims: string, start: number) => ({ over: dims, start });
/** A loss with a weight, for `train`. */
export const weigh = (weight: number | Schedule, loss: Wire<'f32', 'none'>) => ({ loss, weight });
type Loss = Wire<'f32', 'none'> | ReturnType<typeof weigh>;
type SourceOptions = Omit<Source, 'cut'> & { readonly name?: string };
type RuleOptions = Omit<TrainRule, 'losses' | 'only' | 'until'> & { readonly only?: readonly Named[]; readonly until?: { readonly wire: Wire<'f32', 'none'>; readonly above: number | Schedule } };
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends Readonly<Record<string, infer V>> ? Record<string, V> : T[K] };

const text = (wires: object) => Object.fromEntries(Object.entries(wires as Given).map(([k, w]) => [k, textOf(w)]));

export class Graph<W extends World> {
  readonly #page: Mutable<Page>;
  readonly #specs = new Map<string, NodeSpec>();
  readonly #issues: Issue[] = [];
  constructor(page: Page, specs: ReadonlyMap<string, NodeSpec> = new Map()) {
    const own = Object.entries(page).map(([k, x]: [string, unknown]) => [k, typeof x === 'object' ? Object.assign(Object.create(null) as object, x) : x]);
    this.#page = Object.fromEntries(own) as Mutable<Page>;               // verbs put whole entries, so that those of a parent can be shared until `close`
    for (const [k, s] of specs) this.#specs.set(k, s);
  }

  /** One line of what the page is, and its paper; shown by `skein list` and in pictures. */
  about(line: string, paper?: string): void {
    this.#page.about = line;
    if (paper !== undefined) this.#page.paper = paper; else delete this.#page.paper;
  }

  /** Sources and rules of a parent are written anew by the same name; one builder says each once. */
  readonly #said = new Set<string>();
  #once(what: string, name: string): void { if (this.#said.size === this.#said.add(`${what} ${name}`).size) this.#issues.push({ code: 'NAME', at: name, what: `two ${what}s are called ${name}`, expected: 'a name of its own', got: name, fix: 'give one of them another name' }); }
  #source(cut: Source['cut'], { name = 'data', ...o }: SourceOptions): Data<W> {
    this.#once('source', name);
    this.#page.sources[name] = { cut, ...o };
    return this.data(name);
  }
  /** Whole padded episodes; with `keep` replayed, without it each used once. `start`: items stored before the first update; `every`: new items an update. */
  episodes(o: SourceOptions = {}): Data<W> { return this.#source('episodes', o); }
  /** Pieces of `length` steps cut from a replay of the last `keep` steps; the first `burnIn` steps only warm the carries. */
  transitions(o: SourceOptions = {}): Data<W> { return this.#source('transitions', o); }
  /**
   * The next `steps` steps of `copies` environments, used `epochs` times in `minibatches`. Where nothing is unrolled over time these are of single transitions, else of whole
   * sequences; with `length` of pieces of so many steps, which begin with what was remembered there when the rollout was made.
   */
  rollout(o: SourceOptions = {}): Data<W> { return this.#source('rollout', o); }

  #put(name: string, entry: Omit<Entry, 'in'>, inputs: object): never {
    if (name in this.#page.nodes) this.#issues.push({ code: 'NAME', at: name, what: `two nodes are called ${name}`, expected: 'a name of its own', got: name, fix: `another name; to exchange the node use g.replace('${name}', ...)` });
    else this.#page.nodes[name] = { ...entry, in: text(inputs) };
    return this.at(name) as never;
  }
  #new(name: string, role: Role, use: NodeUse, inputs: object): never {
    this.#know(use);
    return this.#put(name, { type: use.spec.type, role, config: use.config, ...(use.per === undefined ? {} : { per: use.per }) }, inputs);
  }
  #know(use: NodeUse): void {
    const held = this.#specs.get(use.spec.type);
    if (held && held !== use.spec) this.#issues.push({ code: 'TYPE', at: use.spec.type, what: `two node types are called ${use.spec.type}`, expected: 'a type of its own', got: use.spec.type, fix: "give one of them another `type`" });
    this.#specs.set(use.spec.type, use.spec);
  }
  /** A node; the name is its name in pictures, errors, taps and checkpoints. */
  add<I extends Ports, O extends Ports, F extends Given>(name: string, use: NodeUse<I, O>, inputs: F & Wires<I, PhaseOf<I, F>> & Only<I, F>): Placed<I, O, PhaseOf<I, F>> { return this.#new(name, 'add', use, inputs); }
  /** A replaceable node: offers wires, the node takes those that its ports name. */
  slot<I extends Ports, O extends Ports, F extends Given>(name: string, use: NodeUse<I, O>, offers: F & Wires<I, PhaseOf<I, F>>): Placed<I, O, PhaseOf<I, F>> { return this.#new(name, 'slot', use, offers); }

  #again(name: string, role: Role, of: Named, inputs: object): never {
    const type = this.#page.nodes[of[NODE]]?.type ?? '';
    return this.#put(name, { type, role, of: of[NODE] }, inputs);
  }
  /** Same node, lagged weights, no gradient. */
  target<I, O, F extends Given>(name: string, of: Placed<I, O>, inputs: F & Wires<I, PhaseOf<I, F>>): Placed<I, O, PhaseOf<I, F>> { return this.#again(name, 'target', of, inputs); }
  /** Same node, same weights, at another place. */
  shared<I, O, F extends Given>(name: string, of: Placed<I, O>, inputs: F & Wires<I, PhaseOf<I, F>>): Placed<I, O, PhaseOf<I, F>> { return this.#again(name, 'shared', of, inputs); }
  /** Same node, same weights, not trained through this place; the gradient passes to its inputs. */
  frozen<I, O, F extends Given>(name: string, of: Placed<I, O>, inputs: F & Wires<I, PhaseOf<I, F>>): Placed<I, O, PhaseOf<I, F>> { return this.#again(name, 'frozen', of, inputs); }

  /** Numbers kept from step to step: read here, written by `keep`. */
  memory<const M extends Readonly<Record<string, Begin>>>(name: string, initial: M): { readonly [K in keyof M]: Wire<'f32', M[K] extends number ? 'none' : Erased> } {
    this.#page.memory[name] = { ...initial };
    return Object.fromEntries(Object.keys(initial).map(k => [k, { text: `${name}.${k}` }])) as never;
  }
  /** What the memory becomes at the end of the first pass. */
  keep(name: string, wires: object): void {
    const memory = this.#page.memory[name];
    this.#page.keep[name] = Object.fromEntries(Object.entries(text(wires)).filter(([k]) => memory === undefined || k in memory));
  }
  /** Trains what the gradient of the losses reaches; with `until`, as long as its wire is not above its number. */
  train(name: string, losses: Loss | readonly Loss[], { only, until, ...rule }: RuleOptions): void {
    this.#once('rule', name);
    const list = (Array.isArray(losses) ? losses : [losses]) as readonly Loss[];
    this.#page.train[name] = {
      losses: list.map(l => (l !== undefined && 'loss' in l ? { loss: textOf(l.loss), weight: l.weight } : { loss: textOf(l), weight: 1 })),
      ...(only ? { only: only.map(o => o[NODE]) } : {}), ...(until ? { until: { ...until, wire: textOf(until.wire) } } : {}), ...rule,
    };
  }
  /** How lagged weights follow; without nodes, all of them. */
  targets(rule: TargetRule, of?: readonly Named[]): void { for (const k of of ? of.map(o => o[NODE]) : ['*']) this.#page.targets[k] = rule; }
  /** A value per item, given back to the replay of a source. */
  prioritise(source: string, wire: Wire<'f32', 'step'>): void { this.#page.priority[source] = textOf(wire); }
  /** A dim of the page's own, for `each` and `per`. */
  dim(name: string, size: number): string { this.#page.dims[name] = size; return name; }
  /** Which wire is the action, and which that of an evaluation. Everything upstream is the acting slice. */
  act({ action, best }: { readonly action: Wire; readonly best?: Wire }, rule: Omit<ActRule, 'action' | 'best'> = {}): void {
    this.#page.act = { action: textOf(action), ...(best ? { best: best.text } : {}), ...rule };
  }

  /** The outputs of a node by its name; for pages whose handles are not at hand. */
  at(name: string): Erased {
    const entry = this.#page.nodes[name], spec = entry && this.#specs.get(entry.type);
    if (!entry) this.#missing(name);
    return { ...Object.fromEntries(Object.keys((spec?.out ?? {}) as object).map(k => [k, { text: `${name}.${k}` }])), [NODE]: name };
  }
  #missing(name: string): void {
    const near = nearest(name, Object.keys(this.#page.nodes));
    this.#issues.push({ code: 'NAME', at: name, what: `no node is called ${name}`, expected: Object.keys(this.#page.nodes).join(', '), got: name, fix: near ? `did you mean ${near}?` : `the page has ${Object.keys(this.#page.nodes).join(', ')}` });
  }
  /** The fields of a source by its name. */
  data(name = 'data'): Data<W> {
    const pick = (keys: readonly string[]) => Object.fromEntries(keys.map(k => [k, { text: `${name}.${k}` }]));
    return { ...pick(Object.keys(this.#page.world)), outcome: pick(OUTCOME.filter(k => k in this.#page.world)) } as never;
  }

  /** Another node in the same place, with the same wires; targets, shared and frozen places follow. */
  swap<I extends Ports, O extends Ports>(name: string, use: NodeUse<I, O>): Placed<I, O> {
    const entry = this.#page.nodes[name];
    if (!entry) { this.#missing(name); return { [NODE]: name } as never; }
    this.#know(use);
    const { per: _, ...rest } = entry;
    this.#page.nodes[name] = { ...rest, type: use.spec.type, config: use.config, ...(use.per === undefined ? {} : { per: use.per }) };
    return this.#followed(name);
  }
  /** Points inputs of a node elsewhere. */
  rewire(name: string, inputs: Given): void {
    const entry = this.#page.nodes[name];
    if (entry) this.#page.nodes[name] = { ...entry, in: { ...entry.in, ...text(inputs) } }; else this.#missing(name);
  }
  /** Another node under the same name, with wires of its own; its readers stay. */
  replace<I extends Ports, O extends Ports, F extends Given>(name: string, use: NodeUse<I, O>, inputs: F & Wires<I, PhaseOf<I, F>>): Placed<I, O, PhaseOf<I, F>> {
    if (!(name in this.#page.nodes)) this.#missing(name);
    delete this.#page.nodes[name];
    this.#new(name, 'slot', use, inputs);
    return this.#followed(name);
  }
  /** Its targets, shared and frozen places are of its type. */
  #followed(name: string): never {
    const nodes = this.#page.nodes;
    for (const [n, e] of Object.entries(nodes)) if (e.of !== undefined && owner(this.#page as Page, n) === name) nodes[n] = { ...e, type: nodes[name]!.type };
    return this.at(name) as never;
  }
  /** Other numbers for a node; structure and wires stay. */
  set(name: string, options: Readonly<Record<string, unknown>>): void {
    const entry = this.#page.nodes[name];
    if (entry) this.#page.nodes[name] = { ...entry, config: { ...entry.config, ...options } }; else this.#missing(name);
  }
  remove(...names: readonly string[]): void {
    for (const n of names) if (n in this.#page.nodes) delete this.#page.nodes[n]; else this.#missing(n);
  }

  /** The checked definition; all problems at once, or none. */
  close<R>(handles: R): Definition<R, W> {
    const d: Definition<R, W> = { page: bare(this.#page) as Page, specs: used(this.#page as Page, this.#specs), handles };
    const issues = [...this.#issues, ...check(d)];
    if (issues.length) throw new GraphError(d.page.name, issues, d);
    return d;
  }
}
const used = (page: Page, specs: ReadonlyMap<string, NodeSpec>) => new Map([...specs].filter(([type]) => Object.values(page.nodes).some(e => e.type === type)));
const empty = (name: string, world: World): Page => ({ format: 1, name, world, sources: {}, memory: {}, keep: {}, nodes: {}, train: {}, targets: {}, priority: {}, dims: {} });

/** A page. What `build` returns is what derived pages may hold on to. */
export function graph<W extends World, R>(name: string, world: W, build: (g: Graph<W>) => R): Definition<R, W> {
  const g = new Graph<W>(empty(name, world));
  return g.close(build(g));
}
/** A page without what it says of itself, which is not true of another. */
export function wordless({ about: _, paper: __, ...page }: Page): Page { return page; }
/** A page that says how it differs from its parent. */
export function derive<R, S, W extends World, V extends World = W>(parent: Definition<R, W>, name: string, edit: (g: Graph<V>, handles: R) => S, world?: V): Definition<R & S, V> {
  const g = new Graph<V>({ ...wordless(parent.page), name, parent: parent.page.name, ...(world ? { world } : {}) }, parent.specs), mine = edit(g, parent.handles);
  return g.close({ ...parent.handles, ...mine } as R & S);
}
/** Another node in one slot: of a page with a name of its own, `derive` with one `g.swap`; without a name an edit of the page itself. */
export function swap<R, W extends World>(parent: Definition<R, W>, slot: string, use: NodeUse, { name, about, paper }: { readonly name?: string; readonly about?: string; readonly paper?: string } = {}): Definition<R, W> {
  const edit = (g: Graph<W>) => { g.swap(slot, use); if (about !== undefined) g.about(about, paper); }, g = new Graph<W>(wordless(parent.page), parent.specs);
  if (name !== undefined) return derive(parent, name, edit) as Definition<R, W>;
  edit(g);
  return g.close(parent.handles);
}
