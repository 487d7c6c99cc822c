/**
 * Qatten mixer whose heads count alike.
 *
 *   Q_tot = c(s) + sum_h sum_i lambda_hi q_i      so that sum_i dQ_tot/dq_i is the number of heads
 *
 * All else as in `attentionMixer`.
 * Paper: Yang et al. 2020 (arXiv 2002.03939), section 3; the authors' code on all maps of SMAC but MMM2 and 3s5z_vs_3s6z.
 */
import { add, mul, reshape, sum } from '@tensorflow/tfjs-core';
import { attend, attentionLayers, attentionMix, heard, units } from '../attention.ts';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { maskedMean } from '../maths.ts';

export const evenAttentionMixer = defineNode({
  ...attentionMix,
  type: 'evenAttentionMixer',
  about: "Mix by heads of attention over the agents' values, all heads alike",
  layers: ({ state, unit }, config) => ({ ...attentionLayers(state, unit, config), c: mlp([state, config.embed, 1]) }),
  forward({ agentQs, state, unitState, mask, logitPenalty }, { query, key, c }, _, { agent }) {
    const { lambda, size } = attend(query(state), key(units(unitState)), agent);
    return { qTot: add(sum(heard(lambda, agentQs), -1), reshape(c(state), [-1])), lambda, penalty: mul(logitPenalty, maskedMean(size, mask)) };
  },
});
