/**
 * An action drawn as often as it is likely.
 *
 *   action = argmax_a (logits_a + g_a), g_a standard Gumbel      so P(action = a) = softmax(logits)_a
 *
 * logits  of every action, those of unavailable ones far below all others (`categorical`)
 * best    the likeliest action, for evaluation
 * Source: Maddison, Tarlow and Minka 2014 (arXiv 1411.0030), section 2, for the draw as a maximum.
 */
import { add } from '@tensorflow/tfjs-core';
import { defineNode, gumbel } from '../../core/node.ts';
import { f32, index } from '../../core/port.ts';
import { argMax } from '../maths.ts';

export const sampleCategorical = defineNode({
  type: 'sampleCategorical',
  about: 'An action drawn from the policy',
  paper: 'Maddison et al. 2014, arXiv 1411.0030',
  in: { logits: f32('... action') },
  noise: { g: gumbel('... action') },
  out: { action: index('...', 'action'), best: index('...', 'action') },
  forward: ({ logits, g }) => ({ action: argMax(add(logits, g)), best: argMax(logits) }),
});
