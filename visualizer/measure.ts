/** Sizes of boxes, in pixels, before anything has a place: what stands in them, and where their ports are. */
import { letterOf, lines, shape, shortened, width } from './text.ts';
import type { Junction, Point, Rect } from './layout.ts';
import { SIGNS } from './palette.ts';
import type { State, Tag, ViewGraph, ViewNode, ViewPort } from './view-graph.ts';

export type Direction = 'LR' | 'TB';
export type Shapes = 'symbolic' | 'concrete' | 'off';
export interface Look { readonly direction: Direction; readonly shapes: Shapes }

export const ROW = 16;
export const BAND = 22, LINE = 13, PAD = 9, SIZE = { title: 12, port: 11.5, small: 9.5, shape: 9 } as const;
/** Rooms that texts of others are cut to. */
const ROOM = { title: 230, port: 150, flag: 120, shape: 240, detail: 250, chip: 140, tag: 160, part: 130 } as const;

/** A port with the words that are drawn, and how much room they take. */
export interface Cell { readonly port: ViewPort; readonly label: string; readonly shape: string; readonly flag: string | undefined; readonly marks: readonly string[]; readonly line: boolean; readonly width: number; readonly lead: number }
export interface TagWords { readonly tag: Tag; readonly text: string; readonly width: number }
/** A layer or an operation inside a box. */
export interface Inner extends Rect { readonly id: string; readonly label: string; readonly of: string; readonly detail: string }
/** What is in an open box, from the corner of the room that it has there. */
export interface Nested {
  readonly parts: readonly Inner[]; readonly w: number; readonly h: number;
  readonly lines: readonly { readonly id: string; readonly net: string; readonly route: readonly Point[] }[];
  readonly junctions: readonly Junction[];
  /** Where ports are, across the flow: `<state`, `>qTot`. */
  readonly ports: ReadonlyMap<string, number>;
}
/** Lays out what is in a box. */
export type Nest = (node: ViewNode, inputs: readonly Cell[], outputs: readonly Cell[], look: Look, room: number) => Nested | undefined;
export interface Box {
  readonly node: ViewNode;
  readonly title: string; readonly detail: readonly string[]; readonly chips: readonly { readonly text: string; readonly width: number; readonly state?: State }[];
  /** Boxes inside, from the corner of the room that they have. */
  readonly parts: readonly Inner[]; readonly room: number;
  readonly inputs: readonly Cell[]; readonly outputs: readonly Cell[];
  readonly tags: readonly TagWords[];
  readonly w: number; readonly h: number;
  /** Room before the box, where lines enter, for marks and flags, and behind it for tags; along the flow. */
  readonly before: number; readonly after: number;
  /** It is open, and its ports stand where the lines inside of it begin and end. */
  readonly inside?: Nested;
  /** A box inside another: its ports are spread over its sides. */
  readonly even?: true;
}

export const markWidth = (mark: string): number => width(mark, SIZE.small) + 8;
/** What became of it stands before its name. */
const signWidth = (state: State | undefined, size: number): number => width(SIGNS[state ?? 'same'], size, 'bold');
/** Words of a flag: where the value comes from, and what is done to it. */
const flagText = (p: ViewPort) => (p.flag === undefined ? undefined : shortened([p.flag, ...p.marks].filter(Boolean).join(' '), ROOM.flag, SIZE.small));
export const flagWidth = (text: string, back = false): number => (text ? width(text, SIZE.small) + (back ? 8 : 20) : 14);

function cellOf(port: ViewPort, line: boolean, way: 'in' | 'out', { shapes }: Look): Cell {
  const label = shortened(port.label, ROOM.port, SIZE.port), flag = way === 'in' ? flagText(port) : undefined;
  const dims = way === 'in' || shapes === 'off' || !port.dims ? '' : shortened(shape(port.dims, shapes === 'concrete' ? port.sizes : undefined), ROOM.shape, SIZE.shape, 'mono');
  const lead = flag !== undefined ? flagWidth(flag, port.back) + 10 : port.marks.length && port.used ? port.marks.reduce((sum, m) => sum + markWidth(m) + 3, 0) + 12 : line ? 9 : 0;
  return { port, label, shape: dims, flag, marks: port.marks, line, width: width(label, SIZE.port, port.state ? 'bold' : 'sans') + signWidth(port.state, SIZE.port) + (dims ? 5 + width(dims, SIZE.shape, 'mono') : 0) + (way === 'out' && port.flag !== undefined ? 11 : 0), lead };
}
/** Ports with lines first, then flags, then those that nothing is wired to. */
const rank = (c: Cell) => (c.line ? 0 : c.port.used ? 1 : 2);
const ordered = (cells: readonly Cell[]) => [...cells].sort((a, b) => rank(a) - rank(b));
const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), 0);
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
/** Between the cells of one row of ports. */
export const GAP = 14;
/** Width of a port's cell in a picture from top to bottom: its flag or marks stand above it. */
export const cellWidth = (c: Cell): number => Math.max(c.width, c.lead ? c.lead - (c.flag === undefined ? 12 : 8) : 0);

