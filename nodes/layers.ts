/** The layers that nodes are made of. Tensors start as PyTorch's do unless the node says otherwise. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Init, Layer, Layers } from '../core/layers.ts';
import type { Bound } from '../core/node.ts';
import { constant, fanIn } from './initial.ts';
import { gelu } from './maths.ts';
import { scan } from './scan.ts';

const rows = (x: Tensor, width: number): Tensor2D => (x.rank === 2 ? x as Tensor2D : tf.reshape(x, [-1, width]));
/** x W + b over the last dim. With the tensors of n indices, [n, from, to] and [n, to], the rows of x come index by index. */
function affine(x: Tensor, kernel: Tensor, bias: Tensor | undefined, from: number, to: number): Tensor {
  const shape = [...x.shape.slice(0, -1), to];
  if (kernel.rank === 3) {
    const y = tf.matMul(tf.reshape(x, [kernel.shape[0]!, -1, from]), kernel);
    return tf.reshape(bias ? tf.add(y, tf.expandDims(bias, 1)) : y, shape);
  }
  const y = tf.matMul(rows(x, from), kernel as Tensor2D), z = x.rank === 2 ? y : tf.reshape(y, shape);
  return bias ? tf.add(z, bias) : z;
}

export interface DenseOptions { readonly kernel?: Init; readonly bias?: Init | false }
/** y = x W + b over the last dim. PyTorch's Linear: both uniform within 1/sqrt(from). */
export function dense(from: number, to: number, { kernel = fanIn(from), bias = fanIn(from) }: DenseOptions = {}): Layer {
  return {
    tensors: {
      kernel: { shape: [from, to], init: kernel, layout: 'dense kernel: [in, out]' },
      ...(bias ? { bias: { shape: [to], init: bias, layout: 'dense bias: [out]' } } : {}),
    },
    stacked: true,
    bind: t => x => affine(x, t['kernel']!, t['bias'], from, to),
  };
}

export type Activation = 'relu' | 'tanh' | 'elu' | 'gelu' | 'none';
const activations: Readonly<Record<Activation, (x: Tensor) => Tensor>> = { relu: x => tf.relu(x), tanh: x => tf.tanh(x), elu: x => tf.elu(x), gelu, none: x => x };
export interface MlpOptions { readonly activation?: Activation; readonly hidden?: DenseOptions; readonly last?: DenseOptions }
/** What an mlp gives, and what stands before its last layer. */
interface Depths { readonly hidden: Tensor; readonly out: Tensor }
/** `mlp` that also gives what stands before its last layer: the last hidden units, or x where there are none. The same tensors. */
export function deepMlp(widths: readonly number[], { activation = 'relu', hidden = {}, last = {} }: MlpOptions = {}): Layer<(x: Tensor) => Depths> {
  const parts = widths.slice(1).map((to, i) => dense(widths[i]!, to, i === widths.length - 2 ? last : hidden));
  const tensors = Object.fromEntries(parts.flatMap((p, i) => Object.entries(p.tensors).map(([k, s]) => [`${k}${i}`, s])));
  return {
    tensors, stacked: true,
    bind: (t, over) => {
      const layers = parts.map((p, i) => p.bind(Object.fromEntries(Object.keys(p.tensors).map(k => [k, t[`${k}${i}`]!])), over)), end = layers.pop() ?? (x => x);
      return x => { const deep = layers.reduce((h, layer) => activations[activation](layer(h)), x); return { hidden: deep, out: end(deep) }; };
    },
  };
}
/** Dense layers of these widths with an activation between them, none after the last. Tensors kernel0, bias0, kernel1, ... */
export function mlp(widths: readonly number[], options: MlpOptions = {}): Layer {
  const { tensors, bind } = deepMlp(widths, options);
  return { tensors, stacked: true, bind: (t, over) => { const deep = bind(t, over); return x => deep(x).out; } };
}

/**
 * Mean 0 and variance 1 over the features of each row, then a scale and a shift of each feature (Ba et al. 2016, arXiv 1607.06450):
 * y = scale (x - m) / sqrt(v + 1e-5) + shift, with the mean of squares as v. PyTorch's LayerNorm, which starts at scale 1 and shift 0.
 */
