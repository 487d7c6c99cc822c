/** A picture as SVG text: one file without links, light and dark, with a name for every box and line. */
import { at, Canvas, escape, type Ink } from './canvas.ts';
import { drawBox, spoken, type Scene } from './draw-boxes.ts';
import { drawLags, drawLines, drawZones } from './draw-lines.ts';
import type { Laid } from './layout.ts';
import { legendOf, Seen } from './legend.ts';
import { lettersIn, SIZE, type Look } from './measure.ts';
import { colours, HATCH, stateHue, SIGNS, type Theme, type Tone } from './palette.ts';
import { paragraph, shortened, width } from './text.ts';
import type { ViewGraph } from './view-graph.ts';

export interface Drawing { readonly svg: string; readonly ink: Ink; readonly w: number; readonly h: number; readonly laid: Laid }

const MARGIN = 20, NARROW = 620;
const SANS = 'Inter,"Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif', MONO = '"JetBrains Mono",Menlo,Consolas,"Liberation Mono",monospace';
function sheet(tones: ReadonlySet<Tone>, theme: Theme): string {
  const rules = (shade: Parameters<typeof colours>[0]) => { const table = colours(shade); return [...tones].sort().map(t => `.graph .f-${t}{fill:${table[t]}}.graph .s-${t}{stroke:${table[t]}}`).join(''); };
  const base = `.graph .sans,.graph .bold{font-family:${SANS}}.graph .bold{font-weight:600}.graph .mono{font-family:${MONO}}.graph .n,.graph .g{fill:none}.graph .g{stroke-width:1.1;stroke-linejoin:round;stroke-linecap:round}`;
  return `${base}${rules(theme === 'auto' ? 'light' : theme)}${theme === 'auto' ? `@media(prefers-color-scheme:dark){${rules('dark')}}` : ''}`;
}
const hatches = (): string => `<defs>${Object.entries(HATCH).map(([hue, angle]) => `<pattern id="hatch-${hue}" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(${angle})"><path d="M0 0V4" stroke="#000" stroke-opacity=".35" stroke-width="1"/></pattern>`).join('')}<pattern id="gaps" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V8" stroke="#fff" stroke-width="7"/></pattern></defs>`;

const moved = (laid: Laid, dx: number, dy: number): Laid => ({
  ...laid, boxes: new Map([...laid.boxes].map(([id, b]) => [id, { ...b, x: b.x + dx, y: b.y + dy }])), routes: new Map([...laid.routes].map(([id, r]) => [id, r.map(p => ({ x: p.x + dx, y: p.y + dy }))])), junctions: laid.junctions.map(j => ({ ...j, x: j.x + dx, y: j.y + dy })),
});

