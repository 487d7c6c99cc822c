/** Pages that look right and are not, each of which ran once and gave wrong numbers or could not be read back; and what stands in their place. */
import { mean, mul, square, sum } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { check, sight } from '../../core/check.ts';
import { fromJson, toJson, type Definition } from '../../core/definition.ts';
import { describe as picture, diff, structuralHash } from '../../core/describe.ts';
import { GraphError, InputError, type Issue } from '../../core/error.ts';
import { derive, each, graph, next, now, once, swap, type Graph } from '../../core/graph.ts';
import { dense } from '../../nodes/layers.ts';
import { defineNode } from '../../core/node.ts';
import { rmsprop, sgd, type Optimiser } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { f32, penalty } from '../../core/port.ts';
import { Programs } from '../../core/programs.ts';
import { linear } from '../../core/schedule.ts';
import { reach } from '../../core/topology.ts';
import { continuousTeam, single, type World } from '../../core/world.ts';
import { dqn, iql, qmix, vdn } from '../../graphs/index.ts';
import { epsilonGreedy, gatherAction, join, maskedMse, mlpAgentQ, mlpQ, monotonicMixer, sumMixer } from '../../nodes/index.ts';
import { evaluateStep } from '../../plugins/testing.ts';
import { allPages, registry } from '../pages/index.ts';

const SIZES = { agent: 2, id: 2, obs: 3, state: 4, action: 3 }, CUT = { ...SIZES, batch: 2, time: 3 };
const wave = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7));
const batch = { 'data.obs': wave(2 * 4 * 2 * 3), 'data.state': wave(2 * 4 * 4), 'data.action': new Int32Array(12).map((_, i) => i % 3), 'data.reward': wave(6) };
const issues = (make: () => unknown): readonly Issue[] => { try { make(); } catch (e) { if (e instanceof GraphError) return e.issues; throw e; } return []; };
/** Edits of any kind: the compiler would refuse some. */
const edit = <R>(d: Definition<R, World>, how: (g: Graph<World>, handles: R) => void) => issues(() => derive(d, d.page.name, how));
const said = (all: readonly Issue[]) => all.map(i => `${i.code} ${i.at}: ${i.what}`);
const wire = (text: string) => ({ text });

describe('what can be checked can be written and read back', () => {
  it('every page of the book passes the schema of a page file', () => { for (const d of Object.values(allPages)) expect(() => fromJson(JSON.parse(JSON.stringify(toJson(d))), registry)).not.toThrow(); });
  it.each<[string, () => unknown, string]>([
    ['a name with a dash', () => derive(iql, 'my-iql', () => undefined), 'NAME my-iql: name is "my-iql"'],
    ['a clip that is no number', () => derive(qmix, 'x', (g, { td }) => { g.train('q', td.loss, { optimiser: rmsprop({ lr: 1 }), clipNorm: Infinity }); }), 'RULE q.clipNorm: train.q.clipNorm is Infinity'],
    ['steps that are less than none', () => derive(qmix, 'x', g => { g.act(g.at('explore') as never, { randomSteps: -5 }); }), 'ACT randomSteps: act.randomSteps is -5'],
    ['an optimiser of another kind', () => derive(qmix, 'x', (g, { td }) => { g.train('q', td.loss, { optimiser: { type: 'lion' as never, lr: 1 } as Optimiser }); }), 'RULE q.optimiser.type: train.q.optimiser.type is "lion"'],
    ['a sweep in another order', () => derive(iql, 'x', (g, { td }) => { g.train('q', td.loss, { optimiser: sgd({ lr: 1 }), sweep: { over: 'agent', order: 'sideways' as never } }); }), 'RULE q.sweep.order: train.q.sweep.order is "sideways"'],
    ['sight of another kind', () => derive(qmix, 'x', g => { g.act(g.at('explore') as never, { sees: 'everything' as never }); }), 'ACT sees: act.sees is "everything"'],
    ['a setting of a source that there is not', () => derive(dqn, 'x', g => { g.transitions({ keep: 10, batch: 2, bach: 3 } as never); }), 'SOURCE data: sources.data has no bach'],
  ])('%s', (_, make, text) => { const all = issues(make); expect(said(all)).toEqual([text]); expect(all[0]!.fix).toMatch(/^(write|leave) \S/); });
  it('a schedule without an end', () => { const [i] = issues(() => derive(dqn, 'x', g => { g.set('explore', { epsilon: { ...linear({ from: 1, to: 0, steps: 5 }), clock: 'years' } }); })); expect(i).toMatchObject({ code: 'CONFIG' }); });
  it('a field of a world that is the name of a world is refused when it is read', () => {
    const file = { ...toJson(iql), world: { extends: 'team', adjacency: 'single' } };
    expect(() => fromJson(JSON.parse(JSON.stringify(file)), registry)).toThrow(InputError);
  });
});

