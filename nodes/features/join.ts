/**
 * Any number of features side by side, in the order wired.
 *
 *   x = (x_1, x_2, ...)      size = sum of sizes
 *
 * Makes the input of an agent from its observation, last action and identity as in the
 * authors' code of VDN, QMIX and QPLEX, and that of a critic from whatever it may see.
 */
import { concat, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const join = defineNode({
  type: 'join',
  about: 'Features side by side, in the order wired',
  in: {},
  rest: f32('... ?x'),
  out: { x: f32('... feature') },
  sizes: size => ({ feature: Object.values(size).reduce((sum, n) => sum + n, 0) }),
  forward: inputs => ({ x: concat(Object.values(inputs as Readonly<Record<string, Tensor>>), -1) }),
});
