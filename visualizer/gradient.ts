/** Where gradients go, from the wires of a description alone: which boxes they reach, and what each line means. */
import type { Description, WireDescription } from '../core/describe.ts';
import type { Flow } from './view-graph.ts';

export const nodeOf = (wire: string): string => wire.slice(0, wire.indexOf('.'));
export const portOf = (wire: string): string => wire.slice(wire.indexOf('.') + 1).split(' | ', 1)[0]!;

/** Everything that some nodes depend on (`from`) or that depends on them (`to`), themselves included; `wires` by their other end. */
export function closure(end: 'from' | 'to', wires: ReadonlyMap<string, readonly WireDescription[]>, roots: Iterable<string>, cross: (w: WireDescription) => boolean = () => true): Set<string> {
  const seen = new Set<string>(), open = [...roots];
  for (let n = open.pop(); n !== undefined; n = open.pop()) {
    if (seen.has(n)) continue;
    seen.add(n);
    for (const w of wires.get(n) ?? []) if (cross(w)) open.push(nodeOf(w[end]));
  }
  return seen;
}
export function byEnd(wires: readonly WireDescription[], end: 'from' | 'to'): Map<string, WireDescription[]> {
  const table = new Map<string, WireDescription[]>();
  for (const w of wires) { const n = nodeOf(w[end]), list = table.get(n); if (list) list.push(w); else table.set(n, [w]); }
  return table;
}

export interface Gradients {
  /** Boxes that pass a gradient back to weights. */
  readonly learns: ReadonlySet<string>;
  flow(w: WireDescription): Flow;
}
export function gradients(d: Description): Gradients {
  const into = byEnd(d.wires, 'to'), out = byEnd(d.wires, 'from'), owner = new Map(d.nodes.map(n => [n.name, n]));
  const losses = Object.values(d.train).flatMap(r => r.losses.map(l => nodeOf(l.loss))), lossward = closure('from', into, losses), reached = closure('from', into, losses, w => w.gradient);
  const trained = d.nodes.filter(n => (n.role === 'shared' ? owner.get(n.of ?? '') ?? n : n).trainedBy.length > 0 && n.role !== 'frozen' && n.role !== 'target').map(n => n.name);
  const carries = closure('to', out, trained, w => w.gradient), weighted = closure('to', out, d.nodes.filter(n => n.trainedBy.length || n.of !== undefined).map(n => n.name));
  return {
    learns: new Set([...reached].filter(n => carries.has(n))),
    flow: w => {
      if (w.gradient && reached.has(nodeOf(w.to)) && carries.has(nodeOf(w.from))) return 'grad';
      return lossward.has(nodeOf(w.to)) && weighted.has(nodeOf(w.from)) ? 'stop' : 'data';
    },
  };
}
