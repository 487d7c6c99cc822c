/** A run as a fold over steps: when it updates, logs, evaluates, saves, taps and ends, and how it fails. */
import { div, mean, square, sub } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Definition, Source } from '../../core/definition.ts';
import type { Engine } from '../../core/engine.ts';
import { RunError } from '../../core/error.ts';
import { derive, now } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { sgd } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { f32, still } from '../../core/port.ts';
import { Run, updateDue, type RunParts, type RunSettings, type Tap } from '../../core/run.ts';
import { linear } from '../../core/schedule.ts';
import { Learner } from '../../core/step.ts';
import type { Snapshot, Store } from '../../core/store.ts';
import type { MetricRecord, Place, RunEvent } from '../../core/tracker.ts';
import { freshState, type LearnerState } from '../../core/weights.ts';
import { iql } from '../../graphs/index.ts';
import { episodes } from '../../plugins/replay/episodes.ts';
import { rollouts } from '../../plugins/replay/rollouts.ts';
import { transitions } from '../../plugins/replay/transitions.ts';
import { Rollout, sizesOf } from '../../plugins/rollout.ts';
import { engineOn } from '../plugins/engines/on.ts';
import { Scripted, type Script } from '../plugins/rollout/scripted.ts';
import { page, squares, times } from '../plugins/training/tiny.ts';

let engine: Engine;
beforeAll(async () => { engine = await engineOn('cpu'); });

type Cut = Parameters<NonNullable<Parameters<typeof page>[1]>>[0];
const learned = (source: (g: Cut) => ReturnType<Cut['transitions']>, more: { readonly lr?: number | ReturnType<typeof linear> } = {}) => page((g, data) => {
  const y = g.add('value', times(), { x: data.obs });
  g.train('value', g.add('loss', squares(), { a: now(y.y), b: data.reward, mask: data.valid }).loss, { optimiser: sgd({ lr: more.lr ?? 1e-9 }) });
}, source);
const every = (more: Omit<Source, 'cut'> = {}) => learned(g => g.transitions({ keep: 100, batch: 2, ...more }));

/** Snapshots as a file keeps them. */
class Memory implements Store {
  readonly kept = new Map<number, Snapshot>();
  save(update: number, { arrays, meta }: Snapshot): Promise<void> { this.kept.set(update, { arrays: structuredClone(arrays), meta: JSON.parse(JSON.stringify(meta)) as unknown }); return Promise.resolve(); }
  list(): Promise<number[]> { return Promise.resolve([...this.kept.keys()]); }
  load(update: number): Promise<Snapshot> { return Promise.resolve(this.kept.get(update)!); }
}
const SETTINGS: RunSettings = { seed: 1, steps: 12, evaluateEvery: 1000, checkpointEvery: 1000, logEvery: 1000, failures: 3 };
interface Watched { readonly run: Run; readonly parts: RunParts; readonly store: Memory; readonly env: Scripted; readonly metrics: MetricRecord[]; readonly events: RunEvent[]; readonly progress: Place[]; readonly completed: string[]; start(): ReturnType<Run['start']>; resume(from: Snapshot): ReturnType<Run['start']> }
/** A run of a page in a scripted environment, with everything it tells. */
function runOf(d: Definition, settings: Partial<RunSettings> = {}, script: Script = { plans: [[{ length: 3, end: 'terminated' }]] }, more: Partial<RunParts> = {}): Watched {
  const all = { ...SETTINGS, ...settings }, env = new Scripted(script), learner = new Learner(plan(d, sizesOf(d, env)), engine), rollout = new Rollout(d, learner, env, all.seed), source = Object.values(d.page.sources)[0]!, store = new Memory();
  const replay = { episodes, transitions, rollout: rollouts }[source.cut].make({ source, copies: script.plans.length, fields: rollout.stored, needsNext: rollout.needsNext, seed: all.seed });
  let ticks = 0;
  const parts: RunParts = { learner, rollout, replay, store, clock: () => ticks++ / 8, evaluate: (_, step) => Promise.resolve({ return: step / 10 }), ...more }, run = new Run(all, parts);
  const metrics: MetricRecord[] = [], events: RunEvent[] = [], progress: Place[] = [], completed: string[] = [];
  run.metrics$.subscribe({ next: x => metrics.push(x), complete: () => completed.push('metrics') }); run.events$.subscribe({ next: x => events.push(x), complete: () => completed.push('events') }); run.progress$.subscribe({ next: x => progress.push(x), complete: () => completed.push('progress') });
  const fresh = () => freshState(learner.plan, all.seed);
  return { run, parts, store, env, metrics, events, progress, completed, start: () => run.start(fresh()), resume: from => run.start(fresh(), from) };
}
/** For promises that might never settle. */
const soon = <T>(p: Promise<T>, otherwise: string): Promise<T | string> => Promise.race([p, new Promise<string>(resolve => { setTimeout(() => { resolve(otherwise); }, 50); })]);

