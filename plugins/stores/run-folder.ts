/** The folder of a run: its record, its metrics and events, kept by one process at a time. `docs/run-folder.md` has every field. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { InputError, RunError } from '../../core/error.ts';
import type { MetricRecord, Moment, RunEvent, RunRecord, Tracker } from '../../core/tracker.ts';
import { within } from '../within.ts';
import { AppendLog, type LogPosition } from './append-log.ts';
import { disk, reasonOf, replaceFile, temporaryOf, unlessMissing, type FileSystem } from './file-system.ts';
import { readRecord, RECORD } from './read-run.ts';
import { eventLine, EVENTS, metricLine, METRICS, wholeLines } from './run-lines.ts';
import { LOCK, lockRun, processes, type Processes } from './run-lock.ts';

const logPosition = z.strictObject({ bytes: z.int().nonnegative(), records: z.int().nonnegative() });
/** How far the files of a run have got: what a checkpoint keeps, so that a resumed run goes on exactly there. */
export const runPosition = z.strictObject({ metrics: logPosition, events: logPosition });
export type RunPosition = z.infer<typeof runPosition>;

export interface RunFolderSettings {
  /** Hears of an alarm that the folder itself raises (a full disk); the folder has recorded it already. */
  readonly alarm?: (event: RunEvent) => void;
  /** Milliseconds between two flushes. */
  readonly flushEvery?: number;
  /** Bytes of each file that wait for the disk at most. */
  readonly limit?: number;
  /** Milliseconds that a checkpoint, and the end, wait for a disk that does not answer. */
  readonly patience?: number;
  readonly files?: FileSystem;
  readonly processes?: Processes;
}

/** What a process leaves that is killed before its run has a record; the next one takes it over. */
const UNBEGUN: readonly string[] = [LOCK, `${LOCK}.stale`, temporaryOf(RECORD)];
const START: Moment = { step: 0, update: 0, episode: 0, seconds: 0 };

export class RunFolder implements Tracker {
  readonly #files: FileSystem;
  readonly #metrics: AppendLog;
  readonly #events: AppendLog;
  readonly #alarm: (event: RunEvent) => void;
  readonly #unlock: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  readonly #patience: number;
  #moment = START;
  #outage = false;
  #told = 0;

  private constructor(readonly path: string, unlock: () => Promise<void>, from: RunPosition | undefined, settings: RunFolderSettings) {
    const { alarm = () => undefined, flushEvery = 1000, limit, patience = 10_000, files = disk } = settings;
    const log = (name: string, position: LogPosition | undefined) =>
      new AppendLog(`${path}/${name}`, { files, ...(limit !== undefined && { limit }), ...(position && { from: position }) });
    this.#files = files; this.#alarm = alarm; this.#unlock = unlock; this.#patience = patience;
    this.#metrics = log(METRICS, from?.metrics); this.#events = log(EVENTS, from?.events);
    this.#timer = setInterval(() => { void this.flush(); }, flushEvery).unref();
  }

  /** A new run. A folder with anything in it is refused: two runs never share one. */
  static async create(path: string, settings: RunFolderSettings = {}): Promise<RunFolder> {
    const { files = disk, processes: system = processes } = settings;
    await refuseFile(path, files);
    const refuseUnlessEmpty = async () => {
      const there = await usable(path, () => files.list(path).catch(unlessMissing)) ?? [];
      if (there.includes(RECORD)) throw new InputError(`${path} holds a run already`, `go on with it by skein resume ${path}, or name another folder with --out`);
      if (there.some(name => !UNBEGUN.includes(name))) throw new InputError(`${path} is not empty`, 'name a new folder with --out');
    };
    await refuseUnlessEmpty();                                           // before anything is made in a folder of somebody else's
    const unlock = await usable(path, async () => { await files.makeFolder(path); return lockRun(path, files, system); });
    await orGiveBack(unlock, refuseUnlessEmpty);                         // another may have made and ended a run in between
    return new RunFolder(path, unlock, undefined, settings);
  }

  /** A run that is there, to go on with it. */
  static async open(path: string, settings: RunFolderSettings = {}): Promise<RunFolder> {
    const { files = disk, processes: system = processes } = settings;
    await readRecord(path, files);
    const unlock = await usable(path, () => lockRun(path, files, system));
    const from = await orGiveBack(unlock, async () => ({ metrics: await wholeLines(files, `${path}/${METRICS}`), events: await wholeLines(files, `${path}/${EVENTS}`) }));
    return new RunFolder(path, unlock, from, settings);
  }

