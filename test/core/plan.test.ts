/** A page bound to sizes: the layout of the arena, the size of every dim, what may be cut, and sizes that do not fit. */
import { max, mean, min, sub } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { GraphError, type Issue } from '../../core/error.ts';
import { derive, each, now, once } from '../../core/graph.ts';
import { defineNode, per } from '../../core/node.ts';
import { sgd } from '../../core/optimiser.ts';
import { plan, type SizesByDim } from '../../core/plan.ts';
import { f32 } from '../../core/port.ts';
import { dqn, iql, qmix } from '../../graphs/index.ts';
import { mlpAgentQ, rnnAgentQ, sumMixer } from '../../nodes/index.ts';
import { allPages } from '../pages/index.ts';
import { SIZES } from '../pages/lab.ts';
import { page, squares, times } from '../plugins/training/tiny.ts';

const small = { agent: 2, id: 2, obs: 3, state: 4, action: 3 };
const issuesOf = (d: Definition, sizes: SizesByDim): readonly Issue[] => { try { plan(d, sizes); } catch (e) { if (e instanceof GraphError) return e.issues; throw e; } return []; };

describe('the arena', () => {
  for (const [name, d] of Object.entries(allPages)) it(`${name}: has no holes, and what a rule trains is one range`, () => {
    const p = plan(d, SIZES), owned = new Map<string, string>();
    expect(p.slices.map(s => s.from)).toEqual(p.slices.reduce<number[]>((at, s) => [...at, at.at(-1)! + s.size], [0]).slice(0, -1));
    expect(p.total).toBe(p.slices.reduce((a, s) => a + s.size, 0));
    for (const s of p.slices) expect(s.size, s.name).toBe(s.shape.reduce((a, b) => a * b, 1));
    expect(new Set(p.slices.map(s => s.name)).size).toBe(p.slices.length);
    for (const rule of p.rules.values()) {
      expect(rule.slices.length).toBeGreaterThan(0);
      expect(rule.size).toBe(rule.slices.reduce((a, s) => a + s.size, 0));
      for (const s of rule.slices) { const other = owned.get(s.name); if (other !== undefined) expect([d.page.train[rule.name]!.after, d.page.train[other]!.after], `${s.name} is of two rules`).toContainEqual(d.page.train[rule.name]!.after === other ? other : rule.name); owned.set(s.name, rule.name); }
      expect(rule.slices.at(-1)!.from + rule.slices.at(-1)!.size - rule.slices[0]!.from).toBe(rule.size);
    }
    expect(owned.size).toBe(p.slices.length);
  });
  it('names its tensors node/layer/tensor, with the layout of each', () => {
    expect(plan(dqn, { obs: 4, action: 2 }).slices.map(s => `${s.name} [${s.shape.join(', ')}] ${s.layout}`)).toEqual([
      'q/net/kernel0 [4, 120] dense kernel: [in, out]', 'q/net/bias0 [120] dense bias: [out]', 'q/net/kernel1 [120, 84] dense kernel: [in, out]', 'q/net/bias1 [84] dense bias: [out]',
      'q/net/kernel2 [84, 2] dense kernel: [in, out]', 'q/net/bias2 [2] dense bias: [out]']);
  });
  it('holds the weights of lagged, shared and frozen places once, at their owner', () => {
    expect([...new Set(plan(qmix, small).slices.map(s => s.node))]).toEqual(['agentQ', 'mixer']);
    expect([...new Set(plan(allPages['facmac']!, SIZES).slices.map(s => s.node))].sort()).toEqual(['actor', 'critic', 'encoder', 'mixer']);
  });
  it('holds own weights for each index of `per`, the index first', () => {
    const p = plan(derive(qmix, 'own', g => { g.swap('agentQ', per('agent', rnnAgentQ({ hidden: 5 }))); }), small), kernel = p.slices.find(s => s.name === 'agentQ/first/kernel')!;
    expect([kernel.shape, kernel.per, kernel.layout]).toEqual([[2, 8, 5], 2, '[agent] of dense kernel: [in, out]']);
    expect(p.slices.find(s => s.node === 'mixer')!.per).toBe(0);
  });
});

