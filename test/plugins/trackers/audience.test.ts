import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MetricRecord, RunEvent, Tracker } from '../../../core/tracker.ts';
import { Audience } from '../../../plugins/trackers/audience.ts';

const at = { step: 0, update: 0, episode: 0, seconds: 0 };
const metric = (step: number): MetricRecord => ({ ...at, step, values: { x: step } });
const event: RunEvent = { ...at, kind: 'checkpoint', detail: {} };
/** Hears all, and keeps what alarms say. */
const listener = () => { const steps: number[] = [], alarms: RunEvent[] = []; return { steps, alarms, tracker: { metrics: (m: MetricRecord) => { steps.push(m.step); }, event: (e: RunEvent) => { if (e.kind === 'alarm') alarms.push(e); } } satisfies Tracker }; };
const words = (alarms: readonly RunEvent[]) => alarms.map(a => a.detail['what']);

describe('Audience', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it('is told at once, and in its order where one takes its time', async () => {
    const quick = listener(), slow: number[] = [], all = new Audience([['quick', quick.tracker], ['slow', { metrics: async m => { await new Promise(resolve => { setTimeout(resolve, 10_000); }); slow.push(m.step); } }]], at);
    for (let step = 1; step <= 5; step++) all.metrics(metric(step));
    expect(quick.steps).toEqual([1, 2, 3, 4, 5]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(slow).toEqual([1, 2, 3]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(slow).toEqual([1, 2, 3, 4, 5]);
    await all.close();
    expect(quick.alarms).toEqual([]);
  });

  it('of one that takes 10 s a record: so many wait, the newest beyond that are dropped, said once and counted (T27)', async () => {
    const heard = listener(), slow: number[] = [], all = new Audience([['tracker slow', { metrics: async m => { await new Promise(resolve => { setTimeout(resolve, 10_000); }); slow.push(m.step); } }], ['heard', heard.tracker]], at, { limit: 3, patience: 15_000 });
    for (let step = 1; step <= 100; step++) all.metrics(metric(step));
    expect(heard.steps).toHaveLength(100);
    expect(words(heard.alarms)).toEqual(['tracker slow is too slow: 3 records wait for it, and the newest are dropped']);
    expect(heard.alarms[0]).toMatchObject({ step: 5, detail: { code: 'TRACKER' } });
    const closing = all.close();
    await vi.advanceTimersByTimeAsync(15_000);
    await closing;
    expect(slow).toEqual([1]);
    expect(words(heard.alarms).at(-1)).toBe('tracker slow did not end in time; 98 records were dropped for it');
  });

  it.each<readonly [string, (no: () => never) => Tracker]>([
    ['throws', no => ({ metrics: no })], ['rejects', no => ({ metrics: async () => { await Promise.resolve(); no(); } })],
    ['throws as it starts', no => ({ start: no })], ['rejects as it starts', no => ({ start: async () => { await Promise.resolve(); no(); } })], ['throws as it closes', no => ({ close: no })],
  ])('of one that %s: the others hear of it once, and it is told nothing more', async (_, make) => {
    let calls = 0;
    const heard = listener(), all = new Audience([['tracker bad', make(() => { calls++; throw new Error('no disk'); })], ['heard', heard.tracker]], at);
    all.start({ name: 'a', algorithm: 'b', environment: 'c', steps: 1 });
    await vi.advanceTimersByTimeAsync(1);
    for (const step of [1, 2, 3]) { all.metrics(metric(step)); await vi.advanceTimersByTimeAsync(1); }
    await all.close();
    expect(heard.steps).toEqual([1, 2, 3]);
    expect(words(heard.alarms)).toEqual(['tracker bad failed and is not told again: no disk']);
    expect(calls).toBeLessThanOrEqual(1);
  });

  it('of one that never ends: the end comes all the same, within its patience', async () => {
    const heard = listener(), all = new Audience([['tracker stuck', { close: () => new Promise(() => undefined) }], ['heard', heard.tracker]], at, { patience: 5000 });
    let over = false;
    void all.close(heard.tracker).then(() => { over = true; });
    await vi.advanceTimersByTimeAsync(4999);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toBe(true);
    expect(words(heard.alarms)).toEqual(['tracker stuck did not end in time; 0 records were dropped for it']);
  });

  it('of one that is still at work: progress is not kept for it, events are', async () => {
    const seen: string[] = [], all = new Audience([['a', { progress: p => { seen.push(`progress ${p.step}`); }, event: async () => { seen.push('event'); await new Promise(resolve => { setTimeout(resolve, 100); }); } }]], at);
    const progress = (step: number) => { all.progress({ ...at, step, steps: 9, latest: {} }); };
    expect(all.watches).toBe(true);
    progress(1); all.event(event); progress(2); all.event(event);
    await vi.advanceTimersByTimeAsync(200);
    progress(3);
    expect(seen).toEqual(['progress 1', 'event', 'event', 'progress 3']);
  });

  it('is told of the speed, from where a resumed run goes on', () => {
    const speeds: number[] = [], all = new Audience([['a', { progress: p => { speeds.push(p.stepsPerSecond); } }]], { ...at, step: 500, seconds: 100 });
    for (const [step, seconds] of [[500, 100], [510, 100.5], [540, 102], [600, 105]] as const) all.progress({ ...at, step, seconds, steps: 1000, latest: {} });
    expect(speeds.map(Math.round)).toEqual([0, 0, 20, 20]);
  });
});
