import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricRecord } from '../../core/tracker.ts';
import { curve, curves, type CurveOptions } from '../../visualizer/curve.ts';

interface Element { readonly name: string; readonly attributes: Readonly<Record<string, string>>; text: string }

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' };
const decode = (text: string) => text.replace(/&(amp|lt|gt|quot);/g, entity => ENTITIES[entity]!);

/** Every element of an XML text, in order; throws where the text is not well-formed. */
function elementsOf(xml: string): Element[] {
  const elements: Element[] = [], open: Element[] = [];
  let at = 0;
  for (const match of xml.matchAll(/<(\/?)([A-Za-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    const between = xml.slice(at, match.index), [whole, closing, name = '', attributes = '', alone] = match;
    if (/[<>]/.test(between) || /&(?!(amp|lt|gt|quot);)/.test(between + attributes)) throw new Error(`not well-formed: ${between}${whole}`);
    if (open.length) open.at(-1)!.text += decode(between);
    else if (between.trim()) throw new Error(`text outside: ${between}`);
    at = match.index + whole.length;
    if (closing) { if (open.pop()?.name !== name) throw new Error(`${whole} closes another element`); continue; }
    const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, decode(value)] as const);
    const element = { name, attributes: Object.fromEntries(pairs), text: '' };
    if (pairs.length !== Object.keys(element.attributes).length) throw new Error(`an attribute twice: ${whole}`);
    elements.push(element);
    if (!alone) open.push(element);
  }
  if (open.length || xml.slice(at).trim()) throw new Error('it ends too early or too late');
  return elements;
}

/** Where the letters of a text can be, in a font a little wider than Helvetica. */
function boxOf({ attributes: { x, y, class: tone = '', 'text-anchor': anchor }, text }: Element) {
  const size = tone.includes('title') ? 16 : 12, width = [...text].reduce((sum, c) => sum + (/[ijl.,:;'|!frt()[\]/ -]/.test(c) ? 0.33 : /[mwMW@%]/.test(c) ? 0.9 : 0.6), 0) * size;
  const left = Number(x) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0);
  return { left, right: left + width, top: Number(y) - size * 0.75, bottom: Number(y) + size * 0.22, text };
}

const record = (step: number, values: Readonly<Record<string, number>>): MetricRecord => ({ step, update: 0, episode: 0, seconds: 0, values });
const run = (steps: number, count: number, value: (share: number) => number, name = 'eval/return') =>
  Array.from({ length: count }, (_, i) => record((i + 1) * steps / count, { [name]: value((i + 1) / count) }));
const both = (steps: number, value: (share: number) => number) => [...run(steps, 100, x => value(x) * 0.9, 'train/return'), ...run(steps, 20, value)];

const CASES: Readonly<Record<string, readonly [readonly MetricRecord[], CurveOptions?]>> = {
  'nothing': [[]],
  'nothing but a level': [[], { references: [{ label: 'random', value: 0.03 }] }],
  'one point': [run(10_000, 1, () => 0.5), { title: 'one' }],
  'one point at step 0': [[record(0, { 'eval/return': 0 })]],
  'two points': [run(10_000, 2, x => x)],
  'a constant': [both(50_000, () => 8), { references: [{ label: 'best', value: 8 }, { label: 'VDN', value: 7.8 }, { label: 'QMIX', value: 7.9 }, { label: 'random', value: -4.9 }] }],
  'a constant zero': [both(50_000, () => 0)],
  'negative values': [both(200_000, x => -200 + 150 * x), { title: 'pendulum', references: [{ label: 'random', value: -1200 }] }],
  'values round zero': [both(200_000, x => x - 0.5)],
  'tiny values': [both(200_000, x => 1e-9 * x)],
  'a constant but for rounding': [both(200_000, x => 1 / 3 + x * 1e-16)],
  'numbers beyond sense': [[...both(200_000, x => x), record(5, { 'eval/return': 1e300, 'train/return': -5e-324 })], { references: [{ label: 'none', value: 1e30 }] }],
  'huge values': [both(200_000, x => 1e12 * x - 3e11)],
  'a million steps': [[...run(1_000_000, 20_000, x => Math.sin(40 * x), 'train/return'), ...run(1_000_000, 300, x => x)], { title: 'long' }],
  'ten thousand million steps': [both(1e10, x => x)],
  'NaN and infinities': [[record(1, { 'eval/return': NaN }), record(2, { 'eval/return': Infinity }), ...both(100, x => x), record(NaN, { 'eval/return': 5 }), record(50, { 'train/return': -Infinity })]],
  'a fork that begins late': [both(100_000, x => x).map(m => ({ ...m, step: m.step + 900_000 }))],
  'two players': [[...run(300_000, 30, x => x, 'wolves/eval/return'), ...run(300_000, 30, x => -x, 'sheep/eval/return'), ...run(300_000, 300, x => x * 0.9, 'wolves/train/return'), ...run(300_000, 300, x => -x * 0.9, 'sheep/train/return')]],
  'many levels': [both(1000, x => x), { references: Array.from({ length: 30 }, (_, i) => ({ label: `reference ${i}`, value: i / 300 })) }],
  'swaps': [both(1_000_000, x => x), { title: 'swaps', marks: [{ step: 400_000, label: 'mixer: monotonicMixer -> duplexMixer' }, { step: 420_000, label: 'hidden' }, { step: 990_000, label: 'a mark at the very end of the run' }, { step: 2e6, label: 'beyond' }] }],
  'hostile names': [[...run(10, 3, x => x, '<script>alert("1")</script>/eval/return')], { title: '</title><script>alert(1)</script>&amp;', unit: '"><image href="javascript:x"/>', references: [{ label: '<b>&\u0000\u001b[31m\ud800\uffff', value: 1 }], marks: [{ step: 5, label: ']]>' }] }],
  'long names': [both(10, x => x), { title: 'x'.repeat(300), unit: 'm'.repeat(300), references: [{ label: 'W'.repeat(300), value: 0.5 }], marks: [{ step: 1, label: 'w'.repeat(300) }] }],
};
const cases = Object.entries(CASES).map(([name, [metrics, options]]) => [name, metrics, options] as const);

describe.each(cases)('the curve of %s', (_, metrics, options) => {
  const svg = curve(metrics, options), elements = elementsOf(svg), texts = elements.filter(e => e.name === 'text').map(boxOf);
  const axisLine = elements.find(e => /^M[\d.]+ \d+H/.test(e.attributes['d'] ?? '') && e.attributes['class'] === 'level solid')!;
  const [, left = 0, bottom = 0, right = 0] = /^M([\d.]+) (\d+)H([\d.]+)$/.exec(axisLine.attributes['d']!)!.map(Number);
  const top = options?.title ? 74 : 50;

  it('is small, whole XML without scripts, links or styles of others', () => {
    expect(svg.length).toBeLessThan(30_000);
    expect(new Set(elements.map(e => e.name))).toEqual(new Set([...['svg', 'title', 'desc', 'style', 'rect', 'path', 'text'], ...(elements.some(e => e.name === 'circle') ? ['circle'] : [])]));
    for (const { attributes } of elements) expect(Object.keys(attributes).filter(key => /^on|href|style/.test(key))).toEqual([]);
    expect(svg).not.toMatch(/[^\t\n\x20-\ud7ff\ue000-\ufffd]/);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('is the same every time', () => { expect(curve(metrics, options)).toBe(svg); });

  it('has its points and lines inside the plot', () => {
    const inside = (x: number, y: number) => { expect(x).toBeGreaterThanOrEqual(left - 0.1); expect(x).toBeLessThanOrEqual(right + 0.1); expect(y).toBeGreaterThanOrEqual(top - 0.1); expect(y).toBeLessThanOrEqual(bottom + 0.1); };
    for (const { attributes } of elements.filter(e => e.name === 'circle')) inside(Number(attributes['cx']), Number(attributes['cy']));
    for (const { attributes } of elements.filter(e => /^(train|s\d|band.*)$/.test(e.attributes['class'] ?? '')))
      for (const [, x, y] of attributes['d']!.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)) inside(Number(x), Number(y));
  });

  it('has no text on another, nor beyond the edge', () => {
    for (const box of texts) {
      expect(box.left, box.text).toBeGreaterThanOrEqual(0);
      expect(box.right, box.text).toBeLessThanOrEqual(760);
      for (const other of texts) {
        if (other === box) continue;
        const apart = box.right <= other.left || other.right <= box.left || box.bottom <= other.top || other.bottom <= box.top;
        expect(apart, `${box.text} / ${other.text}`).toBe(true);
      }
    }
  });

  it('has two to eight round numbers on each axis that has numbers', () => {
    const up = texts.filter(t => t.right <= left && t.top > top - 20), across = texts.filter(t => Math.abs(t.bottom - bottom - 21.64) < 1);
    for (const ticks of [up, ...(across.length ? [across] : [])]) { expect(ticks.length).toBeGreaterThanOrEqual(2); expect(ticks.length).toBeLessThanOrEqual(8); expect(new Set(ticks.map(t => t.text)).size).toBe(ticks.length); }
  });
});

describe('curve', () => {
  const textsOf = (svg: string) => elementsOf(svg).filter(e => e.name === 'text').map(e => e.text);

  it('says the last return, levels and units in words', () => {
    const texts = textsOf(curve(both(200_000, x => 0.62 * x), { title: 'qmix on lbf', unit: 'return per episode, sum over agents', references: [{ label: 'random', value: 0.03 }] }));
    expect(texts).toEqual(expect.arrayContaining(['qmix on lbf', 'return per episode, sum over agents', 'environment steps', 'eval 0.62', 'train 0.56', 'random 0.03', '200k', '0.6']));
  });

  it('begins at a swap that was made before the first return: that of a fork', () => {
    const swapped = elementsOf(curve(run(1000, 9, x => x).map(m => ({ ...m, step: m.step + 8000 })), { marks: [{ step: 8000, label: 'mixer: sumMixer -> duplexMixer' }] }));
    expect(swapped.filter(e => e.attributes['class'] === 'level mark')).toHaveLength(1);
    expect(swapped.filter(e => e.name === 'text').map(e => e.text)).toContain('mixer: sumMixer -> duplexMixer');
  });

  it('gives each evaluation a dot that says its value', () => {
    const dots = elementsOf(curve(run(1000, 20, x => x)));
    expect(dots.filter(e => e.name === 'circle')).toHaveLength(20);
    expect(dots.filter(e => e.name === 'title').map(e => e.text)).toContain('eval 0.50 at step 500');
  });

  it('keeps the extremes of a long run', () => {
    const metrics = run(1e6, 50_000, x => x, 'train/return').map((m, i) => (i === 31_234 ? record(m.step, { 'train/return': -7 }) : m));
    const band = elementsOf(curve(metrics)).find(e => e.attributes['class']?.startsWith('band'))!;
    const ys = [...band.attributes['d']!.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(Math.max(...ys) - Math.min(...ys)).toBeGreaterThan(0.85 * (328 - 50));
    expect(textsOf(curve(metrics))[0]).toBe('return per episode; band from lowest to highest');
  });

  it('takes the records in any order', () => {
    const metrics = both(1000, x => x);
    expect(curve([...metrics].reverse())).toBe(curve(metrics));
  });

  it('has colours for light and dark, each readable on its page', () => {
    const style = elementsOf(curve([])).find(e => e.name === 'style')!.text, [light = '', dark = ''] = style.split('@media(prefers-color-scheme:dark)');
    const full = (hex: string) => (hex.length === 4 ? [...hex.slice(1)].map(c => c + c).join('') : hex.slice(1));
    const luminance = (hex: string) => [0, 2, 4].map(i => parseInt(full(hex).slice(i, i + 2), 16) / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0);
    for (const theme of [light, dark]) {
      const colour = (tone: string) => new RegExp(`\\.${tone}\\{(?:fill|stroke):(#[0-9a-f]+)`).exec(theme)![1]!, page = luminance(colour('page'));
      const contrast = (tone: string) => { const [a, b] = [luminance(colour(tone)), page].sort((x, y) => y - x); return (a! + 0.05) / (b! + 0.05); };
      for (const tone of ['ink', 'quiet', 'f0', 'f1', 'f2', 'f3', 'f4', 'f5']) expect(contrast(tone), tone).toBeGreaterThanOrEqual(4.4);
      expect(contrast('train')).toBeGreaterThanOrEqual(2.9);
    }
  });

  it('is whole XML, whatever the names and numbers are', () => fc.assert(fc.property(
    fc.string({ unit: 'binary' }), fc.array(fc.record({ label: fc.string({ unit: 'binary' }), value: fc.double(), step: fc.double() })), fc.array(fc.tuple(fc.oneof(fc.maxSafeNat(), fc.nat(1e6), fc.double()), fc.double())), (title, notes, points) => {
      const svg = curve(points.map(([step, value]) => record(step, { 'eval/return': value, 'train/return': -value })), { title, references: notes, marks: notes });
      expect(() => elementsOf(svg)).not.toThrow();
      expect(svg).not.toMatch(/="[^"]*(NaN|Infinity)/);
    })));
});

describe('curves of several algorithms', () => {
  const banded = (name: string, value: number, width: number) => ({ name, points: Array.from({ length: 10 }, (_, i) => ({ step: (i + 1) * 1000, value: value * (i + 1), low: value * (i + 1) - width, high: value * (i + 1) + width })) });
  const svg = curves([banded('qmix', 0.09, 0.05), banded('vdn', 0.05, 0.02), banded('iql', 0.02, 0)], { title: 'lbf/8x8-2p-2f-coop', unit: 'eval/return: IQM and 95 % interval of 5 runs' }), elements = elementsOf(svg);

  it('are lines in colours of their own, each with its band, its name and its last value', () => {
    expect(elements.filter(e => /^s\d$/.test(e.attributes['class'] ?? '')).map(e => e.attributes['class'])).toEqual(['s0', 's1', 's2']);
    expect(elements.filter(e => e.attributes['class']?.startsWith('band')).map(e => e.attributes['class'])).toEqual(['band f0', 'band f1']);
    const texts = elements.filter(e => e.name === 'text').map(e => e.text);
    expect(texts).toEqual(expect.arrayContaining(['lbf/8x8-2p-2f-coop', 'eval/return: IQM and 95 % interval of 5 runs', 'qmix 0.90', 'vdn 0.50', 'iql 0.20', 'environment steps']));
  });
  it('are told apart by strokes where there are more than colours, in the plot and before the names', () => {
    const strokes = (count: number) => elementsOf(curves(Array.from({ length: count }, (_, i) => banded(`a${i}`, i / 10, 0.01)))).filter(e => e.name === 'path' && /^s\d$/.test(e.attributes['class']!)).map(e => `${e.attributes['class']!} ${e.attributes['stroke-dasharray'] ?? ''}`);
    expect(new Set(strokes(6)).size).toBe(6);
    expect(strokes(6)).toHaveLength(6);                                       // colours are enough
    expect(new Set(strokes(9)).size).toBe(9);
    expect(strokes(9)).toHaveLength(18);
  });
  it('leave out what cannot be drawn, and say where there is nothing', () => {
    expect(elementsOf(curves([{ name: 'none', points: [] }])).map(e => e.text)).toContain('no returns yet');
    const odd = curves([{ name: 'odd', points: [{ step: 1, value: NaN, low: 0, high: 1 }, { step: 2, value: 1e300, low: 0, high: 1e300 }, { step: 3, value: 1, low: 0, high: 2 }] }]);
    expect(odd).not.toMatch(/NaN|Infinity|e\+/);
    elementsOf(odd);
  });
});