export function layerNorm(size: number): Layer {
  return {
    tensors: {
      scale: { shape: [size], init: constant(1), layout: 'layer norm scale: [feature]' },
      shift: { shape: [size], init: constant(0), layout: 'layer norm shift: [feature]' },
    },
    stacked: true,
    bind: t => x => {
      const centred = tf.sub(x, tf.mean(x, -1, true)), even = tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5))), { scale, shift } = t as { scale: Tensor; shift: Tensor };
      if (scale.rank === 1) return tf.add(tf.mul(even, scale), shift);
      const many = tf.reshape(even, [scale.shape[0]!, -1, size]);
      return tf.reshape(tf.add(tf.mul(many, tf.expandDims(scale, 1)), tf.expandDims(shift, 1)), x.shape);
    },
  };
}

/** Layers without a carry as one: their tensors as `part/tensor`, and the function that `make` builds of theirs. */
export function combined<P extends Layers, F>(parts: P, make: (parts: Bound<P>) => F): Layer<F> {
  const all = Object.entries(parts);
  return {
    tensors: Object.fromEntries(all.flatMap(([part, l]) => Object.entries(l.tensors).map(([name, spec]) => [`${part}/${name}`, spec]))),
    bind: (t, over) => make(Object.fromEntries(all.map(([part, l]) => [part, l.bind(Object.fromEntries(Object.keys(l.tensors).map(name => [name, t[`${part}/${name}`]!])), over)])) as Bound<P>),
  };
}

/** A tensor of its own, given back as it is. */
export const parameter = (shape: readonly number[], init: Init = constant(0)): Layer<() => Tensor> => ({
  tensors: { value: { shape, init, layout: 'as declared' } },
  bind: t => () => t['value']!,
});

export interface ConvOptions { readonly stride?: number; readonly pad?: 'same' | 'valid'; readonly kernel?: Init; readonly bias?: Init }
/**
 * 2-D convolution over [rows, height, width, channels]; `same` keeps height and width at stride 1. As a product over shifted copies: the
 * gradient of the kernel that convolves is not to be had on every backend.
 */
export function conv(from: number, to: number, size: number, { stride = 1, pad = 'same', kernel = fanIn(from * size * size), bias = fanIn(from * size * size) }: ConvOptions = {}): Layer {
  const fan = from * size * size;
  return {
    tensors: {
      kernel: { shape: [size, size, from, to], init: kernel, layout: 'convolution kernel: [height, width, in, out]' },
      bias: { shape: [to], init: bias, layout: 'convolution bias: [out]' },
    },
    stacked: true,
    bind: t => x => {
      const [n, h, w] = x.shape as [number, number, number], out = (side: number) => (pad === 'same' ? Math.ceil(side / stride) : Math.ceil((side - size + 1) / stride)), [high, wide] = [out(h), out(w)];
      const lack = (side: number, got: number) => Math.max(0, (got - 1) * stride + size - side), [a, b] = [lack(h, high), lack(w, wide)];
      // padded to a whole number of strides beyond the last shift, so that every shift can be cut into strides
      const full = (side: number, got: number, before: number): [number, number] => [before, Math.max(0, size - 1 + got * stride - side - before)];
      const padded = tf.pad(x as Tensor4D, [[0, 0], full(h, high, Math.floor(a / 2)), full(w, wide, Math.floor(b / 2)), [0, 0]]);
      const strided = (i: number, j: number) => {
        const whole = tf.slice(padded, [0, i, j, 0], [n, high * stride, wide * stride, from]);
        return stride === 1 ? whole : tf.reshape(tf.slice(tf.reshape(whole, [n * high, stride, wide, stride * from]), [0, 0, 0, 0], [n * high, 1, wide, from]), [n, high, wide, from]);
      };
      const patches = tf.concat(Array.from({ length: size * size }, (_, k) => strided(Math.floor(k / size), k % size)), 3);
      return affine(patches, tf.reshape(t['kernel']!, [...t['kernel']!.shape.slice(0, -4), fan, to]), t['bias'], fan, to);
    },
  };
}

