/** Tensor functions that several nodes share: pure, traceable, and with a gradient on every engine. */
import { add, argMax as argMaxOf, cast, div, equal, erf, exp, expandDims, greater, log, logSoftmax, maximum, mean, mul, neg, range, reshape, square, sub, sum, where, type Tensor } from '@tensorflow/tfjs-core';
import { detach } from '../core/flow.ts';

/**
 * What stands in for an unavailable action. Below every value and logit that learning reaches, so that it never is the largest;
 * finite, because -Infinity gives NaN in a product with 0 (a one-hot) and in a softmax where nothing is available; and small enough
 * that its square, 1e18, or its product with a weight stays far from the end of float32, 3.4e38.
 */
const UNAVAILABLE = -1e9;

/** x where available, else the big negative number. Chosen, not added: what stood at an unavailable place leaves no trace. */
export const maskUnavailable = (x: Tensor, avail: Tensor): Tensor => where(avail, x, UNAVAILABLE);

/** [... n] floats with a 1 at each index. By comparison: `tf.oneHot` refuses n = 1. */
export const oneHot = (index: Tensor, n: number): Tensor => cast(equal(expandDims(index, -1), range(0, n, 1, 'int32')), 'float32');

/** x[..., a] by a one-hot sum: the kernel that gathers has no gradient on wasm. */
export const take = (x: Tensor, index: Tensor): Tensor => sum(mul(x, oneHot(index, x.shape.at(-1)!)), -1);

/** Index of the largest, the first of equal ones. No gradient passes. */
export const argMax = (x: Tensor): Tensor => argMaxOf(detach(x), -1);

/** x times the share of a standard normal that lies below x, 1/2 x (1 + erf(x / sqrt 2)): Hendrycks and Gimpel 2016 (arXiv 1606.08415), exactly, as PyTorch's. */
export const gelu = (x: Tensor): Tensor => mul(x, mul(0.5, add(1, erf(mul(x, Math.SQRT1_2)))));

/** 1 where false, 0 where true. */
export const not = (x: Tensor): Tensor => sub(1, cast(x, 'float32'));

/** value + advantage - mean of the advantages, over the last dim: Wang et al. 2015 (arXiv 1511.06581), equation 9. value [...], advantage [... n]. */
export const aboveMean = (value: Tensor, advantage: Tensor): Tensor => add(expandDims(value, -1), sub(advantage, mean(advantage, -1, true)));

/** All dims of a row side by side: [rows, ...] to [rows, n]. */
export const flat = (x: Tensor): Tensor => reshape(x, [-1, x.shape.slice(1).reduce((a, n) => a * n, 1)]);

/** sum(x mask) / sum(mask), and 0 where nothing counts: the numerator is 0 then, and the floor keeps 0 / 0 away. */
export const maskedMean = (x: Tensor, mask: Tensor): Tensor => div(sum(mul(x, mask)), maximum(sum(mask), 1e-8));

/** log((1 - epsilon) softmax(logits) + even), with no log of 0 anywhere: the greater of both logs is taken out, and that of a share of 0 is the big negative number. */
export function logMixed(logits: Tensor, epsilon: Tensor, even: Tensor): Tensor {
  const share = (x: Tensor) => where(greater(x, 0), log(maximum(x, 1e-37)), UNAVAILABLE), own = add(logSoftmax(logits), share(sub(1, epsilon))), any = share(even), top = detach(maximum(own, any));
  return add(top, log(add(exp(sub(own, top)), exp(sub(any, top)))));
}
/** `maskedMean` over the rows of each column, summed over the columns. [rows, n]. */
export const summedMeans = (x: Tensor, mask: Tensor): Tensor => sum(div(sum(mul(x, mask), 0), maximum(sum(mask, 0), 1e-8)));

/** log N(x; mean, std), in nats, of every entry. */
export const logNormal = (x: Tensor, mean: Tensor, logStd: Tensor): Tensor => sub(mul(-0.5, square(mul(sub(x, mean), exp(neg(logStd))))), add(logStd, 0.5 * Math.log(2 * Math.PI)));
