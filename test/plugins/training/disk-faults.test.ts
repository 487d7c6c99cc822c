/** A whole run on a disk of which each call fails in its turn, and on one that dies at each call. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError, RunError } from '../../../core/error.ts';
import type { RunEvent } from '../../../core/tracker.ts';
import { compose, type Composition } from '../../../plugins/compose.ts';
import { Checkpoints } from '../../../plugins/stores/checkpoints.ts';
import { readRun } from '../../../plugins/stores/read-run.ts';
import { applySettings } from '../../../plugins/page-settings.ts';
import { type Outcome } from '../../../plugins/training.ts';
import { version } from '../../../plugins/version.ts';
import { FailingDisk, type Failing } from '../stores/failing-disk.ts';
import { emptyFolder } from '../stores/folder.ts';
import { outcomeOf } from '../tiny-runs.ts';
import { EVERY } from '../rounds.ts';

let made: Composition;
beforeAll(async () => { made = await compose(); });

const SETTINGS = { 'data.batch': 2, 'data.start': 2, 'agentQ.hidden': 3, 'data.keep': 4 };
async function train(out: string, files: FailingDisk, heard: RunEvent[] = []): Promise<Outcome> {
  const page = applySettings(made.catalogue.page('vdn'), SETTINGS);
  return (await made.training.prepare(page, { environment: 'matrix/two-step', steps: 18, engine: 'tfjs:cpu', evaluate: { every: 18, episodes: 1 }, logEvery: 4, checkpointEvery: 6, out, files, trackers: [{ event: e => { heard.push(e); } }] })).begin();
}
/** The process is gone: its lock, which a broken disk may have kept, is nobody's. In a test it would still be ours. */
const gone = (run: string) => rm(`${run}/run.lock`, { force: true });
const resume = async (run: string, files?: FailingDisk): Promise<Outcome> => (await made.training.resume(run, files && { files })).begin();
const complete = async (run: string) => { const store = new Checkpoints(`${run}/checkpoints`, { version: version() }), there = await store.list(); for (const update of there) await store.load(update); return there; };

/** Calls of a run on a disk without faults, and what it comes to. */
async function whole(): Promise<{ readonly calls: readonly string[]; readonly outcome: Awaited<ReturnType<typeof outcomeOf>> }> {
  const run = `${await emptyFolder()}/run`, files = new FailingDisk();
  await train(run, files);
  return { calls: files.calls, outcome: await outcomeOf(run) };
}

describe('a run on a failing disk', () => {
  const any = () => true, room = (what: string) => ['makeFolder', 'write', 'append'].includes(what);
  it.each<readonly [string, string, (what: string) => boolean, (n: number) => Failing]>([
    ['where one call fails', 'EIO', any, n => call => call === n],
    ['that is full from one call on', 'ENOSPC', room, n => (call, what) => call >= n && room(what)],
    ['that dies at one call', 'EIO', any, n => call => call >= n],
  ])('%s, ends or says why, loses nothing, and goes on bit for bit (T02, T26)', async (_, code, concerned, fault) => {
    const { calls, outcome } = await whole();
    expect(calls.length).toBeGreaterThan(60);
    let alarms = 0, failures = 0;
    for (const n of [...calls.keys()].filter(call => concerned(calls[call]!)).filter((_call, i) => i % EVERY === 0)) {
      const run = `${await emptyFolder()}/run`, heard: RunEvent[] = [], at = `call ${n}`;
      const ended = await train(run, new FailingDisk(fault(n), code), heard).catch((e: unknown) => e);
      if (ended instanceof Error) {
        failures++;
        expect(ended, at).toBeInstanceOf(RunError);
        expect(ended.message, at).toContain(run);
        expect(ended.message, at).toMatch(new RegExp(`${code}: no luck[^]*\n {2}fix: `));
      }
      if (heard.some(e => e.kind === 'alarm')) alarms++;
      await complete(run);
      await gone(run);
      // whoever comes next goes on from what is there
      if (existsSync(`${run}/run.json`)) await resume(run); else await train(run, new FailingDisk());
      expect(await outcomeOf(run), at).toEqual(outcome);
      expect((await readdir(run)).filter(name => name !== 'graph.svg').sort(), at).toEqual(['checkpoints', 'curve.svg', 'events.jsonl', 'metrics.jsonl', 'run.json', 'tensorboard']);
    }
    expect(alarms).toBeGreaterThan(10 / EVERY);
    expect(failures).toBeGreaterThan(10 / EVERY);
  }, 240_000);

  it('that fails while it is resumed, goes on or is as it was (T02)', async () => {
    const { outcome, calls } = await whole(), broken = async () => {
      const run = `${await emptyFolder()}/run`;
      await train(run, new FailingDisk(call => call >= calls.length - 20)).catch(() => undefined);
      await gone(run);
      expect((await complete(run)).length).toBeGreaterThan(0);
      return run;
    };
    for (let n = 0, faults = true; faults; n += EVERY) {
      const run = await broken(), before = await complete(run), files = new FailingDisk(call => call === n, 'EIO');
      const ended = await resume(run, files).catch((e: unknown) => e);
      faults = files.calls.length > n;
      if (!faults) expect(n).toBeGreaterThan(30);
      if (ended instanceof Error) expect(ended instanceof RunError || ended instanceof InputError || 'code' in ended, `call ${n}: ${ended.stack}`).toBe(true);
      expect((await complete(run)).at(-1), `call ${n}`).toBeGreaterThanOrEqual(before.at(-1)!);
      await gone(run);
      await resume(run);
      expect(await outcomeOf(run), `call ${n}`).toEqual(outcome);
      expect((await readRun(run)).events.at(-1)).toMatchObject({ kind: 'end', detail: { reason: 'finished' } });
    }
  }, 240_000);
});
