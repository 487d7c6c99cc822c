/** Runs put together: a page, an environment, an engine, a replay, a folder and trackers; injected edge objects in, streams out. */
import os from 'node:os';
import { basename, resolve } from 'node:path';
import { inject, injectable } from 'inversify';
import { check } from '../core/check.ts';
import { fromJson, toJson, type Definition } from '../core/definition.ts';
import { describe, structuralHash } from '../core/describe.ts';
import type { Engine } from '../core/engine.ts';
import type { EnvironmentSpec, VectorEnvironment } from '../core/environment.ts';
import { GraphError, InputError } from '../core/error.ts';
import { plan, type Plan } from '../core/plan.ts';
import { Rollout, sizesOf } from './rollout.ts';
import type { Replay } from '../core/replay.ts';
import { Run, type RunParts, type RunSettings, type Summary, type Swapped, type SwapOptions } from '../core/run.ts';
import { Learner } from '../core/step.ts';
import type { Snapshot } from '../core/store.ts';
import type { Moment, RunEvent, RunRecord, Tracker } from '../core/tracker.ts';
import { freshState, type LearnerState } from '../core/weights.ts';
import { kinds } from '../nodes/index.ts';
import { curve } from '../visualizer/curve.ts';
import { Catalogue } from './catalogue.ts';
import { evaluateEpisodes, randomScore, scoreOf, seedFor, type EvaluationSetting, type Score } from './evaluation.ts';
import { editOf, swapped, type Planned, type Swaps } from './edits.ts';
import { expertSources, withExperts, type ExpertSource } from './expert-source.ts';
import { checkMinibatches } from './minibatches.ts';
import { orClose } from './or-close.ts';
import { checkOverlap, overlapOf, type Overlap } from './overlap.ts';
import { seenBy } from './joint-environment.ts';
import { meansOf, seatOf, type Playing, type Seat } from './players.ts';
import type { PluginRecord } from './plugin.ts';
import type { Policy } from './policy.ts';
import type { Profile, ProfileFacts } from './profile.ts';
import { alone, BEGINNING, checkpointsOf, elsewhere, engineName, fits, madeBy, originOf, plansOf, stateOf } from './recorded-state.ts';
import { disk, type FileSystem } from './stores/file-system.ts';
import { ROOM, type Room } from './stores/retention.ts';
import { readRecord, readRun } from './stores/read-run.ts';
import { RunFolder, runPosition } from './stores/run-folder.ts';
import { claimRunFolder } from './stores/run-name.ts';
import { Audience } from './trackers/audience.ts';
import { listen, type Control } from './transports/control-socket.ts';
import { version } from './version.ts';

export interface TrainOptions {
  readonly environment: string;
  /** Environment steps over all copies. */
  readonly steps: number;
  readonly seed?: number;
  readonly engine?: string;
  /** Copies of the environment; the page's own number, else 1. */
  readonly copies?: number;
  readonly evaluate?: { readonly every?: number; readonly episodes?: number };
  readonly checkpointEvery?: number;
  /** Room for the checkpoints that stay: 100 of them and 1 GiB, unless given. */
  readonly checkpointRoom?: Partial<Room>;
  readonly logEvery?: number;
  /** Updates in a row that may fail for numbers that are not finite; then the run stops. */
  readonly failures?: number;
  /** Swaps on the way, by the environment steps at which they are made. */
  readonly swaps?: readonly Planned[];
  /** Folder of the run; `false` keeps nothing; without it one under `runs/`. */
  readonly out?: string | false;
  /** Draw graph.svg and curve.svg into the folder; true without it. */
  readonly picture?: boolean;
  /** Plays at random first, where that is soon done: the score to be better than, which the curve shows too. */
  readonly baseline?: boolean;
  /** Finds out where the time goes: `profile.json` in the folder, and `profile` of the outcome. Numbers stay the same. */
  readonly profile?: boolean;
  /** The learner in a thread of its own, beside the environments: `off` without it, which repeats exactly. */
  readonly overlap?: Overlap;
  readonly trackers?: readonly Tracker[];
  /** The place of a run that is one player of several. */
  readonly seat?: Seat;
  /** What was asked for, in words, for the record. */
  readonly experiment?: Readonly<Record<string, unknown>>;
  /** The disk that the run's folder is on. */
  readonly files?: FileSystem;
  /** Clock in seconds that never goes back. */
  readonly clock?: () => number;
}
export interface Outcome extends Summary {
  readonly folder: string | undefined; readonly score: Readonly<Record<string, number>>;
  /** Records of metrics and events that the disk did not take. */
  readonly dropped: number;
  readonly profile: ProfileFacts | undefined;
}
/** A run that is ready: subscribe to its streams, then `begin`. */
export interface Prepared {
  readonly run: Run; readonly record: RunRecord; readonly folder: string | undefined; readonly engine: Engine;
  readonly spec: EnvironmentSpec;
  /** Of its page with the edits that are made before its first step. */
  readonly plan: Plan;
  /** Of random play, where it was asked for and made. */
  readonly random: Score | undefined;
  begin(): Promise<Outcome>;
  /** Closes what a run holds that is not to begin: environments, programs, the engine, its folder. One that begins closes them at its end. */
  close(): Promise<void>;
}

