/**
 * Running means of values and of their squares, and the weight of what they have seen, one batch further: what ValueNorm keeps.
 *
 *   m' = m + rate (mean(x) - m)      s' = s + rate (mean(x^2) - s)      d' = d + rate (1 - d)      means over what counts; where nothing does, all stay
 *
 * x       values, as a rule the returns of a minibatch
 * mask    1 for what counts, 0 for padding
 * mean    m, in the unit of x; `square` s, in its square; `weight` d, from 0 to 1: what `g.memory` holds and `g.keep` writes
 * rate    share of the newest batch, 1 - beta in the paper's words; m / d and s / d are then means over all that was seen, the newest counting most
 * Paper: Yu et al. 2021 (arXiv 2103.01955); van Hasselt et al. 2016 (arXiv 1602.07714); as in the authors' code (marlbenchmark/on-policy).
 */
import { add, minimum, mul, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const moments = defineNode({
  type: 'moments',
  about: 'Running means of values and of their squares',
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  knobs: { rate: 1e-5 },
  ranges: { rate: [0, 1] },
  in: { x: still(f32('...')), mask: still(f32('...')), mean: still(f32('')), square: still(f32('')), weight: still(f32('')) },
  out: { mean: f32(''), square: f32(''), weight: f32('') },
  forward({ x, mask, mean, square: squares, weight, rate }) {
    const share = mul(rate, minimum(sum(mask), 1)), follow = (old: Tensor, fresh: Tensor | number) => add(old, mul(share, sub(fresh, old)));
    return { mean: follow(mean, maskedMean(x, mask)), square: follow(squares, maskedMean(square(x), mask)), weight: follow(weight, 1) };
  },
});
