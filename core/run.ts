/**
 * A run as streams over time. Its state is folded by steps (a tick of the environments, an update, an evaluation, a checkpoint), one at a time,
 * so whatever is to happen between two updates is one step more. Metrics, events and taps are streams of plain data.
 */
import { defer, EMPTY, expand, filter, from, lastValueFrom, Observable, of, Subject, tap } from 'rxjs';
import { z } from 'zod';
import { check } from './check.ts';
import { fromJson, parse, toJson, type Definition, type Registry, type Source } from './definition.ts';
import { diff, structuralHash, type Difference } from './describe.ts';
import type { OutputArray } from './engine.ts';
import { GraphError, InputError, RunError } from './error.ts';
import { typeOf } from './infer.ts';
import type { Replay, Row, Sample } from './replay.ts';
import type { Batch, Learner, Updated } from './step.ts';
import type { NamedArray, Snapshot, Store } from './store.ts';
import type { MetricRecord, Moment, Place, RunEvent } from './tracker.ts';
import { topology } from './topology.ts';
import { fromArrays, migrate, START, toArrays, type LearnerState, type Lists } from './weights.ts';

export interface RunSettings {
  /** Environment steps over all copies. */
  readonly steps: number; readonly seed: number;
  readonly evaluateEvery: number; readonly checkpointEvery: number; readonly logEvery: number;
  /** Updates in a row that may fail for numbers that are not finite. */
  readonly failures: number;
  /** Edits at the first boundary between two steps at which so many environment steps are made, in this order. */
  readonly swaps?: readonly ({ readonly at: number; readonly edit: Edit | Undo } & SwapOptions)[];
}
/** Another page in place of the one it is given, which it leaves as it is. */
export type Edit = (d: Definition) => Definition;
/** Back to the page before the last edit, with the weights that it dropped. */
export type Undo = 'undo';
export interface SwapOptions { readonly syncTargets?: boolean | undefined }
/** What an edit did, or would do. */
export interface Swapped extends Lists {
  readonly update: number; readonly step: number;
  /** In words, and node by node; hashes of the structure before and after. */
  readonly what: string; readonly changes: readonly Difference[]; readonly before: string; readonly after: string;
  /** Nodes that carry something from step to step: those whose episodes go on with it, and those that go on from zeros. */
  readonly carries: { readonly kept: readonly string[]; readonly zero: readonly string[] };
  /** Was one pass made with it on a batch of the replay? If not, because there was none yet. */
  readonly tried: boolean;
}
interface Wish { readonly edit: Edit | Undo; readonly syncTargets?: boolean | undefined; readonly dry?: boolean; resolve(done: Swapped): void; reject(why: unknown): void }
interface Past { readonly d: Definition; readonly left: Snapshot['arrays'] }
/** Edits that can be undone. */
const PASTS = 10;
/** A finished episode: the sum of its rewards, its steps. */
export interface Episode { readonly copy: number; readonly return: number; readonly length: number; readonly won?: boolean }
/** What steps the environments by the acting program; it tells of every slot that closes and opens. */
export interface Collector {
  begin(open: (copy: number, start: boolean) => void): Promise<void>;
  tick(state: LearnerState, write: { step(copy: number, valid: boolean): void; slot(copy: number, start: boolean): void }, options: { readonly random?: boolean }): Promise<{ steps: number; episodes: Episode[] }>;
  /** Arrays of all copies at the slot that is told of. */
  row(): Row;
  /** A sample with the fields that no replay stores, for update number `update`; without one to try a page, which takes nothing of any source, and undefined where there is not enough for that yet. */
  batch(sample: Sample, update?: number): Batch | Promise<Batch | undefined>;
  /** Judges and tries another page on the same copies and stored fields; `take` changes over to it. */
  adopt(learner: Learner, state: LearnerState): Promise<{ take(): void } & Swapped['carries']>;
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
}
/** What a run is made of; everything that touches the world outside is injected. */
export interface RunParts {
  readonly learner: Learner; readonly rollout: Collector; readonly replay: Replay;
  /** Greedy episodes with these weights; keyed by the step, so that a resumed run plays the same ones. */
  evaluate(state: LearnerState, step: number, learner: Learner): Promise<Readonly<Record<string, number>>>;
  /** A learner of another page in the same world; without it the page of a run stays. */
  build?(d: Definition): Learner;
  /** Node types by which pages of a checkpoint are read. */
  readonly registry?: Registry;
  /** Hash of the page that the run began with, for its checkpoints. */
  readonly origin?: string;
  /** The page has become another, and a checkpoint holds it. */
  edited?(d: Definition): Promise<void>;
  readonly store?: Store;
  /** Writes out what trackers hold and says how far they are, so that a resumed run goes on from there. */
  flush?(): Promise<unknown>;
  /**
   * Shall the learner work beside the environments from now on, which then act by the weights that an update began with? Asked once, when updates have found
   * their pace, with the seconds between two of them and one that changes nothing, to be timed. Without it the two take turns.
   */
  overlap?(between: number, update: (beside: boolean) => Promise<unknown>): Promise<{ readonly on: boolean } & RunEvent['detail']>;
  /** Seconds from a monotonic clock. */
  readonly clock: () => number;
}
export interface Tap { readonly update: number; readonly wire: string; readonly dims: readonly string[]; readonly sizes: readonly number[]; readonly data: OutputArray['data'] }
export interface Summary { readonly reason: 'finished' | 'stopped'; readonly state: LearnerState; readonly seconds: number; readonly evaluation: Readonly<Record<string, number>> }
const whole = z.int().nonnegative(), clocks = { steps: whole, updates: whole, episodes: whole }, numbers = z.record(z.string(), z.number());
/** What a checkpoint holds of a run beside its arrays; rollout and replay read their own. */
const kept = z.object({
  counters: z.object({ ...clocks, last: z.object(clocks) }), counts: z.record(z.string(), whole), memory: z.record(z.string(), z.record(z.string(), z.union([z.number(), z.array(z.number())]))), seconds: z.number().nonnegative(),
  run: z.object({ window: z.record(z.string(), z.object({ sum: z.number(), n: whole })), evaluated: whole, saved: whole, logged: whole, failures: whole, evaluation: numbers, swaps: whole.default(0), beside: z.boolean().optional() }),
  pasts: z.array(z.unknown()).default([]), rollout: z.unknown(), replay: z.unknown(),
});
interface Waiting { resolve(): void; reject(reason: unknown): void }
/** An update whose outcome is still to be taken. */
interface Underway { readonly update: Promise<Updated>; readonly sample: Sample; readonly taps: readonly string[] }
/** Intervals between updates by whose mean their pace is judged, since many come at once where episodes of many copies end together; and half the updates before that. */
const PACE = 8;
interface Mean { readonly sum: number; readonly n: number }
/** Means since the last log point. */
type Window = Readonly<Record<string, Mean>>;
export interface RunState { readonly learner: LearnerState; readonly window: Window; readonly evaluated: number; readonly saved: number; readonly logged: number; readonly failures: number; readonly evaluation: Readonly<Record<string, number>>; readonly swaps: number; readonly pasts: readonly Past[]; readonly beside?: boolean | undefined; readonly acting?: Float32Array | undefined; readonly done?: Summary['reason'] }