/** Alarms of the run folder itself, once there is somebody to hear them; `back` takes its files back to the checkpoint, and gives what is to be said first. */
interface Heard { alarm?: (event: RunEvent) => void; back?: () => Promise<readonly RunEvent['detail'][]> }
/** What a run that is prepared keeps of its options. */
type Kept = Pick<TrainOptions, 'trackers' | 'clock' | 'files' | 'picture' | 'seat'> & { readonly random?: Score | undefined; readonly watcher?: Profile | undefined };
/** With the plugins that are loaded now, in place of those of the same names. */
const withPlugins = (record: RunRecord, now: readonly PluginRecord[]): RunRecord => ({ ...record, plugins: [...(record['plugins'] as readonly PluginRecord[] | undefined ?? []).filter(p => !now.some(q => q.name === p.name)), ...now] });
type Settings = RunSettings & { readonly copies: number; readonly episodes: number; readonly checkpointRoom?: Room; readonly overlap?: Overlap };
/** `close` closes the engine too. */
interface Built { readonly env: VectorEnvironment; readonly id: string; readonly learner: Learner; readonly rollout: Rollout; close(): Promise<void> }
interface Whole extends Built { readonly replay: Replay; readonly others: readonly ExpertSource[] }
/** A checkpoint of a run; `steps` that it has made, and planned swaps among them. */
interface Recorded { readonly record: RunRecord; readonly settings: Settings; readonly engine: Engine; readonly built: Whole; readonly snapshot: Snapshot | undefined; readonly update: number; readonly steps: number; readonly done: number }

/** What is loaded when it is asked for. Beside the class, because the compiler leaves the `.ts` of an import inside a decorated one. */
const watching = async (engine: Engine): Promise<Profile> => new (await import('./profile.ts')).Profile(engine);
async function exporting() { const { Exporter } = await import('./engines/onnx/exporter.ts'), { policyOf } = await import('./policy.ts'); return { exporter: await Exporter.open(), policyOf }; }
/** A page with the sizes of its run's world. */
async function pictured(d: Definition, sizes: Readonly<Record<string, number>>, { environment }: RunRecord): Promise<string> {
  const { pictureOf, svg } = await import('../visualizer/picture.ts'), view = pictureOf(describe(d, sizes), { kinds: type => kinds.get(type), sized: true });
  return svg({ ...view, title: `${view.title} on ${environment}` }, { shapes: 'concrete' });
}

