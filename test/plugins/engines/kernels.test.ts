/** Every kernel that has a lowering, with its gradient, against the plain one; and what has none. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, Program } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';
import type { DType } from '../../../core/port.ts';
import { Random } from '../../../core/random.ts';
import { lowerings } from '../../../plugins/engines/onnx/kernels/index.ts';
import { apart } from './agreement.ts';
import { engineOn, judged } from './on.ts';

let eager: Engine, other: Engine;
beforeAll(async () => { eager = await engineOn('cpu'); other = await judged(); });

/** `f32 2 3`: normal; `+f32 2`: from 0.5 to 1.5; `i32 4 <3`: below 3; `bool 5`. */
type Spec = string;
function arrayOf(name: string, spec: Spec): { shape: number[]; dtype: DType; data: TypedArray } {
  const [kind, ...rest] = spec.split(' ') as [string, ...string[]], shape = rest.filter(w => !w.startsWith('<')).map(Number), below = Number(rest.find(w => w.startsWith('<'))?.slice(1) ?? 5), n = shape.reduce((a, b) => a * b, 1), r = Random.of(3, name);
  if (kind === 'i32') return { shape, dtype: 'i32', data: Int32Array.from({ length: n }, () => r.integer(below)) };
  if (kind === 'bool') return { shape, dtype: 'bool', data: Uint8Array.from({ length: n }, () => r.integer(2)) };
  return { shape, dtype: 'f32', data: kind === '+f32' ? Float32Array.from({ length: n }, () => 0.5 + r.uniform()) : r.fill('normal', new Float32Array(n)) };
}
type Op = (...xs: Tensor[]) => Tensor | Tensor[];
interface Case { readonly of: readonly Spec[]; readonly op: Op; readonly gradient?: boolean }
const seen = new Set<string>();

/** Outputs, and the gradients to all float inputs of a weighted sum of the float outputs. */
function programOf({ of, op, gradient = true }: Case): Program {
  const arrays = of.map((spec, i) => arrayOf(`x${i}`, spec));
  return { key: 'kernel', run: input => {
    const xs = arrays.map((a, i) => input(`x${i}`, a.shape, a.dtype)), out: Record<string, Tensor> = {}, floats = xs.filter(x => x.dtype === 'float32');
    const run = () => {
      const ys = [op(...xs)].flat();
      ys.forEach((y, i) => { out[`y${i}`] = tf.keep(tf.clone(y)); });
      return ys.filter(y => y.dtype === 'float32').reduce<Tensor>((sum, y) => tf.add(sum, tf.sum(tf.mul(y, tf.reshape(tf.sin(tf.range(0, y.size)), y.shape)))), tf.scalar(0));
    };
    if (!gradient || !floats.length) tf.tidy(() => { run(); });
    else tf.engine().gradients(run, floats, undefined, true).grads.forEach((g, i) => { out[`d${i}`] = (g as Tensor | null) ?? tf.zerosLike(floats[i]!); });
    return out;
  } };
}
const supplyOf = (c: Case) => (name: string) => arrayOf(name, c.of[Number(name.slice(1))]!).data;
async function judge(c: Case): Promise<void> {
  const program = programOf(c), supply = supplyOf(c), [a, b] = [eager.compile(program), other.compile(program)];
  tf.engine().state.profiling = true;
  tf.engine().state.activeProfile.kernels = [];
  const want = await a.run(supply).finally(() => { tf.engine().state.profiling = false; });
  for (const k of tf.engine().state.activeProfile.kernels) seen.add((k as unknown as { name: string }).name);
  const got = await b.run(supply);
  for (const x of [a, b]) x.dispose();
  expect(Object.keys(got)).toEqual(Object.keys(want));
  for (const [key, w] of Object.entries(want)) {
    expect({ shape: got[key]!.shape, dtype: got[key]!.dtype }, key).toEqual({ shape: w.shape, dtype: w.dtype });
    expect(apart(got[key]!.data, w.data), `${key}: ${[...got[key]!.data].slice(0, 8).join(' ')} for ${[...w.data].slice(0, 8).join(' ')}`).toBeLessThan(1e-5);
  }
}

