/** What is inside a box: its layers, from the description; single operations, where somebody traced them. */
import type { Description, NodeDescription } from '../core/describe.ts';
import { grouped, plain } from './text.ts';
import type { End, Part, Thread, ViewGraph, ViewNode } from './view-graph.ts';

/** Boxes in one box; what is beyond is counted. */
const MOST = 60;
/** Shapes of one layer, before they are only counted. */
const SHAPES = 3;
/** Each layer with the shapes of its kernels and its number of weights; names alone where no sizes are known. */
function layersOf(n: NodeDescription, sized: boolean): Part[] {
  const layers = new Map<string, NodeDescription['layers'][number][]>();
  for (const tensor of n.layers) { const layer = tensor.name.split('/', 1)[0]!, list = layers.get(layer); if (list) list.push(tensor); else layers.set(layer, [tensor]); }
  return [...layers].map(([layer, tensors]) => {
    const kernels = tensors.filter(t => t.shape.length > 1), shown = kernels.length ? kernels : tensors, weights = tensors.reduce((sum, t) => sum + t.shape.reduce((a, b) => a * b, 1), 0);
    return { id: `${n.name}/${layer}`, label: plain(layer), detail: sized ? `${shown.length > SHAPES ? `${tensors.length} tensors` : shown.map(t => t.shape.join('×')).join(' ')} = ${grouped(weights)}` : shown.map(t => plain(t.name.split('/')[1] ?? t.name)).join(' ') };
  });
}
/** What is in a box, in an order in which it runs; without threads where nobody watched. */
export interface Inside { readonly parts: readonly Part[]; readonly threads?: readonly Thread[] }
/** Without operations that lead to no port that is drawn. */
export function needed(n: ViewNode, { parts, threads = [] }: Inside): Inside {
  const drawn = new Set(n.outputs.map(p => p.id)), into = new Map<string, Thread[]>(), kept = new Set<string>(), open: Thread[] = threads.filter(t => 'port' in t.to && drawn.has(t.to.port));
  for (const t of threads) if ('part' in t.to) { const list = into.get(t.to.part); if (list) list.push(t); else into.set(t.to.part, [t]); }
  for (let t = open.pop(); t; t = open.pop()) if ('part' in t.from && !kept.has(t.from.part)) { kept.add(t.from.part); open.push(...into.get(t.from.part) ?? []); }
  const there = (e: End) => 'port' in e || kept.has(e.part);
  return kept.size ? { parts: parts.filter(p => kept.has(p.id)), threads: threads.filter(t => there(t.from) && there(t.to)) } : { parts, threads };
}
/** The last ones as one: nothing before them reads what they give. */
function cut({ parts, threads }: Inside): Inside {
  if (parts.length <= MOST) return { parts, ...(threads ? { threads } : {}) };
  const rest: Part = { id: `${parts[0]!.id}+`, label: `and ${parts.length - MOST + 1} more`, detail: '' }, away = new Set(parts.slice(MOST - 1).map(p => p.id)), end = (e: End): End => ('part' in e && away.has(e.part) ? { part: rest.id } : e);
  const left = (threads ?? []).map(t => ({ from: end(t.from), to: end(t.to) })).filter(t => !same(t.from, t.to));
  return { parts: [...parts.slice(0, MOST - 1), rest], ...(threads ? { threads: [...new Map(left.map(t => [JSON.stringify(t), t])).values()] } : {}) };
}
const same = (a: End, b: End) => 'part' in a && 'part' in b && a.part === b.part;

export type PartsOf = (node: string, view?: ViewNode) => Inside;
export const fromDescription = (d: Description, sized: boolean, threads?: (node: string) => readonly Thread[] | undefined): PartsOf => {
  const byName = new Map(d.nodes.map(n => [n.name, n]));
  return node => { const n = byName.get(node), between = threads?.(node); return n ? { parts: layersOf(n, sized), ...(between ? { threads: between } : {}) } : { parts: [] }; };
};
/** Threads whose ends are there. */
function between(n: ViewNode, { parts, threads }: Inside): readonly Thread[] | undefined {
  const known = new Set(parts.map(p => p.id)), there = (e: End, ports: ViewNode['inputs']) => ('part' in e ? known.has(e.part) : ports.some(p => p.id === e.port));
  return threads?.filter(t => there(t.from, n.inputs) && there(t.to, n.outputs));
}
/** Opens some boxes. */
export const opened = (view: ViewGraph, parts: PartsOf, open: (n: ViewNode) => boolean): ViewGraph => ({
  ...view, nodes: view.nodes.map(n => {
    if (!open(n) || n.folds) return n;
    const inside = cut(parts(n.id, n)), threads = between(n, inside), { threads: _, ...rest } = n;
    return inside.parts.length ? { ...rest, parts: inside.parts, ...(threads ? { threads } : {}) } : n;
  }),
});
/** Shuts some boxes: what they are, and the ports with wires. */
export const closed = (view: ViewGraph, shut: (n: ViewNode) => boolean): ViewGraph => ({ ...view, nodes: view.nodes.map(n => { if (!shut(n)) return n; const { parts: _, threads: __, ...rest } = n; return { ...rest, detail: n.detail.slice(0, 1), inputs: n.inputs.filter(p => p.used), outputs: n.outputs.filter(p => p.used), closed: true as const }; }) });
