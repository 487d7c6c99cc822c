/** What generalised advantage estimation has whatever it makes of a time limit: ports, numbers, and the sum over later steps. */
import { add, mul, sub, type Tensor } from '@tensorflow/tfjs-core';
import { bool, f32, still } from '../core/port.ts';
import { recurrence } from './recurrence.ts';

/** Of a node; units are told by `gae`. */
export const generalised = {
  paper: 'Schulman et al. 2015, arXiv 1506.02438',
  knobs: { gamma: 0.99, lambda: 0.95 },
  ranges: { gamma: [0, 1], lambda: [0, 1] },
  in: {
    reward: f32('... time'), terminated: bool('... time'), truncated: bool('... time'), valid: f32('... time'),
    value: still(f32('... time')), nextValue: still(f32('... time')),
  },
  out: { advantage: f32('... time'), returns: f32('... time') },
} as const;
type Numbers = Readonly<Record<'reward' | 'value' | 'nextValue' | 'gamma' | 'lambda', Tensor>>;

/**
 *   delta_t = r_t + gamma lives_t V(s_{t+1}) - V(s_t)      A_t = counts_t delta_t + gamma lambda goes_t A_{t+1}      returns_t = A_t + V(s_t)
 *
 * counts, lives and goes [rows time] are 0 or 1: does the step count, is there a value behind it, does the sum go on behind it?
 */
export function advantages({ reward, value, nextValue, gamma, lambda }: Numbers, { counts, lives, goes }: Readonly<Record<'counts' | 'lives' | 'goes', Tensor>>): { advantage: Tensor; returns: Tensor } {
  const delta = sub(add(reward, mul(gamma, mul(lives, nextValue))), value), advantage = recurrence(mul(counts, delta), mul(mul(gamma, lambda), goes));
  return { advantage, returns: add(advantage, value) };
}
