/** Another page in a run that goes on: when it happens, what it keeps, and that one which cannot be made changes nothing (T18). */
import { mul, sum } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson, toJson, type Definition } from '../../core/definition.ts';
import { derive, now, type Wire } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { sgd } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { f32 } from '../../core/port.ts';
import type { Edit, Swapped, Tap } from '../../core/run.ts';
import { Learner } from '../../core/step.ts';
import type { Snapshot } from '../../core/store.ts';
import { freshState, toArrays, type LearnerState } from '../../core/weights.ts';
import { local, team } from '../../core/world.ts';
import { qmix } from '../../graphs/index.ts';
import { duplexMixer, maskedMse, mlpAgentQ, monotonicMixer, rnnAgentQ, sumMixer } from '../../nodes/index.ts';
import type { Rollout } from '../../plugins/rollout.ts';
import { page as tiny, squares, times } from '../plugins/training/tiny.ts';
import { edited, engine, facts, live, part, put, SCRIPT, typesOf, type Live } from './live.ts';

/** A mixer whose values are no numbers, and one that cannot compute. */
const nanMixer = defineNode({ type: 'nanMixer', in: { agentQs: f32('... agent') }, out: { qTot: f32('...') }, forward: ({ agentQs }) => ({ qTot: mul(sum(agentQs, -1), NaN) }) });
const brokenMixer = defineNode({ type: 'brokenMixer', in: { agentQs: f32('... agent') }, out: { qTot: f32('...') }, forward: () => { throw new Error('out of order'); } });
const base = edited(qmix, 'base', g => { g.episodes({ keep: 12, batch: 3 }); g.swap('agentQ', rnnAgentQ({ hidden: 3 }) as never); g.swap('mixer', sumMixer() as never); g.targets({ everyUpdates: 4 }); });
const MIXERS = { sum: sumMixer(), monotonic: monotonicMixer({ embed: 2, hypernet: [] }), duplex: duplexMixer({ heads: 1, hypernet: [2] }) } as const;
/** Does something once, inside the update of this number. */
function during(w: Live, update: number, what: () => void): void {
  const { learner } = w.parts, original = learner.update.bind(learner);
  learner.update = (s, b, o) => { if (s.counters.updates === update) { learner.update = original; what(); } return original(s, b, o); };
}
const arraysOf = (w: Live, s: LearnerState, node: string) => Object.fromEntries(Object.entries(toArrays(w.run.learner.plan, s)).filter(([k]) => k.includes(`/${node}/`)).map(([k, a]) => [k, [...a.data]]));

