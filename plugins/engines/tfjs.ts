/**
 * Engine `tfjs`: runs a program as it stands on a TensorFlow.js backend. The best that loads of tensorflow (what `skein setup tensorflow` has built),
 * node-gpu and node (the packages of TensorFlow.js), webgpu, wasm and cpu; a backend that the user named never falls back. All packages must share one
 * tfjs-core, whose version they pin.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { Engine, EngineFactory, EngineInfo, Executable, OutputArray, Program, Supply } from '../../core/engine.ts';
import type { TypedArray } from '../../core/environment.ts';
import { InputError } from '../../core/error.ts';
import { DTYPES, dtypeOf } from '../arrays.ts';
import { runByNode, runOnce, spend, timesOf, type ProgramTimes, type Timeable, type TimedEngine } from './program.ts';
import { mend } from './tensorflow/kernels.ts';
import { folderOf, installed, register, restoreUtil, running, settle } from './tensorflow/library.ts';

const require = createRequire(import.meta.url);

interface Opened { readonly backend: string; readonly device?: string }
/** Two of TensorFlow's libraries in one process would share their symbols. */
let native: { readonly name: string; readonly loading: Promise<void> } | undefined;
/** Where `find` finds no library, nothing of the process is changed. */
async function tensorflow(name: 'tensorflow' | 'node-gpu' | 'node', build: 'CPU' | 'CUDA', find: () => () => unknown): Promise<Opened> {
  if (native !== undefined && native.name !== name) throw new Error(`this process has loaded tfjs:${native.name}`);
  const load = find();
  settle();
  restoreUtil();
  native ??= { name, loading: Promise.resolve().then(load).then(mend) };
  try { await native.loading; } catch (e) { native = undefined; throw e; }
  if (!(await tf.setBackend('tensorflow'))) throw new Error('its backend did not start');
  const { version, device } = running();
  return { backend: `tensorflow ${version}, ${build} build`, device };
}
const packaged = (name: 'node-gpu' | 'node', build: 'CPU' | 'CUDA'): Promise<Opened> => tensorflow(name, build, () => { const file = require.resolve(`@tensorflow/tfjs-${name}`); return () => import(pathToFileURL(file).href); });
async function built(): Promise<Opened> {
  const folder = folderOf(), found = installed(folder);
  if (!found) throw new Error('it is not set up: skein setup tensorflow');
  return tensorflow('tensorflow', found.build === 'cuda' ? 'CUDA' : 'CPU', () => () => { register(folder, found); });
}
/** The WebAssembly loader puts handlers of its own on the process, which print its source at any later error; they are taken off again. */
async function quietly<T>(load: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const, before = events.map(e => new Set<unknown>(process.listeners(e as 'uncaughtException')));
  const loaded = await load();
  events.forEach((e, i) => { for (const l of process.listeners(e as 'uncaughtException')) if (!before[i]!.has(l)) process.removeListener(e, l); });
  return loaded;
}
/** Multiplications in each of several products from which on they are made one by one: below, the plain loop is quicker than taking them apart. */
const APART = 2 ** 15;
/**
 * The WebAssembly backend multiplies transposed matrices (every gradient of a product) and several pairs of matrices at once by a plain loop, 5 to
 * 20 times slower than the same product after a transposition, or one by one. So they are transposed first, and large ones taken apart.
 */
