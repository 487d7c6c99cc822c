/** What pictures, tables and differences read of a page: plain JSON, the same object that runs. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { owner, parse, taken, use, type Definition, type Page, type TrainRule, type ActRule, type Source, type TargetRule } from './definition.ts';
import { infer, typeOf, type Typed } from './infer.ts';
import { plan, type SizesByDim } from './plan.ts';
import type { Port } from './port.ts';
import { isSchedule } from './schedule.ts';
import { actingSlice, kept, passesGradient, reach, topology, upstream } from './topology.ts';

export interface PortDescription { readonly name: string; readonly dtype: string; readonly dims: readonly string[]; readonly shape?: readonly number[] }
export interface NodeDescription {
  readonly name: string; readonly type: string; readonly role: string; readonly of?: string; readonly per?: string;
  readonly about?: string; readonly paper?: string; readonly config: Readonly<Record<string, unknown>>; readonly knobs: readonly string[];
  readonly inputs: readonly PortDescription[]; readonly outputs: readonly PortDescription[];
  /** Ports that its slot offers and it does not take. */
  readonly untaken: readonly string[];
  readonly layers: readonly { readonly name: string; readonly shape: readonly number[]; readonly layout: string }[]; readonly weights?: number;
  readonly trainedBy: readonly string[];
  /** Does it run while learning, while acting? */
  readonly learns: boolean; readonly acts: boolean;
}
export interface WireDescription { readonly from: string; readonly to: string; readonly via: readonly string[]; readonly dims: readonly string[]; readonly dtype: string; readonly gradient: boolean }
export interface Description {
  readonly name: string; readonly parent?: string; readonly about?: string; readonly paper?: string; readonly hash: string;
  readonly sources: Readonly<Record<string, Source>>; readonly memory: Page['memory'];
  /** Fields that wires read, by source. */
  readonly fields: Readonly<Record<string, readonly PortDescription[]>>;
  readonly nodes: readonly NodeDescription[]; readonly wires: readonly WireDescription[];
  /** Wires that a slot offers and its node does not take. */
  readonly offers: readonly { readonly from: string; readonly to: string }[];
  readonly train: Readonly<Record<string, TrainRule & { readonly trains: readonly string[] }>>; readonly targets: Readonly<Record<string, TargetRule>>; readonly act?: ActRule;
  readonly keep: Page['keep']; readonly priority: Page['priority'];
}

/** Plain JSON of a page; with sizes also shapes and weight counts. */
export function describe(d: Definition, sizes?: SizesByDim): Description {
  const { types, places } = infer(d), { page } = d, bound = sizes ? plan(d, sizes) : undefined, gradient = passesGradient(d), reached = Object.keys(page.train).map(r => [r, reach(d, r)] as const);
  const learning = upstream(d, [...reached.flatMap(([, r]) => r.losses), ...kept(d)].map(t => parse(t).from)), acting = actingSlice(d);
  const size = (node: string, dims: readonly string[]) => (bound ? { shape: dims.map(x => bound.boxes.get(node)?.size[x] ?? bound.sizes[x] ?? page.dims[x] ?? (x === 'time+1' && bound.sizes['time'] ? bound.sizes['time'] + 1 : 0)) } : {});
  const nodes = topology(d).order.map((name): NodeDescription => {
    const entry = page.nodes[name]!, { spec, config, per } = use(d, name), own = owner(page, name), takes = taken(d, name), slices = bound?.slices.filter(s => s.node === own) ?? [];
    return {
      name, type: spec.type, role: entry.role, ...(entry.of === undefined ? {} : { of: entry.of }), ...(per === undefined ? {} : { per }),
      ...(spec.about === undefined ? {} : { about: spec.about }), ...(spec.paper === undefined ? {} : { paper: spec.paper }),
      config: config as Record<string, unknown>, knobs: Object.keys((spec.knobs ?? {}) as object),
      inputs: takes.map(([k, text]) => { const t = typeOf(d, text, types); return typeof t === 'string' ? { name: k, dtype: '?', dims: [] } : { name: k, dtype: t.dtype, dims: t.dims, ...size(parse(text).from, t.dims) }; }),
      outputs: Object.entries(spec.out as Record<string, Port>).map(([k, p]) => { const dims = types.get(`${name}.${k}`)?.dims ?? []; return { name: k, dtype: p.dtype, dims, ...size(name, dims) }; }),
      untaken: Object.keys(entry.in).filter(k => !takes.some(([t]) => t === k)),
      layers: slices.map(s => ({ name: `${s.layer}/${s.tensor}`, shape: s.shape, layout: s.layout })), ...(bound ? { weights: own === name ? slices.reduce((a, s) => a + s.size, 0) : 0 } : {}),
      trainedBy: reached.filter(([, r]) => r.trained.includes(name)).map(([r]) => r), learns: learning.has(name) && places.has(name), acts: acting.has(name),
    };
  });
  const wires = topology(d).graph.mapEdges((_, e): WireDescription => {
    const t = typeOf(d, e.text, types), known = typeof t !== 'string';
    return { from: `${e.from}.${e.port}`, to: `${e.into}.${e.to}`, via: e.via, dims: known ? t.dims : [], dtype: known ? t.dtype : '?', gradient: gradient(e) };
  });
  const offers = topology(d).order.flatMap(name => Object.entries(page.nodes[name]!.in).filter(([k]) => !taken(d, name).some(([t]) => t === k)).map(([k, text]) => { const r = parse(text); return { from: `${r.from}.${r.port}`, to: `${name}.${k}` }; }));
  const fields = Object.fromEntries(Object.keys(page.sources).map(source => [source, Object.keys(page.world).filter(f => [...wires, ...offers].some(w => w.from === `${source}.${f}`)).map(f => { const t = typeOf(d, `${source}.${f}`, types) as Typed; return { name: f, dtype: t.dtype, dims: t.dims, ...size(source, t.dims) }; })]));
  const train = Object.fromEntries(reached.map(([r, { trained }]) => [r, { ...page.train[r]!, trains: trained }]));
  return { name: page.name, ...(page.parent === undefined ? {} : { parent: page.parent }), ...(page.about === undefined ? {} : { about: page.about }), ...(page.paper === undefined ? {} : { paper: page.paper }), hash: structuralHash(d), sources: page.sources, memory: page.memory, fields, nodes, wires, offers, train, targets: page.targets, ...(page.act ? { act: page.act } : {}), keep: page.keep, priority: page.priority };
}