type Unary = 'abs' | 'neg' | 'sign' | 'relu' | 'floor' | 'ceil' | 'round' | 'exp' | 'sigmoid' | 'tanh' | 'softplus' | 'elu' | 'selu' | 'erf' | 'sin' | 'cos' | 'sinh' | 'cosh' | 'atan' | 'asinh' | 'expm1' | 'relu6' | 'square' | 'leakyRelu' | 'step' | 'isNaN' | 'isInf' | 'isFinite' | 'log' | 'sqrt' | 'reciprocal' | 'tan' | 'rsqrt' | 'log1p' | 'asin' | 'acos' | 'atanh' | 'acosh';
const anywhere: readonly Unary[] = ['abs', 'neg', 'sign', 'relu', 'floor', 'ceil', 'round', 'exp', 'sigmoid', 'tanh', 'softplus', 'elu', 'selu', 'erf', 'sin', 'cos', 'sinh', 'cosh', 'atan', 'asinh', 'expm1', 'relu6', 'square', 'leakyRelu', 'isNaN', 'isInf', 'isFinite'], positive: readonly Unary[] = ['log', 'sqrt', 'reciprocal', 'tan', 'rsqrt', 'log1p'], small: readonly Unary[] = ['asin', 'acos', 'atanh', 'expm1', 'log1p'];
const call = (f: Unary) => (x: Tensor) => (tf[f] as (x: Tensor) => Tensor)(x);
const conv = (stride: number, pad: 'same' | 'valid' | number, dilation = 1): Op => (x, w) => tf.conv2d(x as Tensor4D, w as Tensor4D, stride, pad, 'NHWC', dilation);

