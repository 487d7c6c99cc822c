/** Columns, orders, heights, tracks: the layout of pictures. Of several orders the one with the least crossings, bends, length and width is taken. The same view gives the same places. */
import { tracks, type Run } from './channels.ts';
import { columns } from './columns.ts';
import { layersOf, type Layers, type Segment } from './layers.ts';
import type { Junction, Laid, LayoutEngine, Placed, Point } from './layout.ts';
import { anchors, cellWidth, GAP, type Anchor, type Box, type Cell, type Look } from './measure.ts';
import { positions, type Spring } from './network-simplex.ts';
import { orders, type Order, type Pairs } from './ordering.ts';
import type { ViewGraph } from './view-graph.ts';

/** Pixels between things, across the flow and along it. */
export interface Apart { readonly boxes: number; readonly line: number; readonly lines: number; readonly track: number; readonly edge: number; readonly columns: number }
const APART: Apart = { boxes: 26, line: 15, lines: 10, track: 9, edge: 11, columns: 24 };
/** Beyond so many elements the exact search for heights takes too long, and sweeps are good enough. */
const EXACT = 260;

/** One candidate: the order of elements and, in each box, of the ports with lines. */
interface Arranged { readonly layers: Layers; readonly apart: Apart; readonly order: Order; readonly ports: ReadonlyMap<string, { readonly inputs: readonly Cell[]; readonly outputs: readonly Cell[] }> }

/** Along the flow and across it; a picture from top to bottom is one from left to right, turned. */
interface Extent { readonly across: number; readonly before: number; readonly along: number; readonly after: number }
const extentOf = (b: Box, { direction }: Look): Extent => (direction === 'LR' ? { across: b.h, before: b.before, along: b.w, after: b.after } : { across: b.even || b.inside ? b.w : Math.max(b.w, widthOfRow(b.inputs), widthOfRow(b.outputs)), before: b.before, along: b.h, after: b.after });
const widthOfRow = (cells: readonly Cell[]) => cells.reduce((sum, c) => sum + cellWidth(c) + GAP, -GAP);

/** Ports with lines in the order of what they lead to, so that no two lines cross in front of a box. */
function arrange(layers: Layers, order: Order, boxes: ReadonlyMap<string, Box>, apart: Apart): Arranged {
  const place = new Float64Array(layers.elements.length);
  order.forEach(c => c.forEach((e, i) => { place[e] = i - (c.length - 1) / 2; }));
  /** The other ends of a port's lines: by where they stand, and ports of one box by their rows there. */
  const ends = (side: 'fromPort' | 'toPort', rows: ReadonlyMap<string, number>) => {
    const table = new Map<string, number[]>(), [near, far, farPort] = side === 'toPort' ? ['to', 'from', 'fromPort'] as const : ['from', 'to', 'toPort'] as const;
    for (const s of layers.segments) {
      if (s[side] === undefined) continue;
      const key = `${layers.elements[s[near]]!.node!} ${s[side]}`, at = place[s[far]]! + 0.01 * (rows.get(`${layers.elements[s[far]]!.node ?? ''} ${s[farPort] ?? ''}`) ?? 0), list = table.get(key);
      if (list) list.push(at); else table.set(key, [at]);
    }
    return table;
  };
  const mean = (list: readonly number[] | undefined) => (list ? list.reduce((a, b) => a + b, 0) / list.length : 0);
  const sorted = (cells: readonly Cell[], table: ReadonlyMap<string, number[]>, node: string) => boxes.get(node)!.inside ? cells : cells.filter(c => c.line).map((c, i) => ({ c, i, at: mean(table.get(`${node} ${c.port.id}`)) })).sort((a, b) => a.at - b.at || a.i - b.i).map(x => x.c).concat(cells.filter(c => !c.line));
  const given = new Map([...boxes].flatMap(([id, b]) => b.outputs.map((c, i) => [`${id} ${c.port.id}`, i] as const))), before = ends('toPort', given), inputs = new Map([...boxes].map(([id, b]) => [id, sorted(b.inputs, before, id)]));
  const after = ends('fromPort', new Map([...inputs].flatMap(([id, cells]) => cells.map((c, i) => [`${id} ${c.port.id}`, i] as const))));
  return { layers, apart, order, ports: new Map([...boxes].map(([id, b]) => [id, { inputs: inputs.get(id)!, outputs: sorted(b.outputs, after, id) }])) };
}

