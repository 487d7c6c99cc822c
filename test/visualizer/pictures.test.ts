/** Pictures of every page of the book, at every level and in both directions: no fault that a reader would see. */
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { describe as description, type Description } from '../../core/describe.ts';
import { derive, swap } from '../../core/graph.ts';
import { plan } from '../../core/plan.ts';
import { dqn, mappo, qmix, qplex, vdn } from '../../graphs/index.ts';
import { allAgents, join, kinds } from '../../nodes/index.ts';
import { operationsOf } from '../../plugins/operations.ts';
import { draw, pictureOf, svg, type PictureOptions, type Rendering } from '../../visualizer/picture.ts';
import { unionOf } from '../../visualizer/union.ts';
import type { Thread } from '../../visualizer/view-graph.ts';
import { allPages } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';
import { engineOn } from '../plugins/engines/on.ts';
import { some } from '../plugins/rounds.ts';
import { crossingsOf, faultsOf } from './geometry.ts';

await engineOn('cpu');
const named = { kinds: (type: string) => kinds.get(type) };
const FLAWLESS = { lineThroughBox: [], boxesOverlap: [], textsOverlap: [], textOutside: [], lineThroughText: [], sharedTrack: [], backwards: [], cropped: [], loose: [] };
const view = (d: Description, o: PictureOptions = {}) => pictureOf(d, { ...named, ...o });
/** A page as it is drawn where nothing else is said, once: drawn again it is the same, which a test below looks at. */
const plain = new Map<string, ReturnType<typeof draw>>();
function plainly(name: string): ReturnType<typeof draw> {
  const drawn = plain.get(name) ?? draw(view(description(allPages[name]!)));
  plain.set(name, drawn);
  return drawn;
}
/** What is inside the nodes of each page. */
const watched = new Map(Object.entries(allPages).map(([name, page]) => [name, operationsOf(plan(page, SIZES))]));
const inside = (name: string): PictureOptions => ({ operations: n => watched.get(name)!.get(n)?.operations ?? { parts: [] }, threads: n => watched.get(name)!.get(n)?.layers });
const WAYS: readonly (readonly [name: string, folding: PictureOptions, rendering: Rendering, sized: boolean])[] = [
  ['level 0', { level: 0 }, {}, false], ['level 1', {}, {}, false], ['level 2 that nobody watched', { level: 2, threads: () => undefined }, {}, true], ['level 2 with sizes', { level: 2 }, { shapes: 'concrete' }, true], ['level 2 from top to bottom', { level: 2 }, { direction: 'TB' }, true],
  ['level 3', { level: 3 }, { shapes: 'concrete' }, true], ['level 3 from top to bottom', { level: 3 }, { direction: 'TB' }, true], ['from top to bottom', {}, { direction: 'TB' }, false],
  ['repeats folded', { foldRepeats: true }, {}, false], ['target side shut', { collapse: ['targets'] }, { shapes: 'off' }, false],
];

describe.each(Object.entries(allPages).map(([name, page], i) => [name, page, i] as const))('%s', (name, page, i) => {
  it.each(some(WAYS, 2, i))('%s: nothing is crossed, cropped or on top of something else', (way, folding, rendering, sized) => {
    const d = sized ? description(page, SIZES) : description(page), drawing = way === 'level 1' ? plainly(name) : draw(pictureOf(d, { ...named, ...(sized ? inside(name) : {}), ...folding, sized }), rendering);
    expect(faultsOf(drawing, rendering.direction)).toEqual(FLAWLESS);
    expect(drawing.svg.length).toBeLessThan(folding.level === 3 ? 300_000 : 150_000);
  });
  it('is the same twice, whatever was drawn between', () => {
    const once = plainly(name).svg;
    svg(view(description(dqn)), { direction: 'TB' });
    expect(svg(view(description(page)))).toBe(once);
  });
  it('shows every node that runs, every wire into one and every rule', () => {
    const d = description(page), v = view(d), flags = v.nodes.flatMap(n => n.inputs.filter(p => p.flag !== undefined)), run = d.nodes.filter(n => n.learns || n.acts).map(n => n.name);
    expect(v.nodes.filter(n => n.role !== 'source' && n.role !== 'memory').map(n => n.id).sort()).toEqual([...run].sort());
    expect(v.edges.length + flags.length).toBe(d.wires.filter(w => run.includes(w.to.split('.', 1)[0]!)).length);
    expect(v.nodes.flatMap(n => n.tags.filter(t => t.kind === 'rule')).length).toBe(Object.values(d.train).reduce((sum, r) => sum + r.losses.length, 0));
    const text = plainly(name).svg;
    for (const n of v.nodes) expect(text).toContain(`id="node-${n.id}"`);
    for (const e of v.edges) expect(text).toContain(`id="wire-${e.id.replace('>', '--')}"`);
  });
});

