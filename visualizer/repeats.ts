/** Boxes that are the same but for their names, as one with how many there are: same type and settings, same inputs, same readers. Found by their wiring, never by their names. */
import { withoutRounds } from './fold.ts';
import type { ViewEdge, ViewGraph, ViewNode } from './view-graph.ts';

/** Class of each box: refined until boxes of a class read from the same classes and are read by the same classes. */
function classes(view: ViewGraph): ReadonlyMap<string, string> {
  const named = (n: ViewNode) => [n.kind, n.role, n.type ?? n.id, n.of === undefined ? n.detail.filter(t => t !== n.type).join('|') : '', n.rules.map(r => r.text).join('|'), n.tags.map(t => `${t.kind} ${t.text} ${t.port}`).join('|'), n.inputs.map(p => [p.id, ...p.marks, p.flag ?? '-', p.used].join(' ')).sort().join('|'), n.outputs.map(p => p.id + JSON.stringify(p.dims) + JSON.stringify(p.sizes)).join('|'), JSON.stringify(n.parts?.map(p => [p.label, p.detail]))].join('\0');
  let colour = new Map(view.nodes.map(n => [n.id, n.role === 'source' || n.role === 'memory' || n.role === 'group' ? n.id : named(n)])), count = new Set(colour.values()).size;
  const into = new Map<string, ViewEdge[]>(), out = new Map<string, ViewEdge[]>(), note = (table: Map<string, ViewEdge[]>, key: string, e: ViewEdge) => { const list = table.get(key); if (list) list.push(e); else table.set(key, [e]); };
  for (const e of view.edges) { note(into, e.to[0], e); note(out, e.from[0], e); }
  for (;;) {
    const short = new Map([...new Set(colour.values())].sort().map((c, i) => [c, String(i)])), of = (id: string) => short.get(colour.get(id) ?? '') ?? id;
    const next = new Map(view.nodes.map(n => [n.id, [of(n.id), n.of === undefined ? '' : of(n.of), ...(into.get(n.id) ?? []).map(e => `<${e.to[1]} ${of(e.from[0])} ${e.from[1]} ${e.kind}`).sort(), ...new Set((out.get(n.id) ?? []).map(e => `>${of(e.to[0])} ${e.kind}`).sort())].join(';')])), size = new Set(next.values()).size;
    colour = next;
    if (size === count) return colour;
    count = size;
  }
}

export function foldRepeats(view: ViewGraph): ViewGraph {
  const colour = classes(view), members = new Map<string, ViewNode[]>();
  for (const n of view.nodes) { const list = members.get(colour.get(n.id)!); if (list) list.push(n); else members.set(colour.get(n.id)!, [n]); }
  const first = new Map(view.nodes.map(n => [n.id, members.get(colour.get(n.id)!)![0]!.id])), edges = new Map<string, ViewEdge>();
  for (const e of view.edges) {
    const from = [first.get(e.from[0])!, e.from[1]] as const, to = [first.get(e.to[0])!, e.to[1]] as const, id = `${from.join('.')}>${to.join('.')}`;
    edges.set(id, { ...e, id, from, to, net: from.join('.') });
  }
  const nodes = view.nodes.filter(n => first.get(n.id) === n.id).map((n): ViewNode => {
    const all = members.get(colour.get(n.id)!)!, of = n.of === undefined ? {} : { of: first.get(n.of) ?? n.of };
    return all.length === 1 ? { ...n, ...of } : { ...n, ...of, title: `${n.title} ×${all.length}`, detail: [...n.detail, all.map(m => m.title).join(', ')], folds: all.map(m => m.id), ...(n.weights === undefined ? {} : { weights: all.reduce((a, m) => a + (m.weights ?? 0), 0) }) };
  });
  return withoutRounds({ ...view, nodes, edges: [...edges.values()] });
}
