import { minimum as least, mul, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';

export const multiply = defineNode({
  type: 'multiply',
  in: { a: f32('...'), b: f32('...') },
  out: { x: f32('...') },
  forward: ({ a, b }) => ({ x: mul(a, b) }),
});
export const minimum = defineNode({
  type: 'minimum',
  in: { a: f32('...'), b: f32('...') },
  out: { value: f32('...') },
  forward: ({ a, b }) => ({ value: least(a, b) }),
});
/** sum_a pi(a) q(a). */
export const expectedValue = defineNode({
  type: 'expectedValue',
  in: { q: f32('... action'), pi: f32('... action') },
  out: { value: f32('...') },
  forward: ({ q, pi }) => ({ value: sum(mul(q, pi), -1) }),
});
