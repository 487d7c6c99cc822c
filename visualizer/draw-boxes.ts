/** Boxes with their ports, flags, marks, tags and chips. */
import { arrowhead, at, escape, idOf, rounded, type Canvas } from './canvas.ts';
import type { Placed, Point } from './layout.ts';
import { BAND, flagWidth, insideTop, isOpen, LINE, markWidth, PAD, rowsTop, SIZE, type Anchor, type Inner, type Look } from './measure.ts';
import { glyphOf, HATCH, HUE, SIGNS, stateHue, type Glyph, type Hue, type Theme, type Tone } from './palette.ts';
import type { Seen } from './legend.ts';
import { shape, width } from './text.ts';
import type { ViewGraph, ViewNode } from './view-graph.ts';

export interface Scene { readonly canvas: Canvas; readonly view: ViewGraph; readonly look: Look; readonly theme: Theme; readonly seen: Seen; readonly zoomable: boolean }

/** Quiet: the same before and after, or off the way that is asked for. */
export const isQuiet = (view: ViewGraph, n: ViewNode): boolean => n.faded === true || (view.form === 'difference' && !stateHue(n.state));

interface Tones { readonly main: Tone; readonly band: Tone; readonly quiet: boolean; readonly hue: Hue; readonly state: Hue | undefined }
function tonesOf(view: ViewGraph, n: ViewNode): Tones {
  const state = n.alarm === undefined ? stateHue(n.state) : 'alarm', quiet = isQuiet(view, n) && n.alarm === undefined, hue = HUE[n.kind], again = n.of !== undefined;
  return { main: state ?? (quiet ? 'faint' : hue), band: state ? `${state}-band` : quiet ? 'hair' : again ? `${hue}-pale` : `${hue}-band`, quiet, hue, state };
}

function frame({ canvas: c, theme }: Scene, p: Placed, n: ViewNode, { main, band, state, hue, quiet }: Tones): string[] {
  const { x, y, w, h } = p, open = isOpen(n), r = open ? 12 : 6, dashed = n.role === 'target' || n.state === 'removed' ? { dash: '4 2.5' } : {}, top = `M${at(x)} ${at(y + BAND)}v${-(BAND - r)}a${r} ${r} 0 0 1 ${r} ${-r}h${at(w - 2 * r)}a${r} ${r} 0 0 1 ${r} ${r}v${BAND - r}z`;
  return [
    ...(n.role === 'slot' ? [c.rect({ x: x - 3, y: y - 3, w: w + 6, h: h + 6 }, { fill: 'page', stroke: main, round: r + 2 })] : []),
    ...(n.folds ? [c.rect({ x: x + 4, y: y + 4, w, h }, { fill: 'body', stroke: main, round: 6 })] : []),
    c.rect(p, { fill: state ? `${state}-pale` : open && !quiet ? `${hue}-tint` : 'body', round: r }), c.path(top, { fill: band }),
    ...(theme === 'print' && HATCH[hue] !== undefined && !quiet ? [`<path d="${top}" fill="url(#hatch-${hue})"/>`] : []),
    c.rect(p, { stroke: main, wide: n.alarm !== undefined ? 3 : state ? 1.8 : open ? 1.6 : 1.2, round: r, ...dashed }),
  ];
}
/** The title with its glyphs, and the words under it. */
function heading({ canvas: c, seen }: Scene, p: Placed, n: ViewNode, { main, quiet, state }: Tones): readonly [title: string[], words: string[]] {
  const { x, y, w, box } = p, badge: Glyph | undefined = ['slot', 'target', 'shared', 'frozen'].includes(n.role) ? n.role as Glyph : undefined;
  if (badge) seen.badge(badge);
  const again = n.of !== undefined && !quiet, line = (t: string, i: number) => c.text(x + PAD, y + detailTop(p) + 11 + i * LINE, t, { size: SIZE.small, tone: i === 0 && state ? state : i === 0 && again ? 'lag' : 'quiet', owner: n.id });
  return [[
    c.glyph(n.alarm === undefined ? glyphOf(n) : 'alarm', x + 7, y + 6, quiet ? 'quiet' : main), c.text(x + 22, y + 15.5, `${SIGNS[n.state ?? 'same']}${box.title}`, { size: SIZE.title, tone: 'ink', face: 'bold', owner: n.id }),
    ...(badge ? [c.glyph(badge, x + w - 16, y + 6, badge === 'target' && !quiet && !state ? 'lag' : quiet ? 'quiet' : main)] : []),
  ], box.detail.map(line)];
}
/** From left to right the words stand under the title; from top to bottom under the inputs. */
const detailTop = ({ box, inputs }: Placed): number => (inputs[0]?.y === 0 && box.inputs.length && !box.inside ? BAND + 16 : BAND);

