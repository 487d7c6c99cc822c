import { mul, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';

/** SAC: Q - alpha log pi. */
export const softValue = defineNode({
  type: 'softValue',
  in: { q: f32('...'), logProb: f32('...'), alpha: f32('') },
  out: { value: f32('...') },
  forward: ({ q, logProb, alpha }) => ({ value: sub(q, mul(alpha, logProb)) }),
});
