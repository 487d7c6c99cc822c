/** Engine `onnx`: what it says of itself, its sessions, runs that go on bit for bit, several updates in a row, and what it refuses at which node. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { add, clone, customGrad, getBackend, greater, matMul, maxPool, memory, mul, reshape, sin, slice, sum, unstack, zeros, type Tensor, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../../core/definition.ts';
import type { Engine, Outputs, Program } from '../../../core/engine.ts';
import { derive } from '../../../core/graph.ts';
import { defineNode } from '../../../core/node.ts';
import { plan } from '../../../core/plan.ts';
import { f32, type DType } from '../../../core/port.ts';
import { Programs } from '../../../core/programs.ts';
import { Random } from '../../../core/random.ts';
import { Learner } from '../../../core/step.ts';
import { freshState } from '../../../core/weights.ts';
import { dqn, qmix } from '../../../graphs/index.ts';
import { parameter } from '../../../nodes/layers.ts';
import { scan } from '../../../nodes/scan.ts';
import { compose, type Composition } from '../../../plugins/compose.ts';
import { onnx } from '../../../plugins/engines/onnx/engine.ts';
import { emit } from '../../../plugins/engines/onnx/emit.ts';
import { loadRuntime } from '../../../plugins/engines/onnx/session.ts';
import { register, trace } from '../../../plugins/engines/onnx/symbolic-backend.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { allPages } from '../../pages/index.ts';
import { batchOf, BATCH, passing, SIZES, sizesOf, stepsOf } from '../../pages/lab.ts';
import { ALL } from '../rounds.ts';
import { begin, outcomeOf } from '../tiny-runs.ts';
import { apart } from './agreement.ts';
import { compute, engineOn } from './on.ts';

let engine: Engine;
beforeAll(async () => { engine = await onnx.open('cpu-1'); });
const x = Float32Array.of(1, 2, 3);

describe('the engine', () => {
  it('says what runs: version, provider and threads, and the name that opens the same again', async () => {
    expect(engine.info).toEqual({ engine: 'onnx', opens: 'onnx:cpu-1', backend: 'cpu', version: '1.30.0', device: '1 thread' });
    expect((await onnx.open('cpu-2')).info).toMatchObject({ opens: 'onnx:cpu-2', device: '2 threads' });
    expect((await onnx.open()).info.opens).toMatch(/^onnx:cpu-(1|2|2\+1)$/);
  });
  it('refuses a backend that it has not', async () => {
    for (const name of ['gpu', 'cpu-0', 'cpu-', 'cpu-100', 'cuda-2', 'constructor']) await expect(onnx.open(name)).rejects.toThrow(`engine onnx has no backend ${name}\n  fix: cpu, or cpu-<threads>, 1 to 99`);
  });
  it('gives shapes, dtypes and arrays of its outputs', async () => {
    const out = await compute(engine, { x, b: Uint8Array.of(1, 0, 1), i: Int32Array.of(5, 6, 7) }, input => {
      const t = input('x', [3], 'f32');
      return { twice: mul(t, 2), large: greater(t, 1.5), flag: input('b', [3], 'bool'), count: input('i', [3], 'i32'), total: sum(t) };
    });
    expect(out).toEqual({
      twice: { shape: [3], dtype: 'f32', data: Float32Array.of(2, 4, 6) }, large: { shape: [3], dtype: 'bool', data: Uint8Array.of(0, 1, 1) }, total: { shape: [], dtype: 'f32', data: Float32Array.of(6) },
      flag: { shape: [3], dtype: 'bool', data: Uint8Array.of(1, 0, 1) }, count: { shape: [3], dtype: 'i32', data: Int32Array.of(5, 6, 7) },
    });
  });
  it('traces a program once, and asks once a run for an input that is needed, and for no other', async () => {
    const asked: string[] = [];
    let traced = 0;
    const built = engine.compile({ key: 'k', run: input => { traced++; input('unused', [3], 'f32'); return { y: add(input('x', [3], 'f32'), input('x', [3], 'f32')) }; } });
    for (let i = 0; i < 3; i++) expect([...(await built.run(name => { asked.push(name); return x; }))['y']!.data]).toEqual([2, 4, 6]);
    expect([traced, asked]).toEqual([1, ['x', 'x', 'x']]);
    built.dispose();
  });
  it('keeps no hold of the arrays that it was given, and gives arrays of its own', async () => {
    const given = Float32Array.of(1, 2, 3), built = engine.compile({ key: 'k', run: input => ({ same: clone(input('x', [3], 'f32')), more: add(input('x', [3], 'f32'), 1) }) });
    const first = await built.run(() => given);
    given.fill(9);
    await built.run(() => given);
    expect([[...first['same']!.data], [...first['more']!.data]]).toEqual([[1, 2, 3], [2, 3, 4]]);
    built.dispose();
  });
  it('leaves no tensor behind, and the backend of another engine where it was', async () => {
    await engineOn('cpu');
    const before = engine.alive(), built = engine.compile({ key: 'k', run: input => ({ y: sum(mul(input('x', [3], 'f32'), 2)) }) });
    await built.run(() => x);
    expect([engine.alive(), memory().numTensors, getBackend()]).toEqual([before, before, 'cpu']);
    built.dispose();
  });
  it('that throws while it is traced throws at every run, and leaves none either', async () => {
    const before = engine.alive(), built = engine.compile({ key: 'bad', run: input => { add(input('x', [3], 'f32'), 1); throw new Error('no'); } });
    for (let i = 0; i < 3; i++) await expect(built.run(() => x)).rejects.toThrow('no');
    expect(engine.alive()).toBe(before);
  });
  it('builds again what was given back', async () => {
    const own = await onnx.open('cpu-1'), built = own.compile({ key: 'k', run: input => ({ y: add(input('x', [3], 'f32'), 1) }) }), first = async () => (await built.run(() => x))['y']!.data[0];
    expect(await first()).toBe(2);
    built.dispose();
    expect(await first()).toBe(2);
    own.close();
    expect(await first()).toBe(2);
    own.close();
  });
  it('takes the parts of an input that lie in one piece as they lie, and gives outputs the shapes that they have', async () => {
    const parts: Program = { key: 'parts', run: input => {
      const w = input('w', [3, 2, 2], 'f32'), [a, b, c] = unstack(w, 0) as [Tensor2D, Tensor2D, Tensor2D], flat = reshape(w, [12]);
      return { product: matMul(a, c), turned: reshape(add(b, 1), [4]), end: add(slice(flat, [5], [3]), 0.5), row: add(slice(w, [1, 0, 0], [2, 2, 2]), 1), inside: add(slice(w, [0, 1, 0], [3, 1, 2]), 1), whole: add(w, 1), same: clone(b) };
    } };
    register();
    const asked: string[] = [], w = Float32Array.from({ length: 12 }, (_, i) => i), model = emit(trace(parts)), results = await Promise.all([await engineOn('cpu'), engine].map(async e => { const built = e.compile(parts), out = await built.run(name => { asked.push(name); return w; }); built.dispose(); return out; }));
    expect(results[1]).toEqual(results[0]);
    expect(asked).toEqual(['w', 'w']);
    expect(Object.fromEntries(model.operators)).toEqual({ MatMul: 1, Add: 5, Slice: 1, Identity: 1 });
  });
  it('goes when others need the room, and is built again', async () => {
    const own = await onnx.open('cpu-1'), traced: string[] = [], large = (key: string) => own.compile({ key, run: input => { traced.push(key); let t = input('x', [1024, 256], 'f32') as Tensor; for (let i = 0; i < 400; i++) t = sin(t); return { y: sum(t) }; } }), give = () => new Float32Array(1024 * 256);      // 400 MiB by what it is at most
    const [a, b, c] = [large('a'), large('b'), large('c')];
    for (const e of [a, b, a, c, a, b]) await e.run(give);
    expect(traced).toEqual(['a', 'b', 'c', 'b']);                        // b ran longest ago when c came, and c when b came back
    own.close();
  }, 30_000);
  it('may be asked by two at the same time', async () => {
    const built = engine.compile({ key: 'k', run: input => ({ y: mul(input('x', [1], 'f32'), 2) }) });
    expect((await Promise.all([1, 2, 3].map(n => built.run(() => Float32Array.of(n))))).map(o => o['y']!.data[0])).toEqual([2, 4, 6]);
    built.dispose();
  });
});

describe('ONNX Runtime', () => {
  const p = new Programs(plan(qmix, { ...SIZES, batch: 16, time: 12 })), program = p.pass(['q'], { cuts: { data: { batch: 16, time: 12 } }, once: [], first: true, carries: false });
  const draw = (name: string, shape: readonly number[], dtype: DType) => { const n = shape.reduce((a, b) => a * b, 1); return dtype === 'f32' ? Random.of(1, name).fill('uniform', new Float32Array(n)) : dtype === 'i32' ? new Int32Array(n) : new Uint8Array(n).fill(1); };
  it('is called directly, and gives the same bits through its public interface and on two threads', async () => {
    register();
    const runtime = loadRuntime(), plain = loadRuntime(undefined, () => undefined), model = emit(trace(program));
    expect([runtime.direct, plain.direct]).toEqual([true, false]);
    const results = await Promise.all([[runtime, 1], [runtime, 2], [plain, 1]].map(async ([r, threads]) => { const s = await (r as typeof runtime).open(model, threads as number), out = await s.run(draw); s.dispose(); return out; }));
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe('steps over time', () => {
  /** A carry and two inputs; of its outputs one is the carry before, one a slot as it came, one the same for all slots, one is read by nobody. */
  const stepping = (T: number, backwards: boolean) => ({ key: 'steps', run: (input: Parameters<Parameters<Engine['compile']>[0]['run']>[0]) => {
    const h0 = input('h', [2, 3], 'f32'), w = input('w', [3, 3], 'f32'), { carry, out } = scan(h0, [input('x', [T, 2, 3], 'f32'), input('m', [T, 2, 1], 'f32')], (h, [now, alive]) => {
      const kept = mul(h, alive!), next = add(matMul(kept as Tensor2D, w as Tensor2D), add(now!, mul(w, 2).sum()));
      return { carry: next, out: [kept, now!, mul(w, 2), next, next, add(h, 1), h] };
    }, backwards);
    return { carry, ...Object.fromEntries(out.flatMap((o, i) => (i === 5 ? [] : [[`out${i}`, o]]))) };
  } });
  const draw = (name: string, shape: readonly number[]) => Random.of(4, name).fill('normal', new Float32Array(shape.reduce((p, q) => p * q, 1))).map(v => v / 4);
  it.each([[1, false], [2, true], [7, false], [7, true]])('%i of them, backwards %s, are what they are one after another', async (T, backwards) => {
    const [want, got] = await Promise.all([await engineOn('cpu'), engine].map(async e => { const built = e.compile(stepping(T, backwards)), out = await built.run(draw); built.dispose(); return out; })) as [Outputs, Outputs];
    expect(Object.keys(got)).toEqual(Object.keys(want));
    for (const [k, o] of Object.entries(want)) { expect(got[k]!.shape, k).toEqual(o.shape); expect(apart(got[k]!.data, o.data), k).toBeLessThan(1e-6); }
  });
  it('are one operator, however many', () => {
    register();
    const count = (T: number) => Object.fromEntries(emit(trace(stepping(T, false))).operators);
    expect(count(50)).toEqual(count(5));
    expect(count(5)['Scan']).toBe(1);
  });
  it('give what their operators give as often as there are slots', () => {
    register();
    const grain = (T: number) => emit(trace({ key: 'sum', run: input => {
      const { out } = scan(input('h', [2, 3], 'f32'), [input('x', [T, 2, 3], 'f32')], (h, [now]) => { const next = add(h, now!); return { carry: next, out: [next] }; });
      return { sum: add(out[0]!, 1) };
    } })).grain;
    // an addition of 24 bytes for each slot, and one of all of them
    for (const T of [5, 50]) expect(grain(T)).toBe((T * 24 + T * 24) / (T + 1));
  });
});