describe('a node that a slot offers and its node does not take', () => {
  const joined = swap(mappo, 'criticInput', join()), box = (d: Definition, name: string) => view(description(d)).nodes.find(n => n.id === name);
  it('is drawn where it runs, and else its port alone', () => {
    expect(box(mappo, 'lastJointAction')).toBeUndefined();
    expect(box(mappo, 'data')!.outputs.map(p => p.id)).not.toContain('lastAction');
    expect(box(mappo, 'criticInput')!.inputs.find(p => p.id === 'last')).toMatchObject({ used: false });
    expect(box(joined, 'lastJointAction')).toBeDefined();
    expect(box(joined, 'criticInput')!.inputs.find(p => p.id === 'last')).toMatchObject({ used: true });
  });
  it('is drawn in a difference where either page runs it, as one that both have', () => {
    for (const [a, b] of [[mappo, joined], [joined, mappo]] as const) expect(unionOf(description(a), description(b), named).view.nodes.find(n => n.id === 'lastJointAction')).toMatchObject({ state: 'same' });
    expect(unionOf(description(mappo), description(mappo), named).view.nodes.map(n => n.id)).not.toContain('lastJointAction');
  });
  it('is drawn where nothing else is said of it: one that nothing reads and no slot offers stands in the picture', () => {
    const stray = derive(mappo, 'stray', (g, { ro }) => { g.add('stray', allAgents(), { x: ro.obs }); });
    expect(box(stray, 'stray')).toBeDefined();
  });
});

