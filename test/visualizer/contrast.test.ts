/** Contrast of what is drawn against what it stands on, by WCAG 2, in every theme: text 4.5:1, lines and outlines 3:1. Found in the drawings, so no pair is forgotten. */
import { describe, expect, it } from 'vitest';
import { describe as description } from '../../core/describe.ts';
import { qmix, qplex, vdn } from '../../graphs/index.ts';
import { kinds } from '../../nodes/index.ts';
import { errorView } from '../../visualizer/error-picture.ts';
import { colours, GLYPHS, HATCH, HUE, KIND_WORDS, SIGNS, type Hue, type Tone } from '../../visualizer/palette.ts';
import { pictureOf, svg } from '../../visualizer/picture.ts';
import { unionOf } from '../../visualizer/union.ts';
import { allPages } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';

const SHADES = ['light', 'dark', 'print'] as const, named = { kinds: (type: string) => kinds.get(type) };
const linear = (hex: string) => [1, 3, 5].map(i => { const c = parseInt(hex.slice(i, i + 2), 16) / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
const luminance = (hex: string) => { const [r = 0, g = 0, b = 0] = linear(hex); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const contrast = (a: string, b: string) => { const [x, y] = [luminance(a), luminance(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };

interface Area { readonly tone: Tone; readonly x: number; readonly y: number; readonly w: number; readonly h: number }
/** Corners of a path: its commands with their end points. */
function extent(d: string): Omit<Area, 'tone'> {
  let x = 0, y = 0;
  const xs: number[] = [], ys: number[] = [];
  for (const [, command = '', rest = ''] of d.matchAll(/([a-zA-Z])([^a-zA-Z]*)/g)) {
    const n = (rest.match(/-?[\d.]+/g) ?? []).map(Number), size = { h: 1, v: 1, m: 2, l: 2, q: 4, c: 6, a: 7 }[command.toLowerCase()] ?? 1, own = command === command.toLowerCase();
    for (let i = 0; i + size <= n.length; i += size) {
      const end = n.slice(i, i + size), [dx, dy] = [command.toLowerCase() === 'v' ? (own ? 0 : x) : end.at(size === 1 ? 0 : -2)!, command.toLowerCase() === 'h' ? (own ? 0 : y) : end.at(-1)!];
      [x, y] = own ? [x + dx, y + dy] : [dx, dy];
      xs.push(x); ys.push(y);
    }
  }
  return { x: Math.min(...xs), y: Math.min(...ys), w: Math.max(...xs) - Math.min(...xs), h: Math.max(...ys) - Math.min(...ys) };
}
/** What each text and each line stands on: the last thing that was filled there before. Wide strokes are the corridors of a zone, which lines run through. */
function pairs(text: string): { readonly words: Map<string, string>; readonly lines: Map<string, string> } {
  const areas: Area[] = [], words = new Map<string, string>(), lines = new Map<string, string>(), of = (s: string, name: string) => Number(new RegExp(` ${name}="([^"]*)"`).exec(s)?.[1] ?? 0), corridors = new Set<Tone>();
  const under = (x: number, y: number) => areas.findLast(a => x >= a.x && x <= a.x + a.w && y >= a.y && y <= a.y + a.h)?.tone ?? 'page';
  for (const [tag, kind] of text.replace(/<defs>.*<\/defs>/, '').matchAll(/<(rect|path|text|circle)[^>]*>/g)) {
    const fill = /[" ]f-([\w-]+)/.exec(tag)?.[1] as Tone | undefined, stroke = /[" ]s-([\w-]+)/.exec(tag)?.[1] as Tone | undefined, wide = of(tag, 'stroke-width');
    if (kind === 'text') { words.set(`${fill!} on ${under(of(tag, 'x') + of(tag, 'textLength') / 2, of(tag, 'y') - 3)}`, tag); continue; }
    const [, tx = '0', ty = '0'] = /translate\(([\d.]+) ([\d.]+)\)/.exec(tag) ?? [], at = kind === 'rect' ? { x: of(tag, 'x'), y: of(tag, 'y'), w: of(tag, 'width'), h: of(tag, 'height') } : kind === 'circle' ? { x: of(tag, 'cx') - 2, y: of(tag, 'cy') - 2, w: 4, h: 4 } : extent(/ d="([^"]*)"/.exec(tag)![1]!);
    for (const edge of [fill, stroke]) if (edge?.endsWith('-edge')) for (const ground of ['page', edge.replace('edge', 'pale')]) lines.set(`${edge} on ${ground}`, tag);      // the outline of a zone is what shows of a larger shape
    if (stroke !== undefined && wide >= 4) { if (stroke !== 'page') corridors.add(stroke); continue; }
    if (stroke !== undefined && stroke !== 'hair') {
      const [x, y] = tag.includes('translate') ? [Number(tx) + 5, Number(ty) + 5] : [at.x, at.y];
      lines.set(`${stroke} on ${under(x - 0.5, y - 0.5)}`, tag);
      if (tag.includes('wire-')) for (const c of corridors) if (c.endsWith('pale')) lines.set(`${stroke} on ${c}`, tag);
    }
    if (fill !== undefined && kind !== 'circle' && at.w > 8 && !fill.endsWith('-edge')) areas.push({ tone: fill, ...at, ...(tag.includes('width="100%"') ? { x: 0, y: 0, w: 1e5, h: 1e5 } : {}) });
  }
  return { words, lines };
}

const threads = (n: string) => ({ mixer: [{ from: { port: 'state' }, to: { part: 'mixer/w1' } }], agentQ: [{ from: { port: 'x' }, to: { part: 'agentQ/first' } }] })[n];
const d = description(qmix, SIZES), problem = { code: 'SHAPE', at: 'mixer.state', what: 'the inputs of mixer do not agree', expected: 'f32 [... state]', got: 'f32 [batch time+1 state]', fix: 'state: now(data.state)' };
const pictures = [
  ...Object.values(allPages).map(page => pictureOf(description(page), named)), ...([0, 2] as const).map(level => pictureOf(d, { ...named, level, sized: true, threads })), pictureOf(d, { ...named, path: ['state', 'loss'] }), pictureOf(description(allPages['td3']!), { ...named, foldRepeats: true }), pictureOf(description(allPages['coma']!), { ...named, level: 0 }),
  ...([[vdn, qmix], [qmix, qplex], [allPages['td3']!, allPages['sac']!], [allPages['a2c']!, allPages['ppo']!]] as const).map(([a, b]) => unionOf(description(a), description(b), named).view), errorView('qmix', [problem], description(qmix), named),
];
describe.each(SHADES)('%s', shade => {
  const table = colours(shade), found = pictures.flatMap(v => (['LR', 'TB'] as const).map(direction => pairs(svg(v, { theme: shade, direction }))));
  const low = (all: readonly ReadonlyMap<string, string>[], least: number) => [...new Set(all.flatMap(m => [...m.keys()]))].map(p => { const [a, b] = p.split(' on ') as [Tone, Tone]; return [p, Math.round(100 * contrast(table[a], table[b])) / 100] as const; }).filter(([, c]) => c < least);
  it('text has 4.5:1 on what it stands on', () => {
    expect(new Set(found.flatMap(f => [...f.words.keys()])).size).toBeGreaterThan(12);
    expect(low(found.map(f => f.words), 4.5)).toEqual([]);
  });
  it('lines, outlines and glyphs have 3:1', () => {
    expect(new Set(found.flatMap(f => [...f.lines.keys()])).size).toBeGreaterThan(20);
    expect(low(found.map(f => f.lines), 3)).toEqual([]);
  });
});

/** Colours as a reader sees them who lacks one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1). */
const EYES = {
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
} as const;
function lab(hex: string, eye: keyof typeof EYES): readonly number[] {
  const [r = 0, g = 0, b = 0] = EYES[eye].map(row => Math.min(1, Math.max(0, linear(hex).reduce((sum, x, i) => sum + x * row[i]!, 0)))), f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [x, y, z] = [f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505), f(0.2126 * r + 0.7152 * g + 0.0722 * b), f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
/** Told apart by glyph, hatching, sign or dashes alone. */
const ALIKE: Readonly<Record<keyof typeof EYES, readonly string[]>> = {
  protan: ['light data blue', 'light mix loss', 'dark data blue'], deutan: ['light data blue', 'light mix loss', 'dark data blue', 'light del chg', 'dark add del'], tritan: ['light data blue', 'dark data blue'],
};
describe('without colours', () => {
  const hues = Object.keys(KIND_WORDS) as (keyof typeof KIND_WORDS)[];
  it('kinds have a glyph each, states a sign each', () => {
    expect(new Set(hues.map(h => GLYPHS[h])).size).toBe(hues.length);
    expect(new Set(Object.values(SIGNS)).size).toBe(Object.keys(SIGNS).length);
    expect(new Set(Object.values(HUE)).size).toBe(hues.length);
  });
  it('in print each hatched kind is hatched in its own direction', () => { expect(new Set(Object.values(HATCH)).size).toBe(Object.keys(HATCH).length); });
  it('in print the outline of the target side has gaps, in the picture and in the legend; that of the acting slice has none, and in colour neither', () => {
    const of = (text: string) => [/<g id="zone-targets">.*?<\/g>/, /<g id="zone-agent">.*?<\/g>/, /<rect[^>]*class="f-lag-pale s-lag-edge"[^>]*>/, /<rect[^>]*class="f-rule-pale s-rule-edge"[^>]*>/].map(r => /url\(#gaps\)|dasharray/.test(r.exec(text)![0])), v = pictureOf(description(qmix), named);
    expect(of(svg(v, { theme: 'print' }))).toEqual([true, false, true, false]);
    expect(of(svg(v, { theme: 'light' }))).toEqual([false, false, false, false]);
  });
  it.each(Object.keys(EYES) as (keyof typeof EYES)[])('%s: hues that look alike are those known to need their glyph or sign', eye => {
    const alike = (of: readonly Hue[]) => (['light', 'dark'] as const).flatMap(shade => of.flatMap((a, i) => of.slice(i + 1).flatMap(b => { const [x, y] = [lab(colours(shade)[a], eye), lab(colours(shade)[b], eye)]; return Math.hypot(...x.map((v, k) => v - y[k]!)) < 10 ? [`${shade} ${a} ${b}`] : []; })));
    expect([...alike(hues), ...alike(['add', 'del', 'chg', 'grey'])]).toEqual(ALIKE[eye]);
  });
});
