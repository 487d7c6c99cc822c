/**
 * A continuous action with normal noise on it.
 *
 *   action = clip(a + clip(std eps, -clip, clip), -1, 1)      eps standard normal, of each number its own
 *
 * a     the actor's action, in [-1, 1]
 * best  a itself, for evaluation; clipped too, because ONNX Runtime's tanh may round to 1 + 1e-7
 * std   of the noise, in units of half the range of actions
 * clip  bound of the noise: wide where one explores; 0.5 where TD3 smooths its target (std 0.2)
 * Paper: Fujimoto et al. 2018 (arXiv 1802.09477), section 5.3 and appendix C, for both.
 */
import { add, clipByValue, maximum, minimum, mul, neg } from '@tensorflow/tfjs-core';
import { defineNode, normal } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const plusGaussian = defineNode({
  type: 'plusGaussian',
  about: 'A continuous action with normal noise on it',
  paper: 'Fujimoto et al. 2018, arXiv 1802.09477',
  knobs: { std: 0.1, clip: 1e9 },
  ranges: { std: [0, 2], clip: [0, 1e9] },
  in: { action: f32('... action') },
  noise: { eps: normal('... action') },
  out: { action: f32('... action'), best: f32('... action') },
  forward: ({ action, eps, std, clip }) => ({ action: clipByValue(add(action, maximum(neg(clip), minimum(clip, mul(std, eps)))), -1, 1), best: clipByValue(action, -1, 1) }),
});