describe('a node that cannot be compiled', () => {
  const pooled = defineNode({
    type: 'pooled', in: { x: f32('... row column') }, out: { y: f32('...') }, layers: () => ({ w: parameter([1]) }),
    forward: ({ x: image }, { w }, _, { row, column }) => ({ y: sum(mul(reshape(maxPool(reshape(image, [-1, row!, column!, 1]) as Tensor4D, 2, 1, 'same'), [-1, row! * column!]), w()), 1) }),
  });
  it('is named, with the kernel and the remedy', async () => {
    const inputs = { x: { shape: [2, 3, 4], data: new Float32Array(24) } };
    await expect(evaluateNode(pooled, { inputs, engine: 'onnx:cpu-1' })).rejects.toThrow('engine onnx cannot compile node node: it uses the TensorFlow.js kernel MaxPool\n  fix: --engine tfjs runs it as it stands');
    expect((await evaluateNode(pooled, { inputs, engine: 'tfjs:cpu' })).outputs['y']!.data.length).toBe(2);
  });
  it('is named too where only its gradient cannot be', async () => {
    const largest = (dy: Tensor) => mul(dy, sum(maxPool(zeros([1, 2, 2, 1]) as Tensor4D, 2, 1, 'same'))), strange = customGrad((...args) => ({ value: mul(args[0] as Tensor, 2), gradFunc: largest }));
    const bent = defineNode({ type: 'bent', in: { x: f32('... ?x') }, out: { y: f32('...') }, forward: ({ x: rows }) => ({ y: sum(strange(rows), 1) }) });
    await expect(evaluateNode(bent, { inputs: { x: { shape: [2, 3], data: new Float32Array(6) } }, engine: 'onnx:cpu-1' })).rejects.toThrow('engine onnx cannot compile the gradient of node node: it uses the TensorFlow.js kernel MaxPool');
  });
});

