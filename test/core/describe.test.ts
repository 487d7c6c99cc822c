/** What pictures and tables read: the page that runs, as plain JSON; its hash, and what differs between two pages. */
import { describe, expect, it } from 'vitest';
import { describe as picture, diff, structuralHash, type Description } from '../../core/describe.ts';
import { toJson, type Definition } from '../../core/definition.ts';
import { derive, graph, now, stop, swap } from '../../core/graph.ts';
import { sgd } from '../../core/optimiser.ts';
import { linear } from '../../core/schedule.ts';
import { single } from '../../core/world.ts';
import { doubleDqn, dqn, qmix, qplex, vdn } from '../../graphs/index.ts';
import { maskedMse, sumMixer } from '../../nodes/index.ts';
import { allPages } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';
import { firstAllowed, times } from '../plugins/training/tiny.ts';

const sizes = { agent: 2, id: 2, obs: 3, state: 4, action: 3 };
const node = (d: Description, name: string) => d.nodes.find(n => n.name === name)!;

describe('a description', () => {
  it.each(Object.entries(allPages))('of %s is plain JSON and counts every weight once', (_, d) => {
    const plain = picture(d, SIZES);
    expect(JSON.parse(JSON.stringify(plain))).toEqual(plain);
    expect(plain.nodes.map(n => n.name).sort()).toEqual(Object.keys(d.page.nodes).sort());
    expect(plain.nodes.flatMap(n => n.outputs).every(o => o.dims.length === 0 || o.shape!.length === o.dims.length)).toBe(true);
    for (const n of plain.nodes) expect(n.weights, n.name).toBe(n.of === undefined ? n.layers.reduce((a, l) => a + l.shape.reduce((x, y) => x * y, 1), 0) : 0);
    expect(picture(d).nodes.every(n => n.weights === undefined && n.outputs.every(o => o.shape === undefined))).toBe(true);
  });
  it('of QMIX says what each node is, is trained by, and when it runs', () => {
    const d = picture(qmix, sizes), mixer = node(d, 'mixer'), agentQ = node(d, 'agentQ');
    expect({ type: mixer.type, role: mixer.role, trainedBy: mixer.trainedBy, learns: mixer.learns, acts: mixer.acts, untaken: mixer.untaken }).toEqual({ type: 'monotonicMixer', role: 'slot', trainedBy: ['q'], learns: true, acts: false, untaken: ['maxAgentQs', 'isGreedy', 'action', 'unitState', 'mask'] });
    expect([agentQ.learns, agentQ.acts, agentQ.knobs, agentQ.config]).toEqual([true, true, [], { hidden: 64 }]);
    expect(node(d, 'targetMixer')).toMatchObject({ role: 'target', of: 'mixer', trainedBy: [], learns: true });
    expect(node(d, 'explore')).toMatchObject({ learns: false, acts: true, knobs: ['epsilon'] });
    expect(agentQ.outputs[0]).toEqual({ name: 'q', dtype: 'f32', dims: ['batch', 'time+1', 'agent', 'action'], shape: [0, 0, 2, 3] });
    expect(d.train['q']!.trains).toEqual(['agentQ', 'mixer']);
  });
  it('knows over which wires a gradient passes: not stopped, not lagged, not into still ports', () => {
    const wires = (d: Definition) => new Map(picture(d).wires.map(w => [w.to, w.gradient])), q = wires(qmix), sac = picture(allPages['sac']!).wires;
    expect([q.get('mixer.agentQs'), q.get('chosen.q'), q.get('tdLoss.prediction'), q.get('tdLoss.target'), q.get('tdTarget.nextValue'), q.get('chosen.action')]).toEqual([true, true, true, false, false, false]);
    expect(sac.find(w => w.to === 'softQ.alpha')).toMatchObject({ via: ['stop'], gradient: false });
    expect(sac.find(w => w.to === 'softQ.q')).toMatchObject({ gradient: true });
  });
  it('draws what nobody asks for as what does not run', () => {
    const d = picture(derive(vdn, 'idle', (g, { nextChosen }) => { g.add('idle', sumMixer(), { agentQs: nextChosen.value }); }));
    expect([node(d, 'idle').learns, node(d, 'idle').acts]).toEqual([false, false]);
  });
});