@injectable()
export class Training {
  readonly #catalogue: Catalogue;
  constructor(@inject(Catalogue) catalogue: Catalogue) { this.#catalogue = catalogue; }

  /** A new run. Everything is checked before its folder is made. */
  async prepare(d: Definition, o: TrainOptions): Promise<Prepared> {
    const wholes = { steps: o.steps, copies: o.copies ?? 1, 'evaluate.every': o.evaluate?.every ?? 1, 'evaluate.episodes': o.evaluate?.episodes ?? 1, checkpointEvery: o.checkpointEvery ?? 1, 'checkpointRoom.checkpoints': o.checkpointRoom?.checkpoints ?? 1, 'checkpointRoom.bytes': o.checkpointRoom?.bytes ?? 1, logEvery: o.logEvery ?? 1, failures: o.failures ?? 1 };
    for (const [name, n] of Object.entries(wholes)) if (!(Number.isInteger(n) && n >= 1)) throw new InputError(`${name} is ${n}`, 'a whole number above 0');
    if (!(Number.isSafeInteger(o.seed ?? 1) && (o.seed ?? 1) >= 0)) throw new InputError(`seed is ${o.seed}`, `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
    const settings: Settings = {
      seed: o.seed ?? 1, steps: o.steps, copies: o.copies ?? d.page.sources[Object.keys(d.page.sources)[0]!]?.copies ?? 1, evaluateEvery: o.evaluate?.every ?? Math.max(1, Math.ceil(o.steps / 20)), episodes: o.evaluate?.episodes ?? 32,
      checkpointEvery: o.checkpointEvery ?? Math.max(1, Math.ceil(o.steps / 10)), logEvery: o.logEvery ?? Math.max(1, Math.ceil(o.steps / 200)), failures: o.failures ?? 10, checkpointRoom: { ...ROOM, ...o.checkpointRoom }, overlap: o.overlap ?? 'off',
    };
    if (o.profile && settings.overlap !== 'off') throw new InputError('a profile says what takes how long in turn, and with overlap two things happen at once', '--profile without --overlap');
    const opened = await this.#catalogue.engine(o.engine), watcher = o.profile ? await watching(opened) : undefined, engine = watcher?.engine ?? opened, built = await this.#whole(d, o.environment, engine, settings, d, o.seat);
    return orClose(built, async () => {
      checkOverlap(settings.overlap ?? 'off', { page: d, engine });
      watcher?.watch(built);
      const swaps = plansOf(o.swaps, 'the options of a run');
      this.#foresee(d, built.env, swaps, o.steps);
      const random = o.baseline ? await this.#random(built, settings.seed) : undefined;
      const heard: Heard = {}, files = o.files ?? disk, folder = o.out === false ? undefined : await RunFolder.create(o.out ?? await claimRunFolder({ algorithm: d.page.name, environment: built.id, seed: settings.seed }, 'runs', files), { files, alarm: e => { heard.alarm?.(e); } });
      const record: RunRecord = {
        format: 1, name: folder ? basename(resolve(folder.path)) : d.page.name, algorithm: d.page.name, environment: built.id, steps: settings.steps, seed: settings.seed, hash: structuralHash(d), page: toJson(d), settings: { ...settings }, swaps,
        engine: engine.info, versions: { skein: version(), node: process.versions.node }, machine: { platform: process.platform, arch: process.arch, cpu: os.cpus()[0]?.model.trim() ?? 'unknown', cores: os.cpus().length, memory: os.totalmem() }, plugins: this.#catalogue.records(), started: new Date().toISOString(), ...(o.seat ? { seat: { player: o.seat.player, agents: o.seat.agents, of: o.seat.of } } : {}), ...(o.experiment ? { experiment: o.experiment } : {}),
      };
      return this.#ready(built, settings, engine, record, folder, { ...o, random, watcher }, undefined, heard);
    });
  }

  /**
   * A run that is there, from its newest complete checkpoint on; `steps` makes it longer, `from` takes an earlier one. A run that was killed
   * before its first checkpoint begins again. Nothing in the folder is changed before it begins.
   */
  async resume(path: string, o: Pick<TrainOptions, 'trackers' | 'clock' | 'engine' | 'baseline' | 'files' | 'picture' | 'seat'> & { readonly steps?: number; readonly from?: number } = {}): Promise<Prepared> {
    const files = o.files ?? disk, heard: Heard = {};
    await readRecord(path, files);
    const folder = await RunFolder.open(path, { files, alarm: e => { heard.alarm?.(e); } });
    return orClose(folder, async () => {
      const { record, settings, engine, built, snapshot, update } = await this.#recorded(path, o), position = runPosition.safeParse(snapshot ? (snapshot.meta as { position?: unknown }).position : BEGINNING);
      return orClose(built, async () => {
        heard.back = async () => {
          const left = await checkpointsOf(path, files).leave(update), { missing } = position.success ? await folder.rewind(position.data) : { missing: 0 };
          return [
            ...(left.length ? [{ code: 'CHECKPOINT', left, what: `goes on from checkpoint ${update}, as asked; ${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} left behind` }] : []),
            ...(missing ? [{ code: 'DISK', missing, what: `${missing} ${missing === 1 ? 'record' : 'records'} of metrics and events before this point had not reached the disk` }] : []),
          ];
        };
        const random = o.baseline ? await this.#random(built, settings.seed) : undefined;
        return this.#ready(built, settings, engine, withPlugins(record, this.#catalogue.records()), folder, { ...o, random }, snapshot, heard);
      });
    });
  }
  /** What a checkpoint of a run holds, ready to go on with; of a run without one, its beginning. */
  async #recorded(path: string, { engine: named, steps, from, files = disk, seat }: { readonly engine?: string | undefined; readonly steps?: number | undefined; readonly from?: number | undefined; readonly files?: FileSystem; readonly seat?: Seat }): Promise<Recorded> {
    const old = await readRecord(path, files);
    if (!seat) alone(old, path);
    const { update = 0, snapshot } = await this.#checkpoint(path, files, from), settings = { ...(old['settings'] as Settings), ...(steps === undefined ? {} : { steps }) };
    const first = this.#pageOf(old, path, undefined);
    let d = first;
    if (snapshot) fits(`${path}/checkpoints/${update}`, () => { d = this.#pageOf(old, path, snapshot); });
    const engine = await this.#catalogue.engine(named ?? engineName(old)), built = await this.#whole(d, old.environment, engine, settings, first, seat);
    return orClose(built, () => {
      if (snapshot) fits(`${path}/checkpoints/${update}`, () => this.#ready(built, settings, engine, old, undefined, seat ? { seat } : {}, snapshot, {}).run.restore(freshState(built.learner.plan, settings.seed), snapshot));
      const made = snapshot ? madeBy(snapshot) : { steps: 0, done: 0 };
      if (steps !== undefined && steps < Math.min(made.steps, old.steps)) throw new InputError(`--steps ${steps}: ${path} has made ${made.steps} environment steps already`, `--steps ${made.steps} or more, or leave it out: the run is to take ${old.steps}`);
      return { record: { ...old, page: toJson(d), hash: structuralHash(d), steps: settings.steps, settings, engine: engine.info }, settings, engine, built, snapshot, update, ...made };
    });
  }
  /** The checkpoint to go on from; none where a run never made one. */
  async #checkpoint(path: string, files: FileSystem, from: number | undefined): Promise<{ readonly update?: number; readonly snapshot?: Snapshot }> {
    const store = checkpointsOf(path, files), updates = await store.list(), update = from ?? updates.at(-1);
    if (update === undefined) {
      const { events } = await readRun(path, files);
      if (events.every(e => e.kind !== 'checkpoint' && e.kind !== 'resume') && !await store.remains()) return {};
      throw new InputError(`${path} has no complete checkpoint any more`, `put ${path}/checkpoints back from a copy, or train it anew in another folder`);
    }
    try { return { update, snapshot: await store.load(update) }; } catch (e) {
      const before = updates.filter(other => other < update).at(-1);
      if (!(e instanceof InputError) || from !== undefined || before === undefined) throw e;
      throw new InputError(e.message.split('\n  fix: ')[0]!, `${e.fix ?? 'take the one before it'}: skein resume ${path} --at ${before}`);
    }
  }
  /** Swaps tried on a checkpoint: the run begins, tries, and ends without a step. */
  async #tried({ record, settings, engine, built, snapshot }: Recorded, swaps: Swaps, options: SwapOptions): Promise<Swapped> {
    try {
      const { run } = this.#ready(built, settings, engine, record, undefined, {}, snapshot, {}), what = run.check(editOf(swaps, this.#catalogue), options);
      what.catch(() => undefined);                                        // awaited below, once the run has ended
      run.stop();
      try { await run.start(freshState(built.learner.plan, settings.seed), snapshot); return await what; } finally { run.learner.dispose(); }
    } finally { await built.close(); }
  }
  /** An edit of a run that stands still: tried on its newest checkpoint, and unless it is only asked for, recorded, to be made when the run is resumed. */
  async swap(path: string, swaps: Swaps, { dry = false, engine, ...options }: SwapOptions & { readonly dry?: boolean; readonly engine?: string | undefined } = {}): Promise<Swapped> {
    if (dry) return this.#tried(await this.#recorded(path, { engine }), swaps, options);
    await readRun(path);
    const folder = await RunFolder.open(path);
    try {
      const { record } = await readRun(path), recorded = await this.#recorded(path, { engine }), what = await this.#tried(recorded, swaps, options);
      const next: Planned = { at: recorded.steps, swaps, ...(options.syncTargets ? { syncTargets: true } : {}) };
      await folder.start({ ...withPlugins(record, this.#catalogue.records()), swaps: plansOf([...plansOf(record['swaps'], `${path}/run.json`), next], path) });
      return what;
    } finally { await folder.close(); }
  }
  /** A new run folder that goes on from a checkpoint of another run, with an edit. What that run still planned is not taken over. */
  async fork(path: string, out: string, swaps: Swaps, { from, steps, engine, ...options }: SwapOptions & { readonly from?: number | undefined; readonly steps?: number | undefined; readonly engine?: string | undefined } = {}): Promise<Swapped> {
    const recorded = await this.#recorded(path, { from, steps, engine }), { record, settings, snapshot, update } = recorded;
    if (recorded.steps >= settings.steps) {
      await recorded.built.close();
      throw new InputError(`${path} has made ${recorded.steps} steps by checkpoint ${update}, and the fork would end at ${settings.steps}`, '--steps makes it longer, --at names an earlier checkpoint');
    }
    const what = await this.#tried(recorded, swaps, options), folder = await RunFolder.create(out);
    try {
      const { position: _, ...meta } = (snapshot?.meta ?? {}) as Readonly<Record<string, unknown>>;
      if (snapshot) await checkpointsOf(out).save(update, { arrays: snapshot.arrays, meta });
      await folder.start({ ...withPlugins(record, this.#catalogue.records()), name: basename(resolve(out)), swaps: [...plansOf(record['swaps'], `${path}/run.json`).slice(0, recorded.done), { at: recorded.steps, swaps, ...(options.syncTargets ? { syncTargets: true } : {}) }], parent: { run: path, name: record.name, checkpoint: update, step: recorded.steps, hash: record['hash'] }, started: new Date().toISOString() });
      return what;
    } finally { await folder.close(); }
  }

  /** Greedy episodes from a checkpoint of a run, in its environment or in another one that its weights fit. Who is one player of several plays with the others: `JointTraining.evaluate`. */
  async evaluate(path: string, { from, engine: named, environment, ...setting }: Partial<EvaluationSetting> & { readonly from?: number; readonly engine?: string; readonly environment?: string } = {}): Promise<{ readonly score: Score; readonly update: number; readonly record: RunRecord; readonly environment: string }> {
    const seed = setting.seed ?? 1, make = (record: RunRecord) => this.#catalogue.engine(named ?? engineName(record));
    alone(await readRecord(path), path);
    return this.#standing(path, from, make, environment === undefined ? {} : { environment }, async ({ record, update, built: { id, learner }, state }) => {
      const episodes = await evaluateEpisodes(learner.plan.d, learner, state, s => this.#catalogue.environment(id, s), { episodes: 100, ...setting, seed: seedFor(seed, 'evaluate') });
      return { score: scoreOf(episodes, seed), update, record, environment: id };
    });
  }
  /** What a checkpoint of a run plays by, in the place of a player with an environment of its own. Runs of players stand too. */
  async playing(path: string, view: VectorEnvironment, { from, engine: named }: { readonly from?: number; readonly engine?: string } = {}): Promise<Playing & { readonly at: number; dispose(): void }> {
    const record = await readRecord(path), { update, snapshot } = await this.#checkpoint(path, disk, from);
    if (update === undefined || !snapshot) throw new InputError(`${path} has no complete checkpoint`, 'a run that has one');
    const engine = await this.#catalogue.engine(named ?? engineName(record));
    return orClose(engine, () => {
      const d = this.#pageOf(record, path, snapshot), learner = new Learner(plan(d, sizesOf(d, view)), engine);
      let state: LearnerState | undefined;
      fits(`${path}/checkpoints/${update}`, () => { state = stateOf(learner, snapshot); });
      return { learner, state: state!, at: update, dispose: () => { learner.dispose(); engine.close(); } };
    });
  }
  /** The best actions of a checkpoint as an ONNX file that stands alone, of so many copies of the environment, and what there is to know of it. Of one player of several they are those of its agents. */
  async export(path: string, { from, copies = 1 }: { readonly from?: number; readonly copies?: number } = {}): Promise<Policy> {
    const { exporter, policyOf } = await exporting();
    return this.#standing(path, from, () => Promise.resolve(exporter), { copies }, ({ record, update, built, state }) => policyOf(exporter, { ...built, state, record, update }));
  }
  /** A checkpoint of a run, put together for some work and taken apart again. */
  async #standing<T>(path: string, from: number | undefined, make: (record: RunRecord) => Promise<Engine>, { environment, ...other }: { readonly copies?: number; readonly environment?: string }, work: (standing: { readonly record: RunRecord; readonly update: number; readonly built: Built; readonly state: LearnerState }) => Promise<T>): Promise<T> {
    const record = await readRecord(path), seat = seatOf(record), own: Pick<Seat, 'environment'> | undefined = seat && { environment: async s => seenBy(await this.#catalogue.environment(record.environment, s), seat.agents) };
    const store = checkpointsOf(path), updates = await store.list(), update = from ?? updates.at(-1);
    if (update === undefined) throw new InputError(`${path} has no complete checkpoint`, `skein resume ${path} goes on with it, and leaves one at its end`);
    const snapshot = await store.load(update), d = this.#pageOf(record, path, snapshot), engine = await make(record), built = await this.#build(d, environment ?? record.environment, engine, { ...record['settings'] as Settings, ...other }, d, own);
    try { return await work({ record, update, built, state: environment === undefined ? stateOf(built.learner, snapshot) : elsewhere(path, record, built, snapshot) }); } finally { await built.close(); }
  }
  #random({ id, env, learner }: Built, seed: number): Promise<Score | undefined> { return randomScore(learner, env.spec, s => this.#catalogue.environment(id, s), seed); }

  /** The page that a checkpoint of this run was made with; those of before pages could change do not say, and have that of the run. Without a checkpoint it is the first. */
  #pageOf(record: RunRecord, path: string, snapshot: Snapshot | undefined): Definition {
    const { page: held, origin } = (snapshot?.meta ?? {}) as { page?: unknown; origin?: unknown }, page = origin === originOf(record) ? held : undefined, d = fromJson(page ?? (snapshot ? undefined : (record['original'] as { page?: unknown } | undefined)?.page) ?? record['page'], this.#catalogue.registry, page === undefined ? `${path}/run.json` : `a checkpoint of ${path}`), issues = check(d);
    if (issues.length) throw new GraphError(d.page.name, issues);
    return d;
  }
  /** Planned swaps, one after another, on paper: a run does not begin if one of them cannot be made. */
  #foresee(d: Definition, env: VectorEnvironment, swaps: readonly Planned[], steps: number): void {
    let page = d;
    for (const { at, swaps: edits } of swaps) {
      const edit = editOf(edits, this.#catalogue);
      if (edit === 'undo') throw new InputError('an undo cannot be planned', 'plan the swap back');
      if (at >= steps) throw new InputError(`--swap ${(edits as Exclude<Swaps, 'undo'>)[0]!.slot} at step ${at}: the run has ${steps} steps`, 'an earlier step, or more --steps');
      page = edit(page);
      plan(page, sizesOf(page, env));
    }
  }
  /** The page as it is, on data as the run's first one reads them: what it does not read itself is held for an undo. */
  async #build(d: Definition, environment: string, engine: Engine, { seed, copies }: { readonly seed: number; readonly copies: number }, first = d, seat?: Pick<Seat, 'environment'>): Promise<Built> {
    return orClose(engine, async () => {
      const env = await (seat ? seat.environment({ copies, seed }) : this.#catalogue.environment(environment, { copies, seed: seedFor(seed, 'environment') }));
      return orClose(env, () => {
        const learner = new Learner(plan(d, sizesOf(d, env)), engine);
        return { env, id: env.spec.id, learner, rollout: new Rollout(first, learner, env, seed), close: async () => { learner.dispose(); engine.close(); await env.close(); } };
      });
    });
  }

  async #whole(d: Definition, environment: string, engine: Engine, settings: { readonly seed: number; readonly copies: number }, first = d, seat?: Seat): Promise<Whole> {
    const built = await this.#build(d, environment, engine, settings, first, seat);
    return orClose(built, async () => {
      const source = d.page.sources[built.learner.programs.main]!, { stored, needsNext } = built.rollout;
      checkMinibatches(built.learner.plan, settings.copies);
      const replay = this.#catalogue.replay(source.prioritised ? 'prioritised' : source.cut).make({ source, copies: settings.copies, fields: stored, needsNext, seed: settings.seed });
      const others = await expertSources(first, built.learner, { seed: settings.seed, catalogue: this.#catalogue, spec: built.env.spec, seat, environment: s => this.#catalogue.environment(environment, s) });
      return { ...built, others, replay, close: async () => { await built.close(); for (const other of others) await other.close(); } };
    });
  }

  /** An edit that cannot be made is an alarm of the run, and not of who only reads what it will be. */
  #plan({ env, learner: { plan: now } }: Built, swaps: readonly Planned[], snapshot: Snapshot | undefined): Plan {
    const { steps, done } = snapshot ? madeBy(snapshot) : { steps: 0, done: 0 }, due = swaps.slice(done).filter(({ at }) => at <= steps);
    if (!due.length) return now;
    try {
      const { pasts = [] } = (snapshot?.meta ?? {}) as { pasts?: readonly unknown[] }, pages = [...pasts.map(page => fromJson(page, this.#catalogue.registry, 'an earlier page of the checkpoint')), now.d];
      for (const { swaps: edits } of due) { if (edits === 'undo') pages.pop(); else pages.push(swapped(pages.at(-1)!, edits, this.#catalogue)); }
      return plan(pages.at(-1)!, sizesOf(pages.at(-1)!, env));
    } catch { return now; }
  }
  #ready(built: Whole, settings: Settings, engine: Engine, record: RunRecord, folder: RunFolder | undefined, o: Kept, snapshot: Snapshot | undefined, heard: Heard): Prepared {
    const { env, learner, rollout, replay, others } = built, draw = async (d: Definition) => { if (folder && o.picture !== false) await folder.put('graph.svg', await pictured(d, learner.plan.sizes, record)); };
    const catalogue = this.#catalogue, collector = o.seat?.collector(rollout) ?? rollout;
    let told = record;
    const overlap = overlapOf(settings.overlap ?? 'off', { page: learner.plan.d, engine }), parts: RunParts = {
      learner, rollout: others.length ? withExperts(collector, others, () => rollout.page) : collector, ...(overlap ? { overlap } : {}), replay, registry: catalogue.registry, origin: originOf(record), build: page => new Learner(plan(page, sizesOf(page, env)), engine), clock: o.clock ?? (() => performance.now() / 1000),
      evaluate: async (state, step, now) => o.seat?.evaluate(state, step, now)
        ?? meansOf(await evaluateEpisodes(now.plan.d, now, state, s => this.#catalogue.environment(record.environment, s), { episodes: settings.episodes, seed: seedFor(settings.seed, 'evaluate', step) })),
      ...(folder ? { store: checkpointsOf(folder.path, o.files, { ...ROOM, ...settings.checkpointRoom }), flush: () => folder.position(),
        // the checkpoint has the page already, so a record that cannot be written loses nothing
        edited: async page => { told = withPlugins(told, catalogue.records(page.specs)); await folder.start({ ...told, page: toJson(page), hash: structuralHash(page), original: record['original'] ?? { page: record['page'], hash: record['hash'] } }).catch(() => undefined); await draw(page).catch(() => undefined); },
      } : {}),
    };
    const run = new Run({ ...settings, swaps: plansOf(record['swaps'], 'run.json').map(({ at, swaps, syncTargets }) => ({ at, edit: editOf(swaps, catalogue), syncTargets })) }, o.watcher?.parts(parts) ?? parts);
    return {
      run, record, folder: folder?.path, engine, spec: env.spec, plan: this.#plan(built, plansOf(record['swaps'], 'run.json'), snapshot), random: o.random,
      begin: async () => {
        const resumed = snapshot && (snapshot.meta as { counters: LearnerState['counters']; seconds: number }), at: Moment | undefined = resumed && { step: resumed.counters.steps, update: resumed.counters.updates, episode: resumed.counters.episodes, seconds: resumed.seconds };
        let audience: Audience | undefined, control: Control | undefined, ended: Omit<Outcome, 'dropped' | 'profile'>, profile: ProfileFacts | undefined;
        try {
          const unmade: RunEvent['detail'][] = [], named = await Promise.all(this.#catalogue.trackers.map(async (t): Promise<(readonly [string, Tracker])[]> => {
            try { return [[`tracker ${t.name}`, await t.make({ folder: folder?.path, record, ...(at ? { resumed: at } : {}) })]]; } catch (e) { unmade.push({ code: 'TRACKER', what: `tracker ${t.name} cannot be made: ${e instanceof Error ? e.message : String(e)}` }); return []; }
          }));
          const all = audience = new Audience([...(folder ? [['the run folder', folder] as const] : []), ...named.flat(), ...(o.trackers ?? []).map(t => ['a tracker', t] as const)], at ?? { step: 0, update: 0, episode: 0, seconds: 0 });
          const first = await heard.back?.() ?? [];
          await folder?.start(record);
          heard.alarm = e => { all.event(e, folder); };
          all.start(record, folder);
          for (const detail of [...first, ...unmade]) all.event(all.alarm(detail));
          run.metrics$.subscribe(m => { all.metrics(m); });
          run.events$.subscribe(e => { all.event(e); });
          if (all.watches) run.progress$.subscribe(p => { all.progress(p); });
          await draw(learner.plan.d).catch((e: unknown) => {               // a picture is no reason to fail
            all.event(all.alarm({ code: 'PICTURE', what: `graph.svg is not drawn: ${e instanceof Error ? e.message : String(e)}` }));
          });
          control = folder && await listen(folder.path, async ({ do: what, swaps, load = [], ...options }) => {
            for (const { from, file } of load) await catalogue.load(from, { file });
            return run[what === 'check' ? 'check' : 'edit'](editOf(swaps, catalogue), options);
          }).catch((e: unknown) => {
            all.event(all.alarm({ code: 'CONTROL', what: `skein swap cannot reach this run while it runs: ${e instanceof Error ? e.message : String(e)}` }));
            return undefined;
          });
          o.watcher?.start();
          const summary = await run.start(freshState(learner.plan, settings.seed), snapshot);
          profile = o.watcher?.facts();
          if (profile) await folder?.put('profile.json', `${JSON.stringify(profile, null, 2)}\n`).catch(() => undefined);       // it is told all the same
          ended = { ...summary, folder: folder?.path, score: summary.evaluation };
        } finally {
          await control?.close();
          await audience?.close(folder);
          if (folder) {
            await folder.flush();
            const { metrics, events } = await readRun(folder.path).catch(() => ({ metrics: [], events: [] })), marks = events.flatMap(({ kind, step, detail: { what } }) => (kind === 'swap' ? [{ step, label: String(what) }] : []));
            if (metrics.length && o.picture !== false) await folder.put('curve.svg', curve(metrics, { title: `${record.algorithm} on ${record.environment}`, marks, ...(o.random ? { references: [{ label: 'random', value: o.random.mean }] } : {}) })).catch(() => undefined);       // a picture is no reason to fail: the numbers are there
            await folder.close();
          }
          run.learner.dispose();
          await built.close();
        }
        return { ...ended, dropped: folder?.dropped ?? 0, profile };
      },
      close: async () => { await built.close(); await folder?.close(); },
    };
  }
}
