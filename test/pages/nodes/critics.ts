import { exp } from '@tensorflow/tfjs-core';
import { parameter } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';

/** SAC's weight of the entropy: a number of its own, kept above 0 by exp. */
export const temperature = defineNode({
  type: 'temperature',
  in: {},
  out: { alpha: f32('') },
  layers: () => ({ logAlpha: parameter([]) }),
  forward: (_, { logAlpha }) => ({ alpha: exp(logAlpha()) }),
});