describe('decentralised acting', () => {
  it('is not acting on a node that takes the agents as features, whatever the word of its port', () => {
    const mixed = (g: Graph<World>) => { const all = g.add('all', join(), { alive: wire('data.alive') }) as unknown as { x: never }; g.rewire('agentInput', { alive: each('agent', all.x) }); };
    expect(said(edit(qmix, mixed))).toEqual(['ACT all.alive: not decentralised: all mixes agents']);
    expect(sight(qmix).sees).toBe('local');
  });
  it('has the fields of the first source alone', () => {
    const all = edit(dqn, g => { const ex = g.episodes({ name: 'expert', by: 'expert', batch: 3 }) as unknown as { obs: never; avail: never }, again = g.shared('again', g.at('q'), { obs: ex.obs }) as unknown as { q: never }; g.rewire('explore', { q: again.q, avail: ex.avail }); });
    expect(said(all)).toContain('ACT again.obs: again reads expert.obs to act, and acting has the fields of data alone');
    expect(all.find(i => i.at === 'again.obs')!.fix).toBe('obs: data.obs');
  });
  it('goes in turn over choices only', () => {
    const policy = defineNode({ type: 'testPolicy', in: { obs: f32('... obs') }, out: { action: f32('... action') }, layers: ({ obs, action }) => ({ w: dense(obs!, action!) }), forward: ({ obs }, { w }) => ({ action: w(obs) }) });
    const loss = defineNode({ type: 'testLoss', in: { a: f32('... action') }, out: { loss: f32('') }, forward: ({ a }) => ({ loss: mean(a) }) });
    const make = (inTurn: object) => () => graph('x', continuousTeam, g => { const ep = g.episodes({ batch: 2 }), a = g.add('a', policy(), { obs: ep.obs }), l = g.add('l', loss(), { a: a.action }); g.train('r', l.loss, { optimiser: sgd({ lr: 1 }) }); g.act(a, inTurn); });
    expect(issues(make({}))).toEqual([]);
    expect(said(issues(make({ inTurn: 'agent' })))).toEqual(['ACT agent: acts in turn over agent, and an action of this world is f32 [agent action]']);
  });
});

describe('order that means something', () => {
  const joined = (name: string, order: readonly string[]) => derive(qmix, name, (g, { ep }) => { const all: Record<string, unknown> = { id: ep.agentId, last: ep.lastAction, obs: ep.obs }; g.replace('agentInput', join(), Object.fromEntries(order.map(k => [k, all[k]])) as never); });
  it('the inputs of a join in another order are another page', async () => {
    const [a, b] = [joined('a', ['id', 'last', 'obs']), joined('b', ['obs', 'last', 'id'])];
    expect(structuralHash(a)).not.toBe(structuralHash(b));
    expect(diff(a, b)).toEqual([{ kind: 'wire', at: 'agentInput', before: ['id', 'last', 'obs'], after: ['obs', 'last', 'id'] }]);
    const [x, y] = await Promise.all([a, b].map(d => evaluateStep(d, { sizes: CUT, batch })));
    expect(x!.losses['q']).not.toBe(y!.losses['q']);
  });
  it('the same page with its nodes in another order has the same hash, and programs of its own where its arena is laid out otherwise', () => {
    const two = graph('two', single, g => {
      const b = g.transitions({ keep: 10, batch: 2 }), made = ([['a', [4]], ['b', [2]]] as const).map(([n, hidden]) => { const q = g.add(n, mlpQ({ hidden: [...hidden] }), { obs: b.obs }), v = g.add(`${n}V`, gatherAction(), { q: now(q.q), action: b.action }); return [q, g.add(`${n}L`, maskedMse(), { prediction: v.value, target: b.reward, mask: b.valid })] as const; });
      g.train('q', made.map(([, l]) => l.loss), { optimiser: sgd({ lr: 1 }) });
      g.act(g.add('e', epsilonGreedy(), { q: made[0]![0].q, avail: b.avail }));
    });
    const file = toJson(two), turned = fromJson(JSON.parse(JSON.stringify({ ...file, nodes: Object.fromEntries(Object.entries(file.nodes).reverse()) })), two.specs), plans = [two, turned].map(d => plan(d, { obs: 2, action: 2 }));
    expect(structuralHash(turned)).toBe(structuralHash(two));
    expect(diff(two, turned)).toEqual([]);
    const layouts = plans.map(p => p.slices.map(s => s.name).join()), keys = plans.map(p => new Programs(p).pass(['q'], { cuts: { data: { batch: 2, time: 1 } }, once: [], first: true, carries: false }).key);
    expect(layouts[0]).not.toBe(layouts[1]);
    expect(keys[0]).not.toBe(keys[1]);
  });
});

