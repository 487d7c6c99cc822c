/** Folders of runs as they would be left, without training: a record, metrics and events. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { toJson, type Definition } from '../../../core/definition.ts';
import { eventLine, metricLine } from '../../../plugins/stores/run-lines.ts';

export interface Recorded {
  readonly algorithm: string; readonly seed: number;
  readonly environment?: string; readonly page?: Definition; readonly copies?: number;
  /** Step and value of each evaluation. */
  readonly points?: readonly (readonly [step: number, value: number])[];
  readonly metric?: string;
  /** Swaps that were planned, and what was swapped. */
  readonly swaps?: readonly unknown[]; readonly swapped?: readonly string[];
}
export function recordRun(folder: string, { algorithm, seed, environment = 'matrix/two-step', page, copies = 1, points = [], metric = 'eval/return', swaps = [], swapped = [] }: Recorded): string {
  mkdirSync(folder, { recursive: true });
  const clock = { update: 0, episode: 0, seconds: 0 };
  writeFileSync(`${folder}/run.json`, JSON.stringify({ format: 1, name: path.basename(folder), algorithm, environment, steps: 10_000, seed, settings: { copies, overlap: 'off' }, swaps, ...(page ? { page: toJson(page) } : {}) }));
  writeFileSync(`${folder}/metrics.jsonl`, points.map(([step, value]) => metricLine({ ...clock, step, values: { [metric]: value } })).join(''));
  writeFileSync(`${folder}/events.jsonl`, swapped.map(what => eventLine({ kind: 'swap', step: 5000, ...clock, detail: { what } })).join(''));
  return folder;
}
/** Evaluations of a run that ends with a score: evenly apart, rising to it. */
export const rising = (score: number, steps = 10_000, count = 10): (readonly [number, number])[] => Array.from({ length: count }, (_, i) => [(i + 1) * steps / count, score * (i + 1) / count] as const);
