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
export function consoleTrackers({ stdout, stderr, json = false, quiet = false, ascii = false, environment = process.env, clock }: ConsoleSettings): readonly Tracker[] {
  const out = lasting(json ? stderr : stdout), timed = clock && { clock };
  const people = out.isTTY && environment['TERM'] !== 'dumb'
    ? new Terminal(out, { colour: !environment['NO_COLOR'], ascii, ...timed })
    : new KeyValues(out, clock);
  return [...(json ? [new JsonLines(lasting(stdout))] : []), quiet ? alarmsOf(people) : people];
}
