/**
 * One number less another.
 *
 *   x = a - b
 *
 * A return less a baseline is an advantage.
 */
import { sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const subtract = defineNode({
  type: 'subtract',
  about: 'One number less another',
  in: { a: f32('...'), b: f32('...') },
  out: { x: f32('...') },
  forward: ({ a, b }) => ({ x: sub(a, b) }),
});