describe('an edit', () => {
  it('that is asked for while an update is in flight waits for it, and happens before the next', async () => {
    const w = live(base);
    let done: Promise<Swapped> | undefined;
    during(w, 5, () => { done = w.run.edit(put('mixer', MIXERS.duplex)); });
    const { state } = await w.start(), what = await done!, event = w.events.find(e => e.kind === 'swap')!;
    expect(what).toMatchObject({ update: 6, what: 'mixer: sumMixer -> duplexMixer', kept: ['agentQ'], fresh: ['mixer'], dropped: [], restarted: [], tried: true, carries: { kept: ['agentQ'], zero: [] } });
    expect(event).toMatchObject({ update: 6, step: what.step, detail: { ...what } });
    expect(state.counters.updates).toBeGreaterThan(8);
    expect(w.run.learner.plan.d.page.nodes['mixer']!.type).toBe('duplexMixer');
    // the new mixer learns
    expect(arraysOf(w, state, 'mixer')).not.toEqual(arraysOf(w, freshState(w.run.learner.plan, 1), 'mixer'));
  });
  it('leaves weights, lagged weights and moments of other nodes, the replay and the environments as they are, bit for bit', async () => {
    const w = live(base);
    let asked: Promise<unknown> | undefined;
    during(w, 6, () => { asked = w.run.checkpoint().then(() => w.run.edit(put('mixer', MIXERS.monotonic))); });
    await w.start();
    await asked;
    const [before, after] = w.store.kept as [Snapshot, Snapshot], at = (s: Snapshot) => (s.meta as { counters: unknown }).counters;
    expect(at(after)).toEqual(at(before));
    for (const of of ['replay/', 'rollout/', 'weights/agentQ/', 'lagged/agentQ/', 'slots/q/v/agentQ/']) { expect(Object.keys(part(before, of)).length, of).toBeGreaterThan(0); expect(part(after, of), of).toEqual(part(before, of)); }
    const { rollout, replay, counts } = after.meta as Record<string, unknown>;
    expect({ rollout, replay, counts }).toEqual((({ rollout, replay, counts }) => ({ rollout, replay, counts }))(before.meta as Record<string, unknown>));
    expect(Object.keys(part(after, 'weights/mixer/')).length).toBeGreaterThan(0);
  });
  it('goes on in the middle of an episode: with the carries of nodes of the same width, and zeros for the others', async () => {
    const w = live(base), told: Swapped[] = [];
    during(w, 3, () => { void w.run.edit(put('mixer', MIXERS.monotonic)).then(x => told.push(x)); });
    let after: Float32Array | undefined;
    const { rollout } = w.parts as unknown as { rollout: Rollout }, tick = rollout.tick.bind(rollout);
    rollout.tick = (s, write, o) => { if (w.events.some(e => e.kind === 'swap')) after ??= rollout.carry['agentQ']; return tick(s, write, o); };
    await w.start();
    expect(told[0]!.carries).toEqual({ kept: ['agentQ'], zero: [] });
    expect(after!.some(x => x !== 0)).toBe(true);
    const wide = live(base), widened: Swapped[] = [];
    during(wide, 3, () => { void wide.run.edit(put('agentQ', rnnAgentQ({ hidden: 5 }))).then(x => widened.push(x)); });
    await wide.start();
    expect(widened[0]).toMatchObject({ carries: { kept: [], zero: ['agentQ'] }, fresh: ['agentQ'], dropped: ['agentQ'] });
  });
  it('before the first update is made without a batch to try it on, and says so', async () => {
    const w = live(base), done = w.run.edit(put('mixer', MIXERS.duplex));
    await w.start();
    expect(await done).toMatchObject({ update: 0, step: 0, tried: false });
  });
  it('of numbers only keeps every weight and moment', async () => {
    const w = live(base);
    let done: Promise<Swapped> | undefined;
    during(w, 4, () => { done = w.run.edit(d => edited(d, 'base', g => { g.set('tdTarget', { gamma: 0.5 }); })); });
    await w.start();
    expect(await done!).toMatchObject({ what: 'tdTarget.gamma', changes: [{ kind: 'config', at: 'tdTarget.gamma', before: 0.99, after: 0.5 }], kept: ['agentQ'], fresh: [], dropped: [] });
  });
  it('that is only checked says the same and changes nothing', async () => {
    const w = live(base), plain = live(base);
    let said: Promise<Swapped> | undefined;
    during(w, 5, () => { said = w.run.check(put('mixer', MIXERS.duplex)); });
    const [a, b] = [await w.start(), await plain.start()];
    expect(await said!).toMatchObject({ update: 6, fresh: ['mixer'], tried: true });
    expect(a.state).toEqual(b.state);
    expect(w.events.map(e => e.kind)).toEqual(plain.events.map(e => e.kind));
  });
  it('moves a tap with its wire: silent while no page has it', async () => {
    const w = live(base), lambda: number[] = [], total: number[] = [], asked: Promise<Swapped>[] = [];
    during(w, 4, () => { asked.push(w.run.edit(put('mixer', MIXERS.duplex)).then(async x => { w.run.tap$('mixer.lambda').subscribe({ next: (t: Tap) => { lambda.push(t.update); if (t.update === 8) asked.push(w.run.undo()); } }); return Promise.resolve(x); })); });
    w.run.tap$('mixer.qTot').subscribe({ next: t => { total.push(t.update); } });
    const { state } = await w.start();
    await Promise.all(asked);
    expect(lambda).toEqual([6, 7, 8]);
    expect(total).toEqual(Array.from({ length: state.counters.updates }, (_, i) => i + 1));
  });
});

