/** What the nodes of ROMA share: a normalised hidden layer, and the Gaussian that a row stands for. */
import { add, div, exp, leakyRelu, maximum, mean, mul, slice, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import type { Layer } from '../core/layers.ts';
import { constant } from './initial.ts';
import { dense } from './layers.ts';

/** PyTorch's, of its LayerNorm and of its LeakyReLU. */
const EPS = 1e-5, SLOPE = 0.01;

/**
 * y = leakyRelu(scale (z - mean z) / sqrt(var z + 1e-5) + offset), z = x W + b: each row by its own mean and variance. Where the authors of ROMA normalise
 * over the rows of a batch, in acting too, what an agent does would depend on the others that are computed beside it.
 */
export function normalisedDense(from: number, to: number): Layer {
  const linear = dense(from, to);
  return {
    tensors: { ...linear.tensors, scale: { shape: [to], init: constant(1), layout: 'normalised dense scale: [out]' }, offset: { shape: [to], init: constant(0), layout: 'normalised dense offset: [out]' } },
    bind: (t, over) => {
      const before = linear.bind(t, over);
      return x => {
        const z = before(x), centred = sub(z, mean(z, -1, true)), spread = sqrt(add(mean(square(centred), -1, true), EPS));
        return leakyRelu(add(mul(t['scale']!, div(centred, spread)), t['offset']!), SLOPE);
      };
    },
  };
}

/** [... 2 n] as mean and variance of n independent normal numbers: the first half, and exp of the second, `least` at least. */
export function gaussianOf(y: Tensor, least: Tensor): { readonly mean: Tensor; readonly variance: Tensor } {
  const n = y.shape.at(-1)! / 2, size = [...y.shape.slice(0, -1).map(() => -1), n], from = (at: number) => [...y.shape.slice(0, -1).map(() => 0), at];
  return { mean: slice(y, from(0), size), variance: maximum(exp(slice(y, from(n), size)), least) };
}