describe('a learner beside the environments', () => {
  const overlapping = (on: boolean) => {
    const seen: { readonly update: number; readonly acting: Float32Array }[] = [], w = runOf(learned(g => g.transitions({ keep: 100, batch: 2 }), { lr: 1e-4 }), { steps: 40 }, undefined, { overlap: (between, update) => update(true).then(() => ({ on, between })) }), { rollout } = w.parts, tick = rollout.tick.bind(rollout);
    rollout.tick = (state, ...rest) => { seen.push({ update: state.counters.updates, acting: state.weights }); return tick(state, ...rest); };
    return { ...w, seen };
  };
  it('is asked for once, when updates have found their pace, and told of', async () => {
    const { start, events } = overlapping(false);
    await start();
    expect(events.filter(e => e.kind === 'overlap').map(({ update, detail }) => ({ update, detail }))).toEqual([{ update: 16, detail: { on: false, between: 10 / 8 / 8 } }]);                     // eight updates, and two ends of episodes among them
  });
  it('lets them act by the weights that its newest update began with', async () => {
    const turns = overlapping(false), both = overlapping(true), { state } = await turns.start(), { state: late } = await both.start(), after = new Map(turns.seen.map(s => [s.update, s.acting]));
    // the environment of this test ends its episodes whatever is done, so both learn from the same batches
    expect(late.counters).toEqual(state.counters);
    expect(late.weights).toEqual(state.weights);
    expect(new Set([...after.values()].map(String)).size).toBeGreaterThan(30);
    expect(both.seen.map(s => s.acting)).toEqual(turns.seen.map(s => after.get(s.update > 16 ? s.update - 1 : s.update)));
  });
});
describe('an update is due', () => {
  const due = (source: Source, inserted: number, updates: number, stored = 1) => updateDue(source, { inserted, stored }, updates);
  /** Items that must have come in before update 0, 1, 2, ... */
  const needs = (source: Source, n = 4) => Array.from({ length: n }, (_, updates) => Array.from({ length: 200 }, (__, i) => i).find(i => due(source, i, updates)));
  it.each<[string, Source, number[]]>([
    ['a batch, then one item each', { cut: 'episodes', keep: 5000, batch: 32 }, [32, 33, 34, 35]],
    ['after a start of its own', { cut: 'transitions', keep: 5000, batch: 8, start: 100 }, [100, 101, 102, 103]],
    ['every 10 items', { cut: 'transitions', keep: 5000, batch: 8, start: 100, every: 10 }, [100, 110, 120, 130]],
    ['twice an item: the second update of an item needs no other', { cut: 'episodes', keep: 5000, batch: 32, every: 0.5 }, [32, 33, 33, 34]],
    ['every 2.5 items: whole items only', { cut: 'transitions', keep: 5000, batch: 4, every: 2.5 }, [4, 7, 9, 12]],
    ['episodes that are used once: a batch each', { cut: 'episodes', batch: 8 }, [8, 16, 24, 32]],
    ['each rollout once', { cut: 'rollout', steps: 128 }, [1, 2, 3, 4]],
    ['one item', { cut: 'episodes', keep: 5 }, [1, 2, 3, 4]],
  ])('%s', (_, source, items) => { expect(needs(source)).toEqual(items); });
  it('never where nothing can be drawn', () => { expect(due({ cut: 'transitions', keep: 10, batch: 1 }, 5, 0, 0)).toBe(false); });
});

