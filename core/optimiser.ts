/**
 * Optimisers as data, applied to the flat range of the arena that one train rule owns. Our own, because those of TensorFlow.js
 * keep their slots by position and put RMSProp's epsilon inside the root; these are PyTorch's.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Schedule } from './schedule.ts';

export interface Optimiser { readonly type: 'adam' | 'rmsprop' | 'sgd'; readonly lr: number | Schedule; readonly decay?: number; readonly eps?: number }
/** Where a page leaves them out, as a page file may. */
const EPS = { adam: 1e-8, rmsprop: 1e-5, sgd: 0 } as const, DECAY = 0.99;
/** Adam (arXiv 1412.6980), betas 0.9 and 0.999, eps outside the root. */
export const adam = (o: { lr: number | Schedule; eps?: number }): Optimiser => ({ type: 'adam', eps: EPS.adam, ...o });
/** RMSProp, not centred, no momentum, eps outside the root: w -= lr g / (sqrt(v) + eps). */
export const rmsprop = (o: { lr: number | Schedule; decay?: number; eps?: number }): Optimiser => ({ type: 'rmsprop', decay: DECAY, eps: EPS.rmsprop, ...o });
/** Plain gradient steps. */
export const sgd = (o: { lr: number | Schedule }): Optimiser => ({ type: 'sgd', ...o });

/** Names of the moments that an optimiser keeps, in the layout of its rule's weights. */
export const slotsOf = (o: Optimiser): readonly ('m' | 'v')[] => (o.type === 'adam' ? ['m', 'v'] : o.type === 'rmsprop' ? ['v'] : []);

const [B1, B2] = [0.9, 0.999];
/** What the host works out for step t = 1, 2, ... of a rule: Adam's bias corrections folded into rate and epsilon. */
export function scalars(o: Optimiser, lr: number, t: number): { rate: number; eps: number } {
  if (o.type !== 'adam') return { rate: lr, eps: o.eps ?? EPS[o.type] };
  const root = Math.sqrt(1 - B2 ** t);
  return { rate: (lr * root) / (1 - B1 ** t), eps: (o.eps ?? EPS.adam) * root };
}

/** A moving mean: with one product, half the traffic of old and new weighed each. */
const towards = (mean: Tensor, x: Tensor, rate: number): Tensor => tf.add(mean, tf.mul(tf.sub(x, mean), rate));
/** One step: w, g and slots are flat [P], rate and eps scalars. Returns the new ones. */
export function optimise(o: Optimiser, w: Tensor, g: Tensor, slots: Readonly<Record<string, Tensor>>, rate: Tensor, eps: Tensor): { w: Tensor; slots: Record<string, Tensor> } {
  if (o.type === 'sgd') return { w: tf.sub(w, tf.mul(rate, g)), slots: {} };
  const decay = o.type === 'adam' ? B2 : o.decay ?? DECAY;
  const v = towards(slots['v']!, tf.square(g), 1 - decay);
  const root = tf.add(tf.sqrt(v), eps);
  if (o.type === 'rmsprop') return { w: tf.sub(w, tf.div(tf.mul(rate, g), root)), slots: { v } };
  const m = towards(slots['m']!, g, 1 - B1);
  return { w: tf.sub(w, tf.div(tf.mul(rate, m), root)), slots: { m, v } };
}

/** min(1, c / (norm + 1e-6)), as PyTorch clips by global norm. */
export const clipFactor = (norm: Tensor, c: number | Tensor): Tensor => tf.minimum(1, tf.div(c, tf.add(norm, 1e-6)));
