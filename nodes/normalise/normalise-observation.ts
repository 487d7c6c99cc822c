/**
 * An observation in units of how it usually spreads.
 *
 *   x' = clip((x - mean) / sqrt(variance + 1e-8), -clip, clip)
 *
 * x         what is observed, as numbers
 * mean, variance  of what was seen so far, of each number (`featureMoments`, kept in memory); a variance below 0 counts as 0
 * clip      bound of x', in standard deviations
 * Source: OpenAI Baselines' `VecNormalize`, as in Gymnasium and CleanRL, which clip at 10.
 */
import { add, div, maximum, minimum, neg, sqrt, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';

export const normaliseObservation = defineNode({
  type: 'normaliseObservation',
  about: 'An observation in units of how it usually spreads',
  knobs: { clip: 10 },
  ranges: { clip: [0, 1e9] },
  in: { x: f32('... ?x'), mean: still(f32('?x')), variance: still(f32('?x')) },
  out: { x: f32('... ?x') },
  forward: ({ x, mean, variance, clip }) => ({ x: maximum(neg(clip), minimum(clip, div(sub(x, mean), sqrt(add(maximum(variance, 0), 1e-8))))) }),
});
