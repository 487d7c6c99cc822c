/** Layers against the same formulas written out in float64, and how their tensors start. */
import { mul, sum, tensor, type Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../core/engine.ts';
import type { Init, Layer, Over } from '../../core/layers.ts';
import { constant, gaussian, orthogonal } from '../../nodes/initial.ts';
import { combined, conv, dense, gru, lstm, mlp, parameter } from '../../nodes/layers.ts';
import type { Slice } from '../../core/plan.ts';
import { Random } from '../../core/random.ts';
import { initialise } from '../../core/weights.ts';
import { emit } from '../../plugins/engines/onnx/emit.ts';
import { trace } from '../../plugins/engines/onnx/symbolic-backend.ts';
import { importTorch } from '../../plugins/weight-names.ts';
import { engineOn, judged } from '../plugins/engines/on.ts';

let engine: Engine;
beforeAll(async () => { engine = await engineOn('cpu'); });

type Arrays = Record<string, Float32Array>;
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const draw = (what: string, n: number, scale = 0.5) => Random.of(1, `layers/${what}`).fill('normal', new Float32Array(n)).map(x => scale * x);
const drawn = (layer: Pick<Layer, 'tensors'>, scale?: number): Arrays => Object.fromEntries(Object.entries(layer.tensors).map(([k, s]) => [k, draw(k, size(s.shape), scale)]));
/** Not for layers without a carry. */
const NEVER: Over = { length: 1, alive: undefined, get carry(): Tensor { throw new Error('no carry'); }, leave: () => { throw new Error('no carry'); } };
const close = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 1e-5) => {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) if (!(Math.abs(got[i]! - want[i]!) <= tolerance * Math.max(1, Math.abs(want[i]!)))) expect.fail(`element ${i} is ${got[i]}, expected ${want[i]}`);
};
/** What a layer makes of x, and its shape. */
async function forward(layer: Layer, weights: Arrays, x: Float32Array, shape: readonly number[]): Promise<{ shape: readonly number[]; data: ArrayLike<number> }> {
  const tensors = () => Object.fromEntries(Object.entries(layer.tensors).map(([k, s]) => [k, tensor(weights[k]!, [...s.shape])]));
  const out = await engine.compile({ key: 'layer', run: () => ({ y: layer.bind(tensors(), NEVER)(tensor(x, [...shape])) }) }).run(() => x);
  return out['y']!;
}
/** x W + b in float64. */
function affine(x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number> | undefined, from: number, to: number): Float64Array {
  const rows = x.length / from, y = new Float64Array(rows * to);
  for (let r = 0; r < rows; r++) for (let j = 0; j < to; j++) { let s = b?.[j] ?? 0; for (let i = 0; i < from; i++) s += x[r * from + i]! * w[i * to + j]!; y[r * to + j] = s; }
  return y;
}

describe('dense', () => {
  it('is x W + b over the last dim, whatever stands before it', async () => {
    for (const lead of [[4], [2, 3], [2, 2, 2]]) {
      const layer = dense(3, 2), w = drawn(layer), x = draw('x', size(lead) * 3), y = await forward(layer, w, x, [...lead, 3]);
      expect(y.shape).toEqual([...lead, 2]);
      close(y.data, affine(x, w['kernel']!, w['bias'], 3, 2));
    }
  });
  it('has no bias where it is not to have one', async () => {
    const layer = dense(3, 2, { bias: false }), w = drawn(layer), x = draw('x', 6);
    expect(Object.keys(layer.tensors)).toEqual(['kernel']);
    close((await forward(layer, w, x, [2, 3])).data, affine(x, w['kernel']!, undefined, 3, 2));
  });
});