describe('an edit that cannot be made', () => {
  const cases: Record<string, [Edit, RegExp]> = {
    'does not fit': [put('mixer', maskedMse()), /^1 problem in graph base\n\n1 {2}OFFER {4}slot mixer: maskedMse asks for prediction, target\n {5}asks .*\n {5}offered {2}agentQs, maxAgentQs, isGreedy, action, state, unitState, mask\n/],
    'has several problems': [d => ({ ...d, page: { ...d.page, act: { action: 'nobody.action' }, train: { q: { ...d.page.train['q']!, losses: [{ loss: 'nobody.loss', weight: 1 }] } } } }), /^[2-9] problems in graph base/],
    'yields NaN': [put('mixer', nanMixer()), /^the swap was not made, for it failed on a batch: rule q: mixer\.qTot \(nanMixer\) is the first wire that is not finite: NaN at batch 0, time 0\n {2}fix: the run goes on as it was/],
    'throws': [put('mixer', brokenMixer()), /out of order/],
    'is a function that throws': [() => { throw new Error('no idea'); }, /^no idea$/],
    'changes nothing': [d => edited(d, 'another', () => undefined), /^the edit changes nothing: the page base is so already\n {2}fix: another node, or other settings of this one$/],
    'changes what is drawn': [d => edited(d, 'b', g => { g.episodes({ keep: 12, batch: 4 }); }), /^the edit changes how source data stores and draws: \{"cut":"episodes","keep":12,"batch":3\} becomes \{"cut":"episodes","keep":12,"batch":4\}\n {2}fix: sources stay/],
    'reads what the environment does not offer': [d => derive(d as Definition<unknown, never>, 'hungry', g => { g.rewire('agentInput', { energy: (g.data() as unknown as Record<string, Wire>)['energy']! }); }, { ...team, energy: local(f32('agent obs')) } as never) as Definition, /^hungry reads energy, which scripted\/play does not offer\n {2}fix: it offers obs, /],
  };
  it.each(Object.entries(cases))('%s: the run is as if nobody had asked, and says why', async (_, [edit, why]) => {
    const w = live(base, { checkpointEvery: 8 }), plain = live(base, { checkpointEvery: 8 }), d = w.run.learner.plan.d;
    let refused: Promise<unknown> | undefined;
    during(w, 5, () => { refused = w.run.edit(edit).then(() => 'made', (e: unknown) => e); });
    const [a, b] = [await w.start(), await plain.start()], error = await refused!;
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(why);
    expect(a.state).toEqual(b.state);
    expect(w.run.learner.plan.d).toBe(d);
    expect(w.store.kept.map(facts)).toEqual(plain.store.kept.map(facts));
    expect(w.events.filter(e => e.kind === 'swap')).toEqual([]);
  });
  it('names the fields that the replay does not hold', async () => {
    const withState = edited(base, 'withState', g => { g.swap('mixer', MIXERS.monotonic as never); }), bare = { ...base, page: { ...base.page, nodes: Object.fromEntries(Object.entries(base.page.nodes).map(([n, e]) => [n, { ...e, in: Object.fromEntries(Object.entries(e.in).filter(([, wire]) => !wire.startsWith('data.state') && !wire.startsWith('data.obs | '))) }])) } } as Definition;
    const w = live(bare), done = w.run.edit(() => withState);
    done.catch(() => undefined);
    await w.start();
    await expect(done).rejects.toThrow(/^the page withState reads state, which the replay of this run does not hold\n {2}fix: it holds .*action, agentId, avail, /);
  });
  it('is refused where another is being prepared, where the run is over, and where it ends before', async () => {
    const w = live(base);
    let first: Promise<unknown> | undefined, second: Promise<unknown> | undefined;
    during(w, 5, () => { first = w.run.edit(put('mixer', MIXERS.duplex)); second = w.run.edit(put('mixer', MIXERS.monotonic)).catch((e: unknown) => e); });
    await w.start();
    expect(await first!).toMatchObject({ what: 'mixer: sumMixer -> duplexMixer' });
    expect((await second!) as Error).toMatchObject({ name: 'RunError', message: 'another edit of this run is being prepared\n  fix: wait until it is done' });
    expect(w.events.filter(e => e.kind === 'swap')).toHaveLength(1);
    await expect(w.run.edit(put('mixer', MIXERS.sum))).rejects.toThrow('the run is over');
    const failing = live(base, {}, { ...SCRIPT, spoil: at => { if (at.t === 3) throw new Error('the game crashed'); } });
    const { rollout } = failing.parts as unknown as { rollout: Rollout }, tick = rollout.tick.bind(rollout);
    let pending: Promise<unknown> | undefined;
    rollout.tick = async (...all) => { if (all[0].counters.steps >= 4) pending ??= failing.run.edit(put('mixer', MIXERS.duplex)).catch((e: unknown) => e); return tick(...all); };
    await expect(failing.start()).rejects.toThrow('the game crashed');
    expect((await pending!) as Error).toMatchObject({ name: 'RunError', message: expect.stringContaining('the run ended before the edit') as string });
  });
  it('is refused where the page would act by numbers that are not finite', async () => {
    const w = live(base), bad = new Learner(plan(put('mixer', MIXERS.duplex)(base), w.run.learner.plan.sizes), engine), act = bad.act.bind(bad);
    bad.act = async (...all) => { const out = await act(...all); return { ...out, action: { ...out.action, data: Float32Array.of(NaN) } }; };
    await w.parts.rollout.begin(() => undefined);
    await expect(w.parts.rollout.adopt(bad, freshState(bad.plan, 1))).rejects.toThrow('the swap was not made: the page base acts by numbers that are not finite');
  });
});