describe('an open node', () => {
  const open = (level: 2 | 3, direction: 'LR' | 'TB' = 'LR') => { const v = pictureOf(description(qmix, SIZES), { ...named, ...inside('qmix'), level, sized: true }), drawing = draw(v, { direction }); return { v, drawing, mixer: v.nodes.find(n => n.id === 'mixer')!, lines: drawing.ink.lines.filter(l => l.owner === 'mixer') }; };
  it.each([[2, 'LR'], [2, 'TB'], [3, 'LR'], [3, 'TB']] as const)('at level %i, %s, has a box for each part and a line for each value, and its ports stand at their ends', (level, direction) => {
    const { drawing: { ink, laid }, mixer, lines } = open(level, direction), box = laid.boxes.get('mixer')!, ends = new Set(lines.map(l => l.edge));
    expect(ink.parts.filter(p => p.owner === 'mixer').map(p => p.id)).toEqual(mixer.parts!.map(p => p.id));
    expect(ends.size).toBe(mixer.threads!.length);
    const across = (p: { readonly x: number; readonly y: number }) => (direction === 'LR' ? p.y : p.x), state = box.inputs.find(a => a.cell.port.id === 'state')!;
    for (const l of lines.filter(x => x.edge.startsWith('mixer: <state>') && lines.find(y => y.edge === x.edge) === x)) expect(across(l.a)).toBe(across(box) + across(state));
  });
  it('reads from left to right: a part stands behind what it reads', () => {
    const { drawing: { ink }, mixer } = open(3), at = new Map(ink.parts.map(p => [p.id, p]));
    for (const { from, to } of mixer.threads!) if ('part' in from && 'part' in to) expect(at.get(to.part)!.x).toBeGreaterThan(at.get(from.part)!.x + at.get(from.part)!.w);
  });
  it('is a cluster: round corners, a strong outline, a tint, and room for its title', () => {
    const { drawing: { svg: text, ink, laid } } = open(2), group = /<g id="node-mixer".*?<g class="inside">/.exec(text)![0], closed = /<g id="node-chosen".*?<\/g>/.exec(text)![0], box = laid.boxes.get('mixer')!;
    expect(group).toMatch(/rx="12" class="f-mix-tint"/);
    expect(group).toMatch(/rx="12" class="n s-mix" stroke-width="1.6"/);
    expect(closed).not.toMatch(/rx="12"|-tint|stroke-width="1.6"/);
    for (const p of ink.parts.filter(x => x.owner === 'mixer')) expect(p.y - box.y).toBeGreaterThanOrEqual(50);
    expect(text).toContain('>value inside a node<');
  });
  it('has words without lines where nobody watched, or where a value leads round', () => {
    const { v } = open(2), w1 = { part: 'mixer/w1' }, w2 = { part: 'mixer/w2' }, drawn = (threads: readonly Thread[]) => draw({ ...v, nodes: v.nodes.map(n => (n.id === 'mixer' ? { ...n, threads } : n)) });
    for (const threads of [[], [{ from: { port: 'state' }, to: w1 }, { from: w1, to: w2 }, { from: w2, to: w1 }]]) {
      const { ink } = drawn(threads);
      expect(ink.lines.filter(l => l.owner === 'mixer')).toEqual([]);
      expect(ink.parts.filter(p => p.owner === 'mixer').length).toBe(4);
    }
    expect(drawn([{ from: { port: 'state' }, to: w1 }, { from: w1, to: w2 }]).ink.lines.some(l => l.owner === 'mixer')).toBe(true);
  });
  it('with more than 60 parts has the last ones as one, and what enters them enters that', () => {
    const chain = { parts: Array.from({ length: 80 }, (_, i) => ({ id: `mixer/${i}`, label: 'Add', detail: '[1]' })), threads: [...Array.from({ length: 79 }, (_, i) => ({ from: { part: `mixer/${i}` }, to: { part: `mixer/${i + 1}` } })), { from: { part: 'mixer/79' }, to: { port: 'qTot' } }] };
    const long = pictureOf(description(qmix, SIZES), { ...named, level: 3, sized: true, operations: n => (n === 'mixer' ? chain : { parts: [] }) }), mixer = long.nodes.find(n => n.id === 'mixer')!;
    expect([mixer.parts!.length, mixer.parts!.at(-1)!.label, mixer.threads!.length, mixer.threads!.at(-1)]).toEqual([60, 'and 21 more', 60, { from: { part: 'mixer/0+' }, to: { port: 'qTot' } }]);
    expect(faultsOf(draw(long))).toEqual(FLAWLESS);
  });
  it('has no operation that leads to no port of the picture', () => {
    const v = pictureOf(description(vdn, SIZES), { ...named, ...inside('vdn'), level: 3, sized: true }), chosen = v.nodes.find(n => n.id === 'nextChosen')!, all = watched.get('vdn')!.get('nextChosen')!.operations.parts;
    expect(chosen.parts!.length).toBeLessThan(all.length);
    for (const n of v.nodes) for (const p of n.threads ? n.parts! : []) expect(n.threads!.some(t => 'part' in t.from && t.from.part === p.id), `${n.id} ${p.id}`).toBe(true);
  });
  it('has no line of QMIX\'s agent and target on another, and one of its mixer', () => {
    const { drawing } = open(3), within = (owner: string) => crossingsOf({ ...drawing, ink: { ...drawing.ink, lines: drawing.ink.lines.filter(l => l.owner === owner) } });
    expect(['agentQ', 'tdTarget', 'mixer'].map(within)).toEqual([0, 0, 1]);      // one trunk of state feeds w2, and then what is above and below it
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
  it('all pages together cross 65 times, 16 of them where three statistics of mappoPopArt reach three nodes', () => {
    const crossings = Object.fromEntries(Object.keys(allPages).map(name => [name, crossingsOf(plainly(name))]));
    expect(Object.values(crossings).reduce((a, b) => a + b, 0), JSON.stringify(crossings)).toBeLessThanOrEqual(65);
  });
  it('lagged nodes stand below their source, in its column', () => {
    const { laid } = draw(view(description(qmix)));
    for (const [lagged, source] of [['targetAgentQ', 'agentQ'], ['targetMixer', 'mixer']] as const) {
      const [a, b] = [laid.boxes.get(lagged)!, laid.boxes.get(source)!];
      expect(a.y).toBeGreaterThan(b.y + b.h);
      expect(Math.abs(a.x + a.w / 2 - b.x - b.w / 2)).toBeLessThan(2);
    }
  });
  it('on all pages the lagged one is the lower of a pair', () => {
    const above = Object.entries(allPages).flatMap(([name, page]) => { const v = view(description(page)), { laid } = plainly(name); return v.nodes.filter(n => n.role === 'target' && laid.boxes.get(n.id)!.y < laid.boxes.get(n.of!)!.y).map(n => `${name} ${n.id}`); });
    expect(above).toEqual([]);
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
