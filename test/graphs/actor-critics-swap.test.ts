/** Critics, targets and policies of COMA, IA2C and MAA2C exchanged while a run goes on. */
import { fill, log, softmax } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { Graph } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { bool, f32, index } from '../../core/port.ts';
import type { Edit, Swapped } from '../../core/run.ts';
import type { Snapshot } from '../../core/store.ts';
import type { World } from '../../core/world.ts';
import { coma, comaSweep, ia2c, maa2c } from '../../graphs/index.ts';
import { epsilonMixedAvailable, gae, mlpAgentQ, nStepTarget, rnnAgentQ, scale, stateValue, sumMixer, tdLambda, tdTarget } from '../../nodes/index.ts';
import { edited, live, part, put, SCRIPT, type Live } from '../core/live.ts';

const small = (d: unknown, name: string): Definition => edited(d as Definition, name, g => { g.episodes({ batch: 2 }); g.set('encoder', { hidden: 4 }); g.set('critic', { hidden: [5] }); });
const PAGES = { coma: small(coma, 'coma'), comaSweep: small(comaSweep, 'comaSweep'), ia2c: small(ia2c, 'ia2c'), maa2c: small(maa2c, 'maa2c') } as const;
const wire = (text: string) => ({ text }) as never;
/** GAE by the critic itself in place of the target of its lagged copy and of the difference to it. */
const estimated: Edit = d => {
  const g = new Graph<World>(d.page, d.specs), offered = Object.fromEntries(Object.entries(d.page.nodes['target']!.in).map(([k, text]) => [k, wire(text)]));
  g.replace('target', gae({ gamma: 0.99, lambda: 0.9 }), { ...offered, value: wire('critic.value | now'), nextValue: wire('critic.value | next') } as never);
  g.rewire('policyLoss', { advantage: wire('target.advantage') });
  g.rewire('criticLoss', { target: wire('target.returns') });
  g.remove('advantage', 'targetCritic');
  return g.close(d.handles);
};
/** Does these, one after another, each inside the update of its number; what came of them. */
function during(w: Live, edits: readonly (readonly [update: number, edit: Edit | 'undo'])[]): Promise<Swapped>[] {
  const { parts: { learner } } = w, done: Promise<Swapped>[] = [], original = w.run.edit.bind(w.run);
  const hook = (l: typeof learner) => { const update = l.update.bind(l); l.update = (s, b, o) => { const due = edits[done.length]; if (due && s.counters.updates >= due[0]) { const asked = original(due[1]); asked.then(() => { hook(w.run.learner); }).catch(() => undefined); done.push(asked); } return update(s, b, o); }; };
  hook(learner);
  return done;
}
const swaps = (w: Live) => w.events.filter(e => e.kind === 'swap').map(e => e.detail as unknown as Swapped);

describe.each([
  ['coma', [['critic', rnnAgentQ({ hidden: 3 })], ['target', nStepTarget({ n: 3 })], ['policy', epsilonMixedAvailable({ epsilon: 0.1 })], ['target', tdTarget()]]],
  ['comaSweep', [['target', nStepTarget({ n: 2 })], ['critic', mlpAgentQ({ hidden: [6] })]]],
  ['ia2c', [['critic', stateValue({ hidden: [4] })], ['target', tdLambda({ lambda: 0.9 })], ['reward', scale({ factor: 0.1 })], ['target', tdTarget()]]],
  ['maa2c', [['target', tdLambda({ lambda: 0.5 })], ['critic', stateValue({ hidden: [3, 3] })]]],
] as const)('%s', (name, list) => {
  it('goes on with another critic, another target, another policy, and what is new learns', async () => {
    const w = live(PAGES[name], { steps: 160 }), asked = during(w, list.map(([slot, use], i) => [3 + 3 * i, put(slot, use)] as const)), { state } = await w.start(), done = await Promise.all(asked);
    expect(done).toHaveLength(list.length);
    expect(swaps(w).map(s => s.what)).toEqual(done.map(s => s.what));
    done.forEach((s, i) => {
      const [slot] = list[i]!, actor = ['encoder', name.startsWith('coma') ? 'head' : 'policy'];
      expect(s.tried).toBe(true);
      expect(s.kept).toEqual(expect.arrayContaining(actor));
      expect(s.fresh).toEqual(slot === 'critic' ? ['critic'] : []);
    });
    expect(state.counters.updates).toBeGreaterThan(3 * list.length + 3);
    expect(w.events.filter(e => e.kind === 'alarm')).toEqual([]);
    const last = w.store.kept.at(-1)!, first = w.store.kept[0]!;
    expect(part(last, 'weights/critic/')).not.toEqual(part(w.store.kept.at(-2)!, 'weights/critic/'));
    expect(part(last, 'weights/encoder/')).not.toEqual(part(first, 'weights/encoder/'));
  });
});