describe('places of another node', () => {
  it.each(['shared', 'frozen'] as const)('%s of a target would use the trained weights, and is refused', role => {
    const all = edit(dqn, g => { g[role]('again', g.at('targetQ'), { obs: wire('data.obs') as never }); });
    expect(said(all)).toContain(`NAME again: again is ${role} of targetQ, whose weights lag`);
  });
  it('a target of a target lags as it does', () => expect(edit(dqn, g => { const t = g.target('again', g.at('targetQ'), { obs: wire('data.obs') as never }) as unknown as { q: never }; g.rewire('nextQ', { q: next(t.q) }); })).toEqual([]));
  it('follow a swap through a chain', () => {
    const chained = derive(iql, 'chained', g => { const s = g.shared('s', g.at('agentQ'), { x: wire('agentInput.x') as never }), f = g.frozen('f', s as never, { x: wire('agentInput.x') as never }) as unknown as { q: never }; g.rewire('explore', { q: f.q }); });
    expect(swap(chained, 'agentQ', mlpAgentQ(), { name: 'y' }).page.nodes['f']!.type).toBe('mlpAgentQ');
  });
  it('follow a replacement by another type', () => {
    const other = defineNode({ type: 'otherQ', in: { obs: f32('... obs') }, out: { q: f32('... action') }, layers: ({ obs, action }) => ({ w: dense(obs!, action!) }), forward: ({ obs }, { w }) => ({ q: w(obs) }) });
    const d = derive(dqn, 'x', (g, { b }) => { g.replace('q', other(), { obs: b.obs }); });
    expect([d.page.nodes['q']!.type, d.page.nodes['targetQ']!.type]).toEqual(['otherQ', 'otherQ']);
  });
});

describe('losses and sweeps', () => {
  const penalised = defineNode({
    type: 'testMixer', in: { agentQs: f32('... agent'), state: f32('... state') }, out: { qTot: f32('...'), penalty: penalty() },
    layers: ({ state, agent }) => ({ w: dense(state!, agent!) }), forward: ({ agentQs, state }, { w }) => ({ qTot: sum(mul(w(state), agentQs), -1), penalty: mean(square(agentQs)) }),
  });
  it('a penalty joins the rule that trains its node, and no other', () => {
    const d = derive(qmix, 'x', (g, { agentQ, mixer, td }) => { g.swap('mixer', penalised()); g.train('q', td.loss, { optimiser: sgd({ lr: 1 }), only: [agentQ] }); g.train('alpha', td.loss, { optimiser: sgd({ lr: 1 }), only: [mixer], after: 'q' }); });
    expect(reach(d, 'q').losses).toEqual(['tdLoss.loss']);
    expect(reach(d, 'alpha').losses).toEqual(['tdLoss.loss', 'mixer.penalty']);
  });
  it('a sweep over time keeps the time of its batch together, so minibatches are of whole items', async () => {
    const swept = (minibatches: number) => derive(iql, 'x', (g, { td }) => { g.swap('agentQ', mlpAgentQ()); g.episodes({ batch: 2, minibatches }); g.train('q', td.loss, { optimiser: sgd({ lr: 0 }), sweep: { over: 'time', order: 'backwards' } }); });
    for (const index of [0, 1, 2]) {
      const [whole, two] = await Promise.all([1, 2].map(async m => (await evaluateStep(swept(m), { sizes: CUT, batch, order: { sweep: Int32Array.of(index) } })).losses['q']!));
      expect(whole).toBeGreaterThan(0.01);
      expect(two).toBeCloseTo(whole!, 5);                                 // every item has the same number of valid steps: the mean of means is the mean
    }
  });
  it('a sweep over what no input of the losses has is refused', () => expect(said(edit(qmix, (g, h) => { g.train('q', h.td.loss, { optimiser: sgd({ lr: 1 }), sweep: { over: 'agent', order: 'shuffled' } }); }))).toEqual(['RULE q: rule q: sweeps over agent, which no input of its losses has']));
  it('once of once is once', async () => {
    const wrapped = (n: 0 | 1 | 2) => derive(vdn, 'x', (g, { target }) => { const w = [target.value, once(target.value), once(once(target.value))][n]!; g.rewire('tdLoss', { target: w }); });
    const [none, single_, twice] = await Promise.all(([0, 1, 2] as const).map(async n => (await evaluateStep(wrapped(n), { sizes: CUT, batch })).losses['q']));
    expect(twice).toBe(single_); expect(twice).toBeCloseTo(none!, 6);
  });
});