/** Title and settings of an open box, above what is in it. */
const TITLE = 50;
export const isOpen = (n: ViewNode): boolean => n.parts !== undefined;
/** Without lines, what is inside stands as words in a paragraph: one after another in the order in which they run. */
const INNER = { h: 16, gap: 4, row: 210 } as const;
function nested(parts: ViewNode['parts'] = [], room: number): { readonly parts: readonly Inner[]; readonly w: number; readonly h: number } {
  const out: Inner[] = [];
  let x = 0, y = 0;
  for (const p of parts) {
    const label = shortened(p.label, ROOM.part, SIZE.small), detail = shortened(p.detail, ROOM.shape, SIZE.shape, 'mono'), w = Math.ceil(width(label, SIZE.small) + (detail ? 6 + width(detail, SIZE.shape, 'mono') : 0) + 12);
    if (x > 0 && x + w > Math.max(room, INNER.row)) { x = 0; y += INNER.h + INNER.gap; }
    out.push({ id: p.id, label, of: '', detail, x, y, w, h: INNER.h });
    x += w + INNER.gap;
  }
  return { parts: out, w: most(out.map(p => p.x + p.w)), h: out.length ? y + INNER.h : 0 };
}

const along = (cells: readonly Cell[], { ports }: Nested, side: '<' | '>') => [...cells].sort((a, b) => ports.get(`${side}${a.port.id}`)! - ports.get(`${side}${b.port.id}`)!);
const rowsFrom = (node: ViewNode, detail: readonly string[]) => Math.max(BAND + (detail.length ? detail.length * LINE + 4 : 3), isOpen(node) ? TITLE : 0);
/** Top of what is in a box that is open; from top to bottom its chips stand above it. */
const headOf = (node: ViewNode, detail: readonly string[], chips: boolean, direction: Direction) => rowsFrom(node, detail) + (direction === 'TB' && chips ? 18 : 0);
export const insideTop = (b: Box, direction: Direction): number => headOf(b.node, b.detail, b.chips.length > 0, direction);

function measureNode(node: ViewNode, entered: ReadonlySet<string>, left: ReadonlySet<string>, look: Look, nest: Nest): Box {
  const across = look.direction === 'TB', told = across ? node.outputs.filter(p => p.flag !== undefined) : [];      // from top to bottom a row of all fields would be wider than the page
  const signed = signWidth(node.state, SIZE.title), title = shortened(node.title, ROOM.title, SIZE.title, 'bold'), detail = [...node.detail, ...lines(told.map(p => `${p.label} ${look.shapes === 'off' ? '' : shape(p.dims ?? [], look.shapes === 'concrete' ? p.sizes : undefined)}`.trim()), ', ', 44)].map(t => shortened(t, ROOM.detail, SIZE.small));
  const tags = node.tags.map(tag => { const text = `${SIGNS[tag.state ?? 'same']}${shortened(tag.text, ROOM.tag, SIZE.small, 'bold')}`; return { tag, text, width: width(text, SIZE.small, 'bold') + 14 }; });
  const inputs = ordered(node.inputs.map(p => cellOf(p, entered.has(p.id), 'in', look))), outputs = ordered(node.outputs.filter(p => !told.includes(p)).map(p => { const c = cellOf(p, left.has(p.id), 'out', look), hung = tags.filter(t => t.tag.port === p.id); return hung.length ? { ...c, lead: sum(hung.map(t => t.width + 3)) + 12 } : c; }));
  const chips = node.rules.map(r => { const text = `${SIGNS[r.state ?? 'same']}${shortened(r.text, ROOM.chip, SIZE.small)}`; return { text, width: width(text, SIZE.small) + 20, ...(r.state === undefined ? {} : { state: r.state }) }; });
  const badge = ['slot', 'target', 'shared', 'frozen'].includes(node.role) ? 16 : 0;
  const texts = [width(title, SIZE.title, 'bold') + signed + 31 + badge, ...detail.map(t => width(t, SIZE.small) + 2 * PAD), sum(chips.map(c => c.width + 5)) + PAD];
  const ports = across
    ? [inputs, outputs].map(cells => sum(cells.map(cellWidth)) + GAP * (cells.length - 1) + 2 * PAD)
    : [most(inputs.map(c => c.width)) + most(outputs.map(c => c.width)) + 2 * PAD + (inputs.length && outputs.length ? 12 : 0)];
  const rows = across ? Number(inputs.length > 0) + Number(outputs.length > 0) : Math.max(inputs.length, outputs.length);
  const alone = Math.ceil(most([...texts, ...ports, 56])), open = isOpen(node) ? nest(node, inputs, outputs, look, alone) : undefined, inside = open ? { parts: open.parts, w: 0, h: 0 } : nested(node.parts, alone - 2 * PAD), w = Math.ceil(Math.max(alone, inside.w + 2 * PAD, open?.w ?? 0)), tagged = most([...new Set(tags.map(t => t.tag.port))].map(p => sum(tags.filter(t => t.tag.port === p).map(t => t.width + 3))));
  return {
    node, title, detail, chips, parts: inside.parts, room: inside.h, tags, w,
    ...(open ? { inside: open, inputs: along(inputs, open, '<'), outputs: along(outputs, open, '>') } : { inputs, outputs }),
    h: open ? headOf(node, detail, chips.length > 0, look.direction) + open.h + (across ? 0 : chips.length ? 22 : 6)
      : rowsFrom(node, detail) + rows * ROW + 3 + (inside.h ? inside.h + 9 : 0) + (chips.length ? 19 : 0),
    before: across ? (inputs.some(c => c.lead > 9) ? 26 : inputs.some(c => c.line) ? 8 : 0) : Math.ceil(most(inputs.map(c => c.lead))),
    after: tags.length ? (across ? 26 : Math.ceil(tagged) + 10) : 0,
  };
}
export function measure(view: ViewGraph, look: Look, nest: Nest): ReadonlyMap<string, Box> {
  const entered = new Map<string, Set<string>>(), left = new Map<string, Set<string>>(), note = (table: Map<string, Set<string>>, [node, port]: readonly [string, string]) => { const set = table.get(node); if (set) set.add(port); else table.set(node, new Set([port])); };
  for (const e of view.edges) { note(left, e.from); note(entered, e.to); }
  const none = new Set<string>();
  return new Map(view.nodes.map(n => [n.id, measureNode(n, entered.get(n.id) ?? none, left.get(n.id) ?? none, look, nest)]));
}

