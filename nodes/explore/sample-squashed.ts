/**
 * An action drawn from a normal distribution and squashed into its range, and how likely it was.
 *
 *   u = mean + std eps      action = tanh(u)      eps standard normal, of each number its own
 *   logProb = sum_i [log N(u_i; mean_i, std_i) - log(1 - tanh(u_i)^2)]
 *   log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2u)), which loses no digits far from 0
 *
 * action   in [-1, 1]; the gradient passes through the draw to mean and std
 * best     tanh(mean), for evaluation
 * logProb  logarithm of the density over [-1, 1], in nats. CleanRL's is over the range of the environment, lower by the logarithm of half its width for each number
 * ONNX Runtime's tanh may round to 1 + 1e-7, which an environment refuses: hence the clips.
 * Paper: Haarnoja et al. 2018 (arXiv 1801.01290), appendix C; the stable form is Spinning Up's.
 */
import { add, clipByValue, exp, mul, softplus, sub, sum, tanh } from '@tensorflow/tfjs-core';
import { defineNode, normal } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { logNormal } from '../maths.ts';

export const sampleSquashed = defineNode({
  type: 'sampleSquashed',
  about: 'A continuous action drawn from a normal distribution and squashed into its range, with its log-density',
  paper: 'Haarnoja et al. 2018, arXiv 1801.01290',
  in: { mean: f32('... action'), logStd: f32('... action') },
  noise: { eps: normal('... action') },
  out: { action: f32('... action'), best: f32('... action'), logProb: f32('...') },
  forward({ mean, logStd, eps }) {
    const u = add(mean, mul(exp(logStd), eps)), squash = mul(2, sub(sub(Math.LN2, u), softplus(mul(-2, u))));
    return { action: clipByValue(tanh(u), -1, 1), best: clipByValue(tanh(mean), -1, 1), logProb: sum(sub(logNormal(u, mean, logStd), squash), -1) };
  },
});
