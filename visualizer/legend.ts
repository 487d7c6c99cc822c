/** What the signs of a picture mean: only those that occur. */
import { pill } from './draw-boxes.ts';
import { at, type Canvas } from './canvas.ts';
import { markWidth } from './measure.ts';
import { KIND_WORDS, SIGNS, type Glyph, type Hue, type Theme, type Tone } from './palette.ts';
import type { Tag, ViewEdge, ViewGraph, ViewNode } from './view-graph.ts';

/** Signs that were drawn. */
export class Seen {
  readonly hues = new Set<Hue>(); readonly badges = new Set<Glyph>(); readonly marks = new Set<string>(); readonly tags = new Set<Tag['kind']>(); readonly kinds = new Set<ViewEdge['kind']>(); readonly zones = new Set<string>();
  readonly once = new Set<'flag' | 'back' | 'offer' | 'chip' | 'lag' | 'folded' | 'alarm' | 'faded'>();
  /** Of values in open boxes: those of the first. */
  threads: Tone | undefined;
  box(n: ViewNode, hue: Hue): void { this.hues.add(hue); if (n.folds) this.once.add('folded'); if (n.alarm !== undefined) this.once.add('alarm'); if (n.faded) this.once.add('faded'); }
  badge(b: Glyph): void { this.badges.add(b); }
  mark(m: string): void { this.marks.add(m); }
  tag(t: Tag['kind']): void { this.tags.add(t); }
  line(e: ViewEdge): void { this.kinds.add(e.kind); }
  zone(z: string): void { this.zones.add(z); }
  flag(back: boolean): void { this.once.add(back ? 'back' : 'flag'); }
  offer(): void { this.once.add('offer'); }
  chip(): void { this.once.add('chip'); }
  inside(tone: Tone): void { this.threads ??= tone; }
  lag(): void { this.once.add('lag'); }
}
export interface Entry { readonly width: number; readonly text: string; draw(x: number, y: number): string }

