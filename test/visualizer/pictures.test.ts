/** Pictures of every page of the book, at every level and in both directions: no fault that a reader would see. */
import { describe, expect, it } from 'vitest';
import { describe as description, type Description } from '../../core/describe.ts';
import { dqn, qmix, qplex, vdn } from '../../graphs/index.ts';
import { kinds } from '../../nodes/index.ts';
import { draw, pictureOf, svg, type PictureOptions, type Rendering } from '../../visualizer/picture.ts';
import { unionOf } from '../../visualizer/union.ts';
import { allPages } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';
import { crossingsOf, faultsOf } from './geometry.ts';

const named = { kinds: (type: string) => kinds.get(type) };
const FLAWLESS = { lineThroughBox: [], boxesOverlap: [], textsOverlap: [], textOutside: [], lineThroughText: [], sharedTrack: [], backwards: [], cropped: [], loose: [] };
const view = (d: Description, o: PictureOptions = {}) => pictureOf(d, { ...named, ...o });
const WAYS: readonly (readonly [name: string, folding: PictureOptions, rendering: Rendering, sized: boolean])[] = [
  ['level 0', { level: 0 }, {}, false], ['level 1', {}, {}, false], ['level 2 with sizes', { level: 2 }, { shapes: 'concrete' }, true], ['level 2 from top to bottom', { level: 2 }, { direction: 'TB' }, true],
  ['level 3', { level: 3, operations: node => Array.from({ length: 3 + node.length * 3 }, (_, i) => ({ id: `${node}/${i}`, label: ['MatMul', 'Add', 'ExpandDims'][i % 3]!, detail: `[${4 ** (i % 6)} 64]` })) }, { shapes: 'concrete' }, true], ['from top to bottom', {}, { direction: 'TB' }, false],
  ['repeats folded', { foldRepeats: true }, {}, false], ['target side shut', { collapse: ['targets'] }, { shapes: 'off' }, false],
];

describe.each(Object.entries(allPages))('%s', (name, page) => {
  it.each(WAYS)('%s: nothing is crossed, cropped or on top of something else', (_, folding, rendering, sized) => {
    const d = sized ? description(page, SIZES) : description(page), drawing = draw(pictureOf(d, { ...named, ...folding, sized }), rendering);
    expect(faultsOf(drawing, rendering.direction)).toEqual(FLAWLESS);
    expect(drawing.svg.length).toBeLessThan(folding.level === 3 ? 300_000 : 150_000);
  });
  it('is the same twice, whatever was drawn between', () => {
    const once = svg(view(description(page)));
    svg(view(description(dqn)), { direction: 'TB' });
    expect(svg(view(description(allPages[name]!)))).toBe(once);
  });
  it('shows every node, every wire and every rule', () => {
    const d = description(page), v = view(d), flags = v.nodes.flatMap(n => n.inputs.filter(p => p.flag !== undefined));
    expect(v.nodes.filter(n => n.role !== 'source' && n.role !== 'memory').map(n => n.id).sort()).toEqual(d.nodes.map(n => n.name).sort());
    expect(v.edges.length + flags.length).toBe(d.wires.length);
    expect(v.nodes.flatMap(n => n.tags.filter(t => t.kind === 'rule')).length).toBe(Object.values(d.train).reduce((sum, r) => sum + r.losses.length, 0));
    const text = svg(v);
    for (const n of v.nodes) expect(text).toContain(`id="node-${n.id}"`);
    for (const e of v.edges) expect(text).toContain(`id="wire-${e.id.replace('>', '--')}"`);
  });
});

describe('differences', () => {
  const pairs = [['vdn', 'qmix'], ['qmix', 'qplex'], ['a2c', 'ppo'], ['dqn', 'doubleDqn'], ['ddpg', 'td3'], ['td3', 'sac'], ['iql', 'dgn'], ['qmix', 'shaq'], ['ippo', 'mappo'], ['mappo', 'happo'], ['maddpg', 'facmac'], ['sac', 'mat']] as const;
  it.each(pairs)('%s to %s is drawn without a fault', (a, b) => {
    for (const [x, y] of [[a, b], [b, a]] as const) expect(faultsOf(draw(unionOf(description(allPages[x]!), description(allPages[y]!), named).view))).toEqual(FLAWLESS);
  });
});

describe('looks that were decided', () => {
  it('QMIX, QPLEX and VDN have no crossing, their differences one at most', () => {
    for (const page of [vdn, qmix, qplex]) expect(crossingsOf(draw(view(description(page))))).toBe(0);
    expect(crossingsOf(draw(unionOf(description(qmix), description(qplex), named).view))).toBe(0);
    expect(crossingsOf(draw(unionOf(description(vdn), description(qmix), named).view))).toBe(1);      // `state` leaves one port and must get into both halves, which agentQ parts: no layout has none
  });
  it('all pages together cross no more than the first trial did', () => {
    const crossings = Object.fromEntries(Object.entries(allPages).map(([name, page]) => [name, crossingsOf(draw(view(description(page))))]));
    expect(Object.values(crossings).reduce((a, b) => a + b, 0), JSON.stringify(crossings)).toBeLessThanOrEqual(56);
  });
  it('lagged nodes stand below their source, in its column', () => {
    const { laid } = draw(view(description(qmix)));
    for (const [lagged, source] of [['targetAgentQ', 'agentQ'], ['targetMixer', 'mixer']] as const) {
      const [a, b] = [laid.boxes.get(lagged)!, laid.boxes.get(source)!];
      expect(a.y).toBeGreaterThan(b.y + b.h);
      expect(Math.abs(a.x + a.w / 2 - b.x - b.w / 2)).toBeLessThan(2);
    }
  });
  it('on all pages but two lagged nodes the lagged one is the lower of a pair', () => {
    const above = Object.entries(allPages).flatMap(([name, page]) => { const v = view(description(page)), { laid } = draw(v); return v.nodes.filter(n => n.role === 'target' && laid.boxes.get(n.id)!.y < laid.boxes.get(n.of!)!.y).map(n => `${name} ${n.id}`); });
    expect(above).toEqual(['qtranAlt targetAgentQ', 'qtranAlt targetJointQ']);
  });
  it('the parts of a page stand in that order, too', () => {
    const { laid } = draw(view(description(qmix), { level: 0 })), [a, b] = [laid.boxes.get('(learner)')!, laid.boxes.get('(targets)')!];
    expect(b.y).toBeGreaterThan(a.y + a.h);
  });
  it('no text is smaller than 9 pixels, and at 1,200 pixels the names of QMIX\'s ports are 8', () => {
    for (const level of [0, 1, 2] as const) for (const theme of ['light', 'print'] as const) expect(Math.min(...[...svg(view(description(qmix, SIZES), { level, sized: true }), { theme }).matchAll(/font-size="([\d.]+)"/g)].map(m => Number(m[1])))).toBeGreaterThanOrEqual(9);
    const { w } = draw(view(description(qmix)));
    expect(11.5 * 1200 / w).toBeGreaterThan(8);
  });
  it('QMIX takes less than 100 kB and is not wider than three times its height', () => {
    const { svg: text, w, h } = draw(view(description(qmix)));
    expect(text.length).toBeLessThan(100_000);
    expect(w / h).toBeLessThan(3);
  });
});
