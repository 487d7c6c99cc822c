/**
 * A normal distribution for what is observed, mean and spread by one network.
 *
 *   z = relu(W_n ... relu(W_1 x + b_1) ... + b_n)
 *   mean = M z + m      logStd = least + (most - least) (tanh(S z + s) + 1) / 2
 *
 * x       what is observed, as numbers
 * mean    before it is squashed (`sampleSquashed`)
 * logStd  natural logarithm of the standard deviation, between `least` and `most`; smooth, where a clip would end the gradient
 * hidden  widths of the layers; of none z is x
 * All layers start as PyTorch's do.
 * Paper: Haarnoja et al. 2018 (arXiv 1801.01290), appendix D. Bounds and the way they are kept are CleanRL's; the paper's code clips to -20 and 2.
 */
import { add, mul, relu, sub, tanh } from '@tensorflow/tfjs-core';
import { dense, mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const meanAndStd = defineNode({
  type: 'meanAndStd',
  about: 'A normal distribution for what is observed, mean and spread by one network',
  paper: 'Haarnoja et al. 2018, arXiv 1801.01290',
  config: { hidden: [256, 256] },
  knobs: { least: -5, most: 2 },
  ranges: { least: [-20, 2], most: [-20, 10] },
  in: { obs: f32('... ?obs') },
  out: { mean: f32('... action'), logStd: f32('... action') },
  layers({ obs, action }, { hidden }) {
    const last = hidden.at(-1) ?? obs;
    return { trunk: mlp([obs, ...hidden]), mean: dense(last, action), logStd: dense(last, action) };
  },
  forward({ obs, least, most }, { trunk, mean, logStd }, { hidden }) {
    const z = hidden.length ? relu(trunk(obs)) : obs;
    return { mean: mean(z), logStd: add(least, mul(mul(0.5, sub(most, least)), add(tanh(logStd(z)), 1))) };
  },
});
