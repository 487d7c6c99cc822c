/**
 * One-step target.
 *
 *   y = r + gamma (1 - terminated) V(s')
 *
 * reward     of the step
 * nextValue  value at the observation after it, of the lagged networks, in units of discounted return
 * An episode cut by a time limit is not terminated: its target bootstraps.
 * Paper: Sutton 1988; as a target of deep Q-learning Mnih et al. 2013 (arXiv 1312.5602), equation 2.
 */
import { add, mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { not } from '../maths.ts';

export const tdTarget = defineNode({
  type: 'tdTarget',
  about: 'Reward and the discounted value at the next observation',
  paper: 'Mnih et al. 2013, arXiv 1312.5602',
  knobs: { gamma: 0.99 },
  ranges: { gamma: [0, 1] },
  in: { reward: f32('...'), terminated: bool('...'), nextValue: f32('...') },
  out: { value: f32('...') },
  forward: ({ reward, terminated, nextValue, gamma }) => ({ value: add(reward, mul(gamma, mul(not(terminated), nextValue))) }),
});
