/** The builder: what TypeScript forbids, and pages that say how they differ. */
import { add, type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { toJson, type Definition } from '../../core/definition.ts';
import { describe as picture, diff, structuralHash } from '../../core/describe.ts';
import { GraphError } from '../../core/error.ts';
import { derive, each, graph, next, now, once, stop, swap, weigh } from '../../core/graph.ts';
import { dense } from '../../nodes/layers.ts';
import { defineNode, per } from '../../core/node.ts';
import { adam } from '../../core/optimiser.ts';
import { f32 } from '../../core/port.ts';
import { linear } from '../../core/schedule.ts';
import { continuous, local, type single, team, type World } from '../../core/world.ts';
import { doubleDqn, dqn, iql, qmix, qplex, vdn } from '../../graphs/index.ts';
import { duplexMixer, epsilonGreedy, gatherAction, maskedMse, mlpAgentQ, monotonicMixer, rnnAgentQ, sumMixer, tdTarget } from '../../nodes/index.ts';
import { swapped } from '../../plugins/edits.ts';
import { allPages } from '../pages/index.ts';

const wrong = (edit: Parameters<typeof derive<unknown, void, typeof single>>[2]) => () => derive(dqn as Definition<unknown, typeof single>, 'wrong', edit);

describe('what the compiler refuses, the check refuses too', () => {
  const cases: Readonly<Record<string, () => unknown>> = {
    'a forgotten now': () => derive(dqn, 'wrong', (g, { b, q }) => {
      // @ts-expect-error a node's inputs lie over one phase: q over slots, action over steps
      g.replace('chosenQ', gatherAction(), { q: q.q, action: b.action });
    }),
    'a forgotten next': () => derive(dqn, 'wrong', (g, { b, q }) => {
      // @ts-expect-error nextValue over slots beside an outcome over steps
      g.replace('tdTarget', tdTarget(), { ...b.outcome, nextValue: g.replace('nextQ', rnnAgentQ(), { x: q.q }).q });
    }),
    'a port that the node does not have': () => derive(dqn, 'wrong', (g, { b, q }) => {
      // @ts-expect-error gatherAction has no port qs
      g.add('again', gatherAction(), { q: now(q.q), action: b.action, qs: now(q.q) });
    }),
    'a port left out': () => derive(dqn, 'wrong', (g, { q }) => {
      // @ts-expect-error action is missing
      g.add('again', gatherAction(), { q: now(q.q) });
    }),
    'a port that a slot does not offer': () => derive(dqn, 'wrong', (g, { q }) => {
      // @ts-expect-error avail is missing
      g.slot('again', epsilonGreedy(), { q: q.q });
    }),
    'an action where values belong': () => derive(dqn, 'wrong', (g, { b }) => {
      // @ts-expect-error q is f32
      g.add('again', gatherAction(), { q: b.action, action: b.action });
    }),
    'values where an action belongs': () => derive(dqn, 'wrong', (g, { b, q }) => {
      // @ts-expect-error action is i32
      g.slot('again', gatherAction(), { q: now(q.q), action: b.reward });
    }),
    'next of a wire over steps': () => derive(dqn, 'wrong', (g, { b, chosen }) => {
      // @ts-expect-error a reward has no bootstrap slot
      g.add('again', maskedMse(), { prediction: chosen.value, target: next(b.reward), mask: b.valid });
    }),
    'now of now': () => derive(dqn, 'wrong', (g, { b, q }) => {
      // @ts-expect-error now(q.q) lies over steps already
      g.add('again', gatherAction(), { q: now(now(q.q)), action: b.action });
    }),
    'a field that the world does not have': () => derive(dqn, 'wrong', (g, { b }) => {
      // @ts-expect-error one agent has no state
      g.add('again', mlpAgentQ(), { x: b.state });
    }),
    'an output that the node does not have': () => derive(dqn, 'wrong', (g, { q }) => {
      // @ts-expect-error q gives q
      g.add('again', mlpAgentQ(), { x: q.values });
    }),
    'a loss that is no number': () => derive(dqn, 'wrong', (g, { chosen }) => {
      // @ts-expect-error a value for each transition
      g.train('q', chosen.value, { optimiser: adam({ lr: 1e-3 }) });
    }),
    'a weighed loss that is no number': () => derive(dqn, 'wrong', (g, { chosen }) => {
      // @ts-expect-error a value for each transition
      g.train('q', [weigh(0.5, chosen.value)], { optimiser: adam({ lr: 1e-3 }) });
    }),
    'a priority over slots': () => derive(dqn, 'wrong', (g, { b, q }) => {
      g.transitions({ keep: 100, batch: 2, prioritised: { alpha: 0.5, beta: 1 } });
      // @ts-expect-error one number for each transition
      g.prioritise('data', q.q);
      return b;
    }),
    'a target with the wires of another node': () => derive(dqn, 'wrong', (g, { b, q }) => {
      // @ts-expect-error q reads obs
      g.target('again', q, { x: b.obs });
    }),
    'a node of nothing': wrong(g => { g.remove('ghost'); }),
  };
  for (const [name, build] of Object.entries(cases)) it(name, () => { expect(build).toThrow(GraphError); });

  it('what the check cannot see: settings, clocks and code of nodes are typed', () => {
    const typed = () => {
      // @ts-expect-error hidden is a list of widths
      mlpAgentQ({ hidden: 64 });
      // @ts-expect-error embed is a size, a schedule cannot stand for it
      monotonicMixer({ embed: linear({ from: 1, to: 2, steps: 10 }) });
      // @ts-expect-error there is no setting gama
      tdTarget({ gama: 0.9 });
      // @ts-expect-error a schedule runs over something
      linear({ from: 1, to: 0 });
      // @ts-expect-error a field lies over slots or steps, not over one agent's
      local('agent obs');
      const g = graph('typed', team, page => page);
      const { valid, state, action } = g.handles.data();
      // @ts-expect-error bool and f32 are not one dtype
      const flag: typeof g.handles extends never ? never : ReturnType<typeof now<'bool'>> = now(state);
      // @ts-expect-error stop keeps the phase
      next(stop(valid));
      // @ts-expect-error and so do once
      now(once(valid));
      // @ts-expect-error and each
      next(each('agent', valid));
      // @ts-expect-error outcome is a record of wires over steps
      each('agent', g.handles.data().outcome.reward.ghost);
      return [flag, action];
    };
    expect(typed).toBeTypeOf('function');
  });
  it('a node that does not keep its word is red', () => {
    const typed = () => [
      // @ts-expect-error forward gives no value
      defineNode({ type: 'a', in: { x: f32('...') }, out: { value: f32('...') }, forward: ({ x }) => ({ valu: x }) }),
      // @ts-expect-error a knob is a tensor, not a number
      defineNode({ type: 'b', knobs: { gamma: 0.9 }, in: { x: f32('...') }, out: { x: f32('...') }, forward: ({ x, gamma }) => ({ x: add(x, 1 - gamma) }) }),
      // @ts-expect-error there is no layer called net
      defineNode({ type: 'c', in: { x: f32('... ?x') }, out: { x: f32('...') }, layers: ({ x }) => ({ first: dense(x, 1) }), forward: ({ x }, { net }) => ({ x: net(x) }) }),
      // @ts-expect-error step gives the carry too
      defineNode({ type: 'd', in: { x: f32('...') }, out: { x: f32('...') }, carry: () => 1, step: ({ x }: { x: Tensor }) => ({ x }) }),
    ];
    expect(typed).toBeTypeOf('function');
  });
});

describe('an output that `at` does not have', () => {
  // `at` is for pages whose handles are not at hand: nothing there is typed, so the builder must say it
  it('is an issue with its place, not a crash', () => {
    expect(wrong(g => { g.rewire('nextQ', { q: g.at('targetQ').quality }); })).toThrow(GraphError);
    expect(wrong(g => { g.rewire('nextQ', { q: next(g.at('targetQ').quality) }); })).toThrow(/nextQ\.q/);
  });
});

describe('swap', () => {
  it('there and back is the same page', () => {
    const there = swap(qmix, 'mixer', sumMixer(), { name: 'there' }), back = swap(there, 'mixer', monotonicMixer({ embed: 32 }), { name: 'qmix' });
    const { about: _, paper: __, ...page } = toJson(qmix);
    expect(toJson(back)).toEqual({ ...page, parent: 'there' });
    expect(diff(qmix, back)).toEqual([]);
    expect(structuralHash(back)).toBe(structuralHash(qmix));
  });
  it('there and back by every swap of a mixer', () => {
    for (const mixer of [sumMixer(), duplexMixer({ heads: 2 }), monotonicMixer({ embed: 8 })]) expect(diff(qmix, swap(swap(qmix, 'mixer', mixer, { name: 'there' }), 'mixer', monotonicMixer({ embed: 32 }), { name: 'back' }))).toEqual([]);
  });
  it('changes one node and the places that use its weights', () => {
    const changed = (a: Definition, b: Definition) => [...new Set(diff(a, b).map(x => x.at.split('.')[0]))];
    expect(changed(qmix, vdn)).toEqual(['mixer', 'targetMixer']);
    expect(changed(qmix, qplex)).toEqual(['mixer', 'targetMixer']);
    expect(changed(doubleDqn, allPages['duelingDqn']!)).toEqual(['q', 'targetQ']);
  });
  it('takes per with the node, and leaves it with the node', () => {
    const own = swap(qmix, 'agentQ', per('agent', rnnAgentQ({ hidden: 64 })), { name: 'own' });
    expect(own.page.nodes['agentQ']!.per).toBe('agent');
    expect(diff(qmix, own)).toEqual([{ kind: 'node', at: 'agentQ', before: { type: 'rnnAgentQ', role: 'slot' }, after: { type: 'rnnAgentQ', role: 'slot', per: 'agent' } }]);
    expect(diff(qmix, swap(own, 'agentQ', rnnAgentQ({ hidden: 64 }), { name: 'shared' }))).toEqual([]);
  });
  it('refuses what the slot does not offer, and names it', () => {
    expect(() => swap(iql, 'tdLoss', duplexMixer(), { name: 'wrong' })).toThrow(/OFFER +slot tdLoss: duplexMixer asks for agentQs, maxAgentQs, action, state/);
    expect(() => swap(qmix, 'mixr', sumMixer(), { name: 'wrong' })).toThrow(/no node is called mixr[\s\S]*did you mean mixer\?/);
  });
  it('leaves its parent as it was', () => {
    const before = JSON.stringify(toJson(qmix));
    swap(qmix, 'mixer', sumMixer(), { name: 'other' });
    expect(() => derive(qmix, 'broken', g => { g.remove('mixer'); })).toThrow(GraphError);
    expect(JSON.stringify(toJson(qmix))).toBe(before);
  });
});

describe('derive', () => {
  it('names its parent, forgets its line, and hands on what both returned', () => {
    const child = derive(dqn, 'child', (g, { q }) => { g.about('a child', 'a paper'); return { mine: q }; });
    expect([child.page.parent, child.page.about, child.page.paper]).toEqual(['dqn', 'a child', 'a paper']);
    expect(Object.keys(child.handles)).toEqual(['b', 'q', 'chosen', 'target', 'td', 'mine']);
    expect(derive(child, 'grandchild', () => undefined).page.about).toBeUndefined();
  });
  it('and a swap, named or not, forget what the parent says of itself', () => {
    const mixed = [swap(qmix, 'mixer', sumMixer()), swap(qmix, 'mixer', sumMixer(), { name: 'other' }), swapped(qmix, [{ slot: 'mixer', type: 'sumMixer', config: {} }], { node: () => sumMixer } as never)];
    for (const { page } of mixed) expect([page.about, page.paper]).toEqual([undefined, undefined]);
    expect(swap(qmix, 'mixer', sumMixer(), { about: 'a sum', paper: 'none' }).page).toMatchObject({ about: 'a sum', paper: 'none' });
    expect(swapped(qmix, [], {} as never).page.about).toBe(qmix.page.about);
  });
  it('of nothing differs in nothing', () => {
    for (const page of Object.values(allPages)) expect(diff(page, derive(page as Definition<unknown, World>, 'same', () => undefined))).toEqual([]);
  });
  it('rewires there and back', () => {
    const there = derive(doubleDqn, 'there', g => { g.rewire('nextGreedy', { q: next(g.at('targetQ').q) }); });
    expect(diff(doubleDqn, there)).toEqual([{ kind: 'wire', at: 'nextGreedy.q', before: 'q.q | next', after: 'targetQ.q | next' }]);
    expect(diff(dqn, there)).toEqual([]);
  });
  it('sets numbers of nodes, and the hash tells those that decide structure from those that scale', () => {
    const gamma = derive(qmix, 'gamma', g => { g.set('tdTarget', { gamma: 0.9 }); }), embed = derive(qmix, 'embed', g => { g.set('mixer', { embed: 16 }); });
    expect(diff(qmix, gamma)).toEqual([{ kind: 'config', at: 'tdTarget.gamma', before: 0.99, after: 0.9 }]);
    expect(diff(qmix, embed)).toEqual([{ kind: 'config', at: 'mixer.embed', before: 32, after: 16 }]);
    expect(structuralHash(gamma)).toBe(structuralHash(qmix));
    expect(structuralHash(embed)).not.toBe(structuralHash(qmix));
  });
  it('moves a page to another world', () => {
    expect(allPages['ppoContinuous']!.page.world).toEqual(expect.objectContaining(JSON.parse(JSON.stringify(continuous)) as World));
    expect(() => derive(dqn, 'wrong', () => undefined, continuous)).toThrow(/avail/);
  });
  it('pages of one name or another are told apart by what they are', () => {
    const all = Object.entries(allPages), hashes = new Map(all.map(([name, page]) => [structuralHash(page), name]));
    expect(hashes.size).toBe(all.length);
  });
});

describe('diff', () => {
  it('shows both sides, and only one where the other has none', () => {
    const less = derive(qmix, 'less', (g, { ep }) => { g.rewire('tdTarget', { reward: ep.reward }); g.train('q', g.at('tdLoss').loss, { optimiser: adam({ lr: 1e-3 }) }); g.targets({ everyEpisodes: 100 }); });
    expect(diff(qmix, less).map(x => [x.kind, x.at])).toEqual([['train', 'q'], ['targets', '*']]);
    expect(diff(qmix, vdn).find(x => x.at === 'mixer.state')).toEqual({ kind: 'wire', at: 'mixer.state', before: 'data.state | now' });
    expect(diff(vdn, qmix).find(x => x.at === 'mixer.state')).toEqual({ kind: 'wire', at: 'mixer.state', after: 'data.state | now' });
  });
  it('sees every part of a page', () => {
    const base = allPages['mappo'] as Definition<unknown, World>, prioritised = allPages['prioritisedDqn'] as Definition<unknown, World>;
    const edits: Readonly<Record<string, Definition>> = {
      dims: derive(base, 'other', g => { g.dim('wing', 2); }),
      keep: derive(base, 'other', g => { g.keep('valueNorm', { mean: g.at('returnMoments').square, square: g.at('returnMoments').square, weight: g.at('returnMoments').weight }); }),
      memory: derive(base, 'other', g => { g.memory('valueNorm', { mean: 0, square: 1, weight: 0 }); }),
      source: derive(base, 'other', g => { g.rollout({ steps: 8, copies: 2 }); }),
      act: derive(base, 'other', g => { g.act(g.at('explore'), { randomSteps: 5 }); }),
    };
    for (const [part, other] of Object.entries(edits)) expect(diff(base, other).length, part).toBeGreaterThan(0);
    expect(diff(prioritised, derive(prioritised, 'other', g => { g.prioritise('data', g.at('chosenQ').value); })).length, 'priority').toBeGreaterThan(0);
  });
  it('a description names every node once, with what trains it and where it runs', () => {
    for (const [name, page] of Object.entries(allPages)) {
      const { nodes } = picture(page);
      expect(nodes.map(n => n.name).sort(), name).toEqual(Object.keys(page.page.nodes).sort());
      // what is only offered to a slot waits there for a node that takes it
      const offered = (node: string) => Object.values(page.page.nodes).some(e => e.role === 'slot' && Object.values(e.in).some(w => w.startsWith(`${node}.`)));
      for (const n of nodes) expect(n.learns || n.acts || offered(n.name), `${name}: ${n.name} runs`).toBe(true);
    }
  });
});
