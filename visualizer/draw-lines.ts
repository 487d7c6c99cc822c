/** Outlines round parts of the page, the lines between boxes, and the dotted lines from boxes to those that lag them. */
import { arrowhead, at, escape, idOf, rounded } from './canvas.ts';
import { isQuiet, type Scene } from './draw-boxes.ts';
import type { Laid, Placed, Point } from './layout.ts';
import { stateHue, type Tone } from './palette.ts';
import type { ViewEdge, ViewNode } from './view-graph.ts';

/** One outline round some boxes and the lines between them. */
function zone({ canvas: c, view, theme }: Scene, laid: Laid, id: 'agent' | 'targets', member: (n: ViewNode) => boolean, edge: Tone, fill: Tone): string {
  const ids = new Set(view.nodes.filter(member).map(n => n.id)), pad = 7;
  if (!ids.size) return '';
  const rects = view.nodes.filter(n => ids.has(n.id)).map(n => { const p = laid.boxes.get(n.id)!; return { x: p.x - pad, y: p.y - pad, w: p.w + 2 * pad, h: p.h + 2 * pad }; });
  const ways = view.edges.filter(e => ids.has(e.from[0]) && ids.has(e.to[0])).map(e => rounded(laid.routes.get(e.id)!, 6)).join('');
  const layer = (grow: number, tone: Tone) => rects.map(r => c.rect({ x: r.x - grow / 2, y: r.y - grow / 2, w: r.w + grow, h: r.h + grow }, { fill: tone, round: 10 })).join('') + (ways ? c.path(ways, { stroke: tone, wide: 12 + grow }) : '');
  // in print its outline has gaps: what is painted under the fill is striped where it shows
  const gaps = theme !== 'print' || id !== 'targets' ? '' : rects.map(r => `<rect x="${at(r.x - 1.2)}" y="${at(r.y - 1.2)}" width="${at(r.w + 2.4)}" height="${at(r.h + 2.4)}" rx="10" fill="url(#gaps)"/>`).join('') + (ways ? `<path d="${ways}" fill="none" stroke="url(#gaps)" stroke-width="14.4"/>` : '');
  return `<g id="zone-${id}">${layer(2.4, edge)}${gaps}${layer(0, fill)}</g>`;
}
export function drawZones(scene: Scene, laid: Laid): string {
  const { view, seen } = scene;
  if (view.form !== 'page') return '';
  const open = (g: string) => (n: ViewNode) => n.group === g && n.role !== 'group' && n.faded === undefined, out: string[] = [];
  for (const [id, edge, fill] of [['targets', 'lag-edge', 'lag-pale'], ['agent', 'rule-edge', 'rule-pale']] as const) {
    if (view.zones[id] === undefined || !view.nodes.some(open(id))) continue;
    seen.zone(id);
    out.push(zone(scene, laid, id, open(id), edge, fill));
  }
  return out.join('');
}

const ORDER = ['removed', 'data', 'stop', 'grad', 'added'];
const importance = (e: ViewEdge) => (e.faded ? -1 : ORDER.indexOf(e.state === 'added' || e.state === 'removed' ? e.state : e.kind));
function toneOf({ view }: Scene, e: ViewEdge): Tone {
  if (e.alarm) return 'alarm';
  return stateHue(e.state) ?? (view.form === 'difference' || e.faded ? 'faint' : e.kind === 'grad' ? 'line' : 'quiet');
}
/** As far as two lines of one net run together. */
function together(a: readonly Point[], b: readonly Point[]): Point[] {
  const out = [a[0]!], far = (p: Point, q: Point) => Math.abs(p.x - q.x) + Math.abs(p.y - q.y);
  for (let i = 1; i < Math.min(a.length, b.length); i++) {
    const [from, p, q] = [out[i - 1]!, a[i]!, b[i]!];
    if (Math.sign(p.x - from.x) !== Math.sign(q.x - from.x) || Math.sign(p.y - from.y) !== Math.sign(q.y - from.y)) break;
    out.push(far(from, p) < far(from, q) ? p : q);
    if (p.x !== q.x || p.y !== q.y) break;
  }
  return out;
}
/** Lines of before and of after leave on one trunk, which is there before and after. */
function trunks({ canvas: c, view }: Scene, edges: readonly ViewEdge[], routes: Laid['routes']): string {
  if (view.form !== 'difference') return '';
  const paths = new Set(edges.flatMap((e, i) => edges.slice(i + 1).flatMap(f => { const way = e.state === f.state ? [] : together(routes.get(e.id)!, routes.get(f.id)!); return way.length > 1 ? [rounded(way, 6)] : []; }))), d = [...paths].join('');
  return d ? c.path(d, { stroke: 'page', wide: 4.5 }) + c.path(d, { stroke: 'faint', wide: edges.some(e => e.kind === 'grad') ? 1.5 : 1 }) : '';
}
export function drawLines(scene: Scene, laid: Laid): string {
  const { canvas: c, view, seen } = scene, nets = new Map<string, ViewEdge[]>();
  for (const e of view.edges) { const list = nets.get(e.net); if (list) list.push(e); else nets.set(e.net, [e]); }
  return [...nets].map(([net, edges]) => {
    const halo: string[] = [], lines: string[] = [];
    for (const e of [...edges].sort((a, b) => importance(a) - importance(b))) {
      const route = laid.routes.get(e.id)!, end = route.at(-1)!, before = route.at(-2)!, tip: Point = end.y === before.y ? { x: end.x - 1, y: end.y } : { x: end.x, y: end.y - 1 }, shown = [...route.slice(0, -1), tip];
      for (let i = 1; i < shown.length; i++) c.ink.lines.push({ a: shown[i - 1]!, b: shown[i]!, net, edge: e.id });
      const tone = toneOf(scene, e), changed = stateHue(e.state) !== undefined || e.alarm === true, wide = changed ? 2 : e.kind === 'grad' && !e.faded ? 1.5 : 1, dashed = e.state === 'removed' || (e.kind === 'stop' && !changed);
      seen.line(e);
      halo.push(rounded(shown, 6));
      lines.push(c.path(rounded(shown, 6), { stroke: tone, wide, ...(dashed ? { dash: '5 3' } : {}) }, `wire-${[e.from, e.to].map(end => end.map(idOf).join('.')).join('--')}`), c.path(arrowhead({ x: tip.x + (end.y === before.y ? 0.5 : 0), y: tip.y + (end.y === before.y ? 0 : 0.5) }, before), { fill: tone }));
    }
    const first = [...edges].sort((a, b) => importance(b) - importance(a))[0]!, one = edges.every(e => toneOf(scene, e) === toneOf(scene, first));
    const dot: Tone = one ? toneOf(scene, first) : view.form === 'difference' ? 'faint' : toneOf(scene, first);
    return `<g id="net-${idOf(net)}" class="net">${c.path(halo.join(''), { stroke: 'page', wide: 4.5 })}${lines.join('')}${trunks(scene, edges, laid.routes)}${laid.junctions.filter(j => j.net === net).map(j => c.circle(j, 2.3, { fill: dot })).join('')}</g>`;
  }).join('');
}

