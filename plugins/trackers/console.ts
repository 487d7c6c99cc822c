/** What a run says where it was started: to a person at a terminal, into a log, or to a program. */
import type { Tracker } from '../../core/tracker.ts';
import { JsonLines } from './json-lines.ts';
import { KeyValues } from './key-values.ts';
import { Terminal } from './terminal.ts';
import { lasting, type TextOutput } from './text-output.ts';

export interface ConsoleSettings {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** JSON lines on `stdout`; what is for people goes to `stderr`. */
  readonly json?: boolean;
  /** Alarms only. */
  readonly quiet?: boolean;
  /** No character outside ASCII. */
  readonly ascii?: boolean;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds, from a clock that never goes back. */
  readonly clock?: () => number;
}

const alarmsOf = (tracker: Tracker): Tracker => ({ event: event => (event.kind === 'alarm' ? tracker.event?.(event) : undefined) });

/** NO_COLOR is no-color.org's: set to anything, no colours. A dumb terminal cannot draw a line anew, so it is treated as a log. */
function forPeople({ stdout, stderr, json = false, quiet = false, ascii = false, environment = process.env, clock }: ConsoleSettings, unit?: string): Tracker {
  const out = lasting(json ? stderr : stdout), people = out.isTTY && environment['TERM'] !== 'dumb'
    ? new Terminal(out, { colour: !environment['NO_COLOR'], ascii, ...(clock ? { clock } : {}), ...(unit === undefined ? {} : { unit }) })
    : new KeyValues(out, clock, unit);
  return quiet ? alarmsOf(people) : people;
}
export const consoleTrackers = (settings: ConsoleSettings): readonly Tracker[] => [...(settings.json ? [new JsonLines(lasting(settings.stdout))] : []), forPeople(settings)];

/** Long work that is no run, an evaluation or a check: how far it is and how long it will take, told as a run's progress is. */
export class Work {
  readonly #tracker: Tracker;
  readonly #clock: () => number;
  readonly #of: number;
  readonly #began: number;
  constructor(unit: string, of: number, settings: ConsoleSettings) {
    this.#tracker = forPeople(settings, unit); this.#clock = settings.clock ?? (() => performance.now()); this.#of = of; this.#began = this.#clock();
  }
  /** So many are done. */
  at(done: number): void {
    const seconds = (this.#clock() - this.#began) / 1000;
    this.#tracker.progress?.({ step: done, steps: this.#of, update: 0, episode: 0, seconds, stepsPerSecond: seconds > 0 ? done / seconds : 0, latest: {} });
  }
  close(): void { void this.#tracker.close?.(); }
}
