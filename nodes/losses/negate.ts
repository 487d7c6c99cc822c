/**
 * What an actor climbs, to be lowered.
 *
 *   L = -sum(mask value) / sum(mask)      0 where nothing counts
 *
 * value  a critic's judgement of the actor's own action (`g.frozen` critic), whose gradient passes through the action to the actor
 * mask   1 for a transition, 0 for padding; over agents too if the value is
 * Paper: Silver et al. 2014, deterministic policy gradients, equation 9; Lillicrap et al. 2015 (arXiv 1509.02971), equation 6.
 */
import { neg } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const negate = defineNode({
  type: 'negate',
  about: 'What an actor climbs, to be lowered',
  paper: 'Lillicrap et al. 2015, arXiv 1509.02971',
  in: { value: f32('...'), mask: still(f32('...')) },
  out: { loss: f32('') },
  forward: ({ value, mask }) => ({ loss: maskedMean(neg(value), mask) }),
});
