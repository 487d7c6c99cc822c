/**
 * A backend of TensorFlow.js that computes nothing: tensors have shapes and no numbers, and a kernel becomes operators of the program that is
 * being traced. A flow, its gradient and its optimiser are run on it once.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Program } from '../../../core/engine.ts';
import { RunError } from '../../../core/error.ts';
import { SCAN, steps, type Scan } from '../../../core/layers.ts';
import { DTYPES } from '../../arrays.ts';
import { runByNode } from '../program.ts';
import { Builder, type Value } from './builder.ts';
import { lowerings } from './kernels/index.ts';
import { callOf, dataType, noLowering, Unsupported } from './kernels/lowering.ts';

const NAME = 'symbolic';
/** Outputs of steps that their gradient may see: TensorFlow.js keeps those that it was told of beforehand. */
const MOST = 256;
/** What is traced at the moment; tracing is synchronous. */
let tracing: { readonly builder: Builder; readonly values: Map<object, Value>; readonly kept: Set<tf.Tensor> } | undefined;
const current = (): NonNullable<typeof tracing> => { if (!tracing) throw new Unsupported('works on a tensor outside the program'); return tracing; };

class Symbolic extends tf.KernelBackend {
  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const numbers = values as ArrayLike<number>, type = dataType(dtype);
    return given(current().builder.constant(type === 'float32' ? Float32Array.from(numbers) : type === 'bool' ? Uint8Array.from(numbers) : Int32Array.from(numbers), shape, type));
  }
  override read(): never { return this.readSync(); }
  override readSync(): never { throw new Unsupported('reads the values of a tensor'); }
  override move(): never { throw new Unsupported('works on a tensor that was made outside the program'); }
  override disposeData(): boolean { return true; }
  override incRef(): void { /* nothing is held */ }
  override refCount(): number { return 1; }
  override numDataIds(): number { return tracing?.values.size ?? 0; }
  override memory(): { unreliable: boolean } { return { unreliable: true }; }
  override floatPrecision(): 32 { return 32; }
  override epsilon(): number { return 1e-7; }
}
const backend = new Symbolic();
function given(v: Value): object { const id = {}; current().values.set(id, v); return id; }
function valueOf(t: tf.TensorInfo): Value {
  const v = current().values.get(t.dataId);
  if (!v) throw new Unsupported('works on a tensor that was made outside the program');
  return v;
}
const infoOf = (v: Value): tf.TensorInfo => ({ dataId: given(v), shape: [...v.shape], dtype: v.dtype as tf.DataType });

