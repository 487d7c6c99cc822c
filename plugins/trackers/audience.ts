/** All who hear of a run. One that fails, hangs or is slow costs the run neither time nor memory; the others hear of it. */
import type { MetricRecord, Moment, Place, Progress, RunEvent, RunRecord, Tracker } from '../../core/tracker.ts';
import { within } from '../within.ts';
import { Pace } from './pace.ts';

export interface AudienceSettings {
  /** Records that wait for one tracker at most; the newest beyond that are dropped and counted. */
  readonly limit?: number;
  /** Milliseconds that a tracker has at the end for what still waits. */
  readonly patience?: number;
}
type Telling = (tracker: Tracker) => void | Promise<void>;
type Alarm = (what: string, more?: Readonly<Record<string, unknown>>) => void;

/** One tracker. What it is told goes at once, and in its order behind what it still works on. */
class Seat {
  readonly #queue: Telling[] = [];
  readonly #alarm: Alarm;
  readonly #limit: number;
  #working = false; #failed = false; #said = false; #dropped = 0;
  #idle: (() => void)[] = [];

  constructor(readonly tracker: Tracker, readonly name: string, limit: number, alarm: Alarm) { this.#limit = limit; this.#alarm = alarm; }

  tell(telling: Telling): void {
    if (this.#failed) return;
    if (!this.#working) { this.#work(telling); return; }
    if (this.#queue.length < this.#limit) { this.#queue.push(telling); return; }
    this.#dropped++;
    if (!this.#said) { this.#said = true; this.#alarm(`${this.name} is too slow: ${this.#limit} records wait for it, and the newest are dropped`); }
  }
  /** Only to one that has nothing else to do: the next one says it all anew. */
  show(progress: Progress): void { if (!this.#working && !this.#failed) this.#work(t => t.progress?.(progress)); }

  async close(patience: number): Promise<void> {
    const over = this.#until().then(() => { this.#work(t => t.close?.()); return this.#until(); }), isLate = !await within(patience, over);
    if (isLate) { this.#dropped += this.#queue.splice(0).length; this.#failed = true; }
    if (isLate || this.#dropped) this.#alarm(`${this.name} ${isLate ? 'did not end in time' : 'was too slow'}; ${this.#dropped} ${this.#dropped === 1 ? 'record was' : 'records were'} dropped for it`, { dropped: this.#dropped });
  }

  #until(): Promise<void> { return this.#working ? new Promise(resolve => { this.#idle.push(resolve); }) : Promise.resolve(); }
  #work(telling: Telling): void {
    try {
      const working = telling(this.tracker);
      if (!(working instanceof Promise)) return;
      this.#working = true;
      working.then(() => { this.#next(); }, (e: unknown) => { this.#fail(e); });
    } catch (e) { this.#fail(e); }
  }
  #next(): void {
    this.#working = false;
    while (!this.#working && this.#queue.length) this.#work(this.#queue.shift()!);
    if (!this.#working) for (const resolve of this.#idle.splice(0)) resolve();
  }
  #fail(e: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#queue.length = 0;
    this.#alarm(`${this.name} failed and is not told again: ${e instanceof Error ? e.message : String(e)}`);
    this.#next();
  }
}

export class Audience {
  readonly #seats: readonly Seat[];
  readonly #patience: number;
  readonly #pace: Pace;
  #moment: Moment;

  /** Trackers by name; alarms about one go to all others. */
  constructor(trackers: readonly (readonly [name: string, tracker: Tracker])[], at: Moment, { limit = 10_000, patience = 10_000 }: AudienceSettings = {}) {
    this.#moment = at; this.#patience = patience; this.#pace = new Pace(at.step, at.seconds);
    this.#seats = trackers.map(([name, tracker]) => {
      const seat: Seat = new Seat(tracker, name, limit, (what, more) => { this.#tell(this.alarm({ code: 'TRACKER', what, ...more }), seat); });
      return seat;
    });
  }

  /** All but one, who has started. */
  start(record: RunRecord, but?: Tracker): void { for (const s of this.#seats) if (s.tracker !== but) s.tell(t => t.start?.(record)); }
  metrics(record: MetricRecord): void { this.#moment = record; for (const s of this.#seats) s.tell(t => t.metrics?.(record)); }
  /** To all but one, whom the event is from. */
  event(event: RunEvent, but?: Tracker): void { this.#moment = event; this.#tell(event, this.#seats.find(s => s.tracker === but)); }
  progress(place: Place): void {
    const progress = { ...place, stepsPerSecond: this.#pace.after(place.step, place.seconds) };
    for (const s of this.#seats) s.show(progress);
  }
  get watches(): boolean { return this.#seats.some(s => s.tracker.progress); }
  /** An alarm as of now. */
  alarm(detail: RunEvent['detail']): RunEvent {
    const { step, update, episode, seconds } = this.#moment;
    return { step, update, episode, seconds, kind: 'alarm', detail };
  }
  /** All but one, who hears to the last how the others end. */
  async close(last?: Tracker): Promise<void> { await Promise.all(this.#seats.filter(s => s.tracker !== last).map(s => s.close(this.#patience))); }

  #tell(event: RunEvent, but?: Seat): void { for (const s of this.#seats) if (s !== but) s.tell(t => t.event?.(event)); }
}
