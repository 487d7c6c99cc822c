/**
 * What a nat of entropy is worth: a number of its own, learned with the rest.
 *
 *   alpha = exp(x), so that it stays above 0
 *
 * alpha  in units of reward a nat
 * start  alpha at the start
 * Paper: Haarnoja et al. 2018 (arXiv 1812.05905), section 5. The logarithm is what is learned, as in the authors' code.
 */
import { exp } from '@tensorflow/tfjs-core';
import { constant } from '../initial.ts';
import { parameter } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const temperature = defineNode({
  type: 'temperature',
  about: 'What a nat of entropy is worth, a number that is learned',
  paper: 'Haarnoja et al. 2018, arXiv 1812.05905',
  config: { start: 1.0 },
  ranges: { start: [1e-6, 1e6] },
  in: {},
  out: { alpha: f32('') },
  layers: (_, { start }) => ({ logAlpha: parameter([], constant(Math.log(start))) }),
  forward: (_, { logAlpha }) => ({ alpha: exp(logAlpha()) }),
});