/** Is nothing in the way of an upright (or level) line between two boxes? */
function free(laid: Laid, between: readonly [string, string], at: number, from: number, to: number, lr: boolean): boolean {
  for (const [id, p] of laid.boxes) {
    if (between.includes(id)) continue;
    const [x, y, w, h] = lr ? [p.x - p.box.before, p.y, p.w + p.box.before + p.box.after, p.h] : [p.y - p.box.before, p.x, p.h + p.box.before + p.box.after, p.w];
    if (at > x - 8 && at < x + w + 8 && to > y - 6 && from < y + h + 6) return false;
  }
  for (const route of laid.routes.values()) for (let i = 1; i < route.length; i++) {      // never along a line
    const [a, b] = [route[i - 1]!, route[i]!], along = lr ? a.x === b.x && Math.abs(a.x - at) < 6 && Math.max(a.y, b.y) > from && Math.min(a.y, b.y) < to : a.y === b.y && Math.abs(a.y - at) < 6 && Math.max(a.x, b.x) > from && Math.min(a.x, b.x) < to;
    if (along) return false;
  }
  return true;
}
export function drawLags(scene: Scene, laid: Laid): string {
  const { canvas: c, view, look, seen } = scene, lr = look.direction === 'LR', out: string[] = [];
  for (const n of view.lags === false ? [] : view.nodes) {
    const below = laid.boxes.get(n.id)!, above = n.of === undefined ? undefined : laid.boxes.get(n.of);
    if (n.role !== 'target' || !above) continue;
    const span = (p: Placed) => (lr ? [p.x, p.x + p.w, p.y, p.y + p.h] : [p.y, p.y + p.h, p.x, p.x + p.w]) as [number, number, number, number];
    const [a, b] = [span(above), span(below)], low = Math.max(a[0], b[0]) + 8, high = Math.min(a[1], b[1]) - 8, [first, second] = a[2] < b[2] ? [a, b] : [b, a];
    if (high - low < 6) continue;
    const spot = [(low + high) / 2, low + 6, high - 6].find(s => free(laid, [n.id, n.of!], s, first[3], second[2], lr));
    if (spot === undefined) continue;
    const down = a[2] < b[2], start: Point = lr ? { x: spot, y: first[3] + 3 } : { x: first[3] + 3, y: spot }, end: Point = lr ? { x: spot, y: second[2] - 1 } : { x: second[2] - 1, y: spot }, tone: Tone = isQuiet(view, n) && n.faded ? 'faint' : 'lag';
    seen.lag();
    out.push(`<g id="lag-${idOf(n.id)}"><title>${escape(`${n.title} lags ${n.of!}`)}</title>${c.path(`M${at(start.x)} ${at(start.y)}${lr ? `V${at(end.y)}` : `H${at(end.x)}`}`, { stroke: tone, wide: 1.3, dash: '1.5 3' })}${c.path(down ? arrowhead(end, start) : arrowhead(start, end), { fill: tone })}</g>`);
  }
  return out.join('');
}
