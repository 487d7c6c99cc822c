/**
 * Mean 0 and standard deviation 1 over everything that counts, by the deviation of what is there, not of what it is drawn from.
 *
 *   m = sum(mask x) / n      s^2 = sum(mask (x - m)^2) / n      x' = mask (x - m) / (s + 1e-5)      n = sum(mask)
 *
 * x     advantages, as a rule
 * mask  1 for what counts; elsewhere x' is 0
 * It mixes all rows, so it has no place in acting.
 * Source: marlbenchmark/on-policy, the code of Yu et al. 2021 (arXiv 2103.01955), over the whole batch and without agents that are dead.
 */
import { add, div, mul, sqrt, square, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const populationStandardise = defineNode({
  type: 'populationStandardise',
  about: 'Mean 0 and standard deviation 1 of what counts, by the deviation of the population',
  in: { x: f32('...'), mask: still(f32('...')) },
  out: { x: f32('...') },
  forward({ x, mask }) {
    const above = mul(mask, sub(x, maskedMean(x, mask)));
    return { x: div(above, add(sqrt(maskedMean(square(above), mask)), 1e-5)) };
  },
});
