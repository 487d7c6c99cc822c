/**
 * Qatten mixer whose heads count alike.
 *
 *   Q_tot = c(s) + sum_h sum_i lambda_hi q_i      so that sum_i dQ_tot/dq_i is the number of heads
 *
 * All else as in `attentionMixer`.
 * Paper: Yang et al. 2020 (arXiv 2002.03939), section 3; the authors' code on all maps of SMAC but MMM2 and 3s5z_vs_3s6z.
 */
import { add, mul, reshape, sum } from '@tensorflow/tfjs-core';
import { attend, attentionLayers, heard, units } from '../attention.ts';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32, penalty, still } from '../../core/port.ts';
import { maskedMean } from '../maths.ts';

export const evenAttentionMixer = defineNode({
  type: 'evenAttentionMixer',
  about: "Mix by heads of attention over the agents' values, all heads alike",
  paper: 'Yang et al. 2020, arXiv 2002.03939',
  config: { heads: 4, embed: 32, hypernet: [64] },
  knobs: { logitPenalty: 1e-3 },
  in: { agentQs: f32('... agent'), state: f32('... state'), unitState: f32('... agent ?unit'), mask: still(f32('...')) },
  out: { qTot: f32('...'), lambda: f32('... head agent'), penalty: penalty() },
  sizes: (_, { heads }) => ({ head: heads }),
  layers: ({ state, unit }, config) => ({ ...attentionLayers(state, unit, config), c: mlp([state, config.embed, 1]) }),
  forward({ agentQs, state, unitState, mask, logitPenalty }, { query, key, c }, _, { agent }) {
    const { lambda, size } = attend(query(state), key(units(unitState)), agent);
    return { qTot: add(sum(heard(lambda, agentQs), -1), reshape(c(state), [-1])), lambda, penalty: mul(logitPenalty, maskedMean(size, mask)) };
  },
});