/** Top of the rows of ports, in a picture from left to right. */
export const rowsTop = (b: Box): number => rowsFrom(b.node, b.detail);
export interface Anchor { readonly cell: Cell; readonly x: number; readonly y: number }
/** Where ports are, from the corner of their box. */
export function anchors(b: Box, inputs: readonly Cell[], outputs: readonly Cell[], { direction }: Look): { readonly inputs: readonly Anchor[]; readonly outputs: readonly Anchor[] } {
  const lr = direction === 'LR';
  if (b.inside) {
    const top = lr ? insideTop(b, direction) : 0, at = (cell: Cell, side: '<' | '>') => { const p = b.inside!.ports.get(`${side}${cell.port.id}`)!; return lr ? { cell, x: side === '<' ? 0 : b.w, y: top + p } : { cell, x: p, y: side === '<' ? 0 : b.h }; };
    return { inputs: inputs.map(c => at(c, '<')), outputs: outputs.map(c => at(c, '>')) };
  }
  if (b.even) {
    const spread = (cells: readonly Cell[], far: number) => cells.map((cell, i) => { const p = Math.round((lr ? b.h : b.w) * (i + 1) / (cells.length + 1)); return lr ? { cell, x: far ? b.w : 0, y: p } : { cell, x: p, y: far ? b.h : 0 }; });
    return { inputs: spread(inputs, 0), outputs: spread(outputs, 1) };
  }
  if (lr) {
    const y = (i: number) => rowsTop(b) + i * ROW + ROW / 2;
    return { inputs: inputs.map((cell, i) => ({ cell, x: 0, y: y(i) })), outputs: outputs.map((cell, i) => ({ cell, x: b.w, y: y(i) })) };
  }
  const row = (cells: readonly Cell[], y: number): Anchor[] => {
    const total = sum(cells.map(cellWidth)) + GAP * Math.max(0, cells.length - 1);
    let x = (b.w - total) / 2;
    return cells.map(cell => { const w = cellWidth(cell), at = { cell, x: Math.round(x + w / 2), y }; x += w + GAP; return at; });
  };
  return { inputs: row(inputs, 0), outputs: row(outputs, b.h) };
}
/** Dims that stand as letters somewhere: `B batch`. */
export const lettersIn = (view: ViewGraph): string[] => [...new Set(view.nodes.flatMap(n => n.outputs.flatMap(p => p.dims ?? [])))].map(d => d.split('@', 1)[0]!).filter((d, i, all) => all.indexOf(d) === i && letterOf(d) !== d).map(d => `${letterOf(d)} ${d}`);
