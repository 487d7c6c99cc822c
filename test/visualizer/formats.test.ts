/** The formats beside SVG, each judged by a reader of its own; names and texts that mean harm; graphs that are large. */
import { execFileSync, spawnSync } from 'node:child_process';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import DOMPurify from 'dompurify';
import mermaidPackage from 'mermaid';
import { describe, expect, it } from 'vitest';
import { describe as description, type Description, type NodeDescription } from '../../core/describe.ts';
import { qmix, vdn } from '../../graphs/index.ts';
import { kinds } from '../../nodes/index.ts';
import { dot } from '../../visualizer/dot.ts';
import { errorView, firstDifference } from '../../visualizer/error-picture.ts';
import { html } from '../../visualizer/html.ts';
import { fromJson, json, viewProblem } from '../../visualizer/json.ts';
import { mermaid } from '../../visualizer/mermaid.ts';
import { draw, pictureOf, svg } from '../../visualizer/picture.ts';
import { png } from '../../visualizer/png.ts';
import { markdown } from '../../visualizer/difference-text.ts';
import { width } from '../../visualizer/text.ts';
import { sentences, unionOf } from '../../visualizer/union.ts';
import type { ViewGraph } from '../../visualizer/view-graph.ts';
import { allPages } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';
import { faultsOf } from './geometry.ts';