function flag({ canvas: c, view, seen, look }: Scene, p: Placed, { cell, x: px, y: py }: Anchor, state: Hue | undefined, quiet: boolean): string[] {
  const text = cell.flag!, back = cell.port.back === true, w = flagWidth(text, back), tone: Hue | 'faint' = state ?? (quiet || back || view.form === 'difference' ? 'faint' : 'data'), fill: Tone = tone === 'faint' ? 'hair' : `${tone}-band`, glyphTone: Tone = tone === 'faint' ? 'quiet' : tone;
  seen.flag(back);
  const words = (x: number, y: number) => (back ? '' : c.glyph('data', x + 3.5, y - 4.5, glyphTone, 0.9)) + c.text(x + (back ? 5 : 15), y + 3.2, text, { size: SIZE.small, tone: tone === 'faint' ? 'quiet' : 'ink' });
  if (look.direction === 'TB') {
    const x = p.x + px - w / 2, y = p.y - 23;
    c.ink.covers.push({ x, y, w, h: 22 });
    return [c.path(`M${at(x)} ${at(y)}h${at(w)}v12h${at(-w)}z`, { fill }), c.path(`M${at(p.x + px)} ${at(y + 12)}V${at(p.y - 3)}`, { stroke: tone }), words(x, y + 6)];
  }
  const x = p.x - 8 - w - 5, y = p.y + py;
  c.ink.covers.push({ x: x - 2, y: y - 6, w: w + 12, h: 12 });
  return [c.path(`M${at(x)} ${at(y - 6)}h${at(w)}l5 6l-5 6h${at(-w)}z`, { fill }), c.path(`M${at(x + w + 5)} ${at(y)}H${at(p.x - 3)}`, { stroke: tone }), words(x, y)];
}
export function pill(c: Canvas, x: number, y: number, text: string, edge: Tone, tone: Tone, fill: Tone = 'page'): string {
  const w = markWidth(text);
  return c.rect({ x, y: y - 6, w, h: 12 }, { fill, stroke: edge, wide: 0.8, round: 6 }) + c.text(x + 4, y + 3.1, text, { size: SIZE.small, tone });
}
function marks({ canvas: c, seen, look }: Scene, p: Placed, { cell, x: px, y: py }: Anchor, state: Hue | undefined): string[] {
  const total = cell.marks.reduce((sum, m) => sum + markWidth(m) + 3, -3), lr = look.direction === 'LR', y = lr ? p.y + py : p.y - 15;
  let x = lr ? p.x - 9 - total : p.x + px - total / 2;
  return cell.marks.map(m => {
    seen.mark(m);
    const w = markWidth(m), here = x;
    c.ink.covers.push({ x: here, y: y - 6, w, h: 12 });
    x += w + 3;
    return pill(c, here, y, m, state ?? 'faint', state ?? 'quiet');
  });
}
function input(scene: Scene, p: Placed, n: ViewNode, a: Anchor, { main, quiet }: Tones): string[] {
  const { canvas: c, seen, look } = scene, { cell } = a, { port } = cell, state = stateHue(port.state), x = p.x + a.x, y = p.y + a.y, tone: Tone = !port.used ? 'faint' : state ?? 'ink', lr = look.direction === 'LR';
  if (!port.used) seen.offer();
  const label = `${scene.view.form === 'error' && state ? '! ' : SIGNS[port.state ?? 'same']}${cell.label}`, style = { size: SIZE.port, tone, face: state ? 'bold' : 'sans', owner: n.id } as const;
  return [
    c.circle({ x, y }, 2.6, { fill: port.used ? 'page' : 'body', stroke: port.used ? state ?? main : 'faint', wide: 1.1 }),
    lr ? c.text(x + PAD, y + 3.6, label, style) : c.text(x, p.y + (p.box.inside ? insideTop(p.box, look.direction) : BAND) + 12, label, { ...style, anchor: 'middle' }),
    ...(cell.flag !== undefined ? flag(scene, p, a, state, quiet) : port.used && cell.marks.length ? marks(scene, p, a, state) : []),
  ];
}
function output(scene: Scene, p: Placed, n: ViewNode, a: Anchor, { main }: Tones): string[] {
  const { canvas: c, look, view } = scene, { cell } = a, { port } = cell, state = stateHue(port.state), lr = look.direction === 'LR', tone: Tone = !port.used ? 'faint' : state ?? 'ink', out: string[] = [];
  const label = `${SIGNS[port.state ?? 'same']}${cell.label}`, face = state ? 'bold' : 'sans', labelWidth = width(label, SIZE.port, face), shapeWidth = cell.shape ? 5 + width(cell.shape, SIZE.shape, 'mono') : 0, y = lr ? p.y + a.y : p.y + p.h - 8;
  const right = lr ? p.x + p.w - PAD : p.x + a.x + (labelWidth + shapeWidth) / 2;
  out.push(c.text(right, y + 3.2, cell.shape, { size: SIZE.shape, tone: 'quiet', face: 'mono', anchor: 'end', owner: n.id }), c.text(right - shapeWidth, y + 3.6, label, { size: SIZE.port, tone, face, anchor: 'end', owner: n.id }));
  const x = right - shapeWidth - labelWidth - 4;
  if (port.flag !== undefined) out.push(c.path(`M${at(x - 8)} ${at(y - 3.5)}h4l3 3.5l-3 3.5h-4z`, { fill: isQuiet(view, n) ? 'hair' : 'data-band', stroke: isQuiet(view, n) ? 'faint' : 'data', wide: 0.7 }));
  else out.push(c.circle({ x: p.x + a.x, y: p.y + a.y }, 2.4, { fill: port.used ? state ?? main : 'body', stroke: port.used ? state ?? main : 'faint' }));
  return out;
}
/** What hangs on an output: a flag of its own where no line leaves, a pill on the line where one does. */
function tags({ canvas: c, seen, look, view }: Scene, p: Placed, n: ViewNode): string[] {
  const lr = look.direction === 'LR', quiet = isQuiet(view, n), out: string[] = [];
  for (const a of p.outputs) {
    let x = lr ? p.x + p.w + 5 : p.x + a.x;
    const own = p.box.tags.filter(t => t.tag.port === a.cell.port.id);
    if (!lr) x -= own.reduce((sum, t) => sum + t.width + 3, -3) / 2;
    const y = lr ? p.y + a.y : p.y + p.h + 14;
    if (own.length) out.push(c.path(lr ? `M${at(p.x + p.w + 2)} ${at(y)}h6` : `M${at(p.x + a.x)} ${at(p.y + p.h + 2)}v6`, { stroke: quiet ? 'faint' : 'rule', wide: 1.4 }));
    for (const { tag, text, width: w } of own) {
      const kept = tag.kind === 'keep' || tag.kind === 'priority', state = stateHue(tag.state), hue: Hue = state ?? (kept ? 'data' : 'rule'), plain = (quiet || view.form === 'difference') && !state;
      seen.tag(tag.kind);
      c.ink.covers.push({ x: x - 3, y: y - 7, w: w + 6, h: 14 });
      out.push(c.rect({ x, y: y - 6.5, w, h: 13 }, { fill: plain ? 'hair' : `${hue}-band`, stroke: plain ? 'faint' : `${hue}-edge`, wide: 0.8, round: tag.kind === 'act' ? 6.5 : 3, ...(tag.state === 'removed' ? { dash: '4 2.5' } : {}) }), c.text(x + w / 2, y + 3.2, text, { size: SIZE.small, tone: plain ? 'quiet' : 'ink', face: 'bold', anchor: 'middle' }));
      x += w + 3;
    }
  }
  return out;
}
function partBox({ canvas: c }: Scene, n: ViewNode, { id, w, h }: Inner, x: number, y: number, edge: Tone, words: string): string {
  c.ink.parts.push({ id, owner: n.id, x, y, w, h });
  return `<g id="part-${idOf(id.replace('/', '.'))}" class="part">${c.rect({ x, y, w, h }, { fill: 'page', stroke: edge, wide: 0.8, round: 3 })}${words}</g>`;
}
/** Layers or operations with the values that go from one to another. */
function inside(scene: Scene, p: Placed, n: ViewNode, main: Tone): string {
  const { canvas: c, look, seen } = scene, { parts, lines, junctions } = p.box.inside!, top = p.y + insideTop(p.box, look.direction), nets = new Map<string, (typeof lines)[number][]>(), out: string[] = [];
  const moved = (q: Point): Point => ({ x: p.x + q.x, y: top + q.y });
  seen.inside(main);
  for (const l of lines) { const list = nets.get(l.net); if (list) list.push(l); else nets.set(l.net, [l]); }
  for (const [net, list] of nets) {
    const ways = list.map(l => ({ ...l, route: l.route.map(moved) })), d = ways.map(l => rounded(l.route, 5)).join('');
    for (const l of ways) for (let i = 1; i < l.route.length; i++) c.ink.lines.push({ a: l.route[i - 1]!, b: l.route[i]!, net: `${n.id} ${net}`, edge: `${n.id}: ${l.id}`, owner: n.id });
    out.push(c.path(d, { stroke: isQuiet(scene.view, n) ? 'body' : `${HUE[n.kind]}-tint`, wide: 4 }), c.path(d, { stroke: main }), c.path(ways.map(l => arrowhead(l.route.at(-1)!, l.route.at(-2)!)).join(''), { fill: main }), ...junctions.filter(j => j.net === net).map(j => c.circle(moved(j), 2, { fill: main })));
  }
  for (const part of parts) {
    const { x, y } = moved(part), middle = x + part.w / 2, rows = [[part.label, SIZE.small, 'ink', 'sans'], [part.of, SIZE.shape, 'quiet', 'sans'], [part.detail, SIZE.shape, 'quiet', 'mono']] as const, said = rows.filter(r => r[0]), first = y + (part.h - said.length * 11.5) / 2 + 9;
    out.push(partBox(scene, n, part, x, y, main, said.map(([text, size, tone, face], i) => c.text(middle, first + i * 11.5, text, { size, tone, face, anchor: 'middle', owner: n.id })).join('')));
  }
  return `<g class="inside">${out.join('')}</g>`;
}
function foot(scene: Scene, p: Placed, n: ViewNode, { quiet, main }: Tones): string[] {
  const { canvas: c, seen, look, view } = scene, { box } = p, lr = look.direction === 'LR', out: string[] = [];
  let y = lr ? p.y + rowsTop(box) + Math.max(box.inputs.length, box.outputs.length) * 16 + 5 : p.y + detailTop(p) + box.detail.length * LINE + 6;
  if (box.inside) { out.push(inside(scene, p, n, main)); y = p.y + insideTop(box, look.direction) - 18; }
  else for (const part of box.parts) {
    const [left, top] = [p.x + PAD + part.x, y + part.y];
    out.push(partBox(scene, n, part, left, top, main, c.text(left + 6, top + 11.3, part.label, { size: SIZE.small, tone: 'ink', owner: n.id }) + c.text(left + part.w - 6, top + 11.3, part.detail, { size: SIZE.shape, tone: 'quiet', face: 'mono', anchor: 'end', owner: n.id })));
  }
  y += box.room;
  let x = p.x + PAD;
  const chipTop = lr ? p.y + p.h - 17 : y + 1;
  for (const chip of box.chips) {
    const hue = stateHue(chip.state), tone: Tone = hue ?? (quiet || view.form === 'difference' ? 'quiet' : 'rule');
    seen.chip();
    out.push(c.rect({ x, y: chipTop, w: chip.width, h: 13 }, { fill: tone === 'quiet' ? 'hair' : `${tone as Hue}-band`, round: 3 }), c.glyph('rule', x + 3, chipTop + 2.5, tone, 0.8), c.text(x + 14, chipTop + 9.8, chip.text, { size: SIZE.small, tone: 'ink', owner: n.id }));
    x += chip.width + 5;
  }
  return out;
}

