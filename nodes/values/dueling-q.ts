/**
 * Values of all actions of one agent by a dueling network: a shared trunk, then a stream for the value of the state and one for the advantages.
 *
 *   z = relu(W_n ... relu(W_1 obs + b_1) ... + b_n)      V = v(z)      A = a(z)      q_a = V + A_a - mean over a' of A_a'
 *
 * obs     what the agent observes, as numbers
 * q       discounted return expected of each action, in units of reward
 * hidden  widths of the trunk; of none the streams read the observation
 * stream  widths of the hidden layers of each stream
 * The mean is over all actions, also those that are not available, so that q does not depend on the mask.
 * Paper: Wang et al. 2015 (arXiv 1511.06581), equation 9; widths are those of `mlpQ`, in place of 512 behind convolutions. Left out: the factor 1/sqrt(2) on
 * the gradient that enters the trunk, which Adam undoes.
 */
import { relu, squeeze } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { aboveMean } from '../maths.ts';

export const duelingQ = defineNode({
  type: 'duelingQ',
  about: 'Action values by a network with streams for value and advantages',
  paper: 'Wang et al. 2015, arXiv 1511.06581',
  config: { hidden: [120], stream: [84] },
  in: { obs: f32('... ?obs') },
  out: { q: f32('... action') },
  layers({ obs, action }, { hidden, stream }) {
    const wide = hidden.at(-1) ?? obs;
    return { trunk: mlp([obs, ...hidden]), value: mlp([wide, ...stream, 1]), advantage: mlp([wide, ...stream, action]) };
  },
  forward({ obs }, { trunk, value, advantage }, { hidden }) {
    const z = hidden.length ? relu(trunk(obs)) : obs;
    return { q: aboveMean(squeeze(value(z), [-1]), advantage(z)) };
  },
});
