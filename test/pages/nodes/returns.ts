import { add, exp, mul, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../../core/node.ts';
import { bool, f32, still } from '../../../core/port.ts';
import { recurrence } from '../../../nodes/recurrence.ts';
import { not } from './maths.ts';

/** A_t = delta_t + gamma lambda continues_t A_{t+1}; returns = A + V. Slots that are no transition give 0 and cut the trace. */
export const gae = defineNode({
  type: 'gae',
  knobs: { gamma: 0.99, lambda: 0.95 },
  in: {
    reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), valid: f32('... time'),
    value: still(f32('... time')), nextValue: still(f32('... time')),
  },
  out: { advantage: f32('... time'), returns: f32('... time') },
  forward({ reward, terminated, truncated, valid, value, nextValue, gamma, lambda }) {
    const target = add(reward, mul(gamma, mul(not(terminated), nextValue))), delta = mul(valid, sub(target, value));
    const trace = mul(mul(gamma, lambda), mul(valid, mul(not(terminated), not(truncated))));
    const advantage = recurrence(delta, trace);
    return { advantage, returns: add(advantage, value) };
  },
});
/** Reward to go. */
export const monteCarlo = defineNode({
  type: 'monteCarlo',
  knobs: { gamma: 0.99 },
  in: { reward: f32('... time'), terminated: bool('... time'), valid: f32('... time') },
  out: { returns: f32('... time') },
  forward: ({ reward, terminated, valid, gamma }) => ({ returns: recurrence(mul(reward, valid), mul(gamma, not(terminated))) }),
});
/** SAC: Q - alpha log pi. */
export const softValue = defineNode({
  type: 'softValue',
  in: { q: f32('...'), logProb: f32('...'), alpha: f32('') },
  out: { value: f32('...') },
  forward: ({ q, logProb, alpha }) => ({ value: sub(q, mul(alpha, logProb)) }),
});
/** HAPPO's factor: the product of the other agents' new/old ratios; an agent that has not moved counts 1. */
export const othersRatio = defineNode({
  type: 'othersRatio',
  in: { logProb: f32('... agent'), oldLogProb: still(f32('... agent')) },
  out: { ratio: f32('... agent') },
  forward({ logProb, oldLogProb }) {
    const moved = sub(logProb, oldLogProb);
    return { ratio: exp(sub(sum(moved, -1, true), moved)) };
  },
});