describe('planned swaps', () => {
  const swaps = [{ at: 7, edit: put('mixer', MIXERS.monotonic) }, { at: 15, edit: put('agentQ', mlpAgentQ({ hidden: [3] })) }, { at: 15, edit: put('mixer', MIXERS.duplex) }, { at: 31, edit: 'undo' as const }];
  it('are made at their steps, in their order', async () => {
    const w = live(base, { swaps });
    await w.start();
    expect(w.events.filter(e => e.kind === 'swap').map(e => [e.step, e.detail['what']])).toEqual([[8, 'mixer: sumMixer -> monotonicMixer'], [16, 'agentQ: rnnAgentQ -> mlpAgentQ'], [16, 'mixer: monotonicMixer -> duplexMixer'], [32, 'mixer: duplexMixer -> monotonicMixer']]);
  });
  it('and what comes of them are the same after a resume from any checkpoint, before and after each, bit for bit', async () => {
    const whole = live(base, { swaps, checkpointEvery: 3 });
    await whole.start();
    const last = facts(whole.store.kept.at(-1)!);
    expect(whole.store.kept.length).toBeGreaterThan(12);
    for (const [i, from] of whole.store.kept.entries()) {
      const { page, pasts } = from.meta as { page: { nodes: Record<string, { type: string }> }; pasts: unknown[] };
      const d = fromJson(page, typesOf(base)), again = live(d, { swaps, checkpointEvery: 3 });
      await again.start(from);
      expect(facts(again.store.kept.at(-1) ?? from), `checkpoint ${i}, ${pasts.length} edits`).toEqual(last);
    }
  });
  it('that cannot be made is an alarm, and the run goes on as it is', async () => {
    const w = live(base, { swaps: [{ at: 9, edit: put('mixer', nanMixer()) }] }), plain = live(base), [a, b] = [await w.start(), await plain.start()];
    expect(a.state).toEqual(b.state);
    expect(w.events.filter(e => e.kind === 'alarm').map(e => [e.step, e.detail])).toEqual([[10, { what: 'a planned swap was not made', reason: expect.stringContaining('nanMixer') as string }]]);
  });
});