/** Is update number `updates` due after so many items? */
export function updateDue(source: Source, replay: Pick<Replay, 'inserted' | 'stored'>, updates: number): boolean {
  const once = source.cut === 'rollout' || source.keep === undefined, batch = source.cut === 'rollout' ? 1 : source.batch ?? 1;
  const start = once ? batch : source.start ?? batch, every = once ? batch : source.every ?? 1;
  return replay.stored > 0 && replay.inserted >= start + updates * every;
}
const add = (w: Window, values: Readonly<Record<string, number>>): Window => {
  const out: Record<string, Mean> = { ...w };
  for (const [k, x] of Object.entries(values)) out[k] = { sum: (out[k]?.sum ?? 0) + x, n: (out[k]?.n ?? 0) + 1 };
  return out;
};
const prefixed = (prefix: string, values: Readonly<Record<string, number>>) => Object.fromEntries(Object.entries(values).map(([k, x]) => [`${prefix}/${k}`, x]));

const NEW: RunState = { learner: { weights: new Float32Array(), lagged: new Float32Array(), slots: {}, memory: {}, counters: START }, window: {}, evaluated: 0, saved: 0, logged: 0, failures: 0, evaluation: {}, swaps: 0, pasts: [] };

export class Run {
  readonly metrics$: Observable<MetricRecord>; readonly events$: Observable<RunEvent>; readonly progress$: Observable<Place>;
  readonly #metrics = new Subject<MetricRecord>(); readonly #events = new Subject<RunEvent>(); readonly #progress = new Subject<Place>(); readonly #taps = new Subject<Tap>();
  readonly #settings: RunSettings; #parts: RunParts;
  readonly #readers = new Set<{ readonly wire: string; readonly everyUpdates: number }>();
  #stopping = false; #over = false; #saving: Waiting[] = [];
  #wish: Wish | undefined; #sample: Sample | undefined;
  /** Steps at the last attempt at a checkpoint that failed: the next is made in its turn, and not at each step. */
  #attempted = 0;
  #origin = 0; #lastLog = { seconds: 0, steps: 0 };

