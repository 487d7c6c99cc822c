/** Which column each box stands in: as early as its lines allow, then towards its readers; a lagged box in the column of its source. */
import type { ViewEdge, ViewGraph } from './view-graph.ts';

type Links = ReadonlyMap<string, readonly string[]>;
function links(edges: readonly ViewEdge[], end: 'from' | 'to'): Map<string, string[]> {
  const other = end === 'from' ? 'to' : 'from', table = new Map<string, string[]>();
  for (const e of edges) { const n = e[end][0], list = table.get(n); if (list) list.push(e[other][0]); else table.set(n, [e[other][0]]); }
  return table;
}
/** Boxes from the sources on. Edges of a view lead round nowhere: see `fold`. */
function sorted(nodes: readonly { readonly id: string }[], into: Links, out: Links): string[] {
  const waits = new Map(nodes.map(n => [n.id, into.get(n.id)?.length ?? 0])), order = nodes.filter(n => !waits.get(n.id)).map(n => n.id);
  for (let i = 0; i < order.length; i++) for (const next of out.get(order[i]!) ?? []) {
    const left = waits.get(next)! - 1;
    waits.set(next, left);
    if (left === 0) order.push(next);
  }
  return order;
}

export function columns({ nodes, edges }: Pick<ViewGraph, 'nodes' | 'edges'>): ReadonlyMap<string, number> {
  const into = links(edges, 'to'), out = links(edges, 'from'), byId = new Map(nodes.map(n => [n.id, n])), order = sorted(nodes, into, out), column = new Map<string, number>();
  const most = (ids: readonly string[]) => ids.reduce((a, n) => Math.max(a, column.get(n)!), -1);
  for (const n of order) column.set(n, most(into.get(n) ?? []) + 1);
  const early = new Map(column), last = most(order);
  const room = (n: string) => (out.get(n) ?? []).reduce((a, x) => Math.min(a, column.get(x)!), last + 1) - 1;
  for (const n of [...order].reverse()) {
    const node = byId.get(n)!, readers = new Set(out.get(n)).size, writers = new Set(into.get(n)).size;
    if (!readers || node.group === 'data' || (node.acts && writers)) continue;
    if (!writers || readers <= writers) column.set(n, room(n));
  }
  /** To the left, with what it reads. */
  const pull = (n: string, to: number) => {
    const todo: [string, number][] = [[n, to]];
    for (let at = todo.pop(); at; at = todo.pop()) {
      const [id, want] = at;
      if (column.get(id)! <= want) continue;
      column.set(id, Math.max(want, early.get(id)!));
      for (const x of into.get(id) ?? []) todo.push([x, column.get(id)! - 1]);
    }
  };
  for (const n of [...order].reverse()) {
    const { role, of } = byId.get(n)!;
    if (role !== 'target' || of === undefined || !column.has(of)) continue;
    column.set(n, Math.min(room(n), Math.max(most(into.get(n) ?? []) + 1, column.get(of)!)));
    if (column.get(of)! > column.get(n)!) pull(of, column.get(n)!);
  }
  return column;
}