  /** Records that the disk did not take, so far. */
  get dropped(): number { return this.#metrics.dropped + this.#events.dropped; }

  start(record: RunRecord): Promise<void> { return this.put(RECORD, `${JSON.stringify(record, null, 2)}\n`); }

  metrics(record: MetricRecord): void {
    this.#moment = record;
    this.#push(this.#metrics, metricLine(record));
  }
  event(event: RunEvent): void {
    this.#moment = event;
    this.#push(this.#events, eventLine(event));
  }
  #push(log: AppendLog, line: string): void {
    const { dropped } = log;
    log.push(Buffer.from(line));
    if (log.dropped > dropped) this.#hold(log, 'the disk is too slow', 'the newest records are dropped');
  }

  /** A file of the run that is written whole: a picture, a curve. */
  async put(name: string, text: string): Promise<void> {
    await usable(`${this.path}/${name}`, () => replaceFile(this.#files, this.path, name, text));
  }

  /** For a checkpoint: flushes to the disk, and counts what waits where it takes nothing. Events that belong to what the checkpoint holds are sent before it is asked. */
  async position(): Promise<RunPosition> {
    const settled = await within(this.#patience, Promise.all([this.#metrics.settle(), this.#events.settle()]));
    if (settled) this.#watch(); else this.#hold(this.#metrics, `the disk does not answer for ${this.#patience / 1000} s`, 'records wait in memory');
    return { metrics: this.#metrics.reach, events: this.#events.reach };
  }

  /** Back to a checkpoint's position, so that what follows is written once. `missing` records had not reached the disk when the run broke off. */
  async rewind(to: RunPosition): Promise<{ readonly missing: number }> {
    let missing = 0;
    for (const [log, position] of [[this.#metrics, to.metrics], [this.#events, to.events]] as const) {
      const found = await usable(log.path, () => wholeLines(this.#files, log.path, position.bytes));
      await log.rewind(found);
      if (log.trouble !== undefined) throw unusable(log.path, log.trouble);
      missing += Math.max(0, position.records - found.records);
    }
    return { missing };
  }

  async flush(): Promise<void> {
    if (await within(this.#patience, Promise.all([this.#metrics.flush(), this.#events.flush()]))) this.#watch();
  }

  /** Writes what waits, as far as the disk takes it in time; `dropped` is then all that it did not take. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    await Promise.all([this.#metrics.close(this.#patience), this.#events.close(this.#patience)]);
    await this.#unlock().catch(() => undefined);                       // a lock that stays names a process that is gone, and is taken over
  }

  /** One alarm when the disk stops taking records, one when it takes them again, with the number that were lost meanwhile. */
  #watch(): void {
    const failing = [this.#metrics, this.#events].find(({ trouble }) => trouble !== undefined);
    if (failing) this.#hold(failing, reasonOf(failing.trouble), 'records wait in memory');
    else if (this.#outage) {
      this.#outage = false;
      const dropped = this.dropped - this.#told;
      this.#told = this.dropped;
      this.#raise({ dropped, what: `the disk takes records again; ${dropped} ${dropped === 1 ? 'was' : 'were'} dropped meanwhile` });
    }
  }
  #hold({ path }: AppendLog, reason: string, consequence: string): void {
    if (this.#outage) return;
    this.#outage = true;
    this.#raise({ file: path, reason, what: `${path} cannot be written: ${reason}; ${consequence}` });
  }
  #raise(detail: Readonly<Record<string, unknown>>): void {
    const { step, update, episode, seconds } = this.#moment;
    const event: RunEvent = { kind: 'alarm', step, update, episode, seconds, detail: { code: 'DISK', ...detail } };
    this.event(event);
    this.#alarm(event);
  }
}

async function refuseFile(path: string, files: FileSystem): Promise<void> {
  if (path === '') throw new InputError('--out names no folder', 'name a new folder, or leave --out out');
  for (let at = resolve(path), found; !found; at = dirname(at)) {
    found = await files.facts(at).catch(() => ({ folder: true }));      // what cannot be asked is said where it is used
    if (found && !found.folder) throw new InputError(`${path} is no folder: it, or a part of it, is a file`, 'name a new folder with --out');
    if (at === dirname(at)) return;
  }
}
const unusable = (path: string, error: unknown) => new RunError(`${path} cannot be used: ${reasonOf(error)}`, 'make room or give rights, or name another folder with --out');
const usable = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  try { return await work(); } catch (error) { throw error instanceof RunError || error instanceof InputError ? error : Object.assign(unusable(path, error), { cause: error }); }
};
const orGiveBack = async <T>(unlock: () => Promise<void>, work: () => Promise<T>): Promise<T> => {
  try { return await work(); } catch (error) { await unlock().catch(() => undefined); throw error; }
};
