/**
 * A number times a factor.
 *
 *   x' = factor x
 *
 * x  rewards, as a rule: with factor 1 they stay as they are, in place of a node that standardises them
 */
import { mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const scale = defineNode({
  type: 'scale',
  about: 'A number times a factor',
  knobs: { factor: 1 },
  in: { x: f32('...') },
  out: { x: f32('...') },
  forward: ({ x, factor }) => ({ x: mul(factor, x) }),
});
