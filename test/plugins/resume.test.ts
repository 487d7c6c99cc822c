/** Stopped and resumed equals uninterrupted, bit for bit: weights, slots, lagged weights, replay, environments, counters, metrics (T09). */
import { cpSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/random.ts';
import type { Tracker } from '../../core/tracker.ts';
import { compose, type Composition } from '../../plugins/compose.ts';
import { readRun } from '../../plugins/stores/read-run.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import type { Prepared } from '../../plugins/training.ts';
import { ROUNDS } from './rounds.ts';
import { begin, outcomeOf, TINY_RUNS } from './tiny-runs.ts';

const STOPS = Math.min(8, ROUNDS), ENGINE = 'tfjs:wasm';
let made: Composition, folder: string;
beforeAll(async () => { made = await compose(); folder = await mkdtemp(path.join(os.tmpdir(), 'skein-resume-')); });
afterAll(() => rm(folder, { recursive: true }));

const stoppingAt = (update: number, stop: () => void): Tracker => ({ progress: p => { if (p.update >= update) stop(); } });

describe('the runs here', () => {
  it('are of all pages that there are', () => { expect(Object.keys(TINY_RUNS).sort()).toEqual([...made.catalogue.pages.keys()].sort()); });
});

describe.each(Object.keys(TINY_RUNS))('%s', name => {
  it(`stopped at ${STOPS} random updates and resumed, ends as if it had not been (T09)`, async () => {
    const whole = await begin(made, name, `${folder}/${name}-whole`, ENGINE), straight = await whole.begin();
    const updates = straight.state.counters.updates, draw = Random.of(7, name), at = [...new Set(Array.from({ length: STOPS }, () => draw.integer(updates)))].sort((a, b) => a - b), broken = `${folder}/${name}-broken`;
    expect(updates).toBeGreaterThan(STOPS);
    const first = await begin(made, name, broken, ENGINE, { trackers: [stoppingAt(at[0]!, () => { first.run.stop(); })] });
    let outcome = await first.begin(), stops = 0;
    for (const update of [...at.slice(1), Infinity]) {
      if (outcome.reason === 'stopped') stops++;
      const again = await made.training.resume(broken, { picture: false, trackers: [stoppingAt(update, () => { again.run.stop(); })] });
      outcome = await again.begin();
    }
    expect(stops).toBeGreaterThan(STOPS / 2);
    expect(outcome.reason).toBe('finished');
    expect(await outcomeOf(broken)).toEqual(await outcomeOf(`${folder}/${name}-whole`));
  }, 120_000);
});

describe('a run that goes on from an earlier checkpoint', () => {
  it('and is killed before its first one of its own, goes on from there again', async () => {
    const run = `${folder}/earlier`, killed = `${folder}/earlier-killed`, whole = await begin(made, 'qmix', `${folder}/earlier-whole`, ENGINE);
    await whole.begin();
    await (await begin(made, 'qmix', run, ENGINE)).begin();
    const checkpoints = (await readdir(`${run}/checkpoints`)).map(Number).sort((a, b) => a - b), early = checkpoints[1]!;
    expect(checkpoints.length).toBeGreaterThan(3);
    const before = await readRun(run), prepared = await made.training.resume(run, { from: early, trackers: [{ start: () => { cpSync(run, killed, { recursive: true, filter: name => !name.endsWith('run.lock') }); } }] });
    expect([await readRun(run), (await readdir(`${run}/checkpoints`)).length]).toEqual([before, checkpoints.length]);
    await prepared.begin();
    expect((await readRun(killed)).metrics.every(m => m.update <= early)).toBe(true);
    await (await made.training.resume(killed)).begin();
    for (const name of [run, killed]) expect(await outcomeOf(name)).toEqual(await outcomeOf(`${folder}/earlier-whole`));
    expect((await readdir(`${killed}/checkpoints`)).map(Number).sort((a, b) => a - b)).toEqual(checkpoints);
    expect((await readRun(killed)).events.filter(e => e.kind === 'resume').map(e => e.update)).toEqual([early]);
  }, 60_000);
});

describe('a run whose page became another', () => {
  it('holds what the first one reads: interrupted, it takes the edit back as if it had not been', async () => {
    const { environment, set } = TINY_RUNS['qplex']!, settings = (name: string) => applySettings(made.catalogue.page(name), { 'data.batch': 4, 'data.start': 4, 'data.keep': 12, 'agentQ.hidden': set['agentQ.hidden'], 'targets.everyEpisodes': 7 });
    const asks = (...asked: readonly (readonly [update: number, what: (run: Prepared['run']) => unknown])[]) => { const left = [...asked]; let run: Prepared['run'] | undefined; return { of: (prepared: Prepared) => { ({ run } = prepared); return prepared.begin(); }, tracker: { progress: ({ update }: { readonly update: number }) => { while (left.length && update >= left[0]![0]) void Promise.resolve(left.shift()![1](run!)).catch(() => undefined); } } satisfies Tracker }; };
    const options = { environment, steps: 110, seed: 3, engine: ENGINE, evaluate: { episodes: 2 } }, edit = [3, (run: Prepared['run']) => run.edit(() => settings('iql'))] as const, undo = [12, (run: Prepared['run']) => run.undo()] as const;
    const whole = asks(edit, undo), [before, after] = [asks(edit, [6, run => { run.stop(); }]), asks(undo)];
    await whole.of(await made.training.prepare(settings('qmix'), { ...options, out: `${folder}/edited-whole`, trackers: [whole.tracker] }));
    await before.of(await made.training.prepare(settings('qmix'), { ...options, out: `${folder}/edited`, trackers: [before.tracker] }));
    await after.of(await made.training.resume(`${folder}/edited`, { trackers: [after.tracker] }));
    expect((await readRun(`${folder}/edited`)).events.filter(e => e.kind === 'swap').map(e => e.detail['fresh'])).toEqual([[], []]);
    expect(await outcomeOf(`${folder}/edited`)).toEqual(await outcomeOf(`${folder}/edited-whole`));
  }, 60_000);
});

describe('the same seed', () => {
  it('gives the same run, and another seed another', async () => {
    const { environment, set } = TINY_RUNS['qmix']!, page = applySettings(made.catalogue.page('qmix'), set), go = async (seed: number) => (await (await made.training.prepare(page, { environment, steps: 60, seed, out: false, engine: ENGINE, evaluate: { episodes: 2 } })).begin()).state.weights;
    const [a, b, c] = [await go(5), await go(5), await go(6)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  }, 60_000);
});