describe('a node', () => {
  it('knows the sizes of the dims that it names, makes or learns of by join', () => {
    const { boxes } = plan(qmix, small);
    expect(boxes.get('agentQ')!.size).toMatchObject({ x: 3 + 3 + 2, action: 3, hidden: 64 });
    expect(boxes.get('mixer')!.size).toMatchObject({ agent: 2, state: 4 });
    expect(boxes.get('agentQ')!.carry).toBe(64);
    expect(boxes.get('mixer')!.carry).toBe(0);
  });
  it('takes a dim of the page', () => {
    const d = derive(dqn, 'ensemble', (g, { b }) => {
      const member = g.dim('member', 7), q = g.add('more', per(member, mlpAgentQ({ hidden: [] })), { x: each(member, b.obs) });
      const mix = g.add('mix', defineNode({ type: 'meanOf', in: { q: f32('... ?a') }, out: { loss: f32('') }, forward: ({ q }) => ({ loss: mean(q) }) })(), { q: now(q.q) });
      g.train('more', mix.loss, { optimiser: sgd({ lr: 1 }) });
    });
    expect(plan(d, { obs: 4, action: 2 }).slices.find(s => s.node === 'more')!.shape).toEqual([7, 4, 2]);
  });
  it('that adds up the carries of its layers knows their width', () => {
    const both = plan(derive(iql, 'both', g => { g.swap('agentQ', rnnAgentQ({ hidden: 9 })); }), small);
    expect(both.boxes.get('agentQ')!.carry).toBe(9);
    expect(both.boxes.get('targetAgentQ')!.carry).toBe(9);
  });
});

describe('sizes that do not fit', () => {
  it('are told with both sizes and both places', () => {
    // `hidden` is a dim that each of two networks makes, of its own width
    const widths = (one: number, other: number) => derive(iql, 'widths', (g, { input, agentQ }) => {
      g.set('agentQ', { hidden: one });
      const more = g.add('more', rnnAgentQ({ hidden: other }), { x: input.x });
      const pair = g.add('pair', defineNode({ type: 'pair', in: { a: f32('... hidden'), b: f32('... hidden') }, out: { x: f32('...') }, forward: ({ a, b }) => ({ x: mean(sub(a, b), -1) }) })(), { a: now(agentQ.hidden), b: now(more.hidden) });
      g.rewire('tdLoss', { prediction: pair.x });
    });
    expect(issuesOf(widths(5, 5), small)).toEqual([]);
    expect(issuesOf(widths(5, 6), small)).toMatchObject([{ code: 'SIZE', at: 'pair.b', what: 'pair: hidden is 5 at a and 6 at b', expected: 'hidden = 5', got: 'hidden = 6 on more.hidden | now' }]);
  });
  it('are told where a dim has no size at all', () => {
    expect(issuesOf(dqn, { obs: 4 })).toContainEqual(expect.objectContaining({ code: 'SIZE', what: expect.stringContaining('action has no size in this world') as string }));
    expect(issuesOf(qmix, { ...small, state: undefined as unknown as number })).toContainEqual(expect.objectContaining({ code: 'SIZE', what: expect.stringContaining('state has no size') as string }));
  });
  it('are told where a tensor would have no elements', () => {
    expect(issuesOf(dqn, { obs: 0, action: 2 })).toMatchObject([{ code: 'SIZE', at: 'q/net/kernel0', got: '[0, 120]' }]);
    expect(() => plan(dqn, { obs: 0, action: 2 })).toThrow('q/net/kernel0 would have the shape [0, 120]');
  });
});

