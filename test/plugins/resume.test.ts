/** Stopped and resumed equals uninterrupted, bit for bit: weights, slots, lagged weights, replay, environments, counters, metrics. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/random.ts';
import type { Snapshot } from '../../core/store.ts';
import type { Tracker } from '../../core/tracker.ts';
import { compose, type Composition } from '../../plugins/compose.ts';
import { Checkpoints } from '../../plugins/stores/checkpoints.ts';
import { readRun } from '../../plugins/stores/read-run.ts';
import { applySettings, VERSION } from '../../plugins/training.ts';

const STOPS = 20;
const small = { 'data.batch': 4, 'data.start': 4 };
const CASES: Record<string, { environment: string; steps: number; copies: number; set: Record<string, unknown> }> = {
  dqn: { environment: 'classic/cartpole', steps: 320, copies: 2, set: { 'q.hidden': [8], 'data.start': 40, 'data.every': 4, 'data.batch': 8, 'data.keep': 120 } },
  doubleDqn: { environment: 'classic/cartpole', steps: 320, copies: 1, set: { 'q.hidden': [8], 'data.start': 40, 'data.every': 4, 'data.batch': 8, 'data.keep': 120 } },
  iql: { environment: 'lbf/5x5-2p-1f?steps=6', steps: 330, copies: 2, set: { ...small, 'agentQ.hidden': 6, 'data.keep': 12, 'targets.everyEpisodes': 7 } },
  vdn: { environment: 'matrix/two-step', steps: 110, copies: 2, set: { ...small, 'agentQ.hidden': 6, 'data.keep': 12, 'targets.everyEpisodes': 7 } },
  qmix: { environment: 'lbf/5x5-2p-1f?steps=6', steps: 330, copies: 1, set: { ...small, 'agentQ.hidden': 6, 'mixer.embed': 4, 'data.keep': 12, 'targets.everyEpisodes': 7 } },
  qplex: { environment: 'matrix/two-step', steps: 110, copies: 1, set: { ...small, 'agentQ.hidden': 6, 'data.keep': 12, 'targets.everyEpisodes': 7 } },
};
let made: Composition, folder: string;
beforeAll(async () => { made = await compose(); folder = await mkdtemp(path.join(os.tmpdir(), 'skein-resume-')); });
afterAll(() => rm(folder, { recursive: true }));

async function finalState(run: string): Promise<{ snapshot: Snapshot; metrics: unknown[] }> {
  const store = new Checkpoints(`${run}/checkpoints`, { version: VERSION }), newest = (await store.list()).at(-1)!, { metrics } = await readRun(run);
  const timeless = metrics.map(({ step, update, episode, values }) => ({ step, update, episode, values: Object.fromEntries(Object.entries(values).filter(([k]) => !k.startsWith('time/'))) }));
  return { snapshot: await store.load(newest), metrics: timeless };
}
const stoppingAt = (update: number, stop: () => void): Tracker => ({ progress: p => { if (p.update >= update) stop(); } });

describe.each(Object.keys(CASES))('%s', name => {
  it(`stopped at ${STOPS} random updates and resumed, ends as if it had not been`, async () => {
    const { environment, steps, copies, set } = CASES[name]!, page = applySettings(made.catalogue.page(name), set), options = { environment, steps, copies, seed: 3, engine: 'tfjs:wasm', evaluate: { episodes: 3, every: Math.ceil(steps / 3) }, logEvery: 20, checkpointEvery: 60 };
    const whole = await made.training.prepare(page, { ...options, out: `${folder}/${name}-whole` }), straight = await whole.begin();
    const updates = straight.state.counters.updates, draw = Random.of(7, name), at = [...new Set(Array.from({ length: STOPS }, () => draw.integer(updates)))].sort((a, b) => a - b), broken = `${folder}/${name}-broken`;
    expect(updates).toBeGreaterThan(STOPS);
    const first = await made.training.prepare(page, { ...options, out: broken, trackers: [stoppingAt(at[0]!, () => { first.run.stop(); })] });
    let outcome = await first.begin(), stops = 0;
    for (const update of [...at.slice(1), Infinity]) {
      if (outcome.reason === 'stopped') stops++;
      const again = await made.training.resume(broken, { trackers: [stoppingAt(update, () => { again.run.stop(); })] });
      outcome = await again.begin();
    }
    expect(stops).toBeGreaterThan(STOPS / 2);
    expect(outcome.reason).toBe('finished');
    const [a, b] = [await finalState(`${folder}/${name}-whole`), await finalState(broken)];
    expect(Object.keys(b.snapshot.arrays).sort()).toEqual(Object.keys(a.snapshot.arrays).sort());
    for (const [k, x] of Object.entries(a.snapshot.arrays)) expect(Buffer.from(b.snapshot.arrays[k]!.data.buffer.slice(b.snapshot.arrays[k]!.data.byteOffset, b.snapshot.arrays[k]!.data.byteOffset + b.snapshot.arrays[k]!.data.byteLength)).equals(Buffer.from(x.data.buffer.slice(x.data.byteOffset, x.data.byteOffset + x.data.byteLength))), k).toBe(true);
    const facts = ({ snapshot }: typeof a) => { const { counters, counts, memory, rollout, replay } = snapshot.meta as Record<string, unknown>; return { counters, counts, memory, rollout, replay }; };
    expect(facts(b)).toEqual(facts(a));
    expect(b.metrics).toEqual(a.metrics);
  }, 120_000);
});

describe('the same seed', () => {
  it('gives the same run, and another seed another', async () => {
    const page = applySettings(made.catalogue.page('qmix'), CASES['qmix']!.set), go = async (seed: number) => (await (await made.training.prepare(page, { environment: 'lbf/5x5-2p-1f?steps=6', steps: 60, seed, out: false, engine: 'tfjs:wasm', evaluate: { episodes: 2 } })).begin()).state.weights;
    const [a, b, c] = [await go(5), await go(5), await go(6)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  }, 60_000);
});
