/** Mean and deviation of values from the sums that ValueNorm keeps. */
import { div, maximum, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';

/**
 * mu = m / max(d, 1e-5) and sigma = sqrt(max(s / max(d, 1e-5) - mu^2, 1e-2)), where m and s are running means of values and of their squares that began at
 * 0, and d is the weight of what they have seen. Before anything was seen mu is 0 and sigma 0.1.
 */
export function valueStatistics(mean: Tensor, squares: Tensor, weight: Tensor): { readonly mu: Tensor; readonly sigma: Tensor } {
  const seen = maximum(weight, 1e-5), mu = div(mean, seen);
  return { mu, sigma: sqrt(maximum(sub(div(squares, seen), square(mu)), 1e-2)) };
}