describe('a run', () => {
  it('updates as its source says, between the steps of its environments', async () => {
    const w = runOf(every({ start: 4, every: 2 }), { steps: 12 });
    const { state } = await w.start();
    // updates after steps 4, 6, 8, 10 and 12; progress is told before them
    expect(state.counters).toMatchObject({ steps: 12, updates: 5, episodes: 4 });
    expect(w.progress.filter((p, i) => i === 0 || p.step !== w.progress[i - 1]!.step).map(p => p.update)).toEqual([0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });
  it('catches up with all updates that a step of several copies made due', async () => {
    const w = runOf(every({ start: 4, every: 1 }), { steps: 12 }, { plans: Array.from({ length: 4 }, () => [{ length: 30, end: 'terminated' as const }]) });
    expect((await w.start()).state.counters).toMatchObject({ steps: 12, updates: 9 });
    expect(w.progress.map(p => p.update)).toEqual([0, 1, 5]);
  });
  it('uses rollouts and on-policy episodes once each', async () => {
    expect((await runOf(learned(g => g.rollout({ steps: 4, copies: 1 })), { steps: 12 }, { plans: [[{ length: 30, end: 'terminated' }]] }).start()).state.counters).toMatchObject({ steps: 12, updates: 3 });
    // an episode of 3 is complete at the tick after it: the last one of 12 steps is not used
    expect((await runOf(learned(g => g.episodes({ batch: 2 })), { steps: 12 }).start()).state.counters).toMatchObject({ steps: 12, updates: 1, episodes: 4 });
  });
  it('ends at the first tick at which all copies together have taken the steps asked for', async () => {
    const w = runOf(every(), { steps: 10 }, { plans: Array.from({ length: 4 }, () => [{ length: 30, end: 'terminated' as const }]) }), { reason, state } = await w.start();
    expect([reason, state.counters.steps]).toEqual(['finished', 12]);
  });
  it('tells of its start and its end, and completes its streams', async () => {
    const w = runOf(every()), summary = await w.start();
    expect(w.events.map(e => e.kind)).toEqual(['start', 'checkpoint', 'end']);
    expect(w.events.at(-1)!.detail).toEqual({ reason: 'finished' });
    expect(w.completed.sort()).toEqual(['events', 'metrics', 'progress']);
    expect(summary.seconds).toBeGreaterThan(0);
  });
  it('tells where it is at every step, by a clock that goes on', async () => {
    const w = runOf(every(), { steps: 200, logEvery: 10 });
    await w.start();
    expect([...new Set(w.progress.map(p => p.step))]).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(w.progress.every((p, i) => p.steps === 200 && p.seconds >= (w.progress[i - 1]?.seconds ?? 0))).toBe(true);
  });
  it('is the same for the same seed and another for another, but for its seconds', async () => {
    const d = derive(iql, 'small', g => { g.set('agentQ', { hidden: 3 }); g.episodes({ keep: 10, batch: 2 }); }), script: Script = { plans: [[{ length: 3, end: 'terminated' }], [{ length: 2, end: 'truncated' }]], agents: 2 };
    const told = async (seed: number) => { const w = runOf(d, { seed, steps: 24, logEvery: 6, evaluateEvery: 12 }, script), { state } = await w.start(); return { weights: state.weights, metrics: w.metrics.map(({ seconds: _, values, ...m }) => ({ ...m, values: Object.fromEntries(Object.entries(values).filter(([k]) => !k.startsWith('time/'))) })) }; };
    const first = await told(1);
    expect(await told(1)).toEqual(first);
    expect((await told(2)).weights).not.toEqual(first.weights);
    expect(first.metrics.length).toBe(6);
  }, 60_000);
  it('acts at random as long as its page says', async () => {
    const seen: boolean[] = [], d = derive(every(), 'random', g => { g.act(g.at('explore') as never, { randomSteps: 5 }); }), w = runOf(d, { steps: 8 }), tick = w.parts.rollout.tick.bind(w.parts.rollout);
    w.parts.rollout.tick = (s, write, o) => { seen.push(o.random ?? false); return tick(s, write, o); };
    await w.start();
    // 8 steps and 2 final observations: random before steps 0 .. 4
    expect(seen).toEqual([true, true, true, true, true, true, false, false, false, false]);
  });
});

describe('points of a run', () => {
  const at = (w: Watched, has: string) => w.metrics.filter(m => Object.keys(m.values).some(k => k.startsWith(has))).map(m => m.step);
  it('evaluations: after every so many steps, and at the end', async () => {
    const w = runOf(every(), { steps: 12, evaluateEvery: 5 });
    const { evaluation } = await w.start();
    expect(at(w, 'eval/')).toEqual([5, 10, 12]);
    expect(evaluation).toEqual({ 'eval/return': 1.2 });
    expect(w.metrics.filter(m => 'eval/return' in m.values).map(m => m.values)).toEqual([{ 'eval/return': 0.5 }, { 'eval/return': 1 }, { 'eval/return': 1.2 }]);
    const exact = runOf(every(), { steps: 10, evaluateEvery: 5 });
    await exact.start();
    expect(at(exact, 'eval/')).toEqual([5, 10]);
  });
  it('evaluations: once, where several multiples pass in one step', async () => {
    const w = runOf(every(), { steps: 12, evaluateEvery: 2 }, { plans: Array.from({ length: 4 }, () => [{ length: 30, end: 'terminated' as const }]) });
    await w.start();
    expect(at(w, 'eval/')).toEqual([4, 8, 12]);
  });
  it('evaluations: with the weights of the moment', async () => {
    const seen: [number, LearnerState][] = [], w = runOf(learned(g => g.transitions({ keep: 100, batch: 2 }), { lr: 1e-3 }), { steps: 8, evaluateEvery: 4 }, undefined, { evaluate: (s, step) => { seen.push([step, s]); return Promise.resolve({ return: 0 }); } }), { state } = await w.start();
    expect(seen.map(([step, s]) => [step, s.counters.updates])).toEqual([[4, 3], [8, 7]]);
    expect(seen[1]![1].weights).toEqual(state.weights);
    expect(seen[0]![1].weights).not.toEqual(state.weights);
  });
  it('log points: means since the last, losses and gradients by rule, scheduled numbers as they are', async () => {
    const d = derive(learned(g => g.transitions({ keep: 100, batch: 2 }), { lr: linear({ from: 1e-6, to: 0, steps: 12 }) }), 'scheduled', g => { void g; }), w = runOf(d, { steps: 12, logEvery: 4 }, { plans: [[{ length: 1, end: 'terminated' }, { length: 3, end: 'terminated' }]] });
    await w.start();
    const logs = w.metrics.filter(m => 'time/steps_per_second' in m.values);
    expect(logs.map(m => m.step)).toEqual([4, 8, 12]);
    // episodes of 1, 3, 1, 3 steps: at step 4 two have ended, returns 0.5 and 1.5 + 2 + 2.5 = 6
    expect(logs[0]!.values).toMatchObject({ 'train/return': 3.25, 'train/length': 2, 'knob/value.lr': 1e-6 * (1 - 4 / 12) });
    expect(logs.slice(1).every(m => Number.isFinite(m.values['loss/value']) && Number.isFinite(m.values['grad/value']))).toBe(true);
    expect(logs[2]!.values['knob/value.lr']).toBe(0);
  });
  it('log points: one at the end also where it is no multiple, with the losses of the last updates', async () => {
    const w = runOf(every(), { steps: 6, logEvery: 4 });
    await w.start();
    expect(at(w, 'time/')).toEqual([4, 6]);
    const exact = runOf(every({ start: 8 }), { steps: 8, logEvery: 4 });
    await exact.start();
    // the only update is that of the last step
    expect(exact.metrics.some(m => 'loss/value' in m.values)).toBe(true);
  });
  it('checkpoints: after every so many steps, and at the end', async () => {
    const w = runOf(every({ start: 2 }), { steps: 12, checkpointEvery: 5 });
    await w.start();
    expect(w.events.filter(e => e.kind === 'checkpoint').map(e => e.step)).toEqual([5, 10, 12]);
    expect(await w.store.list()).toEqual([4, 9, 11]);
  });
  it('are told in seconds of the clock that is handed in, whatever the time of day does', async () => {
    let t = 100;
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const w = runOf(every(), { steps: 8, logEvery: 2 }, undefined, { clock: () => (t += 0.25) });
      w.run.metrics$.subscribe(() => { vi.setSystemTime(Date.now() + (t % 2 < 1 ? 1 : -1) * 86_400_000); });
      const summary = await w.start();
      expect(w.metrics.map(m => m.seconds)).toEqual([...w.metrics.map(m => m.seconds)].sort((a, b) => a - b));
      expect(summary.seconds).toBeGreaterThan(w.metrics.at(-1)!.seconds);
      expect(w.metrics.every(m => m.seconds > 0 && m.seconds < t - 100)).toBe(true);
    } finally { vi.useRealTimers(); }
  });
});

describe('asked to stop', () => {
  it('ends after the step under way, with a checkpoint of it', async () => {
    const w = runOf(every(), { steps: 1000 });
    w.run.progress$.subscribe(p => { if (p.step === 7) w.run.stop(); });
    const { reason, state } = await w.start();
    expect([reason, state.counters.steps]).toEqual(['stopped', 7]);
    expect(w.events.at(-1)).toMatchObject({ kind: 'end', detail: { reason: 'stopped' } });
    const kept = [...w.store.kept.values()].at(-1)!;
    expect((kept.meta as { counters: object }).counters).toEqual(state.counters);
  });
  it('before it has begun, ends at once', async () => {
    const w = runOf(every());
    w.run.stop();
    expect((await w.start()).state.counters.steps).toBe(0);
  });
});

describe('a checkpoint', () => {
  it('asked for is made between two steps, and heard of when it is written', async () => {
    const w = runOf(every(), { steps: 20 }), heard: number[] = [];
    w.run.progress$.subscribe(p => { if (p.step === 5 || p.step === 10) void w.run.checkpoint().then(() => heard.push(p.step)); });
    await w.start();
    expect(heard).toEqual([5, 10]);
    expect(w.events.filter(e => e.kind === 'checkpoint').map(e => e.step)).toEqual([5, 10, 20]);
  });
  it('asked for in a step that fails is refused with the reason', async () => {
    const asked: Promise<string>[] = [], w = runOf(every(), { steps: 40 }, { plans: [[{ length: 100, end: 'terminated' }]], spoil: at => { if (at.t === 5) { asked.push(w.run.checkpoint().then(() => 'written', (e: unknown) => (e as Error).message)); throw new Error('the game crashed'); } } });
    await expect(w.start()).rejects.toThrow('the game crashed');
    expect(await Promise.all(asked)).toEqual(['the game crashed']);
    expect(w.store.kept.size).toBe(0);
  });
  it('asked for at the last step or after the end is answered all the same', async () => {
    const w = runOf(every(), { steps: 5 }), late: Promise<void>[] = [];
    w.run.events$.subscribe(e => { if (e.kind === 'end') late.push(w.run.checkpoint()); });
    await w.start();
    late.push(w.run.checkpoint());
    for (const p of late) expect(await soon(p, 'never')).not.toBe('never');
  });
  it('that cannot be written is an alarm, told to whoever asked for it, and tried again in its turn; to stop is then to fail (T02)', async () => {
    const full = (w: Watched, at: (save: number) => boolean) => { let saves = 0; vi.spyOn(w.store, 'save').mockImplementation(() => (at(saves++) ? Promise.reject(new Error('the disk is full')) : Promise.resolve())); return () => saves; };
    const once = runOf(every(), { steps: 20, checkpointEvery: 5 }), saves = full(once, n => n === 0), asked: unknown[] = [];
    once.run.progress$.subscribe(p => { if (p.step === 4) void once.run.checkpoint().catch((e: unknown) => { asked.push(e); }); });
    expect((await once.start()).reason).toBe('finished');
    expect(asked).toEqual([new Error('the disk is full')]);
    expect(once.events.map(e => [e.kind, e.step])).toEqual([['start', 0], ['alarm', 4], ['checkpoint', 5], ['checkpoint', 10], ['checkpoint', 15], ['checkpoint', 20], ['end', 20]]);
    expect(saves()).toBe(5);

    const still = runOf(every(), { steps: 20, checkpointEvery: 5 }), tries = full(still, () => true);
    await expect(still.start()).rejects.toThrow('the disk is full');
    expect(tries()).toBe(4);

    // the step at which it stops is one whose checkpoint has failed already
    const stopped = runOf(every(), { steps: 20, checkpointEvery: 5 });
    full(stopped, () => true);
    stopped.run.events$.subscribe(e => { if (e.kind === 'alarm') stopped.run.stop(); });
    await expect(stopped.start()).rejects.toThrow('the disk is full');
    expect(stopped.events.map(e => [e.kind, e.step])).toEqual([['start', 0], ['alarm', 5], ['end', 5]]);
  });
  it('holds all that the run depends on: gone on from it, the run ends the same', async () => {
    const settings = { steps: 20, checkpointEvery: 7, logEvery: 4 }, d = derive(every({ start: 3 }), 'moving', g => { g.train('value', g.at('loss').loss as never, { optimiser: sgd({ lr: 1e-4 }) }); });
    const straight = runOf(d, settings), end = await straight.start();
    const from = [...straight.store.kept.values()][0]!, again = runOf(d, settings), resumed = await again.resume(from);
    const { weights, lagged, slots, counters } = resumed.state;
    expect({ weights, lagged, slots, counters }).toEqual({ weights: end.state.weights, lagged: end.state.lagged, slots: end.state.slots, counters: end.state.counters });
    expect(again.events[0]!.kind).toBe('resume');
    expect(again.metrics.map(m => [m.step, m.values['train/return']])).toEqual(straight.metrics.filter(m => m.step > 7).map(m => [m.step, m.values['train/return']]));
    expect(again.events[0]!.seconds).toBeGreaterThanOrEqual((from.meta as { seconds: number }).seconds);
  });
});

describe('a tap', () => {
  const collect = (w: Watched, wire: string, everyUpdates?: number) => { const taps: Tap[] = []; const s = w.run.tap$(wire, everyUpdates === undefined ? {} : { everyUpdates }).subscribe(t => taps.push(t)); return { taps, s }; };
  it('gives what flows on a wire, with its dims and sizes, at one update in so many', async () => {
    const w = runOf(every(), { steps: 12 }), { taps } = collect(w, 'value.y', 4);
    await w.start();
    expect(taps.map(t => t.update)).toEqual([4, 8]);
    expect(taps[0]).toMatchObject({ wire: 'value.y', dims: ['batch', 'time+1'], sizes: [2, 2] });
    expect(taps[0]!.data).toHaveLength(4);
  });
  it('gives each of several readers the updates that it asked for', async () => {
    const w = runOf(every(), { steps: 13 }), two = collect(w, 'value.y', 2), three = collect(w, 'value.y', 3);
    await w.start();
    expect(two.taps.map(t => t.update)).toEqual([2, 4, 6, 8, 10, 12]);
    expect(three.taps.map(t => t.update)).toEqual([3, 6, 9, 12]);
  });
  it('costs nothing before it is read and after it is let go', async () => {
    const asked: (readonly string[] | undefined)[] = [], w = runOf(every(), { steps: 10 }), update = w.parts.learner.update.bind(w.parts.learner);
    w.parts.learner.update = (s, b, o) => { asked.push(o.taps); return update(s, b, o); };
    const { taps, s } = collect(w, 'value.y');
    w.run.progress$.subscribe(p => { if (p.step === 6) s.unsubscribe(); });
    await w.start();
    expect(taps.map(t => t.update)).toEqual([1, 2, 3, 4]);
    expect(asked.map(t => t?.length ?? 0)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0]);
  });
  it('changes nothing of what is learned', async () => {
    const [plain, tapped] = [runOf(every(), { steps: 9 }), runOf(every(), { steps: 9 })];
    collect(tapped, 'value.y');
    expect((await tapped.start()).state).toEqual((await plain.start()).state);
  });
  it('on no wire is refused, with the nearest', () => { expect(() => runOf(every()).run.tap$('valeu.y')).toThrow('no tap on valeu.y: nothing is called valeu; did you mean value?'); });
  it('on a field that no node reads is refused or served, and never ends the run', async () => {
    const w = runOf(derive(iql, 'small', g => { g.set('agentQ', { hidden: 2 }); g.episodes({ keep: 10, batch: 2 }); }), { steps: 12 }, { plans: [[{ length: 2, end: 'terminated' }]], agents: 2 });
    try { collect(w, 'data.state'); } catch (e) { expect(e).toBeInstanceOf(RunError); }
    expect((await w.start()).reason).toBe('finished');
  });
});