function kernel(kernelName: string): tf.KernelFunc {
  const lower = lowerings[kernelName];
  return ({ inputs, attrs }) => {
    if (!lower) throw noLowering(kernelName);
    const out = lower(callOf(kernelName, current().builder, inputs as Readonly<Record<string, tf.TensorInfo>>, attrs ?? {}, valueOf));
    return Array.isArray(out) ? out.map(infoOf) : infoOf(out as Value);
  };
}
/** Steps over time are one operator: the step is traced once, for a slot that has no numbers. */
const scan: tf.KernelFunc = ({ inputs, attrs }) => {
  const all = Object.values(inputs as Readonly<Record<string, tf.TensorInfo>>).map(valueOf), { step, backwards, carries, read } = attrs as unknown as Scan, outer = current(), tensor = (v: Value) => tf.engine().makeTensorFromTensorInfo(infoOf(v));
  for (const t of read) if (!t.kept) outer.kept.add(tf.keep(t));           // the gradient makes the steps again
  return outer.builder.scan(all.slice(0, carries), all.slice(carries, all.length - read.length), backwards, (builder, before, slots) => {
    tracing = { ...outer, builder };
    try {
      const done = step(before.map(tensor), slots.map(tensor));
      return [...[...done.carry, ...done.out].map(valueOf), ...before];
    } finally { tracing = outer; }
  }).map(infoOf);
};
/** Gradients inside of steps, where no tape runs; one that is being followed goes on afterwards. */
function gradientsInside(total: () => tf.Tensor, xs: readonly tf.Tensor[]): tf.Tensor[] {
  const { state } = tf.engine(), { activeTape, gradientDepth, kernelDepth } = state;
  Object.assign(state, { gradientDepth: 0, kernelDepth: 0 });
  try {
    const { grads } = tf.engine().gradients(total, [...xs], undefined, true) as { grads: (tf.Tensor | null)[] };
    return grads.map((g, i) => g ?? tf.zerosLike(xs[i]!));
  } finally { Object.assign(state, { activeTape, gradientDepth, kernelDepth }); }
}
/** The gradient of steps: steps the other way, each of which is made again from what was carried into it. What all slots read gathers its gradient as it goes. */
const gradFunc: tf.GradFunc = (given, saved, attrs) => {
  const { step, backwards, carries, read } = attrs as unknown as Scan, dys = given as tf.Tensor[], outputs = saved.slice(saved.length - dys.length), xs = saved.slice(carries, saved.length - dys.length - read.length);
  const asked = dys.slice(carries, dys.length - carries).flatMap((dy, i) => (dy.dtype === 'float32' && valueOf(dy).uniform !== 0 ? [{ dy, i }] : [])), moving = xs.map((_, i) => i).filter(i => xs[i]!.dtype === 'float32'), to = read.filter(t => t.dtype === 'float32');
  const { carry, out } = steps([...dys.slice(0, carries), ...to.map(t => tf.zeros(t.shape))], [...outputs.slice(dys.length - carries), ...xs, ...asked.map(a => a.dy)], (after, slots) => {
    const before = slots.slice(0, carries), now = slots.slice(carries, carries + xs.length), cots = slots.slice(carries + xs.length), own = moving.map(i => now[i]!);
    const grads = gradientsInside(() => {
      const done = step(before, now);
      return [...done.carry.map((x, i) => tf.mul(x, after[i]!)), ...asked.map(({ i }, k) => tf.mul(done.out[i]!, cots[k]!))].map(x => tf.sum(x)).reduce((a, b) => tf.add(a, b));
    }, [...before, ...own, ...to]), rest = grads.slice(carries + own.length);
    return { carry: [...grads.slice(0, carries), ...rest.map((g, i) => tf.add(after[carries + i]!, g))], out: grads.slice(carries, carries + own.length) };
  }, !backwards);
  const list = [...carry.slice(0, carries), ...xs.map((x, i) => (moving.includes(i) ? out[moving.indexOf(i)]! : tf.zerosLike(x))), ...read.map(t => (to.includes(t) ? carry[carries + to.indexOf(t)]! : tf.zerosLike(t)))];
  return list.map(g => () => g) as unknown as ReturnType<tf.GradFunc>;
};
let registered = false;
/** Makes the backend known. Every kernel there is gets an answer, those without a lowering too. */
export function register(): void {
  if (registered) return;
  tf.registerBackend(NAME, () => backend, 0);
  for (const [key, name] of Object.entries(tf)) if (key === name) tf.registerKernel({ kernelName: key, backendName: NAME, kernelFunc: kernel(key) });
  tf.registerKernel({ kernelName: SCAN, backendName: NAME, kernelFunc: scan });
  tf.registerGradient({ kernelName: SCAN, saveAllInputs: true, outputsToSave: Array.from({ length: MOST }, () => true), gradFunc });
  registered = true;
}

export interface Trace { readonly inputs: readonly Value[]; /** A value, and the shape in which its elements are given. */ readonly outputs: ReadonlyMap<string, { readonly value: Value; readonly shape: readonly number[] }> }
/** Runs a program once on symbolic tensors. With `views` its host takes inputs apart and gives outputs their shapes, which costs it nothing. An operator bears the name of the node it belongs to; of a gradient, with a `'`. */
export function trace(program: Program, views = true): Trace {
  const before = tf.getBackend(), builder = new Builder(undefined, views), outputs = new Map<string, { value: Value; shape: readonly number[] }>();
  let blamed = '';
  const within = <T>(node: string, run: () => T): T => {
    const outer = builder.scope;
    builder.scope = node;
    try { return run(); } catch (e) { blamed ||= node; throw e; } finally { builder.scope = outer; }
  };
  const kept = new Set<tf.Tensor>();
  tracing = { builder, values: new Map(), kept };
  void tf.setBackend(NAME);
  try {
    const { outputs: made, free } = runByNode(program, (name, shape, dtype) => tf.engine().makeTensorFromDataId(given(builder.input(shape, DTYPES[dtype], name)), [...shape], DTYPES[dtype]), within);
    for (const [name, t] of Object.entries(made)) {
      const value = valueOf(t), { from } = value;
      outputs.set(name, { value: views && from?.type === 'Reshape' ? from.in[0]! : value, shape: t.shape });
    }
    free();
    return { inputs: builder.inputs, outputs };
  } catch (e) { throw refusal(e, blamed) ?? e; } finally {
    tf.dispose([...kept]);
    tracing = undefined;
    if (before) void tf.setBackend(before);
  }
}
/** What cannot be compiled, with its node and what to do. */
function refusal(e: unknown, node: string): RunError | undefined {
  for (let cause: unknown = e; cause instanceof Error; cause = cause.cause) if (cause instanceof Unsupported) return new RunError(`engine onnx cannot compile ${node === '' ? 'the program' : node.endsWith("'") ? `the gradient of node ${node.slice(0, -1)}` : `node ${node}`}: it ${cause.message}`, '--engine tfjs runs it as it stands');
  return undefined;
}