function plainProducts(): void {
  const [product, transpose, slice, concat] = [tf.BatchMatMul, tf.Transpose, tf.Slice, tf.Concat].map(name => tf.getKernel(name, 'wasm'));
  if (!product || !transpose || !slice || !concat || known.has(product.kernelFunc)) return;
  const wrapped: tf.KernelFunc = ({ inputs, backend, attrs }) => {
    const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean }, made: tf.TensorInfo[] = [];
    const run = (kernel: tf.KernelConfig, given: tf.NamedTensorInfoMap, how: object) => kernel.kernelFunc({ inputs: given, backend, attrs: how as tf.NamedAttrMap }) as tf.TensorInfo, kept = (x: tf.TensorInfo) => { made.push(x); return x; };
    const turn = (x: tf.TensorInfo, wanted: boolean): tf.TensorInfo => {
      const rank = x.shape.length;
      return wanted ? kept(run(transpose, { x }, { perm: [...x.shape.keys()].map(i => (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2)) })) : x;
    };
    const a = turn(inputs['a']!, transposeA), b = turn(inputs['b']!, transposeB), times = (x: tf.TensorInfo, y: tf.TensorInfo) => run(product, { a: x, b: y }, { transposeA: false, transposeB: false });
    const n = a.shape[0]!, large = a.shape.length === 3 && b.shape.length === 3 && n > 1 && n === b.shape[0] && a.shape[1]! * a.shape[2]! * b.shape[2]! >= APART;
    const part = (x: tf.TensorInfo, i: number) => kept(run(slice, { x }, { begin: [i, 0, 0], size: [1, ...x.shape.slice(1)] }));
    const out = large ? run(concat, Array.from({ length: n }, (_, i) => kept(times(part(a, i), part(b, i)))) as unknown as tf.NamedTensorInfoMap, { axis: 0 }) : times(a, b);
    for (const x of made) (backend as tf.KernelBackend).disposeData(x.dataId);
    return out;
  };
  known.add(wrapped);
  tf.unregisterKernel(tf.BatchMatMul, 'wasm');
  tf.registerKernel({ ...product, kernelFunc: wrapped, setupFunc: () => undefined });
}
/** Elements from which on a sum over all of them goes by rows. */
const LONG = 2 ** 10;
/**
 * The WebAssembly backend adds the elements of a sum one after another: the norm of a gradient of 33,554 numbers is 2e-5 too small (against float64), and with it
 * every step by a gradient that is clipped. Added up in rows, and then the rows, it is right to 3e-7.
 */
function longSums(): void {
  const [total, slice, concat] = [tf.Sum, tf.Slice, tf.Concat].map(name => tf.getKernel(name, 'wasm'));
  if (!total || !slice || !concat || known.has(total.kernelFunc)) return;
  const wrapped: tf.KernelFunc = args => {
    const { inputs, backend, attrs } = args, x = inputs['x']!, n = tf.util.sizeFromShape(x.shape), { axis, keepDims } = attrs as unknown as { axis?: number | number[] | null; keepDims?: boolean };
    if (x.dtype !== 'float32' || n < LONG || keepDims || tf.util.parseAxisParam(axis ?? null as never, x.shape).length < x.shape.length) return total.kernelFunc(args);
    const run = (kernel: tf.KernelConfig, given: tf.NamedTensorInfoMap, how: object) => kernel.kernelFunc({ inputs: given, backend, attrs: how as tf.NamedAttrMap }) as tf.TensorInfo;
    const width = Math.floor(Math.sqrt(n)), square = width * width, part = (begin: number, size: number) => run(slice, { x: { ...x, shape: [n] } }, { begin: [begin], size: [size] });
    const rows = part(0, square), rest = part(square, n - square), sums = run(total, { x: { ...rows, shape: [width, width] } }, { axis: [1], keepDims: false }), all = run(concat, [sums, rest] as unknown as tf.NamedTensorInfoMap, { axis: 0 });
    const out = run(total, { x: all }, { axis: [0], keepDims: false });
    for (const made of [rows, rest, sums, all]) (backend as tf.KernelBackend).disposeData(made.dataId);
    return out;
  };
  known.add(wrapped);
  tf.unregisterKernel(tf.Sum, 'wasm');
  tf.registerKernel({ ...total, kernelFunc: wrapped, setupFunc: () => undefined });
}
const known = new WeakSet<tf.KernelFunc>();
const BACKENDS: Readonly<Record<string, () => Promise<Opened>>> = {
  tensorflow: built,
  'node-gpu': () => packaged('node-gpu', 'CUDA'),
  node: () => packaged('node', 'CPU'),
  webgpu: async () => {
    if (!(globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu) throw new Error('this runtime has no WebGPU');
    await import('@tensorflow/tfjs-backend-webgpu');
    if (!(await tf.setBackend('webgpu'))) throw new Error('no adapter');
    return { backend: 'webgpu' };
  },
  wasm: async () => {
    const wasm = await quietly(() => import('@tensorflow/tfjs-backend-wasm'));
    wasm.setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
    if (!(await quietly(() => tf.setBackend('wasm')))) throw new Error('it did not start');
    plainProducts();
    longSums();
    return { backend: `wasm${(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? ' (simd)' : ''}` };
  },
  cpu: async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    if (!(await tf.setBackend('cpu'))) throw new Error('it did not start');
    return { backend: 'cpu (plain JavaScript)' };
  },
};
const reason = (e: unknown): string => (e instanceof Error ? e.message : String(e)).split('\n', 1)[0]!;