type Offsets = ReadonlyMap<string, { readonly inputs: ReadonlyMap<string, number>; readonly outputs: ReadonlyMap<string, number> }>;
/** Heights of all elements: as many straight lines as there can be. */
function heights({ layers, apart, order }: Arranged, boxes: ReadonlyMap<string, Box>, offsets: Offsets, look: Look): Float64Array {
  const { elements, segments } = layers, tall = (e: number) => { const { node } = elements[e]!; return node === undefined ? 0 : extentOf(boxes.get(node)!, look).across; };
  const gap = (a: number, b: number) => { const lines = Number(elements[a]!.node === undefined) + Number(elements[b]!.node === undefined); return Math.round(tall(a) + [apart.boxes, apart.line, apart.lines][lines]!); };
  const out = (s: Segment) => (s.fromPort === undefined ? 0 : offsets.get(elements[s.from]!.node!)!.outputs.get(s.fromPort)!), into = (s: Segment) => (s.toPort === undefined ? 0 : offsets.get(elements[s.to]!.node!)!.inputs.get(s.toPort)!);
  const exact = elements.length <= EXACT ? springs() : undefined;
  return exact ? Float64Array.from(exact.subarray(0, elements.length)) : swept();

  function springs(): Int32Array | undefined {
    const all: Spring[] = [];
    for (const column of order) for (let i = 0; i + 1 < column.length; i++) all.push({ from: column[i]!, to: column[i + 1]!, length: gap(column[i]!, column[i + 1]!), weight: 1 });
    let count = elements.length;
    for (const s of segments) {                                        // |a - b| as two springs from a point before both
      const a = out(s), b = into(s), before = Math.max(a, b), middle = count++;
      all.push({ from: middle, to: s.from, length: before - a, weight: 100 * s.weight }, { from: middle, to: s.to, length: before - b, weight: 100 * s.weight });
    }
    const root = count++;                                              // holds together what no line does
    for (let n = 0; n < root; n++) all.push({ from: root, to: n, length: 0, weight: 0 });
    return positions(count, all, 20 * count);
  }
  /** Each column in turn where its neighbours pull it, without touching. */
  function swept(): Float64Array {
    const y = new Float64Array(elements.length), near: { other: number; by: number; weight: number }[][] = elements.map(() => []);
    for (const column of order) { let at = 0; column.forEach((e, i) => { y[e] = at; const next = column[i + 1]; if (next !== undefined) at += gap(e, next); }); }
    for (const s of segments) { near[s.to]!.push({ other: s.from, by: out(s) - into(s), weight: s.weight }); near[s.from]!.push({ other: s.to, by: into(s) - out(s), weight: s.weight }); }
    for (let round = 0; round < 12; round++) for (const column of round % 2 ? [...order].reverse() : order) {
      const want = column.map(e => { const w = near[e]!.reduce((a, n) => a + n.weight, 0); return w ? near[e]!.reduce((a, n) => a + (y[n.other]! + n.by) * n.weight, 0) / w : y[e]!; });
      const blocks: { first: number; count: number; sum: number }[] = [], shift: number[] = [];
      column.forEach((e, i) => { shift.push(i ? shift[i - 1]! + gap(column[i - 1]!, e) : 0); });
      want.forEach((w, i) => {
        blocks.push({ first: i, count: 1, sum: w - shift[i]! });
        for (let b = blocks.at(-1)!, a = blocks.at(-2); a && a.sum / a.count > b.sum / b.count; a = blocks.at(-2), b = blocks.at(-1)!) { a.count += b.count; a.sum += b.sum; blocks.pop(); if (!blocks.at(-2)) break; }
      });
      for (const b of blocks) for (let i = b.first; i < b.first + b.count; i++) y[column[i]!] = Math.round(b.sum / b.count + shift[i]!);
    }
    const top = y.reduce((a, b) => Math.min(a, b), Infinity);
    return y.map(v => v - top);
  }
}