/**
 * PyTorch's GRUCell over time, the reset gate after the recurrent product:
 *
 *   r = sigmoid(W_r x + b_r + U_r h + c_r)    z = sigmoid(W_z x + b_z + U_z h + c_z)
 *   n = tanh(W_n x + b_n + r (U_n h + c_n))   h' = (1 - z) n + z h
 *
 * Gates r, z, n stand first in every tensor, so that each is a view. The layer owns its form over time, with a gradient of its own:
 * only the products with h run step by step, those with x and all weight gradients over all steps at once.
 */
export function gru(from: number, to: number, { kernel = fanIn(to), bias = fanIn(to) }: { readonly kernel?: Init; readonly bias?: Init } = {}): Layer {
  return {
    tensors: {
      kernel: { shape: [3, from, to], init: kernel, layout: 'gru input kernel: [gate r z n, in, out]' },
      bias: { shape: [3, to], init: bias, layout: 'gru input bias: [gate r z n, out]' },
      recurrent: { shape: [3, to, to], init: kernel, layout: 'gru recurrent kernel: [gate r z n, in, out]' },
      recurrentBias: { shape: [3, to], init: bias, layout: 'gru recurrent bias: [gate r z n, out]' },
    },
    carry: to, stacked: true,
    bind: (t, over) => x => {
      const all = unrollGru(rows(x, from), over.carry, t['kernel']!, t['bias']!, t['recurrent']!, t['recurrentBias']!, over.length, over.alive), n = over.carry.shape[0]!, many = t['kernel']!.rank === 4 ? t['kernel']!.shape[0]! : 1, rest = (over.length - 1) * n / many;
      over.leave(over.length === 1 ? all : many === 1 ? tf.slice(all, [rest, 0], [n, to]) : tf.reshape(tf.slice(tf.reshape(all, [many, rest + n / many, to]), [0, rest, 0], [many, n / many, to]), [n, to]));
      return all;
    },
  };
}