describe('undo', () => {
  it('brings back the page and the weights that an edit dropped', async () => {
    const w = live(edited(base, 'base', g => { g.swap('mixer', MIXERS.monotonic as never); })), asked: Promise<Swapped>[] = [];
    during(w, 6, () => { asked.push(w.run.checkpoint().then(() => w.run.edit(put('mixer', MIXERS.duplex))).then(async () => w.run.undo())); });
    await w.start();
    const undone = await asked[0]!, [before, , after] = w.store.kept;
    expect(undone).toMatchObject({ what: 'mixer: duplexMixer -> monotonicMixer', kept: ['agentQ', 'mixer'], fresh: [], dropped: ['mixer'] });
    expect(part(after!, 'weights/')).toEqual(part(before!, 'weights/'));
    expect(part(after!, 'lagged/')).toEqual(part(before!, 'lagged/'));
    expect(part(after!, 'slots/')).toEqual(part(before!, 'slots/'));
  });
  it('goes back ten edits and no further', async () => {
    const w = live(base, { steps: 200 }), hidden: number[] = [];
    let refused: unknown;
    during(w, 2, () => { void (async () => {
      for (let i = 1; i <= 12; i++) await w.run.edit(put('mixer', monotonicMixer({ embed: i, hypernet: [] })));
      for (;;) { try { await w.run.undo(); } catch (e) { refused = e; break; } hidden.push(w.run.learner.plan.d.page.nodes['mixer']!.config!['embed'] as number); }
      w.run.stop();
    })(); });
    await w.start();
    expect(hidden).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    expect((refused as Error).message).toBe('there is no edit to take back\n  fix: the last 10 can be taken back');
  });
});

describe('many swaps', () => {
  it('at any steps, good and bad ones: the page is the last good one, each is told of once, and the run learns on', () => fc.assert(fc.asyncProperty(fc.array(fc.record({ update: fc.nat(20), to: fc.constantFrom('sum', 'monotonic', 'duplex', 'bad', 'nan') }), { minLength: 1, maxLength: 6 }), async plans => {
    const w = live(base, { steps: 50 }), asked = new Map<number, 'sum' | 'monotonic' | 'duplex' | 'bad' | 'nan'>(plans.map(p => [p.update, p.to])), types = ['sumMixer'], { learner } = w.parts;
    const hook = (of: Learner) => { const original = of.update.bind(of); of.update = (s, b, o) => {
      const to = asked.get(s.counters.updates);
      if (to) { asked.delete(s.counters.updates); void w.run.edit(put('mixer', to === 'bad' ? maskedMse() : to === 'nan' ? nanMixer() : MIXERS[to])).then(x => { types.push(x.what.split(' -> ')[1]!); hook(w.run.learner); }, () => undefined); }
      return original(s, b, o);
    }; };
    hook(learner);
    const { reason, state } = await w.start();
    expect(reason).toBe('finished');
    expect(w.run.learner.plan.d.page.nodes['mixer']!.type).toBe(types.at(-1));
    expect(w.events.filter(e => e.kind === 'swap')).toHaveLength(types.length - 1);
    expect([...state.weights].every(Number.isFinite)).toBe(true);
  }), { numRuns: 8 }));
  it('a hundred leave no tensor, and there and back is the same page', async () => {
    const w = live(base, { steps: 100_000 }), begun = JSON.stringify(toJson(w.run.learner.plan.d)), alive: number[] = [];
    during(w, 2, () => { void (async () => {
      for (let i = 0; i < 50; i++) { await w.run.edit(put('mixer', MIXERS.monotonic)); await w.run.edit(put('mixer', MIXERS.sum)); alive.push(engine.alive()); expect(JSON.stringify(toJson(w.run.learner.plan.d))).toBe(begun); }
      w.run.stop();
    })().catch(() => { w.run.stop(); }); });
    await w.start();
    expect(alive).toHaveLength(50);
    expect(new Set(alive).size).toBe(1);
  }, 60_000);
});

describe('a page that learns from rollouts', () => {
  const d = tiny((g, data) => { const y = g.add('value', times(), { x: data.obs }); g.train('value', g.slot('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: 1e-3 }) }); }, g => g.rollout({ steps: 3, copies: 1 })) as Definition;
  it('is changed between two of them, tried on the last that it used', async () => {
    const w = live(d, { steps: 30 }, { plans: [[{ length: 5, end: 'terminated' }]] }), plain = live(d, { steps: 30 }, { plans: [[{ length: 5, end: 'terminated' }]] });
    let done: Promise<Swapped> | undefined;
    during(w, 3, () => { done = w.run.check(x => edited(x, 'tiny', g => { g.train('value', (g.at('loss') as { loss: never }).loss, { optimiser: sgd({ lr: 1e-4 }) }); })); });
    const [a, b] = [await w.start(), await plain.start()];
    expect(await done!).toMatchObject({ tried: true, what: 'value' });
    expect(a.state).toEqual(b.state);
  });
});
