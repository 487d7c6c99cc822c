/**
 * One number times another.
 *
 *   x = a b
 *
 * Of two masks it is the mask of what both let through; of an advantage and a factor the advantage weighed.
 */
import { mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const multiply = defineNode({
  type: 'multiply',
  about: 'One number times another',
  in: { a: f32('...'), b: f32('...') },
  out: { x: f32('...') },
  forward: ({ a, b }) => ({ x: mul(a, b) }),
});