describe('an edit of a run of actor-critics', () => {
  it.each([
    ['ia2c', 'target', tdLambda({ lambda: 0.9 }), ['weights/', 'lagged/', 'slots/', 'replay/', 'rollout/'], []],
    ['coma', 'critic', rnnAgentQ({ hidden: 3 }), ['weights/encoder/', 'weights/head/', 'slots/actor/', 'replay/', 'rollout/'], ['weights/critic/', 'lagged/critic/', 'slots/critic/']],
  ] as const)('of %s at %s leaves everything else as it is, bit for bit', async (name, slot, use, same, other) => {
    const w = live(PAGES[name], { steps: 100 });
    let asked: Promise<unknown> | undefined;
    const { learner } = w.parts, update = learner.update.bind(learner);
    learner.update = (s, b, o) => { if (s.counters.updates === 4) asked = w.run.checkpoint().then(() => w.run.edit(put(slot, use))); return update(s, b, o); };
    await w.start();
    await asked;
    const [before, after] = w.store.kept as [Snapshot, Snapshot];
    for (const of of same) { expect(Object.keys(part(before, of)).length, of).toBeGreaterThan(0); expect(part(after, of), of).toEqual(part(before, of)); }
    for (const of of other) expect(part(after, of), of).not.toEqual(part(before, of));
    expect((after.meta as { memory: unknown }).memory).toEqual((before.meta as { memory: unknown }).memory);
  });
  it('puts GAE by the critic itself in place of the target of its lagged copy, and takes it back', async () => {
    const w = live(PAGES.ia2c, { steps: 120 }), asked = during(w, [[3, estimated], [8, 'undo']]), { state } = await w.start(), [there, back] = await Promise.all(asked) as [Swapped, Swapped];
    expect(there.kept).toEqual(expect.arrayContaining(['encoder', 'policy', 'critic']));
    expect([there.fresh, back.fresh]).toEqual([[], []]);
    expect(back.after).toBe(there.before);
    expect(w.run.learner.plan.d.page.nodes['target']!.type).toBe('nStepTarget');
    expect(state.counters.updates).toBeGreaterThan(10);
    expect(w.events.filter(e => e.kind === 'alarm')).toEqual([]);
  });
  it('that does not fit is refused with place and remedy, and the run goes on as if it had not been asked for', async () => {
    const w = live(PAGES.coma), asked = during(w, [[2, put('critic', sumMixer())]]), { state } = await w.start(), plain = await live(PAGES.coma).start();
    await expect(asked[0]).rejects.toThrow(/OFFER +slot critic: sumMixer asks for agentQs[^]*offered {2}x\n[^]*fix {6}offer agentQs at critic, or choose a node whose ports are among those offered/);
    expect([...state.weights]).toEqual([...plain.state.weights]);
  });
});

describe('what cannot be learned from', () => {
  it('an agent without an allowed action stops the run with copy, step and agent', async () => {
    for (const d of Object.values(PAGES)) await expect(live(d, {}, { ...SCRIPT, avail: ({ copy, t }, agent) => !(copy === 1 && t === 2 && agent === 1) }).start()).rejects.toThrow('scripted/play: copy 1, step 2 of its episode, agent 1: avail allows no action\n  fix: an environment allows at least one action to every agent at every step');
  });
  it('a log-probability of -Infinity is no update: the first wire that has one is named, with item, time, agent and action', async () => {
    /** As written in a hurry: the logarithm of a softmax that has a 0. */
    const hurried = defineNode({ type: 'hurried', in: { raw: f32('... action'), avail: bool('... action') }, out: { logits: f32('... action'), pi: f32('... action') }, forward: ({ raw }) => { const pi = softmax(raw.mul(1e5)); return { logits: log(pi), pi }; } });
    const page = edited(PAGES.coma, 'hurried', g => { g.swap('policy', hurried() as never); }), w = live(page, { failures: 2 });
    await expect(w.start()).rejects.toThrow(/2 updates in a row could not be applied; update \d+: rule actor: policy\.logits \(hurried\) is the first wire that is not finite: -Infinity at batch 0, time 0, agent 0, action \d/);
    expect(w.events.filter(e => e.kind === 'alarm')).toHaveLength(2);
  });
  it.each([7, -1])('action %i of three stops the run before it is executed', async action => {
    const wild = defineNode({ type: 'wild', in: { logits: f32('... action') }, out: { action: index('...', 'action'), best: index('...', 'action') }, forward: ({ logits }) => { const x = fill(logits.shape.slice(0, -1), action, 'int32'); return { action: x, best: x }; } });
    const page = edited(PAGES.coma, 'wild', g => { g.swap('explore', wild() as never); });
    await expect(live(page, {}, SCRIPT).start()).rejects.toThrow(`scripted/play: copy 0, step 0 of its episode, agent 0: action ${action}, which the page wild chose, is none of 0 .. 2\n  fix: what gives explore.action is to give an index of dim action`);
  });
  it('an action that is not allowed stops the run before it is executed: it has no log-probability', async () => {
    const bold = defineNode({ type: 'bold', in: { raw: f32('... action'), avail: bool('... action') }, out: { logits: f32('... action'), pi: f32('... action') }, forward: ({ raw }) => ({ logits: raw, pi: softmax(raw) }) });
    const page = edited(PAGES.coma, 'bold', g => { g.swap('policy', bold() as never); });
    await expect(live(page, {}, { ...SCRIPT, avail: (_, __, action) => action === 1 }).start()).rejects.toThrow(/^scripted\/play: copy \d, step \d of its episode, agent \d: action [02], which the page bold chose, is not allowed\n {2}fix: wire avail to what explore\.action is chosen from, and mask its logits or values: maskUnavailable$/);
  });
});
