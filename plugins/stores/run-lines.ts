/** The lines of `metrics.jsonl` and `events.jsonl`: one JSON object each, written and read here and nowhere else. */
import { z } from 'zod';
import { InputError } from '../../core/error.ts';
import type { MetricRecord, Moment, RunEvent } from '../../core/tracker.ts';
import type { LogPosition } from './append-log.ts';
import { unlessMissing, type FileSystem } from './file-system.ts';

export const METRICS = 'metrics.jsonl', EVENTS = 'events.jsonl';

/** Milliseconds are enough, and their digits are those that a person reads. */
const moment = ({ step, update, episode, seconds }: Moment) => ({ step, update, episode, seconds: Math.round(seconds * 1000) / 1000 });

/** Values stand beside the clocks, and a value named like a clock does not hide it. A number that is not finite becomes null, as JSON has no word for it. */
export function metricLine(record: MetricRecord): string {
  const clocks = moment(record);
  return `${JSON.stringify({ ...clocks, ...record.values, ...clocks })}\n`;
}
export const eventLine = (event: RunEvent): string => `${JSON.stringify({ kind: event.kind, ...moment(event), detail: event.detail })}\n`;

const clocks = { step: z.number(), update: z.number(), episode: z.number(), seconds: z.number() };
const metric = z.object(clocks).catchall(z.number().nullable());
const event = z.object({ kind: z.enum(['start', 'overlap', 'swap', 'checkpoint', 'alarm', 'resume', 'end']), ...clocks, detail: z.record(z.string(), z.unknown()) });

/** Every whole line of a text; one that a killed process left half is left out. */
function parse<S extends z.ZodType>(file: string, text: string, schema: S): z.infer<S>[] {
  return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').slice(0, -1).map((line, i) => {
    let value: unknown;
    try { value = JSON.parse(line); } catch { throw new InputError(`${file}:${i + 1} is not JSON`, 'remove the line'); }
    const read = schema.safeParse(value);
    if (read.success) return read.data;
    throw new InputError(`${file}:${i + 1}: ${read.error.issues.map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`).join('; ')}`, 'remove the line');
  });
}

export const readMetrics = (file: string, text: string): MetricRecord[] =>
  parse(file, text, metric).map(({ step, update, episode, seconds, ...values }) => (
    { step, update, episode, seconds, values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? NaN])) }));

export const readEvents = (file: string, text: string): RunEvent[] => parse(file, text, event);

/** The whole lines within the first bytes of a file; none where there is no file. */
export async function wholeLines(files: FileSystem, path: string, within = Infinity): Promise<LogPosition> {
  const file = await files.open(path).catch(unlessMissing);
  if (!file) return { bytes: 0, records: 0 };
  try {
    const end = Math.min(within, file.bytes), buffer = new Uint8Array(Math.min(1 << 20, end));
    let bytes = 0, records = 0;
    for (let at = 0; at < end; at += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, end - at));
      await file.read(chunk, at);
      for (let i = chunk.indexOf(10); i >= 0; i = chunk.indexOf(10, i + 1)) { bytes = at + i + 1; records++; }
    }
    return { bytes, records };
  } finally { await file.close(); }
}