describe('updates that cannot be applied', () => {
  /** Relative error: a reward of 0 makes it 0 / 0 or worse. */
  const relative = defineNode({ type: 'relative', in: { a: f32('...'), b: still(f32('...')) }, out: { loss: f32('') }, forward: ({ a, b }) => ({ loss: mean(square(div(sub(a, b), b))) }) });
  const d = page((g, data) => { const y = g.add('value', times(), { x: data.obs }); g.train('value', g.add('loss', relative(), { a: now(y.y), b: data.reward }).loss, { optimiser: sgd({ lr: 1e-9 }) }); }, g => g.rollout({ steps: 2, copies: 1 }));
  /** Rollouts of two steps of one long episode; the rewards of those listed are 0. */
  const script = (bad: (rollout: number) => boolean): Script => ({ plans: [[{ length: 1000, end: 'terminated' }]], spoil: (at, fields) => { if (at.t > 0 && bad(Math.floor((at.t - 1) / 2))) fields['reward']![at.copy] = 0; } });
  it('are told of, and stop the run when so many come in a row: with the node, and the weights before them', async () => {
    const w = runOf(d, { steps: 40, failures: 3, checkpointEvery: 4 }, script(n => n >= 4)), failed = w.start();
    await expect(failed).rejects.toThrow(RunError);
    await expect(failed).rejects.toThrow('3 updates in a row could not be applied; update 6: rule value: loss.loss (relative) is the first wire that is not finite');
    expect(w.events.filter(e => e.kind === 'alarm').map(e => [e.update, e.detail['inARow']])).toEqual([[5, 1], [6, 2], [7, 3]]);
    // the last checkpoint is there, whole, and with finite weights
    const kept = [...w.store.kept.entries()].at(-1)!;
    expect(kept[0]).toBeGreaterThanOrEqual(4);
    expect([...kept[1].arrays['weights/value/w/kernel']!.data].every(Number.isFinite)).toBe(true);
    expect(w.env.steps.length).toBe(14);
  });
  it('do not stop it where they are fewer: a good one counts anew', async () => {
    const w = runOf(d, { steps: 40, failures: 3 }, script(n => n % 3 !== 0)), { reason, state } = await w.start();
    expect(reason).toBe('finished');
    expect(w.events.filter(e => e.kind === 'alarm').map(e => e.detail['inARow'])).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
    expect([...state.weights].every(Number.isFinite)).toBe(true);
    expect(state.counters.updates).toBe(20);
  });
  it('end its streams too: whoever waits for their end hears of it, and of the reason', async () => {
    const w = runOf(d, { steps: 40, failures: 1 }, script(() => true));
    await expect(w.start()).rejects.toThrow(RunError);
    expect(w.completed.sort()).toEqual(['events', 'metrics', 'progress']);
    expect(w.events.at(-1)).toMatchObject({ kind: 'end', detail: { reason: 'failed' } });
  });
  it('go on counting where a run is resumed', async () => {
    const w = runOf(d, { steps: 40, failures: 3, checkpointEvery: 2 }, script(n => n >= 2));
    await expect(w.start()).rejects.toThrow(RunError);
    const again = runOf(d, { steps: 40, failures: 3, checkpointEvery: 2 }, script(n => n >= 2));
    await expect(again.resume([...w.store.kept.values()].at(-1)!)).rejects.toThrow('3 updates in a row');
  });
});