type Gates = readonly [Tensor, Tensor, Tensor];
const three = <T>(f: (gate: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];
/** A matrix, or one of each index, turned. */
const turned = (a: Tensor): Tensor => tf.transpose(a, a.rank === 3 ? [0, 2, 1] : [1, 0]);

/**
 * x [T n, F], h0 [n, H] -> [T n, H]. No gradient to h0: it is data of the batch, as is `alive`. A product for each gate: splitting a wide one costs more.
 * With the tensors of several indices the rows come index by index, of x those of all slots; time stands first where it is gone through.
 */
function unrollGru(x: Tensor, h0: Tensor, kernel: Tensor, bias: Tensor, recurrent: Tensor, recurrentBias: Tensor, T: number, alive: Tensor | undefined): Tensor {
  const many = kernel.shape.slice(0, -3), axis = many.length, [rows, H] = h0.shape as [number, number], n = axis ? rows / many[0]! : rows, times = (a: Tensor, b: Tensor): Tensor => tf.matMul(a, b);
  const timed = (a: Tensor) => (axis ? tf.transpose(tf.reshape(a, [...many, T, n, a.shape.at(-1)!]), [1, 0, 2, 3]) : tf.reshape(a, [T, n, a.shape[1]!])), joined = (a: Tensor) => tf.reshape(axis ? tf.transpose(a, [1, 0, 2, 3]) : a, [...many, T * n, a.shape.at(-1)!]);
  /** The three matrices of a gate-first tensor: contiguous, so no element moves. */
  const gates = (k: Tensor): Gates => tf.unstack(k, axis) as unknown as Gates, across = (b: Tensor): Gates => gates(axis ? tf.expandDims(b, 2) : b);
  const live = alive ? [tf.reshape(alive, [T, ...many.map(() => 1), n, 1])] : [], start = axis ? tf.reshape(h0, [...many, n, H]) : h0;
  const run = tf.customGrad((...args) => {
    const [X, W, b, U, c, save] = args as unknown as [Tensor, Tensor, Tensor, Tensor, Tensor, (t: Tensor[]) => void];
    const w = gates(W), u = gates(U), bs = across(b), cs = across(c), input = three(g => timed(tf.add(times(X, w[g]), g === 2 ? bs[2] : tf.add(bs[g], cs[g]))));
    const { out: [states, ...steps] } = scan(start, [...input, ...live], (before, [ir, iz, im, lives]) => {
      const h = lives ? tf.mul(before, lives) : before, hn = tf.add(times(h, u[2]), cs[2]);
      const r = tf.sigmoid(tf.add(times(h, u[0]), ir!)), z = tf.sigmoid(tf.add(times(h, u[1]), iz!)), m = tf.tanh(tf.add(im!, tf.mul(r, hn))), carry = tf.add(m, tf.mul(z, tf.sub(h, m)));
      return { carry, out: [carry, h, r, z, m, hn] };
    });
    save([X, W, U, ...steps, ...live]);
    const gradFunc = (dy: Tensor, [X, W, U, ...saved]: Tensor[]) => {
      const w = gates(W!), back = three(g => turned(gates(U!)[g]));
      const { out } = scan(tf.zeros(start.shape), [timed(dy), ...saved], (later, [dys, h, r, z, m, hn, lives]) => {
        const d = tf.add(later, dys!), kept = tf.mul(d, z!), dn = tf.mul(tf.sub(d, kept), tf.sub(1, tf.square(m!))), dhn = tf.mul(dn, r!);
        const dr = tf.mul(tf.mul(dhn, hn!), tf.sub(1, r!)), dz = tf.mul(tf.mul(kept, tf.sub(h!, m!)), tf.sub(1, z!));
        const before = [dr, dz, dhn].reduce((sum, g, i) => tf.add(sum, times(g, back[i as 0 | 1 | 2])), kept);
        return { carry: lives ? tf.mul(before, lives) : before, out: [dr, dz, dn, dhn] };
      }, true);
      const [dr, dz, dn, dhn] = out.map(joined) as [Tensor, Tensor, Tensor, Tensor], own = [dr, dz, dn], Xt = turned(X!), Ht = turned(joined(saved[0]!)), sums = own.map(g => tf.sum(g, axis));
      return [
        three(g => tf.matMul(own[g]!, w[g], false, true)).reduce((p, q) => tf.add(p, q)), tf.stack(own.map(g => times(Xt, g)), axis), tf.stack(sums, axis),
        tf.stack([dr, dz, dhn].map(g => times(Ht, g)), axis), tf.stack([sums[0]!, sums[1]!, tf.sum(dhn, axis)], axis),
      ];
    };
    return { value: joined(states!), gradFunc: gradFunc as never };
  });
  const y = run(axis ? tf.reshape(x, [...many, T * n, x.shape[1]!]) : x, kernel, bias, recurrent, recurrentBias);
  return axis ? tf.reshape(y, [T * rows, H]) : y;
}

/**
 * PyTorch's LSTMCell over time:
 *
 *   i = sigmoid(W_i x + b_i + U_i h + c_i)    f = sigmoid(W_f x + b_f + U_f h + c_f)    o = sigmoid(W_o x + b_o + U_o h + c_o)
 *   g = tanh(W_g x + b_g + U_g h + c_g)       c' = f c + i g                            h' = o tanh(c')
 *
 * Gates i, f, g, o stand first in every tensor. A row carries h and c side by side, [h, c]; what the layer gives is h. The form over time and
 * its gradient are those of `gru`.
 */
export function lstm(from: number, to: number): Layer {
  const init = fanIn(to);
  return {
    tensors: {
      kernel: { shape: [4, from, to], init, layout: 'lstm input kernel: [gate i f g o, in, out]' },
      bias: { shape: [4, to], init, layout: 'lstm input bias: [gate i f g o, out]' },
      recurrent: { shape: [4, to, to], init, layout: 'lstm recurrent kernel: [gate i f g o, in, out]' },
      recurrentBias: { shape: [4, to], init, layout: 'lstm recurrent bias: [gate i f g o, out]' },
    },
    carry: 2 * to,
    bind: (t, over) => x => {
      const [h, c] = tf.split(over.carry, 2, 1) as [Tensor2D, Tensor2D], { all, last } = unrollLstm(rows(x, from), h, c, t['kernel']!, tf.add(t['bias']!, t['recurrentBias']!), t['recurrent']!, over.length, over.alive);
      over.leave(tf.concat(last, 1));
      tf.dispose(last);
      return all;
    },
  };
}

type Four<T> = readonly [T, T, T, T];
const four = <T>(f: (gate: 0 | 1 | 2 | 3) => T): Four<T> => [f(0), f(1), f(2), f(3)];

/**
 * x [T n, F], h0 and c0 [n, H] -> h [T n, H], and h and c after the last step, which are the caller's to dispose: of what a function with a gradient
 * of its own makes, only its value outlives it. No gradient to h0, c0 and `alive`, nor from what is left.
 */
function unrollLstm(x: Tensor, h0: Tensor2D, c0: Tensor2D, kernel: Tensor, bias: Tensor, recurrent: Tensor, T: number, alive: Tensor | undefined): { all: Tensor; last: [Tensor2D, Tensor2D] } {
  const [n, H] = h0.shape, times = (a: Tensor, b: Tensor): Tensor => tf.matMul(a as Tensor2D, b as Tensor2D), apart = (k: Tensor) => tf.unstack(k, 0) as unknown as Four<Tensor2D>;
  const timed = (a: Tensor) => tf.reshape(a, [T, n, a.shape[1]!]), joined = (a: Tensor) => tf.reshape(a, [T * n, a.shape[2]!]) as Tensor2D, live = alive ? [timed(alive)] : [];
  let last: [Tensor2D, Tensor2D] | undefined;
  const run = tf.customGrad((...args) => {
    const [X, W, b, U, save] = args as unknown as [Tensor2D, Tensor, Tensor, Tensor, (t: Tensor[]) => void];
    const w = apart(W), u = apart(U), bs = apart(b), input = four(gate => timed(tf.add(times(X, w[gate]), bs[gate])));
    const { carry, out: [states, ...steps] } = scan([h0, c0] as readonly Tensor[], [...input, ...live], ([before, kept], [ii, fi, gi, oi, lives]) => {
      const [h, c] = [before!, kept!].map(a => (lives ? tf.mul(a, lives) : a)) as [Tensor, Tensor], deep = (gate: 0 | 1 | 2 | 3, a: Tensor) => tf.add(times(h, u[gate]), a);
      const i = tf.sigmoid(deep(0, ii!)), f = tf.sigmoid(deep(1, fi!)), g = tf.tanh(deep(2, gi!)), o = tf.sigmoid(deep(3, oi!)), cell = tf.add(tf.mul(f, c), tf.mul(i, g)), shown = tf.tanh(cell), state = tf.mul(o, shown);
      return { carry: [state, cell], out: [state, h, c, i, f, g, o, shown] };
    });
    last = carry.map(a => tf.keep(a)) as [Tensor2D, Tensor2D];
    save([X, W, U, ...steps, ...live]);
    const gradFunc = (dy: Tensor, [X, W, U, ...saved]: Tensor[]) => {
      const w = apart(W!), back = apart(U!).map(a => tf.transpose(a)), none = tf.zeros([n, H]), bell = (s: Tensor) => tf.mul(s, tf.sub(1, s));
      const { out } = scan([none, none] as readonly Tensor[], [timed(dy), ...saved], ([laterH, laterC], [dys, , c, i, f, g, o, shown, lives]) => {
        const dh = tf.add(laterH!, dys!), dc = tf.add(laterC!, tf.mul(tf.mul(dh, o!), tf.sub(1, tf.square(shown!))));
        const gates = [tf.mul(tf.mul(dc, g!), bell(i!)), tf.mul(tf.mul(dc, c!), bell(f!)), tf.mul(tf.mul(dc, i!), tf.sub(1, tf.square(g!))), tf.mul(tf.mul(dh, shown!), bell(o!))];
        const before = [gates.map((d, gate) => times(d, back[gate]!)).reduce((p, q) => tf.add(p, q)), tf.mul(dc, f!)];
        return { carry: before.map(d => (lives ? tf.mul(d, lives) : d)), out: gates };
      }, true);
      const own = out.map(joined), Xt = tf.transpose(X!), Ht = tf.transpose(joined(saved[0]!));
      return [own.map((d, gate) => tf.matMul(d, w[gate as 0 | 1 | 2 | 3], false, true)).reduce((p, q) => tf.add(p, q)), tf.stack(own.map(d => times(Xt, d))), tf.stack(own.map(d => tf.sum(d, 0))), tf.stack(own.map(d => times(Ht, d)))];
    };
    return { value: joined(states!), gradFunc: gradFunc as never };
  });
  const all = run(x, kernel, bias, recurrent);
  return { all, last: last! };
}