/** By its series, which needs no more than 60 terms where it is not 1 to all digits that count. */
const erf = (x: number): number => { if (Math.abs(x) > 4) return Math.sign(x); let [term, total] = [x, x]; for (let n = 1; n < 60; n++) { term *= -x * x / n; total += term / (2 * n + 1); } return 2 / Math.sqrt(Math.PI) * total; };
describe('mlp', () => {
  const acts = { relu: (v: number) => Math.max(0, v), tanh: Math.tanh, elu: (v: number) => (v > 0 ? v : Math.expm1(v)), gelu: (v: number) => v * (1 + erf(v / Math.SQRT2)) / 2, none: (v: number) => v };
  for (const activation of ['relu', 'tanh', 'elu', 'gelu', 'none'] as const) it(`puts ${activation} between its layers, and nothing after the last`, async () => {
    const layer = mlp([3, 4, 5, 2], { activation }), w = drawn(layer, 1), x = draw('x', 6, 1);
    expect(Object.fromEntries(Object.entries(layer.tensors).map(([k, s]) => [k, s.shape]))).toEqual({ kernel0: [3, 4], bias0: [4], kernel1: [4, 5], bias1: [5], kernel2: [5, 2], bias2: [2] });
    const hidden = affine(affine(x, w['kernel0']!, w['bias0'], 3, 4).map(acts[activation]), w['kernel1']!, w['bias1'], 4, 5).map(acts[activation]);
    close((await forward(layer, w, x, [2, 3])).data, affine(hidden, w['kernel2']!, w['bias2'], 5, 2));
  });
  it('of one width changes nothing', async () => { const x = draw('x', 6); expect([...(await forward(mlp([3]), {}, x, [2, 3])).data as Float32Array]).toEqual([...x]); });
  it('starts its last layer by itself', () => {
    const hidden = orthogonal(2), last = orthogonal(0.01), { tensors } = mlp([3, 4, 2], { hidden: { kernel: hidden }, last: { kernel: last, bias: false } });
    expect([tensors['kernel0']!.init, tensors['kernel1']!.init]).toEqual([hidden, last]);
    expect(Object.keys(tensors)).toEqual(['kernel0', 'bias0', 'kernel1']);
  });
});

describe('combined', () => {
  it('has the tensors of its parts under their names, and makes of their functions what it is told', async () => {
    const layer = combined({ first: dense(3, 4), second: dense(4, 2, { bias: false }) }, ({ first, second }) => (x: Tensor) => second(first(x))), w = drawn(layer), x = draw('x', 6);
    expect(Object.fromEntries(Object.entries(layer.tensors).map(([k, s]) => [k, s.shape]))).toEqual({ 'first/kernel': [3, 4], 'first/bias': [4], 'second/kernel': [4, 2] });
    close((await forward(layer, w, x, [2, 3])).data, affine(affine(x, w['first/kernel']!, w['first/bias'], 3, 4), w['second/kernel']!, undefined, 4, 2));
  });
});