describe('an environment that emits what is not finite', () => {
  it.each(['obs', 'reward'])('%s: ends the run before anything learns from it, and keeps the last checkpoint (T15)', async name => {
    const w = runOf(every({ start: 2 }), { steps: 40, checkpointEvery: 4 }, { plans: [[{ length: 100, end: 'terminated' }]], spoil: (at, fields) => { if (at.t === 11) fields[name]![0] = name === 'obs' ? NaN : Infinity; } });
    const seen: LearnerState[] = [], update = w.parts.learner.update.bind(w.parts.learner);
    w.parts.learner.update = async (s, b, o) => { for (const x of Object.values(b.fields)) expect([...x].every(Number.isFinite)).toBe(true); const done = await update(s, b, o); seen.push(done.state); return done; };
    await expect(w.start()).rejects.toThrow(`scripted/play: copy 0, step 11 of its episode${name === 'obs' ? ', agent 0' : ''}: ${name} is ${name === 'obs' ? 'NaN' : 'Infinity'}`);
    expect(seen).toHaveLength(9);
    expect([...seen.at(-1)!.weights].every(Number.isFinite)).toBe(true);
    expect([...w.store.kept.values()].map(s => (s.meta as { counters: { steps: number } }).counters.steps)).toEqual([4, 8]);
  });
  it('or throws: the run fails with that error', async () => {
    const w = runOf(every(), { steps: 40 }, { plans: [[{ length: 100, end: 'terminated' }]], spoil: at => { if (at.t === 5) throw new Error('the game crashed'); } });
    await expect(w.start()).rejects.toThrow('the game crashed');
  });
});