const MARKS: Readonly<Record<string, string>> = { now: 'first T of T+1', next: 'last T of T+1', once: 'once a batch' };
export function legendOf(c: Canvas, view: ViewGraph, seen: Seen, theme: Theme): Entry[] {
  const out: Entry[] = [], add = (width: number, text: string, draw: Entry['draw']) => { out.push({ width, text, draw }); }, box = (x: number, y: number, w = 18) => ({ x, y: y - 6, w, h: 12 });
  const line = (tone: Tone, wide: number, dash?: string) => (x: number, y: number) => c.path(`M${at(x)} ${at(y)}h20`, { stroke: tone, wide, ...(dash === undefined ? {} : { dash }) }) + c.path(`M${at(x + 24)} ${at(y)}l-6 -3v6z`, { fill: tone });
  const differs = view.form === 'difference', there = new Set([...view.nodes.flatMap(n => [n, ...n.inputs, ...n.outputs, ...n.tags, ...n.rules]), ...view.edges, ...view.cards].map(x => SIGNS[x.state ?? 'same']));
  if (differs) {
    for (const [hue, sign, text] of [['add', '+', 'only after'], ['del', '−', 'only before'], ['chg', '~', 'changed'], ['chg', '→', 'renamed'], ['faint', '', 'the same']] as const) if (!sign || there.has(`${sign} `)) add(14, text, (x, y) => c.rect(box(x, y, 14), { fill: hue === 'faint' ? 'hair' : `${hue}-band`, stroke: hue, round: 3 }) + (sign ? c.text(x + 7, y + 4, sign, { size: 11, tone: 'ink', face: 'bold', anchor: 'middle' }) : ''));
  } else for (const hue of Object.keys(KIND_WORDS) as (keyof typeof KIND_WORDS)[]) if (seen.hues.has(hue)) add(14, KIND_WORDS[hue], (x, y) => c.rect({ x, y: y - 7, w: 14, h: 14 }, { fill: `${hue}-band`, round: 3 }) + (theme === 'print' ? `<rect x="${at(x)}" y="${at(y - 7)}" width="14" height="14" fill="url(#hatch-${hue})"/>` : '') + c.glyph(hue, x + 2, y - 5, hue));
  if (seen.once.has('alarm')) add(14, 'does not fit', (x, y) => c.rect(box(x, y, 14), { stroke: 'alarm', wide: 3, round: 3 }));
  if (seen.tags.has('rule') || seen.once.has('chip')) add(14, seen.tags.has('rule') ? 'train rule, and what it trains' : 'trained by this rule', (x, y) => c.rect({ x, y: y - 7, w: 14, h: 14 }, { fill: differs ? 'hair' : 'rule-band', round: 3 }) + c.glyph('rule', x + 2, y - 5, differs ? 'quiet' : 'rule'));
  if (seen.zones.has('agent')) add(18, view.zones.agent!, (x, y) => c.rect(box(x, y), { fill: 'rule-pale', stroke: 'rule-edge', wide: 1.2, round: 4 }));
  if (seen.zones.has('targets')) add(18, view.zones.targets!, (x, y) => c.rect(box(x, y), { fill: 'lag-pale', stroke: 'lag-edge', wide: 1.2, round: 4, ...(theme === 'print' ? { dash: '5 3' } : {}) }));
  if (seen.badges.has('slot')) add(18, 'slot: can be swapped', (x, y) => c.rect({ x, y: y - 7, w: 18, h: 14 }, { stroke: 'quiet', round: 4 }) + c.rect({ x: x + 2.5, y: y - 4.5, w: 13, h: 9 }, { stroke: 'quiet', round: 2 }));
  if (seen.badges.has('target')) add(18, seen.once.has('lag') ? 'lagged weights; dots lead from their source' : 'lagged weights', (x, y) => c.rect(box(x, y), { stroke: 'quiet', dash: '4 2.5', round: 3 }) + c.glyph('target', x + 4, y - 5, 'lag'));
  if (seen.badges.has('frozen')) add(10, 'not trained from here', (x, y) => c.glyph('frozen', x, y - 5, 'quiet'));
  if (seen.badges.has('shared')) add(10, 'same weights', (x, y) => c.glyph('shared', x, y - 5, 'quiet'));
  if (seen.once.has('folded')) add(18, 'several nodes', (x, y) => c.rect({ x: x + 3, y: y - 4, w: 15, h: 10 }, { fill: 'body', stroke: 'quiet', round: 2 }) + c.rect({ x, y: y - 7, w: 15, h: 10 }, { fill: 'body', stroke: 'quiet', round: 2 }));
  if (!differs) {
    if (seen.kinds.has('grad')) add(24, 'gradient flows back', line('line', 1.5));
    if (seen.kinds.has('stop')) add(24, 'no gradient', line('quiet', 1, '5 3'));
    if (seen.kinds.has('data')) add(24, 'nothing to train behind it', line('quiet', 1));
  }
  if (seen.threads) add(24, 'value inside a node', line(seen.threads, 1));
  if (seen.once.has('flag')) add(17, 'a field of data', (x, y) => c.path(`M${at(x)} ${at(y - 6)}h12l5 6l-5 6h-12z`, { fill: differs ? 'hair' : 'data-band' }) + c.glyph('data', x + 2.5, y - 4.5, differs ? 'quiet' : 'data', 0.9));
  if (seen.once.has('back')) add(17, 'from a box further on', (x, y) => c.path(`M${at(x)} ${at(y - 6)}h12l5 6l-5 6h-12z`, { fill: 'hair' }));
  if (seen.once.has('offer')) add(8, 'offered, not taken', (x, y) => c.circle({ x: x + 4, y }, 2.6, { stroke: 'faint' }));
  for (const [mark, text] of Object.entries(MARKS)) if (seen.marks.has(mark)) add(markWidth(mark), text, (x, y) => pill(c, x, y, mark, 'faint', 'quiet'));
  for (const mark of seen.marks) if (mark.startsWith('×')) add(markWidth(mark), mark === '×N' ? 'repeated for each agent' : 'repeated along this dim', (x, y) => pill(c, x, y, mark, 'faint', 'quiet'));
  return out;
}
