/**
 * Qatten mixer that does not listen to the dead: agents whose action is the first, as in SMAC, where a dead unit can do nothing else.
 *
 *   Q_tot = c(s) + sum_h |w_h(s)| sum_i lambda_hi q_i      lambda_hi = softmax of the agents with u_i > 0; alike where nobody has one
 *
 * It keeps the agents' greedy actions jointly greedy as long as action 0 is no choice: attention would change with it.
 * All else as in `attentionMixer`; the penalty counts the logits of the dead, too.
 * From the authors' code (its option `mask_dead`); Yang et al. 2020 (arXiv 2002.03939).
 */
import { abs, add, expandDims, greater, mul, reshape, sum, tile } from '@tensorflow/tfjs-core';
import { attend, attentionLayers, attentionMix, heard, units } from '../attention.ts';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { index } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const aliveAttentionMixer = defineNode({
  ...attentionMix,
  type: 'aliveAttentionMixer',
  about: 'Mix by heads of attention over the agents whose action is not the first, which only the dead of SMAC take',
  in: { ...attentionMix.in, action: index('... agent', 'action') },
  layers: ({ state, unit }, config) => ({ ...attentionLayers(state, unit, config), w: mlp([state, ...config.hypernet, config.heads]), c: mlp([state, config.embed, 1]) }),
  forward({ agentQs, action, state, unitState, mask, logitPenalty }, { query, key, w, c }, { heads }, { agent }) {
    const { lambda, size } = attend(query(state), key(units(unitState)), agent, greater(tile(expandDims(action, 1), [1, heads, 1]), 0));
    const mixed = sum(mul(abs(w(state)), heard(lambda, agentQs)), -1);                        // rows
    return { qTot: add(mixed, reshape(c(state), [-1])), lambda, penalty: mul(logitPenalty, maskedMean(size, mask)) };
  },
});
