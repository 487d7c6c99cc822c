/** A view cut into columns: boxes, and for each line over more than one column a place to pass in those between. */
import type { ViewGraph } from './view-graph.ts';

/** A box, or the passage of one net through one column. */
export interface Element { readonly id: number; readonly column: number; readonly node?: string; readonly net?: string }
/** One net from an element to the next column's. */
export interface Segment { readonly net: string; readonly from: number; readonly to: number; readonly fromPort?: string; readonly toPort?: string; readonly weight: number }
export interface Layers {
  readonly elements: readonly Element[];
  /** Elements of each column, in the order of the view. */
  readonly columns: readonly (readonly number[])[];
  readonly segments: readonly Segment[];
  /** By line: the elements from its box to its reader. */
  readonly ways: ReadonlyMap<string, readonly number[]>;
}

export function layersOf({ nodes, edges }: Pick<ViewGraph, 'nodes' | 'edges'>, column: ReadonlyMap<string, number>): Layers {
  const elements: Element[] = [], columns: number[][] = Array.from({ length: Math.max(0, ...column.values()) + 1 }, () => []), at = new Map<string, number>();
  const add = (e: Omit<Element, 'id'>) => { const id = elements.length; elements.push({ id, ...e }); columns[e.column]!.push(id); return id; };
  for (const n of nodes) at.set(n.id, add({ column: column.get(n.id)!, node: n.id }));
  const segments = new Map<string, Segment>(), passages = new Map<string, number>(), ways = new Map<string, number[]>();
  for (const e of edges) {
    const from = at.get(e.from[0])!, to = at.get(e.to[0])!, way = [from], main = e.kind === 'grad' ? 2 : 1;
    for (let c = column.get(e.from[0])! + 1; c < column.get(e.to[0])!; c++) {
      const key = `${c} ${e.net}`, known = passages.get(key), here = known ?? add({ column: c, net: e.net });
      passages.set(key, here);
      way.push(here);
    }
    way.push(to);
    for (let i = 1; i < way.length; i++) {
      const [a, b] = [way[i - 1]!, way[i]!], last = i === way.length - 1, key = `${a} ${b} ${e.net} ${last ? e.to[1] : ''}`, passing = Number(elements[a]!.net !== undefined) + Number(elements[b]!.net !== undefined), weight = main * [1, 2, 8][passing]!;
      if (!segments.has(key)) segments.set(key, { net: e.net, from: a, to: b, ...(i === 1 ? { fromPort: e.from[1] } : {}), ...(last ? { toPort: e.to[1] } : {}), weight });
    }
    ways.set(e.id, way);
  }
  return { elements, columns, segments: [...segments.values()], ways };
}
