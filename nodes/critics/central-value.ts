/**
 * Value of the state that only the learner sees.
 *
 *   V = net(s)
 *
 * What QTRAN's sum of values lacks to the joint value at the agents' greedy actions.
 * Paper: Son et al. 2019 (arXiv 1905.05408), section 3, of the state alone as in the code of PyMARL.
 */
import { reshape } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const centralValue = defineNode({
  type: 'centralValue',
  about: 'Value of the central state',
  paper: 'Son et al. 2019, arXiv 1905.05408',
  config: { hidden: [64, 64] },
  in: { state: f32('... state') },
  out: { value: f32('...') },
  layers: ({ state }, { hidden }) => ({ net: mlp([state, ...hidden, 1]) }),
  forward: ({ state }, { net }) => ({ value: reshape(net(state), [-1]) }),
});
