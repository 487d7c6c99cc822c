/** What is inside a box: its layers, from the description; single operations, where somebody traced them. */
import type { Description, NodeDescription } from '../core/describe.ts';
import { grouped, plain } from './text.ts';
import type { Part, ViewGraph, ViewNode } from './view-graph.ts';

/** Boxes in one box; what is beyond is counted. */
const MOST = 60;
/** Each layer with the shapes of its kernels and its number of weights; names alone where no sizes are known. */
function layersOf(n: NodeDescription, sized: boolean): Part[] {
  const layers = new Map<string, NodeDescription['layers'][number][]>();
  for (const tensor of n.layers) { const layer = tensor.name.split('/', 1)[0]!, list = layers.get(layer); if (list) list.push(tensor); else layers.set(layer, [tensor]); }
  return [...layers].map(([layer, tensors]) => {
    const kernels = tensors.filter(t => t.shape.length > 1), shown = kernels.length ? kernels : tensors, weights = tensors.reduce((sum, t) => sum + t.shape.reduce((a, b) => a * b, 1), 0);
    return { id: `${n.name}/${layer}`, label: plain(layer), detail: sized ? `${shown.map(t => t.shape.join('×')).join(' ')} = ${grouped(weights)}` : shown.map(t => plain(t.name.split('/')[1] ?? t.name)).join(' ') };
  });
}
const cut = (parts: readonly Part[]): readonly Part[] => (parts.length <= MOST ? parts : [...parts.slice(0, MOST - 1), { id: `${parts[0]!.id}+`, label: `and ${parts.length - MOST + 1} more`, detail: '' }]);

export type PartsOf = (node: string) => readonly Part[];
export const fromDescription = (d: Description, sized: boolean): PartsOf => { const byName = new Map(d.nodes.map(n => [n.name, n])); return node => { const n = byName.get(node); return n ? layersOf(n, sized) : []; }; };
/** Opens some boxes. */
export const opened = (view: ViewGraph, parts: PartsOf, open: (n: ViewNode) => boolean): ViewGraph => ({ ...view, nodes: view.nodes.map(n => { const inside = open(n) && !n.folds ? cut(parts(n.id)) : []; return inside.length ? { ...n, parts: inside } : n; }) });
/** Shuts some boxes: what they are, and the ports with wires. */
export const closed = (view: ViewGraph, shut: (n: ViewNode) => boolean): ViewGraph => ({ ...view, nodes: view.nodes.map(n => { if (!shut(n)) return n; const { parts: _, ...rest } = n; return { ...rest, detail: n.detail.slice(0, 1), inputs: n.inputs.filter(p => p.used), outputs: n.outputs.filter(p => p.used), closed: true as const }; }) });
