/** A run for programs: one JSON object a line, each with its `kind`. */
import type { MetricRecord, Progress, RunEvent, RunRecord, Tracker } from '../../core/tracker.ts';
import { eventLine, metricLine } from '../stores/run-lines.ts';
import type { TextOutput } from './text-output.ts';

/** `run` with its record; `progress`, every `everySeconds` of the run; `metrics` and every event as the run's folder has them. */
export class JsonLines implements Tracker {
  #next = 0;
  constructor(readonly out: TextOutput, readonly everySeconds = 1) {}

  start(record: RunRecord): void { this.#line('run', JSON.stringify(record)); }
  metrics(record: MetricRecord): void { this.#line('metrics', metricLine(record)); }
  event(event: RunEvent): void { this.out.write(eventLine(event)); }
  progress({ latest, stepsPerSecond, steps, ...moment }: Progress): void {
    if (moment.seconds < this.#next) return;
    this.#next = moment.seconds + this.everySeconds;
    this.#line('progress', metricLine({ ...moment, values: { steps, stepsPerSecond, ...latest } }));
  }
  /** The object with its kind before everything else. */
  #line(kind: string, object: string): void { this.out.write(`{"kind":"${kind}",${object.trimEnd().slice(1)}\n`); }
}
