/** What is in an open node as a small picture of its own: input ports, layers or operations in columns, output ports, and the values between them. Laid out as pages are, closer together. */
import { columns } from './columns.ts';
import { layeredBy } from './layered.ts';
import type { Point } from './layout.ts';
import { cellWidth, GAP, PAD, ROW, SIZE, type Box, type Cell, type Inner, type Look, type Nested } from './measure.ts';
import { shortened, width } from './text.ts';
import { netOf, type End, type Group, type ViewEdge, type ViewNode, type ViewPort } from './view-graph.ts';

/** Closer than on a page. */
const APART = { boxes: 9, line: 8, lines: 7, track: 7, edge: 8, columns: 22 } as const;
/** Pixels of a part: room for a row of words, and for a line that enters; widths that words are cut to. */
const PART = { row: 11.5, line: 8, words: 130, head: 18 } as const;

/** `<state` and `>qTot` stand beside the parts: no part has such a name. */
const idOf = (e: End, side: 'from' | 'to') => ('part' in e ? e.part : `${side === 'from' ? '<' : '>'}${e.port}`);
const node = (id: string, group: Group, inputs: readonly ViewPort[], outputs: readonly ViewPort[]): ViewNode => ({ id, title: '', detail: [], kind: 'arithmetic', role: 'add', group, inputs, outputs, rules: [], tags: [], acts: false });
const port = (id: string): ViewPort => ({ id, label: '', marks: [], used: true });
const cell = (p: ViewPort): Cell => ({ port: p, label: '', shape: '', flag: undefined, marks: [], line: true, width: 0, lead: 0 });

/** Does some value lead round? Then no order of columns shows it. */
function round(edges: readonly ViewEdge[], count: number): boolean {
  const waits = new Map<string, number>(), out = new Map<string, string[]>();
  for (const e of edges) { waits.set(e.from[0], waits.get(e.from[0]) ?? 0); waits.set(e.to[0], (waits.get(e.to[0]) ?? 0) + 1); const list = out.get(e.from[0]); if (list) list.push(e.to[0]); else out.set(e.from[0], [e.to[0]]); }
  const order = [...waits].filter(([, n]) => n === 0).map(([id]) => id);
  for (let i = 0; i < order.length && i <= count; i++) for (const next of out.get(order[i]!) ?? []) { const left = waits.get(next)! - 1; waits.set(next, left); if (left === 0) order.push(next); }
  return order.length < waits.size;
}

