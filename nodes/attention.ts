/** Heads of attention over the agents of a team: what Qatten's mixers have in common. */
import { div, expandDims, mean, mul, reshape, softmax, square, sum, transpose, type Tensor } from '@tensorflow/tfjs-core';
import { headMlp } from './heads.ts';
import { f32, penalty, still } from '../core/port.ts';
import { maskUnavailable } from './maths.ts';

export interface Shape { readonly heads: number; readonly embed: number; readonly hypernet: readonly number[] }
/** What Qatten's mixers are alike in: their numbers, what they read and what they give. */
export const attentionMix = {
  paper: 'Yang et al. 2020, arXiv 2002.03939',
  config: { heads: 4, embed: 32, hypernet: [64] },
  knobs: { logitPenalty: 1e-3 },
  in: { agentQs: f32('... agent'), state: f32('... state'), unitState: f32('... agent ?unit'), mask: still(f32('...')) },
  out: { qTot: f32('...'), lambda: f32('... head agent'), penalty: penalty() },
  sizes: (_: unknown, { heads }: Shape) => ({ head: heads }),
};
/** A query of the state and a key of each unit, for every head. Neither ends in a bias: one of the keys would move all logits of a head alike, which no softmax sees. */
export const attentionLayers = (state: number, unit: number, { heads, embed, hypernet }: Shape) =>
  ({ query: headMlp(heads, [state, ...hypernet, embed], { last: false }), key: headMlp(heads, [unit, embed], { last: false }) });

/**
 * From queries [rows, head, embed] and keys [rows agent, head, embed], rows of agents behind one another:
 *
 *   logit_hi = key_hi . query_h      lambda_hi = softmax_i(logit_hi / sqrt(embed))      size = sum_h mean_i logit_hi^2
 *
 * lambda [rows, head, agent], of sum 1 over agents; size [rows], of logits as they are, undivided. Agents that are not `seen`
 * [rows, head, agent] get no weight as long as another is.
 */
export function attend(query: Tensor, key: Tensor, agents: number, seen?: Tensor): { readonly lambda: Tensor; readonly size: Tensor } {
  const [, heads, embed] = query.shape as [number, number, number];
  const products = mul(reshape(key, [-1, agents, heads, embed]), expandDims(query, 1));       // rows agent head embed
  const logits = transpose(sum(products, -1), [0, 2, 1]), scaled = div(logits, Math.sqrt(embed));
  return { lambda: softmax(seen ? maskUnavailable(scaled, seen) : scaled), size: sum(mean(square(logits), -1), -1) };
}
/** What each head hears of the agents' values [rows, agent]: [rows, head]. */
export const heard = (lambda: Tensor, agentQs: Tensor): Tensor => sum(mul(lambda, expandDims(agentQs, 1)), -1);
/** Units of all rows behind one another. */
export const units = (unitState: Tensor): Tensor => reshape(unitState, [-1, unitState.shape[2]!]);