describe('a hash', () => {
  it('is of structure: names of pages, knobs, schedules, rates and loss weights other than 1 do not count', () => {
    const same = derive(qmix, 'other', g => { g.about('x', 'y'); g.set('tdTarget', { gamma: 0.1 }); g.set('explore', { epsilon: linear({ from: 1, to: 0, updates: 9 }) }); g.train('q', g.at('tdLoss').loss, { optimiser: { ...qmix.page.train['q']!.optimiser, lr: 9 }, clipNorm: 10 }); });
    expect(structuralHash(same)).toBe(structuralHash(qmix));
    expect(structuralHash(qmix)).toMatch(/^[0-9a-f]{16}$/);
    expect(structuralHash(swap(swap(qmix, 'mixer', sumMixer(), { name: 'a' }), 'mixer', { spec: qmix.specs.get('monotonicMixer')!, config: qmix.page.nodes['mixer']!.config! }, { name: 'b' }))).toBe(structuralHash(qmix));
  });
  it('differs for every two pages of the book', () => { const all = Object.values(allPages).map(structuralHash); expect(new Set(all).size).toBe(all.length); });
  it('does not depend on the order in which nodes are written', () => {
    const turned: Definition = { ...qmix, page: { ...qmix.page, nodes: Object.fromEntries(Object.entries(qmix.page.nodes).reverse()) } };
    expect(structuralHash(turned)).toBe(structuralHash(qmix));
  });
  it('depends on which source is the first: it is the one that is cut and stepped', () => {
    const two = graph('two', single, g => {
      const made = { a: g.transitions({ name: 'a', keep: 9, batch: 3 }), b: g.transitions({ name: 'b', keep: 9, batch: 3 }) };
      const y = g.add('value', times(), { x: made.a.obs }), z = g.add('other', times(), { x: made.b.obs });
      for (const [name, w, data] of [['value', y, made.a], ['other', z, made.b]] as const) g.train(name, g.add(`${name}Loss`, maskedMse(), { prediction: now(w.y), target: stop(data.reward), mask: data.valid }).loss, { optimiser: sgd({ lr: 1 }) });
      const explore = g.slot('explore', firstAllowed(), { avail: made.a.avail });
      g.act(explore);
    });
    const turned: Definition = { ...two, page: { ...two.page, sources: { b: two.page.sources['b']!, a: two.page.sources['a']! } } };
    expect(structuralHash(turned)).not.toBe(structuralHash(two));
  });
});

describe('a difference', () => {
  it('between QMIX and VDN is one node, what it takes, and its target', () => {
    expect(diff(qmix, vdn).map(x => `${x.kind} ${x.at}`).sort()).toEqual(['node mixer', 'node targetMixer', 'wire mixer.state', 'wire targetMixer.state']);
    expect(diff(qmix, vdn).find(x => x.at === 'mixer')).toEqual({ kind: 'node', at: 'mixer', before: { type: 'monotonicMixer', role: 'slot' }, after: { type: 'sumMixer', role: 'slot' } });
  });
  it('between DQN and its double form is one wire', () => { expect(diff(dqn, doubleDqn)).toEqual([{ kind: 'wire', at: 'nextGreedy.q', before: 'targetQ.q | next', after: 'q.q | next' }]); });
  it('is none between a page and itself under another name, through JSON and back', () => {
    expect(diff(qplex, derive(qplex, 'again', g => { g.about('another line'); }))).toEqual([]);
    expect(diff(qmix, { ...qmix, page: JSON.parse(JSON.stringify({ ...toJson(qmix), world: qmix.page.world })) as typeof qmix.page })).toEqual([]);
  });
  it('says what became of numbers, rules, targets, sources and acting', () => {
    const other = derive(dqn, 'other', g => { g.set('tdTarget', { gamma: 0.5 }); g.targets({ polyak: 0.1 }); g.transitions({ keep: 10, batch: 2 }); g.act(g.at('explore') as never, { randomSteps: 3 }); });
    expect(diff(dqn, other).map(x => `${x.kind} ${x.at}`).sort()).toEqual(['act act', 'config tdTarget.gamma', 'source data', 'targets *']);
  });
});