const CASES: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(anywhere.map(f => [f, { of: ['f32 2 3 4'], op: call(f) }])),
  ...Object.fromEntries(positive.map(f => [`${f} of positive numbers`, { of: ['+f32 2 3'], op: call(f) }])),
  ...Object.fromEntries(small.map(f => [`${f} of small numbers`, { of: ['+f32 2 3'], op: x => call(f)(tf.mul(x, 1e-4)) }])),
  'exp of masked logits': { of: ['f32 3 4', 'bool 3 4'], op: (x, mask) => tf.exp(tf.sub(tf.where(mask as Tensor, x, -1e9), 2)) },
  'softmax of masked logits': { of: ['f32 70 4', 'bool 70 4'], op: (x, mask) => { const y = tf.where(mask as Tensor, x, -1e9), z = tf.logSoftmax(y); return [tf.exp(z), tf.mul(z, tf.exp(z)), tf.sum(tf.mul(tf.cast(mask!, 'float32'), z), -1)]; } },
  'one number a row, of many narrow rows': { of: ['f32 70 6', '+f32 70 1', 'bool 70 6'], op: (x, y, mask) => [tf.mul(x, y!), tf.sub(x, y!), tf.sub(y!, x), tf.div(x, y!), tf.where(mask as Tensor, tf.tile(y!, [1, 6]), x)] },
  'one number a row, of few or of wide rows': { of: ['f32 3 6', '+f32 3 1', 'f32 70 40', 'f32 70 1'], op: (x, y, z, w) => [tf.mul(x, y!), tf.add(w!, z!)] },
  'acosh': { of: ['+f32 5'], op: x => tf.acosh(tf.add(x, 1)) }, 'step below': { of: ['f32 5'], op: x => tf.step(x, 0.25) },
  'prelu': { of: ['f32 2 3', 'f32 3'], op: (x, a) => tf.prelu(x, a!) },
  'clipByValue': { of: ['f32 9'], op: x => tf.clipByValue(x, -0.5, 0.7) },
  'whole numbers': { of: ['i32 6'], op: x => [tf.abs(tf.neg(x)), tf.square(x), tf.relu(tf.sub(x, tf.scalar(2, 'int32'))), tf.exp(x)] },
  'add, sub, mul, div': { of: ['f32 2 3', '+f32 3'], op: (x, y) => [tf.add(x, y!), tf.sub(x, y!), tf.mul(x, y!), tf.div(x, y!)] },
  'maximum, minimum, squaredDifference': { of: ['f32 2 3', 'f32 2 3'], op: (x, y) => [tf.maximum(x, y!), tf.minimum(x, y!), tf.squaredDifference(x, y!)] },
  'pow': { of: ['+f32 2 3', 'f32 1 3'], op: (x, y) => tf.pow(x, y!) },
  'addN': { of: ['f32 4', 'f32 4', 'f32 4'], op: (...xs) => tf.addN(xs) },
  'mod': { of: ['f32 20', '+f32 20'], op: (x, y) => [tf.mod(tf.mul(x, 3), y!), tf.mod(tf.mul(x, 3), tf.neg(y!))], gradient: false },
  'floorDiv': { of: ['i32 20 <9'], op: x => [tf.floorDiv(tf.sub(x, tf.scalar(4, 'int32')), tf.scalar(3, 'int32'))] },
  'x 0, x 1, + 0, - 0, / 1': { of: ['f32 2 3'], op: x => [tf.mul(x, 0), tf.mul(1, x), tf.add(x, tf.zeros([2, 3])), tf.sub(x, 0), tf.div(x, 1), tf.sub(0, x)] },
  'comparisons': { of: ['i32 2 9', 'i32 9'], op: (x, y) => [tf.greater(x, y!), tf.greaterEqual(x, y!), tf.less(x, y!), tf.lessEqual(x, y!), tf.equal(x, y!), tf.notEqual(x, y!)] },
  'comparisons with a number': { of: ['f32 9'], op: x => [tf.greater(x, 0), tf.cast(tf.less(0.5, x), 'float32')], gradient: false },
  'comparisons of booleans': { of: ['bool 9', 'bool 9'], op: (x, y) => [tf.equal(x, y!), tf.greater(x, y!)] },
  'logic': { of: ['bool 2 6', 'bool 6'], op: (x, y) => [tf.logicalAnd(x, y!), tf.logicalOr(x, y!), tf.logicalXor(x, y!), tf.logicalNot(x)] },
  'where': { of: ['bool 2 3', 'f32 2 3', 'f32 2 3'], op: (c, x, y) => tf.where(c!, x!, y!) },
  'where with a number': { of: ['bool 2 3', 'f32 2 3'], op: (c, x) => tf.where(c, x!, -1e9) },
  'where of booleans and whole numbers': { of: ['bool 5', 'bool 5', 'i32 5'], op: (c, x, y) => [tf.where(c, x!, c), tf.where(c, y!, tf.zerosLike(y!))] },
  'masks': { of: ['bool 2 3', 'f32 2 3'], op: (m, x) => [tf.mul(x!, tf.cast(m, 'float32')), tf.mul(tf.cast(m, 'float32'), x!), tf.cast(tf.cast(m, 'int32'), 'float32')] },
  'casts': { of: ['f32 6', 'i32 6'], op: (x, i) => [tf.cast(tf.mul(x, 3), 'int32'), tf.cast(i!, 'float32'), tf.cast(i!, 'bool'), tf.cast(x, 'bool')] },
  'reshapes': { of: ['f32 2 3 4'], op: x => [tf.reshape(tf.reshape(x, [6, -1]), [24]), tf.expandDims(x, -1), tf.expandDims(x, 1), tf.squeeze(tf.expandDims(x, 0))] },
  'transposes': { of: ['f32 2 3 1 4'], op: x => [tf.transpose(x), tf.transpose(tf.transpose(x, [2, 0, 3, 1]), [1, 3, 0, 2]), tf.transpose(x, [0, 2, 1, 3])] },
  'tile, broadcastTo': { of: ['f32 2 1 3'], op: x => [tf.tile(x, [1, 4, 1]), tf.tile(x, [2, 1, 2]), tf.broadcastTo(x, [2, 5, 3]), tf.add(tf.tile(x, [1, 4, 1]), tf.ones([2, 4, 3]))] },
  'tile of booleans': { of: ['bool 2 3'], op: x => tf.tile(x, [2, 2]) },
  'fill, zerosLike, onesLike, range': { of: ['f32 2 3'], op: x => [tf.fill([2, 2], 7), tf.zerosLike(x), tf.onesLike(x), tf.range(0, 1, 0.25), tf.range(3, 9, 2, 'int32'), tf.range(5, 0, -2), tf.zeros([0, 3])] },
  'constants': { of: ['f32 2 3'], op: x => [tf.add(x, tf.tensor2d([[1, 2, 3], [4, 5, 6]])), tf.eye(3), tf.fill([40, 20], 2), tf.tensor1d([true, false], 'bool')] },
  'slices': { of: ['f32 4 5'], op: x => [tf.slice(x, [1, 0], [2, -1]), tf.slice(x, 2), tf.slice(x, [0, 3], [4, 2]), tf.reverse(x, 1), tf.reverse(x)] },
  'stridedSlice': { of: ['f32 5 7'], op: x => [tf.stridedSlice(x, [1, 0], [5, 7], [2, 3]), tf.stridedSlice(x, [0, -3], [-1, 7], [1, 1])], gradient: false },
  'pad': { of: ['f32 2 3'], op: x => [tf.pad(x, [[1, 0], [0, 2]]), tf.pad(x, [[0, 0], [1, 1]], 4)] },
  'concat': { of: ['f32 2 3', 'f32 2 1'], op: (x, y) => [tf.concat([x, y!], -1), tf.concat([x, x], 0), tf.concat([tf.zeros([2, 2]), tf.zeros([2, 1])], 1)] },
  'concat of unlike dtypes': { of: ['i32 2 3', 'bool 2 3'], op: (x, y) => tf.concat([x, tf.cast(y!, 'int32')], 1) },
  'split': { of: ['f32 6 4'], op: x => [...tf.split(x, 3), ...tf.split(x, [1, 3], 1), tf.concat(tf.split(x, 2, 1), 1)] },
  'split of what was joined': { of: ['f32 2 3', 'f32 4 3'], op: (x, y) => tf.split(tf.concat([x, y!], 0), [2, 4], 0).map(z => tf.mul(z, 2)) },
  'stack, unstack': { of: ['f32 2 3', 'f32 2 3'], op: (x, y) => [tf.stack([x, y!], 0), tf.stack([x, y!], 1), tf.stack([x, y!], -1), ...tf.unstack(x, 0), ...tf.unstack(x, 1), tf.stack(tf.unstack(tf.sum(x, 0)))] },
  'diag': { of: ['f32 4'], op: x => tf.diag(x), gradient: false },
  'sum, mean': { of: ['f32 2 3 4'], op: x => [tf.sum(x), tf.sum(x, [0, 2]), tf.sum(x, -1, true), tf.mean(x), tf.mean(x, 1), tf.sum(tf.fill([2, 3], 3)), tf.mean(tf.fill([2, 3], 3), 0)] },
  'sum, mean of whole numbers and booleans': { of: ['i32 2 3', 'bool 2 3'], op: (x, y) => [tf.sum(x, 1), tf.mean(x, 0), tf.sum(y!)] },
  'max, min, prod': { of: ['f32 3 4'], op: x => [tf.max(x, 1), tf.min(x, 0), tf.max(x)] },
  'prod': { of: ['f32 3 4'], op: x => [tf.prod(x, 1), tf.prod(tf.fill([3], 2))], gradient: false },
  'all, any': { of: ['bool 3 4'], op: x => [tf.all(x, 1), tf.any(x, 0), tf.all(x), tf.any(x)] },
  'argMax, argMin': { of: ['f32 3 4', 'i32 3 4 <2', 'bool 3 4'], op: (x, i, m) => [tf.argMax(x, 1), tf.argMin(x, 0), tf.argMax(i!, 1), tf.argMin(i!, -1), tf.argMax(tf.cast(m!, 'int32'), 0)], gradient: false },
  'softmax': { of: ['f32 3 4'], op: x => [tf.softmax(x), tf.logSoftmax(x)] },
  'cumsum': { of: ['f32 3 4'], op: x => [tf.cumsum(x, 1), tf.cumsum(x, 1, true), tf.cumsum(x, 1, false, true)] },
  'cumsum down': { of: ['i32 3 4'], op: x => tf.cumsum(x, 0) },
  'topk': { of: ['f32 3 6'], op: x => { const { values, indices } = tf.topk(x, 2); return [values, indices]; }, gradient: false },
  'matMul': { of: ['f32 3 4', 'f32 4 5'], op: (x, y) => tf.matMul(x, y!) },
  'matMul, turned': { of: ['f32 4 3', 'f32 5 4'], op: (x, y) => [tf.matMul(x, y!, true, true), tf.matMul(tf.transpose(x) as Tensor2D, tf.transpose(y!) as Tensor2D), tf.matMul(x, tf.zeros([4, 2]), true)] },
  'matMul of many': { of: ['f32 2 3 4', 'f32 2 4 5'], op: (x, y) => [tf.matMul(x, y!), tf.matMul(tf.matMul(x, y!), y!, false, true), tf.matMul(x, x, true)] },
  'matMul of many with one': { of: ['f32 3 2 4', 'f32 1 4 5', 'f32 1 2 2'], op: (x, y, z) => [tf.matMul(x, y!), tf.matMul(z!, x), tf.matMul(x, x, true), tf.matMul(x, z!, true)], gradient: false },
  'einsum': { of: ['f32 2 3', 'f32 3 4'], op: (x, y) => tf.einsum('ij,jk->ki', x, y!), gradient: false },
  ...Object.fromEntries(([[1, 'same'], [2, 'same'], [1, 'valid'], [2, 'valid'], [3, 'valid'], [2, 1]] as const).flatMap(([stride, pad]) => [3, 2].map(k => [`conv2d ${k} by ${k}, stride ${stride}, ${pad}`, { of: ['f32 2 7 6 2', `f32 ${k} ${k} 2 3`], op: conv(stride, pad) }]))),
  'conv2d, dilated': { of: ['f32 2 7 6 2', 'f32 3 3 2 3'], op: conv(1, 'same', 2), gradient: false },
  'oneHot': { of: ['i32 3 2 <4'], op: i => [tf.oneHot(i as Tensor1D, 4), tf.oneHot(i as Tensor1D, 4, 2, -1)] },
  'gather': { of: ['f32 5 3', 'i32 2 2 <5', 'i32 4 <3'], op: (x, i, k) => [tf.gather(x, i!), tf.gather(x, k!, 1), tf.gather(x, tf.tensor1d([2], 'int32')), tf.gather(x, tf.scalar(3, 'int32'))] },
  'gatherND, scatterND': { of: ['f32 5 3', 'i32 4 1 <5', 'f32 4 3'], op: (x, i, u) => [tf.gatherND(x, i!), tf.scatterND(i!, u!, [5, 3])], gradient: false },
  'unsortedSegmentSum': { of: ['f32 6 2', 'i32 6 <4'], op: (x, i) => tf.unsortedSegmentSum(x, i as Tensor1D, 4) },
  'a long sum': { of: ['+f32 70001'], op: x => [tf.sum(x), tf.mean(x), tf.sum(tf.square(x))] },
  'longer sums': { of: ['+f32 600001', '+f32 600 1000'], op: (x, y) => [tf.sum(x), tf.sum(tf.square(x)), tf.sum(y), tf.sum(tf.square(y)), tf.sum(tf.square(y), [0, 1], true)] },
  'long sums down and along': { of: ['+f32 20000 3'], op: x => [tf.sum(x, 0), tf.mean(tf.transpose(x), 1), tf.sum(tf.reshape(x, [2, 10000, 3]), 1), tf.sum(x)] },
  'what is read twice, and an input given back': { of: ['f32 3'], op: x => { const y = tf.mul(x, 2); return [y, y, x, tf.add(y, y)]; } },
};

describe('a kernel gives the same', () => {
  it.each(Object.entries(CASES))('%s', async (_, c) => { await judge(c); });
  afterAll(() => {
    expect([...seen].filter(k => k in tf && !(k in lowerings))).toEqual([]);
    expect(Object.keys(lowerings).filter(k => !seen.has(k))).toEqual([]);
  });
});
