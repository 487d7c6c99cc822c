/**
 * Values of all actions of agents without memory: one feed-forward network for all of them, in the place of a recurrent one.
 *
 *   q = W_n relu(... relu(W_1 x + b_1) ...) + b_n
 *
 * x       what `join` makes of observation, last action and id; with `agent` among the leading dims the agents share the weights
 * q       discounted return expected of each action, in units of reward
 * hidden  the last hidden units, for what is built on them (QTRAN); x where there are none
 * Paper: Rashid et al. 2018 (arXiv 1803.11485), the agents of its two-step game, which has nothing to remember.
 */
import { deepMlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const mlpAgentQ = defineNode({
  type: 'mlpAgentQ',
  about: 'Action values of agents without memory',
  paper: 'Rashid et al. 2018, arXiv 1803.11485',
  config: { hidden: [64, 64] },
  in: { x: f32('... ?x') },
  out: { q: f32('... action'), hidden: f32('... hidden') },
  sizes: ({ x }, { hidden }) => ({ hidden: hidden.at(-1) ?? x! }),
  layers: ({ x, action }, { hidden }) => ({ net: deepMlp([x, ...hidden, action]) }),
  forward({ x }, { net }) {
    const { hidden, out } = net(x);
    return { q: out, hidden };
  },
});
