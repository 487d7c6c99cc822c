/** A layer for nodes over a graph of agents: heads of dot-product attention over each agent's neighbours. */
import { greater, matMul, mul, relu, reshape, softmax, tile, transpose, type Tensor } from '@tensorflow/tfjs-core';
import type { Layer } from '../core/layers.ts';
import { combined, dense } from './layers.ts';
import { maskUnavailable } from './maths.ts';

interface Heard { readonly value: Tensor; readonly attention: Tensor }
interface Shape { readonly heads: number; readonly embed: number }

/**
 * h'_i = relu(W_o [sum_j a_1ij v_1j, ..., sum_j a_Hij v_Hj] + b_o)      a_mij = softmax_j(q_mi . k_mj / sqrt(embed)), j over what i hears
 *
 * with queries, keys and values of each head m ReLU(Linear(h)). From h [rows, agent, from] and hears [rows, agent, neighbour], floats above 0
 * where i hears j: value [rows, agent, to] and attention [rows, agent, head, neighbour]. Weights of all heads lie side by side.
 */
export const neighbourAttention = (from: number, to: number, { heads, embed }: Shape): Layer<(h: Tensor, hears: Tensor) => Heard> => combined(
  { query: dense(from, heads * embed), key: dense(from, heads * embed), value: dense(from, heads * embed), out: dense(heads * embed, to) },
  ({ query, key, value, out }) => (h, hears) => {
    const agents = h.shape[1]!, split = (x: Tensor) => reshape(transpose(reshape(relu(x), [-1, agents, heads, embed]), [0, 2, 1, 3]), [-1, agents, embed]);           // rows head | agent embed
    const logits = mul(matMul(split(query(h)), split(key(h)), false, true), 1 / Math.sqrt(embed));
    const each = greater(reshape(tile(reshape(hears, [-1, 1, agents, agents]), [1, heads, 1, 1]), [-1, agents, agents]), 0);
    const attention = softmax(maskUnavailable(logits, each));                                                                                       // rows head | agent neighbour
    const byAgent = (x: Tensor, width: number) => transpose(reshape(x, [-1, heads, agents, width]), [0, 2, 1, 3]);                                   // rows agent head width
    return { value: relu(out(reshape(byAgent(matMul(attention, split(value(h))), embed), [-1, agents, heads * embed]))), attention: byAgent(attention, agents) };
  });
