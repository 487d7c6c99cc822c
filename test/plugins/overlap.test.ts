/** The learner beside the environments: the same bits whenever it is stopped, one update behind, and only where that can be. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { add, matMul, type Tensor2D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, Program } from '../../core/engine.ts';
import { InputError, RunError } from '../../core/error.ts';
import { Random } from '../../core/random.ts';
import type { Tracker } from '../../core/tracker.ts';
import { dqn, ppo, qmix } from '../../graphs/index.ts';
import { compose, type Composition } from '../../plugins/compose.ts';
import { onnx } from '../../plugins/engines/onnx/engine.ts';
import { checkOverlap, overlapOf, type Overlap } from '../../plugins/overlap.ts';
import { readRun } from '../../plugins/stores/read-run.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import type { Prepared } from '../../plugins/training.ts';
import { outcomeOf, TINY_RUNS } from './tiny-runs.ts';

const ENGINE = 'onnx:cpu-1', STOPS = 6;
let made: Composition, folder: string;
beforeAll(async () => { made = await compose(); folder = await mkdtemp(path.join(os.tmpdir(), 'skein-overlap-')); });
afterAll(() => rm(folder, { recursive: true }));
const stoppingAt = (update: number, stop: () => void): Tracker => ({ progress: p => { if (p.update >= update) stop(); } });
const found = async (run: string) => (await readRun(run)).events.filter(e => e.kind === 'overlap').map(({ update, detail: { on } }) => ({ update, on }));
/** Its actions are those that its weights choose, which change much. */
function greedy(name: string, out: string, overlap: Overlap, trackers: readonly Tracker[] = []): Promise<Prepared> {
  const { environment, steps, copies, set } = TINY_RUNS[name]!;
  const page = made.catalogue.page(name), fast = Object.fromEntries(Object.keys(page.page.train).map(rule => [`${rule}.lr`, 0.02]));
  return made.training.prepare(applySettings(page, { ...set, ...fast, 'explore.epsilon': 0.05 }), { environment, steps, copies, out, engine: ENGINE, seed: 3, overlap, trackers, evaluate: { episodes: 3, every: Math.ceil(steps / 3) }, logEvery: 20, checkpointEvery: 60 });
}

describe.each(['dqn', 'prioritisedDqn', 'qmix'])('a run of %s whose learner works beside the environments', name => {
  it('stopped at any update and resumed, ends as if it had not been', async () => {
    const whole = `${folder}/${name}-on`, broken = `${folder}/${name}-broken`, { state } = await (await greedy(name, whole, 'on')).begin(), { updates } = state.counters;
    expect(await found(whole)).toEqual([{ update: 16, on: true }]);
    const draw = Random.of(11, name), at = [...new Set(Array.from({ length: STOPS }, () => draw.integer(updates)))].sort((a, b) => a - b);
    const first = await greedy(name, broken, 'on', [stoppingAt(at[0]!, () => { first.run.stop(); })]);
    let { reason } = await first.begin();
    for (const update of [...at.slice(1), Infinity]) {
      const again = await made.training.resume(broken, { trackers: [stoppingAt(update, () => { again.run.stop(); })] });
      ({ reason } = await again.begin());
    }
    expect(reason).toBe('finished');
    expect(await outcomeOf(broken)).toEqual(await outcomeOf(whole));
  }, 60_000);
  it('goes on where there is no such thread, an update behind as before', async () => {
    const run = `${folder}/${name}-moved`, first = await greedy(name, run, 'on', [stoppingAt(20, () => { first.run.stop(); })]);
    expect((await first.begin()).reason).toBe('stopped');
    expect((await (await made.training.resume(run, { engine: 'tfjs:cpu' })).begin()).reason).toBe('finished');
    const { arrays, meta } = await outcomeOf(run), weights = Object.keys(arrays).filter(k => k.startsWith('weights/')).map(k => arrays[k]);
    expect(meta['run']).toMatchObject({ beside: true });
    expect(Buffer.from(arrays['acting']!, 'base64').equals(Buffer.concat(weights.map(a => Buffer.from(a!, 'base64'))))).toBe(false);
  }, 60_000);
});

it('a run has other numbers than one whose learner takes turns, and with auto the numbers of the one or the other', async () => {
  const runs: Record<string, Awaited<ReturnType<typeof outcomeOf>>> = {}, weights = (run: string) => Object.entries(runs[run]!.arrays).filter(([k]) => k.startsWith('weights/'));
  for (const overlap of ['off', 'on', 'auto'] as const) {
    await (await greedy('qmix', `${folder}/${overlap}`, overlap)).begin();
    runs[overlap] = await outcomeOf(`${folder}/${overlap}`);
  }
  const [choice] = await found(`${folder}/auto`);
  expect(weights('on')).not.toEqual(weights('off'));
  expect(weights('auto')).toEqual(weights(choice?.on ? 'on' : 'off'));
  expect((await readRun(`${folder}/auto`)).record['settings']).toMatchObject({ overlap: 'auto' });
}, 60_000);