/** Everything in its place. */
function place(arranged: Arranged, view: Shown, boxes: ReadonlyMap<string, Box>, look: Look): Laid {
  const { layers: { elements, segments, columns: all, ways }, apart, ports } = arranged, lr = look.direction === 'LR';
  const held = new Map([...boxes].map(([id, b]) => { const p = ports.get(id)!, extent = extentOf(b, look), wide = lr ? b : { ...b, w: extent.across }; return [id, { box: wide, extent, at: anchors(wide, p.inputs, p.outputs, look) }]; }));
  const across = (a: Anchor) => (lr ? a.y : a.x);
  const offsets: Offsets = new Map([...held].map(([id, { at }]) => [id, { inputs: new Map(at.inputs.map(a => [a.cell.port.id, across(a)])), outputs: new Map(at.outputs.map(a => [a.cell.port.id, across(a)])) }]));
  const y = heights(arranged, boxes, offsets, look), top = y.reduce((a, b) => Math.min(a, b), Infinity);
  const leaves = (s: Segment) => y[s.from]! - top + (s.fromPort === undefined ? 0 : offsets.get(elements[s.from]!.node!)!.outputs.get(s.fromPort)!);
  const enters = (s: Segment) => y[s.to]! - top + (s.toPort === undefined ? 0 : offsets.get(elements[s.to]!.node!)!.inputs.get(s.toPort)!);

  const channels = all.map((_, c) => {
    const runs = new Map<string, { net: string; from: number; to: number[] }>();
    for (const s of segments) if (elements[s.from]!.column === c) { const run = runs.get(s.net); if (run) run.to.push(enters(s)); else runs.set(s.net, { net: s.net, from: leaves(s), to: [enters(s)] }); }
    const list: readonly Run[] = [...runs.values()];
    return { runs: list, tracks: tracks(list) };
  });
  // along the flow: the middle of each column, and where its channel begins
  const middle: number[] = [], channelAt: number[] = [];
  let x = 0;
  all.forEach((column, c) => {
    const extents = column.flatMap(e => { const { node } = elements[e]!; return node === undefined ? [] : [held.get(node)!.extent]; });
    const left = extents.reduce((a, e) => Math.max(a, e.along / 2 + e.before), 0), right = extents.reduce((a, e) => Math.max(a, e.along / 2 + e.after), 0), count = channels[c]!.tracks.count;
    middle.push(Math.round(x + left));
    channelAt.push(Math.round(x + left + right) + apart.edge);
    x = Math.round(x + left + right) + (c === all.length - 1 ? 0 : Math.max(apart.columns, 2 * apart.edge + (count - 1) * apart.track));
  });
  const point = (along: number, at: number): Point => (lr ? { x: along, y: at } : { x: at, y: along });
  const placed = new Map<string, Placed>();
  for (const e of elements) if (e.node !== undefined) {
    const { box, extent, at } = held.get(e.node)!, start = Math.round(middle[e.column]! - extent.along / 2), corner = point(start, y[e.id]! - top);
    placed.set(e.node, { box, ...corner, w: box.w, h: box.h, inputs: at.inputs, outputs: at.outputs });
  }
  const trackAt = (column: number, net: string) => { const t = channels[column]!.tracks.of.get(net); return t === undefined ? undefined : channelAt[column]! + t * apart.track; };
  const segmentOf = new Map(segments.map(s => [`${s.from} ${s.to} ${s.net} ${s.toPort ?? ''}`, s])), routes = new Map<string, Point[]>();
  for (const e of view.edges) {
    const way = ways.get(e.id)!, corners: Point[] = [], put = (along: number, at: number) => { const p = point(along, at), last = corners.at(-1), before = corners.at(-2); if (last && last.x === p.x && last.y === p.y) return; if (before && last && ((before.x === last.x && last.x === p.x) || (before.y === last.y && last.y === p.y))) corners.pop(); corners.push(p); };
    const from = placed.get(e.from[0])!, to = placed.get(e.to[0])!;
    for (let i = 1; i < way.length; i++) {
      const s = segmentOf.get(`${way[i - 1]} ${way[i]} ${e.net} ${i === way.length - 1 ? e.to[1] : ''}`)!, column = elements[s.from]!.column, track = trackAt(column, e.net), [a, b] = [leaves(s), enters(s)];
      if (i === 1) put(lr ? from.x + from.w : from.y + from.h, a);
      if (a !== b && track !== undefined) { put(track, a); put(track, b); }
    }
    const last = segmentOf.get(`${way.at(-2)} ${way.at(-1)} ${e.net} ${e.to[1]}`)!;
    put(lr ? to.x : to.y, enters(last));
    routes.set(e.id, corners);
  }
  const junctions = channels.flatMap(({ runs }, c) => runs.flatMap(({ net, from, to }): Junction[] => {
    const track = trackAt(c, net);
    if (track === undefined) return [];
    const stops = [...new Set([from, ...to])], low = Math.min(...stops), high = Math.max(...stops);
    return stops.filter(s => Number(s === from) + Number(to.includes(s)) + Number(s > low) + Number(s < high) > 2).map(s => ({ ...point(track, s), net }));
  }));
  const size = { along: x, across: elements.reduce((a, e) => Math.max(a, y[e.id]! - top + (e.node === undefined ? 0 : held.get(e.node)!.extent.across)), 0) };
  return { boxes: placed, routes, junctions, w: lr ? size.along : size.across, h: lr ? size.across : size.along };
}

