import { exp } from '@tensorflow/tfjs-core';
import { dense, mlp, parameter } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';
import { beside, last } from './maths.ts';

export const linearValue = defineNode({
  type: 'linearValue',
  in: { z: f32('... ?z') },
  out: { value: f32('...') },
  layers: ({ z }) => ({ v: dense(z, 1) }),
  forward: ({ z }, { v }) => ({ value: last(v(z)) }),
});
/** Q(x, a) of a continuous (or one-hot) action. */
export const actionValue = defineNode({
  type: 'actionValue',
  config: { hidden: [64, 64] },
  in: { x: f32('... ?x'), action: f32('... ?a') },
  out: { q: f32('...') },
  layers: ({ x, a }, { hidden }) => ({ net: mlp([x + a, ...hidden, 1]) }),
  forward: ({ x, action }, { net }) => ({ q: last(net(beside(x, action))) }),
});
export const allActionValues = defineNode({
  type: 'allActionValues',
  config: { hidden: [128, 128] },
  in: { x: f32('... ?x') },
  out: { q: f32('... action') },
  layers: ({ x, action }, { hidden }) => ({ net: mlp([x, ...hidden, action]) }),
  forward: ({ x }, { net }) => ({ q: net(x) }),
});
/** SAC's weight of the entropy: a number of its own, kept above 0 by exp. */
export const temperature = defineNode({
  type: 'temperature',
  in: {},
  out: { alpha: f32('') },
  layers: () => ({ logAlpha: parameter([]) }),
  forward: (_, { logAlpha }) => ({ alpha: exp(logAlpha()) }),
});
