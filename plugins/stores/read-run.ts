/** A run read back from its folder: what tables, curves and comparisons start from. */
import { z } from 'zod';
import { InputError } from '../../core/error.ts';
import type { MetricRecord, RunEvent, RunRecord } from '../../core/tracker.ts';
import { disk, unlessMissing, type FileSystem } from './file-system.ts';
import { EVENTS, METRICS, readEvents, readMetrics } from './run-lines.ts';

export const RECORD = 'run.json';

const runRecord = z.looseObject({ name: z.string(), algorithm: z.string(), environment: z.string(), steps: z.number() });

/** The record alone: what going on and evaluating need, whatever became of the other files. */
export async function readRecord(path: string, files: FileSystem = disk): Promise<RunRecord> {
  const bytes = await files.read(`${path}/${RECORD}`).catch(unlessMissing);
  if (!bytes) throw new InputError(`${path} is not a run: it has no ${RECORD}`, 'name the folder that skein train printed');
  let value: unknown;
  try { value = JSON.parse(Buffer.from(bytes).toString()); } catch { throw new InputError(`${path}/${RECORD} is not JSON`, 'the run cannot be read; its metrics can'); }
  const read = runRecord.safeParse(value);
  if (!read.success) throw new InputError(`${path}/${RECORD}: ${read.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; ')}`);
  return read.data;
}

export interface RecordedRun { readonly record: RunRecord; readonly metrics: readonly MetricRecord[]; readonly events: readonly RunEvent[] }

/** A run from its folder, also while it runs: a last line that is still being written is left out. */
export async function readRun(path: string, files: FileSystem = disk): Promise<RecordedRun> {
  const record = await readRecord(path, files);
  const text = async (name: string) => Buffer.from(await files.read(`${path}/${name}`).catch(unlessMissing) ?? []).toString();
  return { record, metrics: readMetrics(`${path}/${METRICS}`, await text(METRICS)), events: readEvents(`${path}/${EVENTS}`, await text(EVENTS)) };
}