/** In a box of at least `room` pixels. Undefined where nobody watched which value enters which part, or where one leads round. */
export function nestedIn({ parts = [], threads = [] }: ViewNode, inputs: readonly Cell[], outputs: readonly Cell[], look: Look, room: number): Nested | undefined {
  const lr = look.direction === 'LR', distinct = new Map(threads.map(t => [`${idOf(t.from, 'from')} ${idOf(t.to, 'to')}`, t]));
  const edges = [...distinct.values()].map((t): ViewEdge => { const from = [idOf(t.from, 'from'), 'out'] as const, to = [idOf(t.to, 'to'), idOf(t.from, 'from')] as const; return { id: `${from[0]}>${to[0]}`, from, to, kind: 'data', net: netOf(from) }; });
  if (!edges.length || round(edges, 2 * (parts.length + inputs.length + outputs.length))) return undefined;
  const entering = (id: string) => edges.filter(e => e.to[0] === id).map(e => port(e.to[1])), leaving = (id: string) => (edges.some(e => e.from[0] === id) ? [port('out')] : []);
  const busy = (id: string) => edges.some(e => e.from[0] === id || e.to[0] === id), [read, given] = [inputs.filter(c => busy(`<${c.port.id}`)), outputs.filter(c => busy(`>${c.port.id}`))];
  const starts = read.map(c => node(`<${c.port.id}`, 'data', [], leaving(`<${c.port.id}`))), ends = given.map(c => node(`>${c.port.id}`, 'loss', entering(`>${c.port.id}`), []));
  const all = [...starts, ...parts.map(p => node(p.id, 'learner', entering(p.id), leaving(p.id))), ...ends], view = { nodes: all, edges };

  const words = new Map(parts.map(p => [p.id, { label: shortened(p.label, PART.words, SIZE.small), of: shortened(p.of ?? '', PART.words, SIZE.shape), detail: shortened(p.detail, PART.words, SIZE.shape, 'mono') }]));
  const side = (cells: readonly Cell[]) => (lr ? PAD + 6 + cells.reduce((a, c) => Math.max(a, c.width), 0) : PART.head), [before, after] = [side(inputs), side(outputs)], cells = new Map<string, Cell>([...read.map(c => [`<${c.port.id}`, c] as const), ...given.map(c => [`>${c.port.id}`, c] as const)]);
  const sized = (n: ViewNode): { w: number; h: number } => {
    const lines = PART.line * (Math.max(n.inputs.length, n.outputs.length) + 1), own = cells.get(n.id), text = words.get(n.id);
    if (own) { const along = n.group === 'data' ? before : after, across = Math.max(16, lines); return lr ? { w: Math.ceil(along), h: across } : { w: Math.ceil(Math.max(cellWidth(own) + 8, lines)), h: along }; }
    const w = Math.ceil(12 + Math.max(width(text!.label, SIZE.small), width(text!.of, SIZE.shape), width(text!.detail, SIZE.shape, 'mono'))), h = Math.ceil(5 + PART.row * [text!.label, text!.of, text!.detail].filter(Boolean).length);
    return lr ? { w, h: Math.max(h, lines) } : { w: Math.max(w, lines), h };
  };
  const boxes = new Map(all.map((n): readonly [string, Box] => [n.id, { node: n, title: '', detail: [], chips: [], parts: [], room: 0, inputs: n.inputs.map(cell), outputs: n.outputs.map(cell), tags: [], ...sized(n), before: 0, after: 0, even: true }]));
  const column = new Map(columns(view)), shift = parts.some(p => column.get(p.id) === 0) ? 1 : 0, deepest = parts.reduce((a, p) => Math.max(a, column.get(p.id)! + shift), 0);
  for (const p of parts) column.set(p.id, column.get(p.id)! + shift);
  for (const n of starts) column.set(n.id, 0);
  for (const n of ends) column.set(n.id, deepest + 1);
  const laid = layeredBy(view, boxes, look, { apart: APART, column, free: true }), idle = [inputs.filter(c => !read.includes(c)), outputs.filter(c => !given.includes(c))] as const;
  const beside = (list: readonly Cell[]) => list.reduce((sum, c) => sum + cellWidth(c) + GAP, 0), rest = lr ? ROW * Math.max(...idle.map(list => list.length)) : Math.max(...idle.map(beside));
  const edge = lr ? [starts.length ? 0 : PAD, ends.length ? 0 : PAD] as const : [PAD, PAD + rest] as const, w = Math.max(room, edge[0] + laid.w + edge[1]), by = edge[0] + Math.round((w - edge[0] - laid.w - edge[1]) / 2), ports = new Map<string, number>([...cells.keys()].map(id => { const b = laid.boxes.get(id)!; return [id, lr ? b.y + Math.round(b.h / 2) : b.x + by + Math.round(b.w / 2)] as const; }));
  for (const [sign, list] of [['<', idle[0]], ['>', idle[1]]] as const) {      // what nothing inside reads or gives stands behind the others
    let at = lr ? laid.h + ROW / 2 : laid.w + by + GAP;
    for (const c of list) { const own = cellWidth(c); ports.set(`${sign}${c.port.id}`, lr ? at : Math.round(at + own / 2)); at += lr ? ROW : own + GAP; }
  }
  return {
    w, h: laid.h + (lr ? rest : 0), ports, junctions: laid.junctions.map(j => ({ ...j, x: j.x + by })),
    parts: parts.map((p): Inner => { const { x, y, w: wide, h } = laid.boxes.get(p.id)!; return { id: p.id, ...words.get(p.id)!, x: x + by, y, w: wide, h }; }),
    lines: edges.map(e => {
      const route = laid.routes.get(e.id)!.map((q): Point => ({ x: q.x + by, y: q.y })), [start, end] = [cells.get(e.from[0]), cells.get(e.to[0])];
      if (lr && start) route[0] = { x: PAD + start.width + 5, y: route[0]!.y };
      if (lr && end) route[route.length - 1] = { x: w - PAD - end.width - 4, y: route.at(-1)!.y };
      return { id: e.id, net: e.net, route };
    }),
  };
}