  constructor(settings: RunSettings, parts: RunParts) {
    this.#settings = settings; this.#parts = parts;
    this.metrics$ = this.#metrics.asObservable(); this.events$ = this.#events.asObservable(); this.progress$ = this.#progress.asObservable();
  }

  /** What flows on a wire, from one update in so many; without a subscriber it costs nothing. */
  tap$(wire: string, { everyUpdates = 1 } = {}): Observable<Tap> {
    const refused = this.#untapped(wire);
    if (refused !== undefined) throw new RunError(`no tap on ${wire}: ${refused}`);
    return new Observable<Tap>(out => {
      const reader = { wire, everyUpdates }, s = this.#taps.pipe(filter(t => t.wire === wire && t.update % everyUpdates === 0)).subscribe(out);
      this.#readers.add(reader);
      return () => { s.unsubscribe(); this.#readers.delete(reader); };
    });
  }
  /** Why a wire shows nothing; after an edit it may be another page's, and its tap is silent until it comes back. */
  #untapped(wire: string): string | undefined {
    const { plan: { d, types } } = this.#parts.learner, type = typeOf(d, wire, types), { from, port } = parse(wire);
    return typeof type === 'string' ? type : from in d.page.sources && !topology(d).graph.someOutEdge(from, (_, e) => e.port === port) ? `no node reads ${port}, so batches do not hold it` : undefined;
  }
  /** Of the page as it is now. */
  get learner(): Learner { return this.#parts.learner; }
  /** Makes the page another between two updates: `d => swap(d, 'mixer', sumMixer(), ...)`. Rejects with the reason where it does not, and then nothing has changed. */
  edit(edit: Edit | Undo, options: SwapOptions = {}): Promise<Swapped> { return this.#ask({ edit, ...options }); }
  /** The same up to the change-over: what it would do. */
  check(edit: Edit | Undo, options: SwapOptions = {}): Promise<Swapped> { return this.#ask({ edit, ...options, dry: true }); }
  /** Takes back the last edit, of the last ten. */
  undo(options: SwapOptions = {}): Promise<Swapped> { return this.#ask({ edit: 'undo', ...options }); }
  async #ask(asked: Omit<Wish, 'resolve' | 'reject'>): Promise<Swapped> {
    if (this.#over) throw new RunError('the run is over', 'skein swap on its folder takes effect when it is resumed; skein fork goes on beside it');
    if (this.#wish) throw new RunError('another edit of this run is being prepared', 'wait until it is done');
    return new Promise((resolve, reject) => { this.#wish = { ...asked, resolve, reject }; });
  }
  /** A learner of the page that an edit makes, beside the one that runs; all problems of the page at once. */
  #prepare(edit: Edit | Undo, past: Past | undefined): Learner {
    const { learner: { plan: { d: before } }, build } = this.#parts;
    if (!build) throw new RunError('this run cannot change its page', 'give it `build`');
    if (edit === 'undo' && !past) throw new InputError('there is no edit to take back', `the last ${PASTS} can be taken back`);
    const d = edit === 'undo' ? past!.d : edit(before), issues = check(d);
    if (issues.length) throw new GraphError(d.page.name, issues);
    if (!diff(before, d).length) throw new InputError(`the edit changes nothing: the page ${before.page.name} is so already`, 'another node, or other settings of this one');
    return build(d);
  }
  /** Ends after the step under way, with a checkpoint. */
  stop(): void { this.#stopping = true; }
  /** Asks for a checkpoint between this step and the next; resolves when it is written, rejects where it cannot be. The run goes on. */
  checkpoint(): Promise<void> { return this.#over ? Promise.resolve() : new Promise((resolve, reject) => { this.#saving.push({ resolve, reject }); }); }

  /** Runs to the end. Subscribe to the streams first. */
  async start(learner: LearnerState, resume?: Snapshot): Promise<Summary> {
    try { return await this.#run(learner, resume); } catch (e) {
      this.#event(this.#last, 'end', { reason: 'failed', what: e instanceof Error ? e.message : String(e) });
      for (const { reject } of this.#saving.splice(0)) reject(e);           // it ended before their turn came
      throw e;
    } finally {
      this.#over = true;
      for (const { resolve } of this.#saving.splice(0)) resolve();                  // the end left a checkpoint
      this.#wish?.reject(new RunError('the run ended before the edit', 'skein swap on its folder takes effect when it is resumed'));
      for (const s of [this.#metrics, this.#events, this.#progress, this.#taps]) s.complete();
    }
  }
  #last: RunState = NEW;
  #underway: Underway | undefined; #spare: LearnerState | undefined;
  /** Seconds in which the environments were stepped since the last update, and before each of the last ones. */
  #between = 0; #betweens: readonly number[] = [];
  async #run(learner: LearnerState, resume?: Snapshot): Promise<Summary> {
    const begun = resume ? this.restore(learner, resume) : { ...NEW, learner };
    this.#origin = this.#parts.clock() - (resume ? (resume.meta as { seconds: number }).seconds : 0);
    this.#lastLog = { seconds: this.#seconds(), steps: begun.learner.counters.steps };
    if (!resume) await this.#parts.rollout.begin((c, start) => { this.#parts.replay.slot(c, this.#parts.rollout.row(), start); });
    this.#last = begun;
    this.#event(begun, resume ? 'resume' : 'start', resume ? { update: begun.learner.counters.updates } : {});
    const state$ = of<RunState>(begun).pipe(expand(s => (s.done ? EMPTY : defer(() => from(this.#next(s))).pipe(tap(n => { this.#last = n; }))), 1)), last = await lastValueFrom(state$);
    const summary: Summary = { reason: last.done ?? 'stopped', state: last.learner, seconds: this.#seconds(), evaluation: last.evaluation };
    this.#event(last, 'end', { reason: summary.reason });
    return summary;
  }

  /** The next step and what comes of it. Beside an update the environments are stepped, and nothing else is done. */
  async #next(s: RunState): Promise<RunState> {
    const due = this.#due(s), underway = this.#underway;
    if (!due) return this.#collect(s);
    this.#underway = undefined;
    return underway ? this.#settle(s, underway) : due();
  }
  /** What comes before the environments are stepped again. */
  #due(s: RunState): (() => RunState | Promise<RunState>) | undefined {
    const { steps, evaluateEvery, checkpointEvery, logEvery } = this.#settings, { replay, learner } = this.#parts, at = s.learner.counters, source = learner.plan.d.page.sources[learner.programs.main]!;
    if (at.steps < steps && Math.floor(at.steps / logEvery) > Math.floor(s.logged / logEvery)) return () => this.#log(s);
    if (this.#saving.length) return () => this.#trySave(s, this.#saving.splice(0));
    const planned = this.#settings.swaps?.[s.swaps];
    // one that cannot be made is an alarm, and done with: the run goes on as it is
    if (planned && at.steps >= planned.at) return () => this.#swap({ ...s, swaps: s.swaps + 1 }, { ...planned, resolve: () => undefined, reject: e => { this.#event(s, 'alarm', { what: 'a planned swap was not made', reason: e instanceof Error ? e.message : String(e) }); } });
    const wish = this.#wish;
    if (wish) return () => this.#swap(s, wish).finally(() => { this.#wish = undefined; });
    if (this.#stopping) return async () => ({ ...(at.steps > s.saved ? await this.#save(s) : s), done: 'stopped' });
    if (updateDue(source, replay, at.updates + (this.#underway ? 1 : 0))) return () => this.#learn(s);
    const over = at.steps >= steps;
    // one that was stopped at its last step has left a checkpoint there, without its last evaluation
    const last = (n: RunState): RunState => (over ? { ...n, saved: Math.min(n.saved, at.steps - 1) } : n);
    if (Math.floor(at.steps / evaluateEvery) > Math.floor(s.evaluated / evaluateEvery) || (over && at.steps > s.evaluated)) return async () => last(await this.#evaluate(s));
    if (over && at.steps > s.logged) return () => last(this.#log(s));
    if (over && at.steps > s.saved) return () => this.#save(s);
    if (Math.floor(at.steps / checkpointEvery) > Math.floor(Math.max(s.saved, this.#attempted) / checkpointEvery)) return () => this.#trySave(s);
    return over ? () => ({ ...s, done: 'finished' }) : undefined;
  }
  async #collect(s: RunState): Promise<RunState> {
    const { rollout, replay, learner, clock } = this.#parts, began = clock(), { counters } = s.learner, random = counters.steps < (learner.plan.d.page.act?.randomSteps ?? 0);
    const { steps, episodes } = await rollout.tick(s.acting ? { ...s.learner, weights: s.acting } : s.learner, { step: (c, valid) => { replay.step(c, rollout.row(), valid); }, slot: (c, start) => { replay.slot(c, rollout.row(), start); } }, { random });
    const now = { ...counters, steps: counters.steps + steps, episodes: counters.episodes + episodes.length };
    const window = episodes.reduce<Window>((w, e: Episode) => add(w, { 'train/return': e.return, 'train/length': e.length, ...(e.won === undefined ? {} : { 'train/win': Number(e.won) }) }), s.window);
    const next = { ...s, learner: { ...s.learner, counters: now }, window };
    this.#between += clock() - began;
    if (this.#progress.observed) this.#progress.next({ ...this.#moment(next), steps: this.#settings.steps, latest: { ...means(next.window), ...next.evaluation } });
    return next;
  }
  async #learn(s: RunState): Promise<RunState> {
    const { rollout, replay, learner, overlap } = this.#parts, update = s.learner.counters.updates, sample = this.#sample = replay.sample(update), batch = (await rollout.batch(sample, update))!, { seed } = this.#settings;
    const taps = [...new Set([...this.#readers].filter(r => (update + 1) % r.everyUpdates === 0).map(r => r.wire))].filter(wire => this.#untapped(wire) === undefined);
    this.#betweens = [...this.#betweens.slice(1 - PACE), this.#between];
    this.#between = 0;
    let { beside } = s;
    if (overlap && beside === undefined && update >= 2 * PACE) {
      const found = await overlap(this.#betweens.reduce((a, b) => a + b, 0) / this.#betweens.length, there => learner.update(s.learner, batch, { seed, beside: there }));
      beside = found.on;
      this.#event(s, 'overlap', found);
    }
    const asked: Underway = { sample, taps, update: learner.update(s.learner, batch, { seed, spare: this.#spare, ...(taps.length ? { taps } : {}), ...(beside ? { beside } : {}) }) }, next = { ...s, beside };
    if (!beside) return this.#settle(next, asked);
    asked.update.catch(() => undefined);                                  // thrown where it is awaited
    this.#underway = asked;
    return { ...next, acting: s.learner.weights };
  }
  async #settle(s: RunState, { update: asked, sample, taps }: Underway): Promise<RunState> {
    const done = await asked, { learner, replay } = this.#parts, { steps, episodes, updates: update } = s.learner.counters, next = { ...s, learner: { ...done.state, counters: { ...done.state.counters, steps, episodes } } };
    if (done.failed !== undefined) {
      const failures = s.failures + 1;
      this.#event(next, 'alarm', { what: 'update not applied', reason: done.failed, inARow: failures });
      if (failures >= this.#settings.failures) throw new RunError(`${failures} updates in a row could not be applied; update ${update}: ${done.failed}`, 'the weights are those before them; resume from the last checkpoint with other numbers');
      return { ...next, failures };
    }
    this.#spare = s.learner;                                              // at the next update environments act by newer weights
    const { plan } = learner;
    for (const wire of taps) { const o = done.taps[wire], t = typeOf(plan.d, wire, plan.types); if (o && typeof t !== 'string') this.#taps.next({ update: update + 1, wire, dims: t.dims, sizes: o.shape, data: o.data }); }
    const main = learner.programs.main, priorities = done.priorities[main];
    if (sample.items && priorities) replay.prioritise?.(sample.items, priorities);
    return { ...next, failures: 0, window: add(s.window, { ...prefixed('loss', done.losses), ...prefixed('grad', done.norms) }) };
  }
  async #evaluate(s: RunState): Promise<RunState> {
    const evaluation = prefixed('eval', await this.#parts.evaluate(s.learner, s.learner.counters.steps, this.#parts.learner));
    this.#metrics.next({ ...this.#moment(s), values: evaluation });
    return { ...s, evaluated: s.learner.counters.steps, evaluation };
  }
  /** The change-over. Until it is tried on a batch and on the open slots of all copies nothing is touched; what throws leaves the run as it was. */
  async #swap(s: RunState, { edit, syncTargets, dry, resolve, reject }: Wish): Promise<RunState> {
    const old = this.#parts, { rollout, replay, learner: { plan: { d: before } } } = old, { seed } = this.#settings, { updates, steps } = s.learner.counters, source = before.page.sources[old.learner.programs.main]!, past = s.pasts.at(-1);
    let made: RunState, what: Swapped, fresh: Learner | undefined;
    try {
      const learner = fresh = this.#prepare(edit, past), { d } = learner.plan;
      const { state, left, ...lists } = migrate(old.learner.plan, learner.plan, s.learner, { seed, syncTargets, more: edit === 'undo' ? past?.left : undefined }), { take, ...carries } = await rollout.adopt(learner, state);
      const sample = source.cut === 'rollout' || source.keep === undefined ? this.#sample : replay.stored > 0 ? replay.sample(updates) : undefined;
      const batch = sample && await rollout.batch(sample);
      if (batch) {
        const { cuts, fields } = batch, { failed } = await learner.update(state, { cuts, fields }, { seed });
        if (failed !== undefined) throw new RunError(`the swap was not made, for it failed on a batch: ${failed}`, 'the run goes on as it was; look at the node named');
      }
      const changes = diff(before, d), nodes = [...new Set(changes.filter(c => c.kind === 'node').map(c => c.at))].filter(n => d.page.nodes[n]?.of === undefined), type = (x: Definition, n: string) => x.page.nodes[n]?.type ?? 'none';
      what = { update: updates, step: steps, what: nodes.map(n => `${n}: ${type(before, n)} -> ${type(d, n)}`).join(', ') || changes.map(c => c.at).join(', '), changes, before: structuralHash(before), after: structuralHash(d), ...lists, carries, tried: batch !== undefined };
      if (dry) { learner.dispose(); resolve(what); return s; }
      take();
      this.#spare = undefined;
      this.#parts = { ...old, learner };
      made = { ...s, acting: undefined, learner: state, saved: Math.min(s.saved, steps - 1), pasts: edit === 'undo' ? s.pasts.slice(0, -1) : [...s.pasts, { d: before, left }].slice(-PASTS) };
    } catch (e) { fresh?.dispose(); reject(e); return s; }
    old.learner.dispose();
    this.#event(made, 'swap', { ...what });
    made = await this.#trySave(made);
    await old.edited?.(this.learner.plan.d);
    resolve(what);
    return made;
  }
  #log(s: RunState): RunState {
    const { seconds, steps } = this.#lastLog, rate = (s.learner.counters.steps - steps) / Math.max(1e-6, this.#seconds() - seconds);
    const values = { ...means(s.window), ...prefixed('knob', this.#parts.learner.scheduled(s.learner.counters)), 'time/steps_per_second': rate };
    this.#metrics.next({ ...this.#moment(s), values });
    this.#lastLog = { seconds: this.#seconds(), steps: s.learner.counters.steps };
    return { ...s, window: {}, logged: s.learner.counters.steps };
  }
  #seconds(): number { return this.#parts.clock() - this.#origin; }
  #moment(s: RunState): Moment { const { steps, updates, episodes } = s.learner.counters; return { step: steps, update: updates, episode: episodes, seconds: this.#seconds() }; }
  #event(s: RunState, kind: RunEvent['kind'], detail: RunEvent['detail']): void { this.#events.next({ ...this.#moment(s), kind, detail }); }

  /** A checkpoint on the way that cannot be written is an alarm; the next is tried in its turn, and the last one must succeed. */
  async #trySave(s: RunState, waiting: readonly Waiting[] = []): Promise<RunState> {
    try {
      const saved = await this.#save(s);
      for (const { resolve } of waiting) resolve();
      return saved;
    } catch (e) {
      this.#attempted = s.learner.counters.steps;
      this.#event(s, 'alarm', { what: 'a checkpoint was not saved', reason: e instanceof Error ? e.message : String(e) });
      for (const { reject } of waiting) reject(e);
      return s;
    }
  }
  async #save(s: RunState): Promise<RunState> {
    const { store, learner, rollout, replay, flush } = this.#parts, update = s.learner.counters.updates, saved = { ...s, saved: s.learner.counters.steps };
    if (!store) return saved;
    const parts = { rollout: rollout.snapshot(), replay: replay.snapshot() }, arrays: Record<string, NamedArray> = toArrays(learner.plan, s.learner);
    for (const [p, snapshot] of Object.entries(parts)) for (const [k, a] of Object.entries(snapshot.arrays)) arrays[`${p}/${k}`] = a;
    saved.pasts.forEach(({ left }, i) => { for (const [k, a] of Object.entries(left)) arrays[`undo/${i}/${k}`] = a; });
    if (s.acting) arrays['acting'] = { shape: [s.acting.length], data: s.acting };
    const { learner: l, pasts, acting: _, ...rest } = saved, counts = Object.fromEntries(Object.entries(l.slots).map(([r, x]) => [r, x.count]));
    const position = await flush?.();
    await store.save(update, { arrays, meta: { counters: l.counters, counts, memory: l.memory, origin: this.#parts.origin, page: toJson(learner.plan.d), pasts: pasts.map(p => toJson(p.d)), run: rest, seconds: this.#seconds(), ...(position === undefined ? {} : { position }), rollout: parts.rollout.meta, replay: parts.replay.meta } });
    this.#event(saved, 'checkpoint', { update });
    return saved;
  }
  /** The state that a snapshot holds, put back into replay and rollout as well; throws where it does not fit this run. `start` does it too. */
  restore(fresh: LearnerState, { arrays, meta }: Snapshot): RunState {
    const read = kept.safeParse(meta);
    if (!read.success) throw new InputError(`its state is not a run's: ${read.error.issues.map(({ path, message }) => `${path.join('.') || 'state'}: ${message}`).join('; ')}`);
    const { learner, rollout, replay } = this.#parts, m = read.data;
    const { state } = fromArrays(learner.plan, arrays, fresh), part = (p: string) => Object.fromEntries(Object.entries(arrays).filter(([k]) => k.startsWith(`${p}/`)).map(([k, a]) => [k.slice(p.length + 1), a]));
    rollout.restore({ arrays: part('rollout'), meta: m.rollout });
    replay.restore({ arrays: part('replay'), meta: m.replay });
    const slots = Object.fromEntries(Object.entries(state.slots).map(([r, x]) => [r, { ...x, count: m.counts[r] ?? x.count }]));
    const pasts = m.pasts.map((page, i): Past => ({ d: fromJson(page, this.#parts.registry ?? learner.plan.d.specs, 'an earlier page of the checkpoint'), left: part(`undo/${i}`) }));
    return { ...m.run, pasts, acting: arrays['acting']?.data as Float32Array | undefined, learner: { ...state, slots, counters: m.counters, memory: m.memory } };
  }
}
const means = (w: Window) => Object.fromEntries(Object.entries(w).map(([k, { sum, n }]) => [k, sum / n]));