/** Inputs whose order counts: those of a node that takes any number of them. */
const ordered = (d: Definition, n: string): readonly string[] => (use(d, n).spec.rest === undefined ? [] : Object.keys(d.page.nodes[n]!.in));
const sorted = (x: unknown): unknown => (Array.isArray(x) ? x.map(sorted) : typeof x === 'object' && x !== null ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)])) : x);
/** With one word for all schedules. */
const timeless = (table: Readonly<Record<string, object>>) => Object.fromEntries(Object.entries(table).map(([n, o]) => [n, Object.fromEntries(Object.entries(o).map(([k, v]) => [k, isSchedule(v) ? 'schedule' : v as unknown]))]));
/** A hash of what decides the programs: wiring and config. Names of the page, knobs, schedules and learning rates are not in it. */
export function structuralHash(d: Definition): string {
  const { name: _, parent: __, about: ___, paper: ____, nodes, train, ...rest } = d.page;
  const structure = Object.fromEntries(Object.entries(nodes).map(([n, e]) => {
    const knobs = (d.specs.get(e.type)?.knobs ?? {}) as object;
    return [n, { ...e, order: ordered(d, n), config: Object.fromEntries(Object.entries(e.config ?? {}).filter(([k]) => !Object.hasOwn(knobs, k))) }];
  }));
  const rules = Object.fromEntries(Object.entries(train).map(([n, r]) => [n, { ...r, losses: r.losses.map(l => ({ loss: l.loss, weight: l.weight === 1 })), optimiser: { ...r.optimiser, lr: 0 }, ...(r.until && timeless({ until: r.until })) }]));
  return digest(sorted({ ...rest, sources: timeless(rest.sources), targets: timeless(rest.targets), first: Object.keys(d.page.sources)[0], nodes: structure, train: timeless(rules) }));
}
/** 16 hexadecimal digits of what a value is as JSON. */
export const digest = (x: unknown): string => bytesToHex(sha256(utf8ToBytes(JSON.stringify(x)))).slice(0, 16);

/** One difference between two pages: what, where, before and after; the absent side is undefined. */
export interface Difference { readonly kind: 'node' | 'wire' | 'config' | 'source' | 'train' | 'targets' | 'act' | 'memory' | 'keep' | 'priority' | 'dim' | 'world'; readonly at: string; readonly before?: unknown; readonly after?: unknown }
/** What differs between two pages, node by node; none for pages that differ in name only. */
export function diff(a: Definition, b: Definition): Difference[] {
  const out: Difference[] = [], same = (x: unknown, y: unknown) => JSON.stringify(sorted(x)) === JSON.stringify(sorted(y));
  const note = (kind: Difference['kind'], at: string, before: unknown, after: unknown) => { if (!same(before, after)) out.push({ kind, at, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }); };
  const keys = (x: object, y: object) => [...new Set([...Object.keys(x), ...Object.keys(y)])];
  for (const n of keys(a.page.nodes, b.page.nodes)) {
    const [x, y] = [a.page.nodes[n], b.page.nodes[n]];
    const head = (e: typeof x) => e && { type: e.type, role: e.role, ...(e.of === undefined ? {} : { of: e.of }), ...(e.per === undefined ? {} : { per: e.per }) };
    note('node', n, head(x), head(y));
    if (!x || !y) continue;
    if (x.type === y.type) for (const k of keys(x.config ?? {}, y.config ?? {})) note('config', `${n}.${k}`, x.config?.[k], y.config?.[k]);
    const [takenA, takenB] = [Object.fromEntries(taken(a, n)), Object.fromEntries(taken(b, n))];
    for (const k of keys(takenA, takenB)) note('wire', `${n}.${k}`, takenA[k], takenB[k]);
    if (ordered(a, n).length === ordered(b, n).length && same(Object.keys(takenA).sort(), Object.keys(takenB).sort())) note('wire', n, ordered(a, n), ordered(b, n));
  }
  for (const [kind, field] of [['source', 'sources'], ['train', 'train'], ['targets', 'targets'], ['memory', 'memory'], ['keep', 'keep'], ['priority', 'priority'], ['dim', 'dims'], ['world', 'world']] as const) for (const n of keys(a.page[field], b.page[field])) note(kind, n, (a.page[field] as Record<string, unknown>)[n], (b.page[field] as Record<string, unknown>)[n]);
  note('act', 'act', a.page.act, b.page.act);
  return out;
}