describe('conv', () => {
  for (const { stride, pad, out } of [{ stride: 1, pad: 'same', out: 4 }, { stride: 1, pad: 'valid', out: 2 }, { stride: 2, pad: 'valid', out: 1 }] as const)
    it(`is the sum over a window, ${pad} at stride ${stride}`, async () => {
      const [H, W, C, D, K] = [4, 4, 2, 3, 3], layer = conv(C, D, K, { stride, pad }), w = drawn(layer), x = draw('image', 2 * H * W * C), y = await forward(layer, w, x, [2, H, W, C]);
      expect(y.shape).toEqual([2, out, out, D]);
      const before = pad === 'same' ? 1 : 0, want = new Float64Array(2 * out * out * D);
      for (let n = 0; n < 2; n++) for (let i = 0; i < out; i++) for (let j = 0; j < out; j++) for (let d = 0; d < D; d++) {
        let s = w['bias']![d]!;
        for (let a = 0; a < K; a++) for (let b = 0; b < K; b++) for (let c = 0; c < C; c++) {
          const r = i * stride + a - before, q = j * stride + b - before;
          if (r >= 0 && r < H && q >= 0 && q < W) s += x[((n * H + r) * W + q) * C + c]! * w['kernel']![((a * K + b) * C + c) * D + d]!;
        }
        want[((n * out + i) * out + j) * D + d] = s;
      }
      close(y.data, want);
    });
  it('is what tfjs-core convolves, values and gradients, for any size, stride and padding', () => fc.assert(fc.asyncProperty(fc.integer({ min: 3, max: 7 }), fc.integer({ min: 3, max: 7 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.constantFrom('same' as const, 'valid' as const), async (H, W, K, stride, pad) => {
    const layer = conv(2, 3, K, { stride, pad }), w = drawn(layer), x = draw('image', 2 * H * W * 2), program = (own: boolean) => ({ key: 'conv', run: () => {
      const f = (...t: Tensor[]) => (own ? layer.bind({ kernel: t[1]!, bias: t[2]! }, NEVER)(t[0]!) : tf.add(tf.conv2d(t[0] as tf.Tensor4D, t[1] as tf.Tensor4D, stride, pad), t[2]!)) as Tensor;
      const xs = [tensor(x, [2, H, W, 2]), tensor(w['kernel']!, [K, K, 2, 3]), tensor(w['bias']!, [3])], y = f(...xs), cot = tensor(draw('cotangent', y.size), y.shape);
      return { y, ...Object.fromEntries(tf.grads((...t) => sum(mul(f(...t), cot)))(xs).map((g, i) => [`g${i}`, g])) };
    } }), [a, b] = [await engine.compile(program(true)).run(() => x), await engine.compile(program(false)).run(() => x)];
    for (const k of ['y', 'g0', 'g1', 'g2']) { expect(a[k]!.shape).toEqual(b[k]!.shape); close(a[k]!.data, b[k]!.data, 1e-4); }
  }), { numRuns: 25 }));
});

describe('parameter', () => {
  it('is itself', async () => {
    const three = constant(3), layer = parameter([2, 2], three), out = await engine.compile({ key: 'p', run: () => ({ y: layer.bind({ value: tensor([1, 2, 3, 4], [2, 2]) }, NEVER)() }) }).run(() => new Float32Array(0));
    expect(out['y']).toMatchObject({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
    expect(layer.tensors['value']).toMatchObject({ shape: [2, 2], init: three });
  });
});

describe('gru', () => {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  interface Case { readonly T: number; readonly n: number; readonly F: number; readonly H: number; readonly alive?: readonly number[] }
  interface Values { x: Float64Array; h0: Float64Array; kernel: Float64Array; bias: Float64Array; recurrent: Float64Array; recurrentBias: Float64Array }
  /** PyTorch's GRUCell, step by step in float64: r and z as usual, n = tanh(W_n x + b_n + r (U_n h + c_n)), h' = (1 - z) n + z h. */
  function cell({ T, n, F, H, alive }: Case, v: Values): Float64Array {
    const out = new Float64Array(T * n * H);
    let h = Float64Array.from(v.h0);
    for (let t = 0; t < T; t++) {
      const after = new Float64Array(n * H);
      for (let row = 0; row < n; row++) {
        const x = v.x.subarray((t * n + row) * F, (t * n + row + 1) * F), before = h.subarray(row * H, (row + 1) * H).map(a => a * (alive ? alive[t * n + row]! : 1));
        const gate = (g: number, j: number) => {
          let input = v.bias[g * H + j]!, deep = v.recurrentBias[g * H + j]!;
          for (let i = 0; i < F; i++) input += x[i]! * v.kernel[(g * F + i) * H + j]!;
          for (let i = 0; i < H; i++) deep += before[i]! * v.recurrent[(g * H + i) * H + j]!;
          return { input, deep };
        };
        for (let j = 0; j < H; j++) {
          const R = gate(0, j), Z = gate(1, j), N = gate(2, j), r = sigmoid(R.input + R.deep), z = sigmoid(Z.input + Z.deep), m = Math.tanh(N.input + r * N.deep);
          after[row * H + j] = (1 - z) * m + z * before[j]!;
        }
      }
      out.set(after, t * n * H);
      h = after;
    }
    return out;
  }
  const valuesOf = ({ T, n, F, H }: Case): Values => {
    const tensors = drawn(gru(F, H)), wide = (x: Float32Array) => Float64Array.from(x);
    return { x: wide(draw('gru x', T * n * F)), h0: wide(draw('gru h', n * H)), kernel: wide(tensors['kernel']!), bias: wide(tensors['bias']!), recurrent: wide(tensors['recurrent']!), recurrentBias: wide(tensors['recurrentBias']!) };
  };
  const NAMES = ['x', 'kernel', 'bias', 'recurrent', 'recurrentBias'] as const;
  /** Outputs, the carry left, and the gradients of sum(y cot). */
  async function run(c: Case, v: Values, cot: Float64Array) {
    const { T, n, F, H } = c, layer = gru(F, H), flat = (x: Float64Array) => Float32Array.from(x);
    const program = { key: 'gru', run: () => {
      let left: Tensor | undefined;
      const values = (x: Tensor, tensors: Record<string, Tensor>) => layer.bind(tensors, {
        length: T, carry: tensor(flat(v.h0), [n, H]), alive: c.alive && tensor([...c.alive], [T * n, 1]), leave: h => { left = tf.keep(h.clone()); },
      })(x);
      const xs = [tensor(flat(v.x), [T * n, F]), ...NAMES.slice(1).map(k => tensor(flat(v[k]), [...layer.tensors[k]!.shape]))], over = (x: Tensor, ...w: Tensor[]) => values(x, Object.fromEntries(NAMES.slice(1).map((k, i) => [k, w[i]!])));
      const y = over(...xs as [Tensor, ...Tensor[]]), grads = tf.grads((...a) => sum(mul(over(...a as [Tensor, ...Tensor[]]), tensor(flat(cot), [T * n, H]))))(xs);
      return { y, left: left!, ...Object.fromEntries(grads.map((g, i) => [`grad.${NAMES[i]!}`, g])) };
    } };
    return engine.compile(program).run(() => new Float32Array(0));
  }
  const CASES: Case[] = [
    { T: 1, n: 3, F: 2, H: 4 }, { T: 2, n: 2, F: 3, H: 2 }, { T: 5, n: 2, F: 3, H: 4 },
    { T: 1, n: 2, F: 2, H: 3, alive: [0, 1] }, { T: 2, n: 2, F: 2, H: 2, alive: [1, 1, 0, 1] }, { T: 5, n: 2, F: 2, H: 3, alive: [0, 1, 1, 1, 1, 0, 0, 1, 1, 1] },
  ];
  for (const c of CASES) it(`over ${c.T} steps${c.alive ? ' with episodes that start inside' : ''}: forward, carry and all gradients`, async () => {
    const v = valuesOf(c), cot = Float64Array.from(draw('cotangent', c.T * c.n * c.H, 1)), want = cell(c, v), got = await run(c, v, cot);
    close(got['y']!.data, want, 2e-6);
    close(got['left']!.data, want.subarray((c.T - 1) * c.n * c.H), 2e-6);
    // central differences of the float64 cell: exact to some 1e-9, so that what is compared is the gradient and not its noise
    const at = (k: keyof Values, i: number, by: number) => { const moved = { ...v, [k]: Float64Array.from(v[k]) }; moved[k][i]! += by; return cell(c, moved).reduce((s, y, j) => s + y * cot[j]!, 0); };
    for (const k of NAMES) close(got[`grad.${k}`]!.data, v[k].map((_, i) => (at(k, i, 1e-5) - at(k, i, -1e-5)) / 2e-5), 2e-5);
  });
  it('forgets everything where an episode starts: what came before makes no difference', async () => {
    const c: Case = { T: 3, n: 1, F: 2, H: 2, alive: [1, 0, 1] }, v = valuesOf(c), cot = new Float64Array(6).fill(1), other = { ...v, h0: v.h0.map(x => x + 5), x: v.x.map((x, i) => (i < 2 ? x - 3 : x)) };
    const [a, b] = [await run(c, v, cot), await run(c, other, cot)];
    expect([...b['y']!.data.subarray(2)]).toEqual([...a['y']!.data.subarray(2)]);
    expect([...b['y']!.data.subarray(0, 2)]).not.toEqual([...a['y']!.data.subarray(0, 2)]);
  });
  it('has the layout of its docstring: gates first', () => {
    expect(Object.fromEntries(Object.entries(gru(3, 4).tensors).map(([k, s]) => [k, s.shape]))).toEqual({ kernel: [3, 3, 4], bias: [3, 4], recurrent: [3, 4, 4], recurrentBias: [3, 4] });
    expect(gru(3, 4).carry).toBe(4);
  });
});

describe('lstm', () => {
  interface Fixture { readonly T: number; readonly n: number; readonly F: number; readonly H: number; readonly x: number[]; readonly carry: number[]; readonly cotangent: number[]; readonly alive?: number[]; readonly weights: Record<string, TorchArray>; readonly y: number[]; readonly left: number[]; readonly gradients: { readonly x: number[] } & Record<string, TorchArray> }
  interface TorchArray { readonly shape: number[]; readonly data: number[] }
  const { cases } = JSON.parse(readFileSync(new URL('../fixtures/layers/lstm.json', import.meta.url), 'utf8')) as { readonly cases: readonly Fixture[] };
  const TORCH: Record<string, string> = { kernel: 'weight_ih', bias: 'bias_ih', recurrent: 'weight_hh', recurrentBias: 'bias_hh' }, NAMES = Object.keys(TORCH);
  const ours = (arrays: Record<string, TorchArray>): Arrays => Object.fromEntries(Object.entries(importTorch(Object.fromEntries(Object.values(TORCH).map(k => [k, { shape: arrays[k]!.shape, data: Float32Array.from(arrays[k]!.data) }])), Object.fromEntries(NAMES.map(k => [k, { from: TORCH[k]!, gates: 4, transpose: true }])))).map(([k, a]) => [k, a.data as Float32Array]));
  interface Case extends Pick<Fixture, 'T' | 'n' | 'F' | 'H' | 'alive'> { readonly x: ArrayLike<number>; readonly carry: ArrayLike<number>; readonly cotangent: ArrayLike<number> }
  /** What the layer gives, the carry that it leaves, and the gradients of the sum of y times the cotangent. */
  async function run(on: Engine, { T, n, F, H, ...c }: Case, weights: Arrays) {
    const layer = lstm(F, H), flat = (x: ArrayLike<number>, shape: number[]) => tensor(Float32Array.from(x), shape);
    const program = { key: 'lstm', run: () => {
      let left: Tensor | undefined;
      const over = (x: Tensor, ...w: Tensor[]) => layer.bind(Object.fromEntries(NAMES.map((k, i) => [k, w[i]!])), { length: T, carry: flat(c.carry, [n, 2 * H]), alive: c.alive && flat(c.alive, [T * n, 1]), leave: h => { left = tf.keep(h.clone()); } })(x);
      const xs = [flat(c.x, [T * n, F]), ...NAMES.map(k => flat(weights[k]!, [...layer.tensors[k]!.shape]))], y = over(...xs as [Tensor, ...Tensor[]]), grads = tf.grads((...a) => sum(mul(over(...a as [Tensor, ...Tensor[]]), flat(c.cotangent, [T * n, H]))))(xs);
      return { y, left: left!, ...Object.fromEntries(grads.map((g, i) => [['x', ...NAMES][i]!, g])) };
    } }, built = on.compile(program);
    try { return await built.run(() => new Float32Array(0)); } finally { built.dispose(); }
  }
  const both = async () => [await judged(), await engineOn('cpu')];
  it.each(cases.map(c => [`${c.T} steps of ${c.n} rows, ${c.F} to ${c.H}${c.alive ? ', episodes that start inside' : ''}`, c] as const))("is PyTorch's LSTMCell over %s: values, carry and all gradients", async (_, c) => {
    const weights = ours(c.weights), want = ours(c.gradients);
    for (const on of await both()) {
      const got = await run(on, c, weights);
      close(got['y']!.data, c.y, 2e-6);
      close(got['left']!.data, c.left, 2e-6);
      close(got['x']!.data, c.gradients.x, 5e-6);
      for (const k of NAMES) close(got[k]!.data, want[k]!, 5e-6);
    }
  });
  it('has the gradient that differences of the formula have, where PyTorch has no say', async () => {
    const [T, n, F, H] = [4, 3, 2, 3], layer = lstm(F, H), weights = drawn(layer), alive = [0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0], c = { T, n, F, H, alive, x: draw('lstm x', T * n * F), carry: draw('lstm carry', n * 2 * H), cotangent: draw('lstm cotangent', T * n * H, 1) };
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    /** Sum of y times the cotangent, in float64. */
    const total = (v: Record<string, ArrayLike<number>>) => {
      let [h, cell] = [0, H].map(from => Array.from({ length: n }, (_, r) => Array.from({ length: H }, (__, j) => c.carry[r * 2 * H + from + j]!))) as [number[][], number[][]], s = 0;
      for (let t = 0; t < T; t++) {
        const lives = (rows: number[][]) => rows.map((row, r) => row.map(a => a * alive[t * n + r]!)), [before, kept] = [lives(h), lives(cell)];
        const gate = (g: number, r: number, j: number) => { let y = v['bias']![g * H + j]! + v['recurrentBias']![g * H + j]!; for (let k = 0; k < F; k++) y += v['x']![(t * n + r) * F + k]! * v['kernel']![(g * F + k) * H + j]!; for (let k = 0; k < H; k++) y += before[r]![k]! * v['recurrent']![(g * H + k) * H + j]!; return y; };
        cell = kept.map((row, r) => row.map((a, j) => sigmoid(gate(1, r, j)) * a + sigmoid(gate(0, r, j)) * Math.tanh(gate(2, r, j))));
        h = cell.map((row, r) => row.map((a, j) => sigmoid(gate(3, r, j)) * Math.tanh(a)));
        h.forEach((row, r) => { row.forEach((a, j) => { s += a * c.cotangent[(t * n + r) * H + j]!; }); });
      }
      return s;
    };
    const v: Record<string, Float64Array> = Object.fromEntries(Object.entries({ x: c.x, ...weights }).map(([k, a]) => [k, Float64Array.from(a)])), moved = (k: string, i: number, by: number) => { const a = v[k]!.slice(); a[i]! += by; return total({ ...v, [k]: a }); };
    for (const on of await both()) {
      const got = await run(on, c, weights);
      for (const k of ['x', ...NAMES]) close(got[k]!.data, v[k]!.map((_, i) => (moved(k, i, 1e-5) - moved(k, i, -1e-5)) / 2e-5), 2e-5);
    }
  });
  it('forgets everything where an episode starts: what came before makes no difference', async () => {
    const c = { T: 3, n: 1, F: 2, H: 2, alive: [1, 0, 1], x: draw('lstm x', 6), carry: draw('lstm carry', 4), cotangent: [1, 1, 1, 1, 1, 1] }, weights = drawn(lstm(2, 2)), other = { ...c, carry: c.carry.map(x => x + 5), x: c.x.map((x, i) => (i < 2 ? x - 3 : x)) };
    for (const on of await both()) {
      const [a, b] = [await run(on, c, weights), await run(on, other, weights)];
      expect([...b['y']!.data.subarray(2)]).toEqual([...a['y']!.data.subarray(2)]);
      expect([...b['left']!.data]).toEqual([...a['left']!.data]);
      expect([...b['y']!.data.subarray(0, 2)]).not.toEqual([...a['y']!.data.subarray(0, 2)]);
      expect([...b['x']!.data.subarray(2)]).toEqual([...a['x']!.data.subarray(2)]);
    }
  });
  it('goes on from the carry that it left as if it had not stopped', async () => {
    const c = { T: 5, n: 2, F: 3, H: 2, x: draw('lstm x', 30), carry: draw('lstm carry', 8), cotangent: new Float32Array(20) }, weights = drawn(lstm(3, 2));
    for (const on of await both()) {
      const whole = await run(on, c, weights), first = await run(on, { ...c, T: 3, x: c.x.slice(0, 18), cotangent: new Float32Array(12) }, weights), rest = await run(on, { ...c, T: 2, x: c.x.slice(18), carry: first['left']!.data, cotangent: new Float32Array(8) }, weights);
      close([...first['y']!.data, ...rest['y']!.data], whole['y']!.data, 1e-6);
      close(rest['left']!.data, whole['left']!.data, 1e-6);
    }
  });
  it('leaves no tensor behind', async () => {
    const c = { T: 3, n: 1, F: 2, H: 2, x: draw('lstm x', 6), carry: draw('lstm carry', 4), cotangent: [1, 1, 1, 1, 1, 1] }, weights = drawn(lstm(2, 2)), on = await engineOn('cpu'), before = on.alive(), program = { key: 'lstm', run: () => ({ y: lstm(2, 2).bind(Object.fromEntries(NAMES.map(k => [k, tensor(weights[k]!, [...lstm(2, 2).tensors[k]!.shape])])), { length: c.T, carry: tensor(c.carry, [1, 4]), alive: undefined, leave: () => undefined })(tensor(c.x, [3, 2])) }) };
    await on.compile(program).run(() => c.x);
    expect(on.alive()).toBe(before);
  });
  it('is one Scan, and one for its gradient, however long', async () => {
    await judged();
    const count = (T: number) => Object.fromEntries(emit(trace({ key: 'lstm', run: input => {
      const names = ['x', ...NAMES], shapes = [[T * 2, 3], ...NAMES.map(k => [...lstm(3, 4).tensors[k]!.shape])], f = (x: Tensor, ...w: Tensor[]) => sum(lstm(3, 4).bind(Object.fromEntries(NAMES.map((k, i) => [k, w[i]!])), { length: T, carry: tf.zeros([2, 8]), alive: undefined, leave: () => undefined })(x));
      return Object.fromEntries(tf.grads(f as (...a: Tensor[]) => Tensor)(names.map((k, i) => input(k, shapes[i]!, 'f32'))).map((g, i) => [names[i]!, g]));
    } })).operators);
    expect(count(20)).toEqual(count(5));
    expect(count(5)['Scan']).toBe(2);
  });
  it('has the layout of its docstring, gates first, carries h and c, and starts as PyTorch starts an LSTMCell: all of it within 1/sqrt(width)', () => {
    expect(Object.fromEntries(Object.entries(lstm(3, 4).tensors).map(([k, s]) => [k, s.shape]))).toEqual({ kernel: [4, 3, 4], bias: [4, 4], recurrent: [4, 4, 4], recurrentBias: [4, 4] });
    expect(lstm(3, 4).carry).toBe(8);
    for (const s of Object.values(lstm(50, 16).tensors)) { const { most } = moments(start(s.shape, s.init)); expect(most).toBeLessThanOrEqual(0.25); expect(most).toBeGreaterThan(0.21); }
  });
});

/** One tensor started by a law. */
function start(shape: readonly number[], init: Init, seed = 1, name = 'node/layer/kernel'): Float32Array {
  const slice: Slice = { name, node: 'node', layer: 'layer', tensor: 'kernel', shape, init, layout: '', from: 0, size: size(shape), per: 0 };
  return initialise([slice], slice.size, seed);
}
const moments = (x: Float32Array) => { const mean = x.reduce((a, b) => a + b, 0) / x.length; return { mean, std: Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length), most: x.reduce((a, b) => Math.max(a, Math.abs(b)), 0) }; };

describe('a tensor starts', () => {
  it('as PyTorch starts a linear layer: kernel and bias uniform within 1/sqrt(fan in), of standard deviation bound/sqrt(3)', () => {
    for (const from of [1, 4, 100]) for (const [k, s] of Object.entries(dense(from, 200).tensors)) {
      const bound = 1 / Math.sqrt(from), x = start(s.shape, s.init), { mean, std, most } = moments(x), n = x.length;
      expect(most, k).toBeLessThanOrEqual(bound);
      expect(most, k).toBeGreaterThan(0.9 * bound);
      expect(Math.abs(mean), k).toBeLessThan(5 * bound / Math.sqrt(3 * n));
      expect(Math.abs(std / (bound / Math.sqrt(3)) - 1), k).toBeLessThan(5 / Math.sqrt(n));
    }
  });
  it('as PyTorch starts a GRUCell: all of it within 1/sqrt(width)', () => {
    for (const s of Object.values(gru(50, 16).tensors)) { const { most } = moments(start(s.shape, s.init)); expect(most).toBeLessThanOrEqual(0.25); expect(most).toBeGreaterThan(0.22); }
  });
  it('as PyTorch starts a convolution: within 1/sqrt(channels x size x size)', () => {
    for (const s of Object.values(conv(4, 64, 3).tensors)) { const { most } = moments(start(s.shape, s.init)); expect(most).toBeLessThanOrEqual(1 / 6); expect(most).toBeGreaterThan(0.15); }
  });
  it('normal with the deviation asked for, or constant', () => {
    const { mean, std } = moments(start([100, 100], gaussian(0.05)));
    expect(Math.abs(mean)).toBeLessThan(0.0025);
    expect(Math.abs(std / 0.05 - 1)).toBeLessThan(0.05);
    expect([...start([3], constant(-2))]).toEqual([-2, -2, -2]);
    expect([...start([2, 2], (into, _, [rows = 0]) => { into.forEach((__, i) => { into[i] = i % (rows + 1) ? 0 : 1; }); })]).toEqual([1, 0, 0, 1]);      // a law of one's own
  });
  it('orthogonal: the products of its columns, or of its rows where there are fewer, are the square of the gain', () => fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 0.01, Math.SQRT2), (rows, columns, gain) => {
    const x = start([rows, columns], orthogonal(gain)), short = Math.min(rows, columns), at = (i: number, j: number) => (rows >= columns ? x[i * columns + j]! : x[j * columns + i]!);
    for (let a = 0; a < short; a++) for (let b = 0; b <= a; b++) {
      let dot = 0;
      for (let i = 0; i < Math.max(rows, columns); i++) dot += at(i, a) * at(i, b);
      expect(Math.abs(dot / gain ** 2 - Number(a === b))).toBeLessThan(1e-5);
    }
  })));
  it('orthogonal over more dims than two: the others flattened into the first', () => {
    const x = start([3, 4, 5], orthogonal(1));
    for (let a = 0; a < 5; a++) for (let b = 0; b <= a; b++) { let dot = 0; for (let i = 0; i < 12; i++) dot += x[i * 5 + a]! * x[i * 5 + b]!; expect(dot).toBeCloseTo(Number(a === b), 5); }
  });
  it('as its name and the seed say, and as no other', () => {
    const x = start([10], gaussian(1));
    expect(start([10], gaussian(1))).toEqual(x);
    expect(start([10], gaussian(1), 2)).not.toEqual(x);
    expect(start([10], gaussian(1), 1, 'node/layer/other')).not.toEqual(x);
  });
  it('for each index of `per` by itself, as one of its size would', () => {
    const law = dense(100, 5).tensors['kernel']!.init, slice: Slice = { name: 'n/l/k', node: 'n', layer: 'l', tensor: 'k', shape: [3, 100, 5], init: law, layout: '', from: 0, size: 1500, per: 3 }, x = initialise([slice], 1500, 1);
    const [a, b, c] = [0, 1, 2].map(i => x.subarray(i * 500, (i + 1) * 500)) as [Float32Array, Float32Array, Float32Array];
    expect(a).not.toEqual(b);
    expect(b).not.toEqual(c);
    for (const part of [a, b, c]) expect(moments(part).most).toBeLessThanOrEqual(0.1);
    const square = { ...slice, shape: [2, 4, 4], size: 32, per: 2, init: orthogonal(1) }, q = initialise([square], 32, 1);
    for (const part of [q.subarray(0, 16), q.subarray(16)]) for (let i = 0; i < 4; i++) expect([0, 1, 2, 3].reduce((s, k) => s + part[k * 4 + i]! ** 2, 0)).toBeCloseTo(1, 5);
  });
});