describe('several updates in a row', () => {
  /** Weights, lagged weights, moments and memory after some updates of an engine on its own. */
  async function after(d: Definition, on: Engine, updates: number) {
    const learner = new Learner(plan(d, sizesOf(d)), on), cuts = Object.fromEntries(Object.keys(d.page.sources).map(s => [s, { batch: BATCH, time: stepsOf(d) }]));
    let state = freshState(learner.plan, 1);
    for (let i = 0; i < updates; i++) {
      const done = await learner.update(state, { cuts, fields: Object.fromEntries(Object.entries(batchOf(d, { seed: i })).map(([k, a]) => [k, a.data])) }, { seed: 1 });
      expect(done.failed).toBeUndefined();
      state = { ...done.state, counters: { ...done.state.counters, steps: done.state.counters.steps + 1, episodes: done.state.counters.episodes + 60 } };
    }
    learner.dispose();
    return state;
  }
  const SOME = ['dqn', 'qmix', 'qplex', 'ppo', 'td3', 'coma', 'facmac'], UPDATES = ALL ? 20 : 6;
  it.each(ALL ? Object.keys(allPages) : SOME)(`%s: ${UPDATES} leave weights, lagged weights and memory where the plain ones do`, async name => {
    const page = passing(allPages[name]!, 2), a = await after(page, await engineOn('cpu'), UPDATES), b = await after(page, engine, UPDATES);
    expect(apart(b.weights, a.weights)).toBeLessThan(1e-5);
    expect(apart(b.lagged, a.lagged)).toBeLessThan(1e-5);
    expect(Object.keys(b.slots)).toEqual(Object.keys(a.slots));
    expect(b.counters).toEqual(a.counters);
    for (const [n, m] of Object.entries(a.memory)) for (const [k, v] of Object.entries(m)) [v].flat().forEach((x, i) => { expect([b.memory[n]![k]!].flat()[i]).toBeCloseTo(x as number, 4); });
  }, 60_000);
  it('are the same bits every time', async () => {
    const [a, b] = [await after(qmix, engine, 3), await after(qmix, await onnx.open('cpu-1'), 3)];
    expect(b).toEqual(a);
  });
});