async function open(named?: string): Promise<Engine> {
  if (named !== undefined && !Object.hasOwn(BACKENDS, named)) throw new InputError(`engine tfjs has no backend ${named}`, `one of ${Object.keys(BACKENDS).join(', ')}`);
  tf.enableProdMode();                                                    // no advertisement on standard error
  await import('@tensorflow/tfjs');                                       // the gradients of all kernels, which tfjs-core by itself lacks; here, because it takes as long to load as everything else
  const failed: string[] = [];
  for (const name of named === undefined ? Object.keys(BACKENDS) : [named]) {
    try {
      const opened = await BACKENDS[name]!();
      return new TfjsEngine({ engine: 'tfjs', opens: `tfjs:${name}`, ...opened, version: tf.version_core });
    } catch (e) { failed.push(`${name}: ${reason(e)}`); }
  }
  throw new InputError(named === undefined ? `engine tfjs: no backend loads\n  ${failed.join('\n  ')}` : `engine tfjs:${named} does not load: ${failed[0]!.slice(named.length + 2)}`, named === undefined ? 'npm install' : 'leave the backend out to take the best that loads, or install it');
}

class TfjsEngine implements Timeable, TimedEngine {
  readonly info: EngineInfo;
  readonly #timed: ProgramTimes[] | undefined;
  readonly #backend = tf.getBackend();
  constructor(info: EngineInfo, timed?: ProgramTimes[]) { this.info = info; this.#timed = timed; }
  compile(program: Program): Executable {
    const times = this.#timed && timesOf(program);
    if (times) this.#timed!.push(times);
    return { run: supply => {
      if (tf.getBackend() !== this.#backend) void tf.setBackend(this.#backend);          // another engine may have taken it; at once, so that nothing comes between
      return run(program, supply, SHARING.has(this.#backend), times);
    }, dispose: () => undefined };
  }
  timed(): TimedEngine { return new TfjsEngine(this.info, []); }
  times(): readonly ProgramTimes[] { return this.#timed ?? []; }
  alive(): number { return tf.memory().numTensors; }
  close(): void { /* the backend belongs to the process */ }
}

/** These work on the very arrays that they are given, TensorFlow where they lie as it wants, and give them out again. */
const SHARING: ReadonlySet<string> = new Set(['cpu', 'tensorflow']);
async function run(program: Program, supply: Supply, shared: boolean, times?: ProgramTimes) {
  const began = performance.now(), make = (...[name, shape, dtype]: Parameters<Parameters<typeof runOnce>[1]>) => { const given = supply(name, shape, dtype); return tf.tensor(shared ? given.slice() : given, [...shape], DTYPES[dtype]); };
  const { outputs, free } = times ? runByNode(program, make, around(times)) : runOnce(program, make);
  try {
    const read = await Promise.all(Object.entries(outputs).map(async ([name, t]): Promise<[string, OutputArray]> => [name, { shape: t.shape, dtype: dtypeOf(t), data: shared ? (await t.data() as TypedArray).slice() : await t.data() as TypedArray }]));
    return Object.fromEntries(read);
  } finally {
    free();
    if (times) { times.seconds += (performance.now() - began) / 1000; times.calls++; times.sampled++; }
  }
}
/** Kernels of the CPU backends are done when their call returns; on a GPU this is the time in which they are asked for. */
const around = (times: ProgramTimes) => <T>(node: string, work: () => T): T => {
  const began = performance.now();
  try { return work(); } finally { spend(times, node, (performance.now() - began) / 1000); }
};

export const tfjs: EngineFactory = {
  name: 'tfjs', about: 'eager TensorFlow.js: the reference',
  backends: Object.keys(BACKENDS), open,
};