/** Title and sentences; gives the height that they take. */
function head(c: Canvas, view: ViewGraph, room: number): { readonly svg: string; readonly height: number } {
  const out = [c.text(MARGIN, MARGIN + 14, shortened(view.title, room, 16, 'bold'), { size: 16, tone: 'ink', face: 'bold' })];
  let y = MARGIN + 14;
  for (const text of view.lead) for (const line of paragraph(text, room, 12)) out.push(c.text(MARGIN, y += 18, line, { size: 12, tone: view.form === 'page' ? 'quiet' : 'ink' }));
  return { svg: out.join(''), height: y + 24 };
}
/** A card for each train rule, in rows. */
function cards({ canvas: c, view, seen }: Scene, top: number, room: number): { readonly svg: string; readonly bottom: number } {
  const out: string[] = [], tallest = (row: typeof view.cards) => row.reduce((a, k) => Math.max(a, 22 + k.lines.length * 13), 0), wide = (k: typeof view.cards[number]) => Math.max(width(k.name, 10, 'bold') + (stateHue(k.state) ? 42 : 30), ...k.lines.map(t => width(t, SIZE.small) + 18));
  let x = MARGIN, y = top, row: typeof view.cards[number][] = [];
  for (const k of view.cards) {
    const w = wide(k), h = 22 + k.lines.length * 13, hue = view.form === 'error' ? 'alarm' as const : stateHue(k.state), tone: Tone = hue ?? (view.form === 'difference' ? 'faint' : 'rule');
    if (x > MARGIN && x + w > MARGIN + room) { y += tallest(row) + 8; x = MARGIN; row = []; }
    row.push(k);
    out.push(c.rect({ x, y, w, h }, { fill: hue ? `${hue}-pale` : view.form === 'difference' ? 'zone' : 'rule-pale', round: 4 }), c.path(`M${at(x)} ${at(y)}v${h}`, { stroke: tone, wide: 2.5 }), c.glyph(view.form === 'error' ? 'alarm' : 'rule', x + 8, y + 4.5, tone), c.text(x + 22, y + 13, `${SIGNS[k.state ?? 'same']}${k.name}`, { size: 10, tone: 'ink', face: 'bold' }), ...k.lines.map((t, i) => c.text(x + 9, y + 26 + i * 13, t, { size: SIZE.small, tone: hue && k.changed?.includes(i) ? hue : 'quiet' })));
    x += w + 10;
  }
  if (view.cards.length && view.form !== 'error') seen.tag('rule');
  return { svg: `<g id="rules">${out.join('')}</g>`, bottom: view.cards.length ? y + tallest(row) : top - 6 };
}
function foot({ canvas: c, view, seen, theme }: Scene, top: number, room: number): { readonly svg: string; readonly bottom: number } {
  const out: string[] = [];
  let x = MARGIN, y = top;
  for (const entry of legendOf(c, view, seen, theme)) {
    const w = entry.width + 5 + width(entry.text, 9.5) + 18;
    if (x > MARGIN && x + w - 18 > MARGIN + room) { x = MARGIN; y += 19; }
    out.push(entry.draw(x, y), c.text(x + entry.width + 5, y + 3.4, shortened(entry.text, room - entry.width - 5, 9.5), { size: 9.5, tone: 'quiet' }));
    x += w;
  }
  const facts = [...view.caption, ...(lettersIn(view).length ? [lettersIn(view).join(', ')] : [])], between = '\u00a0\u00a0·\u00a0\u00a0', rows: string[] = [];
  for (const fact of facts) { const last = rows.at(-1); if (last !== undefined && width(`${last}${between}${fact}`, 9.5) <= room) rows[rows.length - 1] = `${last}${between}${fact}`; else rows.push(shortened(fact, room, 9.5)); }
  y += 24;
  for (const row of rows) { out.push(c.text(MARGIN, y, row, { size: 9.5, tone: 'quiet' })); y += 15; }
  return { svg: `<g id="legend">${out.join('')}</g>`, bottom: y };
}

export function drawSvg(view: ViewGraph, laid: Laid, look: Look, theme: Theme = 'auto', zoomable = false): Drawing {
  const c = new Canvas(), scene: Scene = { canvas: c, view, look, theme, seen: new Seen(), zoomable }, room = Math.max(laid.w, NARROW), top = head(c, view, room), there = moved(laid, MARGIN + 8, top.height);
  const drawn = [drawZones(scene, there), drawLines(scene, there), drawLags(scene, there), ...[...there.boxes.values()].map(p => drawBox(scene, p))];
  const rules = cards(scene, top.height + laid.h + 30, room), legend = foot(scene, rules.bottom + 26, room);
  const right = [...c.ink.texts.map(t => t.x + t.w), ...c.ink.covers.map(t => t.x + t.w), MARGIN + 8 + laid.w + 8].reduce((a, b) => Math.max(a, b), 0), w = Math.ceil(right + MARGIN), h = Math.ceil(legend.bottom + 4);
  const said = `${view.lead.join(' ')} ${view.nodes.slice(0, 60).map(spoken).join('. ')}`.slice(0, 6000);
  c.tones.add('page');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}"><title>${escape(view.title)}</title><desc>${escape(said)}</desc><style>${sheet(c.tones, theme)}</style>${theme === 'print' ? hatches() : ''}<rect class="f-page" width="100%" height="100%"/>${top.svg}${drawn.join('')}${rules.svg}${legend.svg}</svg>\n`;
  return { svg, ink: c.ink, w, h, laid: there };
}