describe('timeFree', () => {
  const cut = (build: Parameters<typeof page>[0]) => plan(page(build, g => g.rollout({ steps: 4, copies: 2, minibatches: 2 })), { obs: 1, action: 2 }).timeFree;
  const centred = defineNode({ type: 'centred', in: { x: f32('... time') }, out: { x: f32('... time') }, forward: ({ x }) => ({ x: sub(x, mean(x, -1, true)) }) });
  const centredSlots = defineNode({ type: 'centredSlots', in: { x: f32('... time+1') }, out: { x: f32('... time+1') }, forward: ({ x }) => ({ x: sub(x, mean(x, -1, true)) }) });
  const range = defineNode({ type: 'range', in: { x: f32('... time') }, out: { n: f32('') }, forward: ({ x }) => ({ n: mean(sub(max(x, -1), min(x, -1))) }) });
  type Build = Parameters<typeof page>[0];
  const learn = (g: Parameters<Build>[0], data: Parameters<Build>[1], b = data.reward) => {
    const y = g.add('value', times(), { x: data.obs });
    g.train('value', g.add('loss', squares(), { a: now(y.y), b, mask: data.valid }).loss, { optimiser: sgd({ lr: 1 }) });
  };
  it('is what names no time and carries nothing, counted after `once`', () => {
    expect(cut((g, data) => { learn(g, data); })).toBe(true);
    expect(cut((g, data) => { learn(g, data, g.add('centred', centred(), { x: data.reward }).x); })).toBe(false);
    expect(cut((g, data) => { learn(g, data, once(g.add('centred', centred(), { x: data.reward }).x)); })).toBe(true);
  });
  it('is not what names `time+1`: it would be cut to two slots', () => {
    expect(cut((g, data) => {
      const y = g.add('value', times(), { x: data.obs }), c = g.add('centred', centredSlots(), { x: y.y });
      g.train('value', g.add('loss', squares(), { a: now(c.x), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 1 }) });
    })).toBe(false);
  });
  it('is not where a memory is kept from what names time: it would be kept from single transitions', () => {
    expect(cut((g, data) => {
      learn(g, data);
      g.memory('seen', { n: 0 });
      g.keep('seen', g.add('range', range(), { x: data.reward }));
    })).toBe(false);
  });
  it('holds for the pages that may shuffle transitions, and for no recurrent one', () => {
    const free = Object.entries(allPages).filter(([, d]) => plan(d, SIZES).timeFree).map(([name]) => name), recurrent = Object.entries(allPages).filter(([, d]) => [...plan(d, SIZES).boxes.values()].some(b => b.carry > 0)).map(([name]) => name);
    expect(free).toEqual(expect.arrayContaining(['dqn', 'ppo', 'ppoContinuous', 'ddpg', 'td3', 'sac', 'mat', 'maddpg']));
    expect(free.filter(n => recurrent.includes(n))).toEqual([]);
    expect(free).not.toContain('a2c');
  });
});

describe('rules', () => {
  it('stand in passes: those after another one later', () => {
    expect(plan(allPages['sac']!, SIZES).passes).toEqual([['critics'], ['actor'], ['temperature']]);
    expect(plan(allPages['coma']!, SIZES).passes).toEqual([['critic', 'actor']]);
  });
  it('list what is computed once, each wire as far as `once`', () => {
    expect(plan(allPages['ppo']!, SIZES).once.toSorted()).toEqual(['advantage.advantage | once', 'advantage.returns | once', 'critic.value | now | once', 'logProb.logProb | once']);
    expect(plan(qmix, small).once).toEqual([]);
  });
  it('take their penalties with them', () => { expect(plan(allPages['qatten']!, SIZES).rules.get('q')!.losses).toEqual(['tdLoss.loss', 'mixer.penalty']); });
  it('do not take what a swap has made useless', () => { expect(plan(derive(qmix, 'sum', g => { g.swap('mixer', sumMixer()); }), small).rules.get('q')!.trained).toEqual(['agentQ']); });
});