describe('names and sizes', () => {
  it('two sources or two rules of one name', () => {
    expect(said(edit(dqn, g => { g.transitions({ name: 'more', keep: 10, batch: 2 }); g.transitions({ name: 'more', keep: 99, batch: 5 }); }))).toContain('NAME more: two sources are called more');
    expect(said(edit(dqn, (g, { td }) => { for (const lr of [1, 2]) g.train('q', td.loss, { optimiser: sgd({ lr }) }); }))).toEqual(['NAME q: two rules are called q']);
  });
  it('a derived page writes a source or a rule of its parent anew', () => expect(edit(dqn, (g, { td }) => { g.transitions({ keep: 99, batch: 5 }); g.train('q', td.loss, { optimiser: sgd({ lr: 2 }) }); })).toEqual([]));
  it("a dim of the world's is not the page's", () => expect(said(edit(iql, g => { g.dim('agent', 5); }))).toEqual(["DIM agent: dim agent is the world's, whose size the environment gives"]));
  it.each([
    ['rollout', { steps: 4, copies: 2, keep: 10 }, 'keep is for episodes, transitions, and this is rollout'],
    ['episodes', { keep: 10, batch: 2, burnIn: 1 }, 'burnIn is for transitions, and this is episodes'],
    ['transitions', { keep: 10, batch: 2, steps: 5 }, 'steps is for rollout, and this is transitions'],
    ['episodes', { batch: 2, every: 3 }, 'every without keep: each episode is used once'],
  ] as const)('%s with %o', (cut, options, text) => expect(edit(iql, g => { g[cut](options); }).map(i => i.what)).toContain(`source data: ${text}`));
  it('a dim that only a node gives, as a leading dim', () => {
    const d = derive(iql, 'x', (g, { ep, agentQ, td }) => { const h = now(agentQ.hidden), m = g.add('m', maskedMse(), { prediction: h, target: each('hidden', each('agent', ep.reward)), mask: each('hidden', each('agent', ep.valid)) }); g.train('q', [td.loss, m.loss], { optimiser: sgd({ lr: 1 }) }); });
    const bound = issues(() => plan(d, SIZES));
    if (bound.length) expect(bound[0]).toMatchObject({ code: 'SIZE', at: 'm.target' });
    else expect(picture(d, SIZES).nodes.find(n => n.name === 'm')!.inputs.every(p => p.shape!.every(Number.isFinite))).toBe(true);
  });
});

describe('swap', () => {
  it('without a name edits the page itself, and there and back is the page but for its words', () => {
    const there = swap(qmix, 'mixer', sumMixer()), { about, paper, ...back } = toJson(qmix);
    expect([about, paper].every(w => typeof w === 'string')).toBe(true);
    expect([there.page.name, there.page.parent]).toEqual([qmix.page.name, qmix.page.parent]);
    expect(there.page.nodes['targetMixer']!.type).toBe('sumMixer');
    expect(toJson(swap(there, 'mixer', monotonicMixer({ embed: 32 })))).toEqual(back);
    expect(check(there)).toEqual([]);
  });
});