describe('the choice', () => {
  const engine = { info: { engine: 'onnx', backend: 'cpu', version: '1' }, beside: true }, none = { info: { engine: 'tfjs', backend: 'wasm', version: '1' } };
  const updating = (here: number, there: number) => (beside: boolean) => new Promise(resolve => { setTimeout(resolve, beside ? there : here); });
  it('is for the longer of the two, where that is shorter by 15 % than both in turn', async () => {
    const choose = overlapOf('auto', { page: qmix, engine }, 2)!;
    expect(await choose(0.001, updating(300, 10))).toMatchObject({ on: true });
    expect(await choose(0.001, updating(100, 100))).toMatchObject({ on: false });
    expect(await choose(0.03, updating(10, 100))).toMatchObject({ on: false });
    expect((await choose(0.001, updating(300, 10))).what).toMatch(/^from here on the learner works beside the environments: an update takes \d+ ms and these 1\.00 ms, at the same time [\d.]+ ms$/);
  });
  it('is not asked for on one core, for pages that use a batch once, and on engines without a thread', () => {
    expect(overlapOf('auto', { page: qmix, engine }, 1)).toBeUndefined();
    expect(overlapOf('auto', { page: ppo, engine }, 2)).toBeUndefined();
    expect(overlapOf('auto', { page: qmix, engine: none }, 2)).toBeUndefined();
    expect(overlapOf('off', { page: qmix, engine }, 2)).toBeUndefined();
  });
  it('is refused before a run begins', async () => {
    expect(() => checkOverlap('on', { page: ppo, engine })).toThrow(new InputError('overlap: ppo uses each batch of data once, and must act by the weights that learn from it', 'without --overlap they take turns; pages with a replay and engine onnx can overlap'));
    expect(() => checkOverlap('on', { page: dqn, engine: none })).toThrow(new InputError('overlap: engine tfjs has no thread beside that of the environments', 'without --overlap they take turns; pages with a replay and engine onnx can overlap'));
    const asked = { environment: 'classic/cartpole', steps: 100, out: `${folder}/none` };
    await expect(made.training.prepare(dqn, { ...asked, engine: 'tfjs', overlap: 'on' })).rejects.toThrow('no thread beside');
    await expect(made.training.prepare(dqn, { ...asked, overlap: 'auto', profile: true })).rejects.toThrow('--profile without --overlap');
    await expect(readRun(`${folder}/none`)).rejects.toThrow();
  });
});

describe('a program beside', () => {
  const product: Program = { key: 'product', run: input => { const a = input('a', [40, 50], 'f32') as Tensor2D; return { sum: add(matMul(a, input('b', [50, 60], 'f32') as Tensor2D), input('c', [60], 'f32')) }; } };
  const arrays = { a: Random.of(1, 'a').fill('normal', new Float32Array(2000)), b: Random.of(1, 'b').fill('normal', new Float32Array(3000)), c: Random.of(1, 'c').fill('normal', new Float32Array(60)) };
  const supply = (name: string) => arrays[name as keyof typeof arrays];
  let engine: Engine;
  beforeAll(async () => { engine = await onnx.open('cpu-1'); });
  afterAll(() => { engine.close(); });
  it('gives the bits that it gives here, from parts of arrays too, and leaves those where they are', async () => {
    const before = arrays.a.slice(), whole = new Float32Array(7000), here = await engine.compile(product).run(supply), there = engine.compile(product, true);
    whole.set(arrays.b, 1000);
    expect(await there.run(name => (name === 'b' ? whole.subarray(1000, 4000) : supply(name)))).toEqual(here);
    expect(arrays.a).toEqual(before);
    expect(await Promise.all([there.run(supply), there.run(supply), engine.compile(product, true).run(supply)])).toEqual([here, here, here]);
    there.dispose();
    expect(await there.run(supply)).toEqual(here);
  });
  it('that fails says why, and the next one runs', async () => {
    const there = engine.compile(product, true);
    await expect(there.run(name => (name === 'b' ? new Float32Array(7) : supply(name)))).rejects.toThrow();
    expect((await there.run(supply))['sum']!.shape).toEqual([40, 60]);
  });
  it('ends with its engine', async () => {
    const other = await onnx.open('cpu-1'), there = other.compile(product, true);
    await there.run(supply);
    const waiting = there.run(supply).then(() => undefined, (e: unknown) => e);
    other.close();
    expect(await waiting).toBeInstanceOf(RunError);
    await expect(there.run(supply)).rejects.toThrow(RunError);
  });
});
