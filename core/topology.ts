/** The page as a graph: one node per box, one edge per taken wire. Order, cycles, slices, trained layers and pictures are read from it; it stores nothing. */
import { MultiDirectedGraph } from 'graphology';
import { stronglyConnectedComponents } from 'graphology-components';
import { topologicalSort } from 'graphology-dag';
import { owner, parse, taken, use, type Definition, type Page, type Ref } from './definition.ts';
import { isTime, words, type Port } from './port.ts';

export interface Edge extends Ref { readonly text: string; readonly into: string; readonly to: string }
export interface Topology {
  readonly graph: MultiDirectedGraph<Record<string, never>, Edge>;
  /** Nodes of the page from the sources to the losses; those on a cycle are left out. */
  readonly order: readonly string[];
  readonly cycles: readonly (readonly string[])[];
}
const views = new WeakMap<Page, Topology>();

/** Wires from places that do not exist have no edge here; `check` reports them. */
export function topology(d: Definition): Topology {
  const known = views.get(d.page);
  if (known) return known;
  const graph = new MultiDirectedGraph<Record<string, never>, Edge>(), { page } = d;
  for (const n of [...Object.keys(page.sources), ...Object.keys(page.memory), ...Object.keys(page.nodes)]) graph.mergeNode(n);
  for (const into of Object.keys(page.nodes)) {
    for (const [to, text] of taken(d, into)) {
      const r = parse(text);
      if (graph.hasNode(r.from)) graph.addEdge(r.from, into, { ...r, text, into, to });
    }
  }
  const cycles = stronglyConnectedComponents(graph).filter(c => c.length > 1 || graph.hasDirectedEdge(c[0], c[0])), sorted = cycles.length ? graph.copy() : graph;
  for (const n of cycles.flat()) sorted.dropNode(n);
  const order = topologicalSort(sorted).filter(n => n in page.nodes), view = { graph, order, cycles };
  views.set(d.page, view);
  return view;
}

/** Everything that some nodes depend on, themselves included, over the edges that `cross` lets pass. */
export function upstream(d: Definition, roots: Iterable<string>, cross: (edge: Edge) => boolean = () => true): Set<string> {
  const { graph } = topology(d), seen = new Set<string>(), open = [...roots].filter(n => graph.hasNode(n));
  while (open.length) {
    const n = open.pop()!;
    if (seen.has(n)) continue;
    seen.add(n);
    graph.forEachInEdge(n, (_, edge, from) => { if (!seen.has(from) && cross(edge)) open.push(from); });
  }
  return seen;
}

const portOf = (d: Definition, e: Edge): Port | undefined => {
  const { spec } = use(d, e.into), ports = spec.in as Record<string, Port>;
  return Object.hasOwn(ports, e.to) ? ports[e.to] : spec.rest;
};
/** Does a gradient pass this wire? Not if it is stopped, computed once, comes from lagged weights, carries whole numbers, or enters a still port. */
export const passesGradient = (d: Definition) => (e: Edge): boolean => {
  const port = portOf(d, e);
  return !e.via.includes('stop') && !e.via.includes('once') && d.page.nodes[e.from]?.role !== 'target' && port?.dtype === 'f32' && port.still !== true;
};
/** Losses that the nodes among these bring themselves, at their own places only (not where they are targets, shared or frozen). */
const penalties = (d: Definition, nodes: Iterable<string>): string[] => [...nodes].flatMap(n => {
  const role = d.page.nodes[n]?.role;
  if (role !== 'add' && role !== 'slot') return [];
  return Object.entries(use(d, n).spec.out as Record<string, Port>).filter(([, p]) => p.kind === 'penalty').map(([k]) => `${n}.${k}`);
});
const hasLayers = (d: Definition, n: string): boolean => use(d, n).spec.layers !== undefined;

export interface Reach {
  /** Nodes whose weights the rule trains. */
  readonly trained: readonly string[];
  /** Its losses with the penalties that join them, in order. */
  readonly losses: readonly string[];
}
/** What one rule trains: nodes with layers found walking back from its losses. Frozen places let the gradient pass and are not trained. */
export function reach(d: Definition, rule: string): Reach {
  const { losses, only } = d.page.train[rule]!, cross = passesGradient(d), own = losses.map(l => l.loss), roots = own.map(l => parse(l).from);
  const extra = penalties(d, upstream(d, roots, cross)), nodes = upstream(d, [...roots, ...extra.map(t => parse(t).from)], cross), hit = new Set<string>();
  for (const n of nodes) {
    const role = d.page.nodes[n]?.role;
    if (role === undefined || role === 'target' || role === 'frozen') continue;
    const o = owner(d.page, n);
    if (hasLayers(d, o)) hit.add(o);
  }
  const trained = topology(d).order.filter(n => hit.has(n) && (!only || only.includes(n))), joins = (n: string) => !hasLayers(d, n) || trained.includes(n);
  return { trained, losses: [...own, ...extra.filter(t => !own.includes(t) && joins(parse(t).from))] };
}

/** Nodes and fields that `act` asks for: the acting slice. */
export const actingSlice = (d: Definition): Set<string> => {
  const { act } = d.page;
  return act ? upstream(d, [act.action, act.best ?? act.action].map(t => parse(t).from)) : new Set();
};
/** Rules that stand before a rule, the nearest first; those of a loop once. */
export function before(page: Page, rule: string): string[] {
  const out: string[] = [];
  for (let at = page.train[rule]?.after; at !== undefined && !out.includes(at); at = page.train[at]?.after) out.push(at);
  return out;
}
/** Rules in passes: a rule stands one pass after the one that it is `after`. */
export function passes(page: Page): string[][] {
  const out: string[][] = [];
  for (const r of Object.keys(page.train)) (out[before(page, r).length] ??= []).push(r);
  return out.filter(Boolean);
}
/** Wires whose values a pass gives beside its losses: memory, priorities, and what ends the steps on a batch. */
export const kept = ({ page }: Definition): string[] => [...Object.values(page.keep).flatMap(k => Object.values(k)), ...Object.values(page.priority), ...Object.values(page.train).flatMap(r => r.until?.wire ?? [])];
/** Nodes that every pass computes: upstream of losses and of what is kept, but not behind `once`. */
export const inPasses = (d: Definition): Set<string> =>
  upstream(d, [...Object.keys(d.page.train).flatMap(r => reach(d, r).losses), ...kept(d)].filter(t => !t.includes(' | once')).map(t => parse(t).from), e => !e.via.includes('once'));
/** Nodes of every pass that look at other slots than their own, by what their ports name. */
export const overTime = (d: Definition): string[] => [...inPasses(d)].filter(n => n in d.page.nodes && Object.values(use(d, n).spec.in as Record<string, Port>).some(p => words(p.spec).some(isTime)));
/** Wires that are computed once per batch, each as the text up to and including `once`. */
export function onceWires(d: Definition): string[] {
  const roots = Object.keys(d.page.train).flatMap(r => reach(d, r).losses.map(l => parse(l).from));
  const texts = new Set<string>();
  const note = (text: string) => { const at = text.indexOf(' | once'); if (at >= 0) texts.add(text.slice(0, at + 7)); };
  kept(d).forEach(note);
  for (const n of upstream(d, [...roots, ...kept(d).map(t => parse(t).from)])) topology(d).graph.forEachInEdge(n, (_, e) => { note(e.text); });
  return [...texts];
}
