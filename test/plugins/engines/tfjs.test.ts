/** Engine `tfjs`: the backend that was named and no other, the same numbers on each, and nothing left behind (T44). */
import { add, argMax, backend as tfBackend, clone, getBackend, grads, greater, matMul, memory, mul, square, sum, tensor, type Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import type { Definition } from '../../../core/definition.ts';
import type { Engine } from '../../../core/engine.ts';
import { InputError } from '../../../core/error.ts';
import { derive } from '../../../core/graph.ts';
import { plan } from '../../../core/plan.ts';
import { Random } from '../../../core/random.ts';
import { Learner } from '../../../core/step.ts';
import { freshState } from '../../../core/weights.ts';
import { dqn, qmix } from '../../../graphs/index.ts';
import { tfjs } from '../../../plugins/engines/tfjs.ts';
import { drawBatch, sizesOf } from '../../properties/batch.ts';
import { compute, engineOn } from './on.ts';

const NAMES: Readonly<Record<string, RegExp>> = { tensorflow: /^tensorflow [\d.]+, (CPU|CUDA) build$/, 'node-gpu': /^tensorflow [\d.]+, CUDA build$/, node: /^tensorflow [\d.]+, CPU build$/, webgpu: /^webgpu/, wasm: /^wasm/, cpu: /^cpu/ };

describe('a backend', () => {
  it.each(Object.keys(NAMES))('%s, named, is taken or refused with the reason: there is no other', async name => {
    await engineOn('cpu');
    try {
      expect((await tfjs.open(name)).info.backend).toMatch(NAMES[name]!);
    } catch (e) {
      expect(e).toBeInstanceOf(InputError);
      expect((e as Error).message).toMatch(new RegExp(`^engine tfjs:${name} does not load: .+\n  fix: `));
      expect(getBackend()).toBe('cpu');
    }
  });
  it('that nobody knows is refused with those there are', async () => {
    await expect(tfjs.open('cuda')).rejects.toThrow('engine tfjs has no backend cuda\n  fix: one of tensorflow, node-gpu, node, webgpu, wasm, cpu');
    await expect(tfjs.open('constructor')).rejects.toThrow('engine tfjs has no backend constructor');
  });
  it('not named is the best that loads, and the record says which', async () => {
    const { info } = await tfjs.open(), best = Object.values(NAMES).findIndex(p => p.test(info.backend));
    expect(best).toBeGreaterThanOrEqual(0);
    for (const [i, name] of Object.keys(NAMES).entries()) if (i < best) await expect(tfjs.open(name)).rejects.toThrow('does not load');
    expect(info).toMatchObject({ engine: 'tfjs', version: '4.22.0' });
  });
  it('stays that of its engine when another engine is opened', async () => {
    const where: string[] = [], program = { key: 'where', run: () => { where.push(getBackend()); return { y: tensor([1]) }; } };
    const wasm = await tfjs.open('wasm'), onWasm = wasm.compile(program), cpu = await tfjs.open('cpu'), onCpu = cpu.compile(program);
    for (const x of [onWasm, onCpu, onWasm]) await x.run(() => new Float32Array(0));
    expect(where).toEqual(['wasm', 'cpu', 'wasm']);
  });
  it('is its own also where programs of two engines run at the same time', async () => {
    const where: string[] = [], note = (as: string) => ({ key: 'where', run: () => { where.push(`${as} on ${getBackend()}`); return { y: tensor([1]) }; } });
    const wasm = (await tfjs.open('wasm')).compile(note('wasm')), cpu = (await tfjs.open('cpu')).compile(note('cpu'));
    await Promise.all([wasm, cpu, wasm, wasm, cpu].map(x => x.run(() => new Float32Array(0))));
    expect(where.sort()).toEqual(['cpu on cpu', 'cpu on cpu', 'wasm on wasm', 'wasm on wasm', 'wasm on wasm']);
  });
  it('leaves no handlers of its own on the process', async () => {
    const before = ['uncaughtException', 'unhandledRejection'].map(e => process.listenerCount(e));
    await tfjs.open('wasm');
    expect(['uncaughtException', 'unhandledRejection'].map(e => process.listenerCount(e))).toEqual(before);
  });
});

describe.each(inject('backends'))('on %s, a program', backend => {
  const x = Float32Array.of(1, 2, 3);
  it('gives shapes, dtypes and arrays of its outputs', async () => {
    const out = await compute(await engineOn(backend), { x, b: Uint8Array.of(1, 0, 1), i: Int32Array.of(5, 6, 7) }, input => {
      const t = input('x', [3], 'f32');
      return { twice: mul(t, 2), best: argMax(t), large: greater(t, 1.5), flag: input('b', [3], 'bool'), count: input('i', [3], 'i32') };
    });
    expect(out).toEqual({
      twice: { shape: [3], dtype: 'f32', data: Float32Array.of(2, 4, 6) }, best: { shape: [], dtype: 'i32', data: Int32Array.of(2) }, large: { shape: [3], dtype: 'bool', data: Uint8Array.of(0, 1, 1) },
      flag: { shape: [3], dtype: 'bool', data: Uint8Array.of(1, 0, 1) }, count: { shape: [3], dtype: 'i32', data: Int32Array.of(5, 6, 7) },
    });
  });
  it('asks once for an input that it reads twice', async () => {
    const engine = await engineOn(backend), asked: string[] = [], built = engine.compile({ key: 'k', run: input => ({ y: add(input('x', [3], 'f32'), input('x', [3], 'f32')) }) });
    const out = await built.run(name => { asked.push(name); return x; });
    expect(asked).toEqual(['x']);
    expect([...out['y']!.data]).toEqual([2, 4, 6]);
  });
  it('keeps no hold of the arrays that it was given, and gives arrays of its own', async () => {
    const engine = await engineOn(backend), given = Float32Array.of(1, 2, 3), built = engine.compile({ key: 'k', run: input => ({ same: clone(input('x', [3], 'f32')), more: add(input('x', [3], 'f32'), 1), untouched: input('z', [3], 'f32') }) });
    const first = await built.run(() => given);
    given.fill(9);
    await built.run(() => given);
    expect([...first['same']!.data]).toEqual([1, 2, 3]);
    expect([...first['more']!.data]).toEqual([2, 3, 4]);
    expect([...first['untouched']!.data]).toEqual([1, 2, 3]);
  });
  it('leaves no tensor behind', async () => {
    const engine = await engineOn(backend), built = engine.compile({ key: 'k', run: input => ({ y: sum(mul(input('x', [3], 'f32'), input('z', [3], 'f32'))), x: input('x', [3], 'f32') }) });
    await built.run(() => x);
    const before = engine.alive();
    for (let i = 0; i < 5; i++) await built.run(() => x);
    expect(engine.alive()).toBe(before);
    expect(engine.alive()).toBe(memory().numTensors);
  });
  it('that throws leaves none either, wherever it threw', async () => {
    type Run = Parameters<Engine['compile']>[0]['run'];
    const engine = await engineOn(backend), fail = (): never => { throw new Error('no'); };
    const runs: Run[] = [
      () => fail(), input => { input('x', [3], 'f32'); return fail(); }, input => ({ y: add(input('x', [3], 'f32'), fail()) }),
      input => { grads((t: Tensor) => { mul(t, t); return fail(); })([input('w', [3], 'f32')]); return {}; },
    ];
    for (const run of runs) {
      const before = engine.alive(), built = engine.compile({ key: 'bad', run });
      for (let i = 0; i < 3; i++) await expect(built.run(() => x)).rejects.toThrow('no');
      expect(engine.alive()).toBe(before);
    }
    expect(await compute(engine, { x }, input => ({ y: sum(input('x', [3], 'f32')), g: grads((t: Tensor) => sum(mul(t, t)))([input('x', [3], 'f32')])[0]! }))).toMatchObject({ y: { data: Float32Array.of(6) }, g: { data: Float32Array.of(2, 4, 6) } });
  });
});

describe('a learning step that throws', () => {
  it('leaves no tensor: not its inputs, not the losses and taps that it kept', async () => {
    const engine = await engineOn('wasm'), small = derive(qmix, 'small', g => { g.set('agentQ', { hidden: 4 }); }), sizes = sizesOf(small), learner = new Learner(plan(small, sizes), engine), state = freshState(learner.plan, 1);
    const fields = Object.fromEntries(Object.entries(drawBatch(small, sizes)).map(([k, a]) => [k, a.data])), batch = { cuts: { data: { batch: 3, time: 4 } }, fields };
    await learner.update(state, batch, { seed: 1 });
    const before = engine.alive(), { 'data.terminated': _, ...rest } = fields;
    for (let i = 0; i < 3; i++) await expect(learner.update(state, { ...batch, fields: rest }, { seed: 1, taps: ['agentQ.q'] })).rejects.toThrow('the batch has no data.terminated');
    expect(engine.alive()).toBe(before);
    expect((await learner.update(state, batch, { seed: 1 })).failed).toBeUndefined();
  });
});

describe('cpu and wasm', () => {
  /** One update of a page on a backend: losses, gradients, weights. */
  async function update(d: Definition, backend: 'cpu' | 'wasm'): Promise<Record<string, Float32Array>> {
    const sizes = sizesOf(d), learner = new Learner(plan(d, sizes), await engineOn(backend)), { batch, time } = sizes as { batch: number; time: number };
    const fields = Object.fromEntries(Object.entries(drawBatch(d, sizes)).map(([k, a]) => [k, a.data]));
    const done = await learner.update(freshState(learner.plan, 1), { cuts: { data: { batch, time } }, fields }, { seed: 1, gradients: true });
    expect(getBackend()).toBe(backend);
    return { weights: done.state.weights, ...Object.fromEntries(Object.entries(done.losses).map(([k, v]) => [`loss ${k}`, Float32Array.of(v)])), ...Object.fromEntries(Object.entries(done.gradients).map(([k, v]) => [`gradient ${k}`, v])) };
  }
  it.each([['dqn', dqn as Definition], ['qmix', qmix as Definition]])('%s: one update is the same to 1e-5 of the largest element of each output', async (_, d) => {
    const a = await update(d, 'cpu'), b = await update(d, 'wasm');
    expect(Object.keys(b)).toEqual(Object.keys(a));
    for (const [k, x] of Object.entries(a)) {
      const most = x.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6), off = x.reduce((m, v, i) => Math.max(m, Math.abs(v - b[k]![i]!)), 0);
      expect(off / most, k).toBeLessThan(1e-5);
    }
  });
  it('multiply matrices alike, transposed or not, in batches and broadcast', async () => {
    const draw = (what: string, shape: readonly number[]) => Random.of(1, what).fill('normal', new Float32Array(shape.reduce((a, b) => a * b, 1)));
    await fc.assert(fc.asyncProperty(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })), fc.boolean(), fc.boolean(), fc.constantFrom([[], []], [[3], [3]], [[2, 3], [2, 3]], [[1], [4]], [[4], [1]]), async ([m, k, n], ta, tb, [la, lb]) => {
      const a = [...la!, ...(ta ? [k, m] : [m, k])], b = [...lb!, ...(tb ? [n, k] : [k, n])], inputs = { a: draw('a', a), b: draw('b', b) };
      const run = async (backend: 'cpu' | 'wasm') => (await compute(await engineOn(backend), inputs, input => ({ y: matMul(input('a', a, 'f32'), input('b', b, 'f32'), ta, tb) })))['y']!;
      const [x, y] = [await run('cpu'), await run('wasm')];
      expect(y.shape).toEqual(x.shape);
      x.data.forEach((v, i) => { expect(Math.abs(y.data[i]! - v)).toBeLessThan(1e-5 * Math.max(1, Math.abs(v))); });
    }), { numRuns: 60 });
  });
  it.each([[false, false], [true, false], [false, true], [true, true]])('multiply several large matrices alike, turned %s and %s, and leave nothing behind', async (ta, tb) => {
    const [m, k, n] = [33, 40, 30], a = [3, ...(ta ? [k, m] : [m, k])], b = [3, ...(tb ? [n, k] : [k, n])], draw = (what: string, shape: readonly number[]) => Random.of(1, what).fill('normal', new Float32Array(shape.reduce((p, q) => p * q, 1))), inputs = { a: draw('a', a), b: draw('b', b) };
    const run = async (backend: 'cpu' | 'wasm') => { const engine = await engineOn(backend), held = () => tfBackend().numDataIds(), before = held(), { y } = await compute(engine, inputs, input => ({ y: matMul(input('a', a, 'f32'), input('b', b, 'f32'), ta, tb) })); return { y: y!, left: held() - before }; };
    const [x, y] = [await run('cpu'), await run('wasm')];
    expect(y.y.shape).toEqual([3, m, n]);
    expect(y.left).toBe(0);
    x.y.data.forEach((v, i) => { expect(Math.abs(y.y.data[i]! - v)).toBeLessThan(1e-4); });
  });
  it.each([1023, 1024, 33_554, 200_003])('add up %i squares to 1e-6 of their sum, in whatever shape, and leave nothing behind', async n => {
    const x = Random.of(1, 'x', n).fill('normal', new Float32Array(n)), exact = x.reduce((total, v) => total + v * v, 0);
    for (const backend of ['cpu', 'wasm'] as const) for (const shape of [[n], [1, n, 1]]) {
      const engine = await engineOn(backend), before = tfBackend().numDataIds(), { y } = await compute(engine, { x }, input => ({ y: sum(square(input('x', shape, 'f32'))) }));
      expect(y!.shape).toEqual([]);
      expect(Math.abs(y!.data[0]! - exact) / exact, `${backend} [${shape.join()}]`).toBeLessThan(1e-6);
      expect(tfBackend().numDataIds()).toBe(before);
    }
  });
});