describe('a number that is not finite', () => {
  it('is found at the same wire as by the plain engine', async () => {
    const d = derive(dqn, 'small', g => { g.set('q', { hidden: [4] }); }), fields = Object.fromEntries(Object.entries(batchOf(d)).map(([k, a]) => [k, a.data]));
    (fields['data.reward'] as Float32Array)[0] = Infinity;
    for (const on of [await engineOn('cpu'), engine]) {
      const learner = new Learner(plan(d, { ...SIZES, batch: BATCH, time: 1 }), on), { failed } = await learner.update(freshState(learner.plan, 1), { cuts: { data: { batch: BATCH, time: 1 } }, fields }, { seed: 1 });
      expect(failed).toBe('rule q: data.reward of the batch holds a number that is not finite');
    }
  });
});

describe('a run', () => {
  let made: Composition, folder: string;
  beforeAll(async () => { made = await compose(); folder = await mkdtemp(path.join(os.tmpdir(), 'skein-onnx-')); });
  afterAll(() => rm(folder, { recursive: true }));
  it.each(['dqn', 'qmix'])('of %s, stopped and resumed, ends as if it had not been, and its record names the engine', async name => {
    const whole = await begin(made, name, `${folder}/${name}-whole`, 'onnx:cpu-1'), straight = await whole.begin(), draw = Random.of(7, name), at = Array.from({ length: 4 }, () => draw.integer(straight.state.counters.updates)).sort((p, q) => p - q);
    expect(whole.record['engine']).toEqual(engine.info);
    const broken = `${folder}/${name}-broken`, first = await begin(made, name, broken, 'onnx:cpu-1', { trackers: [{ progress: p => { if (p.update >= at[0]!) first.run.stop(); } }] });
    let outcome = await first.begin(), stops = 0;
    for (const update of [...at.slice(1), Infinity]) {
      if (outcome.reason === 'stopped') stops++;
      const again = await made.training.resume(broken, { trackers: [{ progress: p => { if (p.update >= update) again.run.stop(); } }] });
      expect(again.engine.info).toEqual(engine.info);
      outcome = await again.begin();
    }
    expect([stops > 1, outcome.reason]).toEqual([true, 'finished']);
    expect(await outcomeOf(broken)).toEqual(await outcomeOf(`${folder}/${name}-whole`));
    expect((await made.training.evaluate(broken, { episodes: 2 })).score).toEqual((await made.training.evaluate(`${folder}/${name}-whole`, { episodes: 2 })).score);
  }, 120_000);
});
