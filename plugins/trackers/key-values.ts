/** A run in a log: `key=value` lines, one every ten seconds, and one for each result and event. */
import type { MetricRecord, Moment, Progress, RunEvent, RunRecord, Tracker } from '../../core/tracker.ts';
import { remainingOf, shareOf } from './progress-line.ts';
import { oneLine } from './readable.ts';
import { wordsOf } from './terminal.ts';
import type { TextOutput } from './text-output.ts';

type Value = string | number | undefined;

function shown(value: string | number): string {
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
  return /^[^\s"=]+$/.test(value) ? oneLine(value) : JSON.stringify(oneLine(value));
}
const line = (fields: Readonly<Record<string, Value>>) =>
  `${Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`${oneLine(key)}=${shown(value)}`])).join(' ')}\n`;

const moment = ({ step, update, episode, seconds }: Moment) => ({ step, update, episode, seconds: Math.round(seconds) });
const chosen = (values: Readonly<Record<string, number>>, names: RegExp) => Object.fromEntries(Object.entries(values).filter(([name]) => names.test(name)));

/** Milliseconds between two lines of progress. */
const EVERY = 10_000;

const pace = (progress: Progress, unit: string) => {
  const remaining = remainingOf(progress);
  return { of: progress.steps, percent: Math.floor(shareOf(progress) * 1000) / 10, [`${unit}_per_second`]: progress.stepsPerSecond < 10 ? progress.stepsPerSecond : Math.round(progress.stepsPerSecond), eta_seconds: remaining === undefined ? undefined : Math.round(remaining) };
};
const ofRun = (progress: Progress) => ({ ...moment(progress), ...pace(progress, 'steps'), ...chosen(progress.latest, /(^|\/)((train|eval)\/(return|win)|loss\/[^/]+)$/) });
/** Of work that is no run: `episodes=40 of=100 ...`. */
const ofWork = (unit: string) => (progress: Progress) => ({ [unit]: progress.step, ...pace(progress, unit), seconds: Math.round(progress.seconds) });

export class KeyValues implements Tracker {
  #next: number;
  readonly #shown: (progress: Progress) => Readonly<Record<string, Value>>;
  constructor(readonly out: TextOutput, readonly clock: () => number = () => performance.now(), unit?: string) { this.#next = clock() + EVERY; this.#shown = unit === undefined ? ofRun : ofWork(unit); }

  start({ name, algorithm, environment, steps, seed }: RunRecord): void {
    this.#line({ kind: 'run', name, algorithm, environment, steps, seed: typeof seed === 'number' ? seed : undefined });
  }
  metrics({ values, ...at }: MetricRecord): void {
    const results = chosen(values, /(^|\/)eval\//);
    if (Object.keys(results).length) this.#line({ kind: 'eval', ...moment(at), ...results });
  }
  event(event: RunEvent): void {
    const { code } = event.detail;
    this.#line({ kind: event.kind, ...moment(event), code: typeof code === 'string' ? code : undefined, what: wordsOf(event) || undefined });
  }
  progress(progress: Progress): void {
    const now = this.clock();
    if (now < this.#next) return;
    this.#next = now + EVERY;
    this.#line({ kind: 'progress', ...this.#shown(progress) });
  }

  #line(fields: Readonly<Record<string, Value>>): void { this.out.write(line(fields)); }
}