Object.assign(DOMPurify, { addHook: () => undefined, sanitize: (text: string) => text });        // without a document it has neither; the parser alone is wanted
const named = { kinds: (type: string) => kinds.get(type) };
const view = (d: Description, level: 0 | 1 | 2 = 1) => pictureOf(d, { ...named, level });
const graphviz = await Graphviz.load();
/** Graphviz's plain output has a line for each node and each edge. */
function laidByGraphviz(text: string): { readonly nodes: readonly string[]; readonly edges: number } {
  const rows = graphviz.layout(text, 'plain', 'dot').split('\n');
  return { nodes: rows.filter(r => r.startsWith('node ')).map(r => /^node ("(?:[^"\\]|\\.)*"|\S+)/.exec(r)![1]!).sort(), edges: rows.filter(r => r.startsWith('edge ')).length };
}
const native = spawnSync('dot', ['-V']).error === undefined;

/** Well-formed as far as a picture goes: tags that open and close, attributes in quotes, no bare signs. */
function tagsOf(text: string): string[] {
  const open: string[] = [], names: string[] = [], rest = text.replace(/<(\/?)([A-Za-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g, (_, end: string, name: string, __, alone: string) => {
    names.push(name);
    if (end) expect(open.pop()).toBe(name);
    else if (!alone) open.push(name);
    return '';
  });
  expect(open).toEqual([]);
  expect(rest.replace(/&(amp|lt|gt|quot);/g, '')).not.toMatch(/[<>&]|[^\n\x20-\x7e\xa0-\uffff]/);
  return names;
}

describe.each(Object.entries(allPages))('%s', (_, page) => {
  const v = view(description(page));
  it('SVG is well-formed and links to nothing', () => {
    const text = svg(v);
    tagsOf(text);
    expect(text).not.toMatch(/href|url\((?!#)|@import|<script|<image|<foreignObject/);
  });
  it('DOT is taken by Graphviz, with every box and line', () => {
    const { nodes, edges } = laidByGraphviz(dot(v));
    expect(nodes).toEqual(v.nodes.map(n => n.id).sort());
    expect(edges).toBe(v.edges.length + v.nodes.filter(n => n.role === 'target').length);
  });
  it('Mermaid is taken by its own parser', async () => { expect(await mermaidPackage.parse(mermaid(v))).toMatchObject({ diagramType: 'flowchart-v2' }); });
  it('JSON comes back, and draws the same picture', () => {
    const back = fromJson(json(v));
    expect(back).toEqual(v);
    expect(svg(back)).toBe(svg(v));
  });
});

describe('an open node', () => {
  const flow = { threads: (n: string) => (n === 'mixer' ? [{ from: { port: 'state' }, to: { part: 'mixer/w1' } }, { from: { part: 'mixer/w1' }, to: { port: 'qTot' } }, { from: { port: 'gone' }, to: { part: 'mixer/w1' } }] : undefined) };
  const open = pictureOf(description(qmix, SIZES), { ...named, ...flow, level: 2, sized: true }), mixer = open.nodes.find(n => n.id === 'mixer')!;
  it('comes back from JSON with its values, and not with one that leads nowhere', () => {
    expect(mixer.threads).toEqual(flow.threads('mixer')!.slice(0, 2));
    expect(fromJson(json(open))).toEqual(open);
    expect(svg(fromJson(json(open)))).toBe(svg(open));
    expect(viewProblem({ ...open, nodes: [{ ...mixer, threads: flow.threads('mixer') }], edges: [] })).toBe('a value inside mixer leads from or to nothing');
  });
  it('is taken by Graphviz, and is well-formed SVG', () => {
    expect(laidByGraphviz(dot(open)).nodes).toEqual(open.nodes.map(n => n.id).sort());
    tagsOf(svg(open));
  });
});
describe('DOT', () => {
  it.skipIf(!native)('is taken by the dot of the system', () => { expect(execFileSync('dot', ['-Tsvg'], { input: dot(view(description(qmix))) }).toString()).toContain('targetMixer'); });
  it('has no orthogonal lines, and turns for another direction', () => {
    expect(dot(view(description(qmix)))).not.toContain('ortho');
    expect(dot(view(description(qmix)), { direction: 'TB' })).toContain('rankdir=TB');
  });
});
describe('JSON', () => {
  it('that is no view is refused with what is wrong', () => {
    const v = view(description(qmix));
    expect(viewProblem({})).toMatch(/schema/);
    expect(viewProblem({ schema: 1 })).toMatch(/nodes/);
    expect(viewProblem({ ...v, nodes: [...v.nodes, v.nodes[0]] })).toMatch(/one id/);
    expect(viewProblem({ ...v, nodes: v.nodes.slice(1) })).toMatch(/leads from or to nothing/);
    expect(() => fromJson('{"schema":2}')).toThrow(/schema/);
  });
});
describe('PNG', () => {
  it('has the pixels of the picture, twice over, and the same ones again', async () => {
    const { svg: text, w, h } = draw(view(description(vdn), 0), { theme: 'light' }), first = await png(text);
    expect([...first.subarray(1, 4)].map(c => String.fromCharCode(c)).join('')).toBe('PNG');
    expect([new DataView(first.buffer, first.byteOffset).getUint32(16), new DataView(first.buffer, first.byteOffset).getUint32(20)]).toEqual([2 * w, 2 * h]);
    expect(Buffer.compare(first, await png(text))).toBe(0);
  });
  it('draws texts: without them it is another picture', async () => {
    const text = svg(view(description(vdn), 0), { theme: 'light' });
    expect(Buffer.compare(await png(text, 1), await png(text.replace(/<text[^>]*>[^<]*<\/text>/g, ''), 1))).not.toBe(0);
  });
});
describe('HTML', () => {
  it('may load nothing, runs one script that it names, and has no id twice', () => {
    const d = description(qmix), text = html('qmix', ([0, 1, 2] as const).map(level => ({ name: String(level), svg: svg(view(d, level)) })), 1), ids = [...text.matchAll(/ id="([^"]*)"/g)].map(m => m[1]);
    expect(text).toMatch(/default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/=]{44}'/);
    expect(text).not.toMatch(/(src|href)=/);
    expect(new Set(ids).size).toBe(ids.length);
  });
  it.each([...Object.entries(allPages).map(([name, page]) => [name, description(page)] as const), ['strange names', harmed('a.b--c > (d)')] as const])('%s: each line leads from and to a box that the script finds, and folded boxes name theirs', (_, d) => {
    const sheets = ([0, 1, 2] as const).map(level => svg(view(d, level))), boxes = sheets.map(text => new Set([...text.matchAll(/<g id="node-([^"]*)"/g)].map(m => m[1]!)));
    sheets.forEach((text, i) => {
      const ends = [...text.matchAll(/ id="wire-([^"]*)"/g)].flatMap(m => m[1]!.split('--').map(end => end.split('.')[0]!));
      expect(ends.length).toBe(2 * view(d, i as 0 | 1 | 2).edges.length);
      expect(ends.filter(end => !boxes[i]!.has(end))).toEqual([]);
    });
    const folded = [...sheets[0]!.matchAll(/ data-folds="([^"]*)"/g)].flatMap(m => m[1]!.split(' '));
    expect(folded.sort()).toEqual([...boxes[1]!].sort());
  });
});

describe('a picture that is made small', () => {
  const v = view(description(qmix)), text = svg(v, { zoomable: true });
  it('has for each box what is seen near and what from afar, a title that fits, and is well-formed; SVG files have neither', () => {
    tagsOf(text);
    for (const part of ['near', 'far']) expect(text.match(new RegExp(`<g class="${part}">`, 'g'))!.length).toBe(v.nodes.length);
    const { laid } = draw(v), titles = [...text.matchAll(/<g class="far"><rect[^>]*><text[^>]*font-size="(\d+)">([^<]*)</g)];
    expect(titles.length).toBe(v.nodes.length);
    for (const [, size, title] of titles) { const box = laid.boxes.get(title!)!; expect(width(title!, Number(size), 'bold')).toBeLessThan(box.w); expect(Number(size)).toBeGreaterThanOrEqual(12); }
    expect(svg(v)).not.toMatch(/class="(near|far)"/);
  });
  it('shows less of itself in three steps', () => {
    const page = html('qmix', [{ name: 'nodes', svg: text }]);
    for (const step of ['z < .15', 'z < .35', 'z < .6']) expect(page).toContain(step);
    for (const detail of ['nodes', 'titles', 'boxes']) expect(page).toMatch(new RegExp(`\\[data-detail=${detail}\\] \\.near`));
  });
});

const HOSTILE = ['javascript:alert(1)', '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '\u202egnp.exe\u2066', 'a'.repeat(10_000), '`$' + '{x}`', ']]>', '%%{init: {}}%%', 'click n0 "javascript:x"', 'end', '-->', '\\', 'a\nb\0c', 'constructor', '日本語 \u{1f600}', '#quot;', '</svg><svg onload=x>', '\ud800'];
const harmed = (word: string): Description => {
  const d = description(qmix), swap = (wire: string) => (wire.startsWith('mixer.') ? `${word.replace(/\./g, '_')}${wire.slice(5)}` : wire), name = word.replace(/\./g, '_');
  return { ...d, name: word, about: word, paper: word, nodes: d.nodes.map((n): NodeDescription => (n.name === 'mixer' ? { ...n, name, type: word, config: { [word]: word }, about: word } : n.of === 'mixer' ? { ...n, of: name } : n)), wires: d.wires.map(w => ({ ...w, from: swap(w.from), to: swap(w.to) })), offers: d.offers.map(o => ({ from: swap(o.from), to: swap(o.to) })), train: { [word]: { ...d.train['q']!, trains: [name] } } };
};
describe('texts of others', () => {
  it.each(HOSTILE.map((w, i) => [i, w] as const))('%i: stand in every format as text, and nothing more', async (_, word) => {
    const v = view(harmed(word)), picture = draw(v);
    expect(tagsOf(picture.svg).filter(tag => !['svg', 'title', 'desc', 'style', 'rect', 'g', 'path', 'text', 'circle'].includes(tag))).toEqual([]);
    expect(picture.svg).not.toMatch(/<script|<img|onerror="|onload="|[\u202a-\u202e\u2066-\u2069]/);
    expect(faultsOf(picture).textOutside).toEqual([]);
    expect(faultsOf(picture).textsOverlap).toEqual([]);
    expect(laidByGraphviz(dot(v)).nodes.length).toBe(v.nodes.length);
    expect(await mermaidPackage.parse(mermaid(v))).toBeTruthy();
    expect(mermaid(v).split('\n').filter(l => l.startsWith('%%') || /^\s*(click|call|href|style|linkStyle)/.test(l))).toEqual([]);
    expect(fromJson(json(v)).nodes.length).toBe(v.nodes.length);
    expect(html(word, [{ name: word, svg: picture.svg }]).match(/<script/g)).toEqual(['<script']);
    const { comparison } = unionOf(description(vdn), harmed(word));
    expect(markdown(comparison, sentences(comparison, harmed(word)))).not.toMatch(/<script|<img|<svg/);
  });
});

/** A page of so many boxes in a row, or with lines between layers. */
function synthetic(count: number, readers: (i: number) => readonly number[]): ViewGraph {
  const plain = view(description(vdn)), node = plain.nodes.find(n => n.id === 'nextGreedy')!, { of: _, ...base } = node, edges = Array.from({ length: count }, (_, i) => readers(i).filter(k => k < count).map((k, j) => ({ id: `n${i}.out>n${k}.in${i}_${j}`, from: [`n${i}`, 'out'] as const, to: [`n${k}`, `in${i}_${j}`] as const, kind: 'data' as const, net: `n${i}.out` }))).flat();
  const nodes = Array.from({ length: count }, (_, i) => ({ ...base, id: `n${i}`, title: `n${i}`, inputs: edges.filter(e => e.to[0] === `n${i}`).map(e => ({ id: e.to[1], label: 'in', marks: [], used: true })), outputs: [{ id: 'out', label: 'out', marks: [], used: true }] }));
  return { ...plain, nodes, edges, cards: [] };
}
describe('large graphs', () => {
  it('a chain of 5,000 is drawn', () => {
    const chain = synthetic(0, () => []), node = synthetic(2, i => [i + 1]).nodes[1]!, count = 5000, input = { id: 'in', label: 'in', marks: [], used: true };
    const long: ViewGraph = { ...chain, nodes: Array.from({ length: count }, (_, i) => ({ ...node, id: `n${i}`, title: `n${i}`, inputs: i ? [input] : [] })), edges: Array.from({ length: count - 1 }, (_, i) => ({ id: `n${i}.out>n${i + 1}.in`, from: [`n${i}`, 'out'], to: [`n${i + 1}`, 'in'], kind: 'data', net: `n${i}.out` })) };
    const { laid, svg: text } = draw(long);
    expect(laid.boxes.size).toBe(count);
    expect(text).toContain('id="node-n4999"');
  });
  it('500 boxes with 740 lines have no line through a box and no box on another', () => {
    const wide = synthetic(500, i => [i + 10 + (i % 3), ...(i % 2 ? [i + 14] : [])]), faults = faultsOf(draw(wide));
    expect(wide.edges.length).toBeGreaterThan(700);
    expect({ boxes: faults.boxesOverlap, lines: faults.lineThroughBox, back: faults.backwards }).toEqual({ boxes: [], lines: [], back: [] });
  });
});

describe('an error', () => {
  it('names the first axis that disagrees', () => {
    expect(firstDifference({ code: 'SHAPE', expected: 'f32 [... state] with ... = [batch time], as agentQs has', got: 'f32 [batch time+1 state]' })).toBe('axis 1: time+1 where time is expected');
    expect(firstDifference({ code: 'SHAPE', expected: 'f32 [... agent]', got: 'f32 [batch time]' })).toBe('no axis agent: [batch time]');
    expect(firstDifference({ code: 'OFFER', expected: 'f32 [... agent]', got: 'nothing' })).toBeUndefined();
  });
  it('shows only what leads to the port, both shapes and the remedy', () => {
    const d = description(qmix), problem = { code: 'SHAPE', at: 'mixer.state', what: 'the inputs of mixer do not agree', expected: 'f32 [... state] with ... = [batch time], as agentQs has', got: 'f32 [batch time+1 state]', fix: 'state: now(data.state)' };
    const v = errorView('qmix', [problem], { ...d, wires: d.wires.map(w => (w.to === 'mixer.state' ? { ...w, via: [], dims: ['batch', 'time+1', 'state'] } : w)) }, named), text = svg(v);
    expect(v.nodes.map(n => n.id).sort()).toEqual(['agentInput', 'agentQ', 'chosen', 'data', 'mixer']);
    expect(v.nodes.find(n => n.id === 'mixer')!.inputs.filter(p => p.used).map(p => p.label)).toEqual(['agentQs  f32 [B T N]', 'state  f32 [B T+1 state]']);
    for (const words of ['axis 1: time+1 where time is expected', 'state: now(data.state)']) expect(text).toContain(words);
    expect({ ...faultsOf(draw(v)) }).toMatchObject({ textOutside: [], textsOverlap: [], lineThroughBox: [], cropped: [] });
  });
  it('of a page that cannot be read is one box with the problem', () => { expect(svg(errorView('page.json', [{ code: 'PAGE', at: 'nodes.mixer', what: 'no node type x', expected: 'a page', got: 'x', fix: 'skein list nodes' }], undefined))).toContain('no node type x'); });
});