/** Crossings first, then bends and length, then the shape of a page; what belongs below another box is there. */
function cost(laid: Laid, view: Shown, { direction }: Look, free: boolean): number {
  const upright: { at: number; from: number; to: number; net: string }[] = [], level: typeof upright = [], seen = new Set<string>();
  let length = 0, bends = 0, crossings = 0, above = 0;
  for (const e of view.edges) {
    const p = laid.routes.get(e.id)!;
    bends += p.length - 2;
    for (let i = 1; i < p.length; i++) {
      const [a, b] = [p[i - 1]!, p[i]!], turned = a.x === b.x, s = turned ? { at: a.x, from: Math.min(a.y, b.y), to: Math.max(a.y, b.y), net: e.net } : { at: a.y, from: Math.min(a.x, b.x), to: Math.max(a.x, b.x), net: e.net }, key = `${turned} ${e.net} ${s.at} ${s.from} ${s.to}`;
      length += s.to - s.from;
      if (!seen.has(key)) (turned ? upright : level).push(s);
      seen.add(key);
    }
  }
  for (const u of upright) for (const l of level) if (u.net !== l.net && u.at > l.from && u.at < l.to && l.at > u.from && l.at < u.to) crossings++;
  let shared = 0;                                                       // two nets on one line cannot be told apart
  for (const lines of [upright, level]) lines.forEach((a, i) => { for (const b of lines.slice(i + 1)) if (a.net !== b.net && Math.abs(a.at - b.at) < 3 && Math.min(a.to, b.to) - Math.max(a.from, b.from) > 2) shared++; });
  for (const [upper, lower] of stacked(view)) { const a = laid.boxes.get(lower)!, b = laid.boxes.get(upper)!; if (direction === 'LR' ? a.y < b.y : a.x < b.x) above++; }
  const shape = direction === 'LR' ? laid.w / laid.h - 2.4 : laid.h / laid.w - 1.6;
  return shared * 1000 + crossings * 150 + bends * 6 + length / 25 + above * 1000 + (free ? 0 : Math.max(0, shape) * 150) + laid.w * laid.h / 8000;
}
/** Boxes of which one belongs above the other: a source and its lagged copy, what learns and the target side. */
function stacked({ nodes }: Shown): readonly (readonly [upper: string, lower: string])[] {
  const there = new Set(nodes.map(n => n.id));
  return nodes.flatMap(n => (n.role !== 'target' ? [] : n.of !== undefined ? [[n.of, n.id] as const] : [['(learner)', n.id] as const])).filter(([upper]) => there.has(upper));
}

type Shown = Pick<ViewGraph, 'nodes' | 'edges'>;
/** In these columns, so far apart; `free`: as wide for its height as it comes. */
export function layeredBy(view: Shown, boxes: ReadonlyMap<string, Box>, look: Look, { column, apart, free = false }: { readonly column: ReadonlyMap<string, number>; readonly apart: Apart; readonly free?: boolean }): Laid {
  const layers = layersOf(view, column), { elements } = layers, at = new Map(elements.flatMap(e => (e.node === undefined ? [] : [[e.node, e.id] as const])));
  if (!elements.length) return { boxes: new Map(), routes: new Map(), junctions: [], w: 0, h: 0 };
  const pairs: Pairs = stacked(view).filter(([a, b]) => column.get(a) === column.get(b)).map(([a, b]) => [at.get(a)!, at.get(b)!]);
  const small = elements.length <= EXACT, search = small ? { starts: Math.max(6, Math.min(60, Math.round(3000 / elements.length))), keep: 12, rounds: 8 } : { starts: 1, keep: 1, rounds: 6 };
  let best: Laid | undefined, least = Infinity;
  for (const { order } of orders(layers, pairs, search)) {
    const laid = place(arrange(layers, order, boxes, apart), view, boxes, look), c = small ? cost(laid, view, look, free) : 0;
    if (c < least) { least = c; best = laid; }
  }
  return best!;
}
export const layered: LayoutEngine = (view, boxes, look) => layeredBy(view, boxes, look, { column: columns(view), apart: APART });