/** `mixer, monotonicMixer: inputs agentQs, state; output qTot [batch time]` */
export function spoken(n: ViewNode): string {
  const list = (ports: ViewNode['inputs']) => ports.filter(p => p.used).map(p => `${p.label}${p.dims?.length ? ` ${shape(p.dims, p.sizes)}` : ''}`).join(', ');
  const parts = [[n.title, ...n.detail].join(', '), n.inputs.length ? `inputs ${list(n.inputs)}` : '', n.outputs.length ? `outputs ${list(n.outputs)}` : ''].filter(Boolean);
  return `${parts.join('; ')}${n.about === undefined ? '' : `. ${n.about}`}${n.alarm === undefined ? '' : `. ${n.alarm}`}`;
}
export function drawBox(scene: Scene, p: Placed): string {
  const n = p.box.node, tones = tonesOf(scene.view, n);
  scene.seen.box(n, tones.hue);
  const [title, rest] = heading(scene, p, n, tones), outline = frame(scene, p, n, tones).join(''), details = [...rest, ...p.inputs.flatMap(a => input(scene, p, n, a, tones)), ...p.outputs.flatMap(a => output(scene, p, n, a, tones)), ...tags(scene, p, n), ...foot(scene, p, n, tones)].join('');
  return `<g id="node-${idOf(n.id)}" class="node k-${n.kind} r-${n.role}"${n.folds ? ` data-folds="${n.folds.map(idOf).join(' ')}"` : ''}><title>${escape(spoken(n))}</title>${scene.zoomable ? `${outline}<g class="near">${title.join('')}${details}</g>${fromAfar(scene, p, tones)}` : outline + title.join('') + details}</g>`;
}
/** For a picture that is made smaller: the box in its colour, and its title as large as it fits. */
function fromAfar({ canvas: c }: Scene, { x, y, w, h, box, box: { node } }: Placed, { main }: Tones): string {
  const text = `${SIGNS[node.state ?? 'same']}${box.title}`, size = Math.floor(Math.min(30, h - 6, (w - 10) / width(text, 1, 'bold'))), middle = x + w / 2;
  c.tones.add(main);
  // drawn beside the rest and never with it: not among the texts that must not touch
  return `<g class="far"><rect class="f-${main}"${node.of === undefined ? '' : ' fill-opacity="0.4"'} x="${at(x)}" y="${at(y)}" width="${at(w)}" height="${at(h)}" rx="6"/><text class="bold f-ink" text-anchor="middle" x="${at(middle)}" y="${at(y + h / 2 + size * 0.36)}" font-size="${size}">${escape(text)}</text></g>`;
}
