/**
 * Values of all actions of agents that listen to their neighbours: DGN's network, one for all agents.
 *
 *   h0_i = encode(x_i)      h1_i = near(h0, C_i)      h2_i = far(h1, C_i)      q_i = W [h0_i, h1_i, h2_i] + b
 *
 * near and far are layers of attention (`neighbourAttention`): each head mixes the features of i and of its neighbours C_i. After two of them
 * an agent knows of its neighbours' neighbours.
 *
 * x          what each agent sees
 * adjacency  true where the agent hears the neighbour; itself it always hears. `neighbour` is a second name for the size of `agent`
 * q          discounted return expected of each action, in units of reward
 * attention  weights of the upper layer, of sum 1 over neighbours and 0 where nothing is heard, for `attentionKl`
 * encoder    widths of encode, ReLU after each; the last is that of h0, h1 and h2
 * Paper: Jiang, Dun, Huang and Lu 2020 (arXiv 1810.09202), section 3.2 and figure 1. Sizes, ReLU and 1/sqrt(embed) as in the authors' code
 * (PKU-RL/DGN). There an agent's neighbours are the three nearest, in rows of indices; here any matrix.
 */
import { add, cast, concat, range, relu } from '@tensorflow/tfjs-core';
import { dense, mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { bool, f32 } from '../../core/port.ts';
import { oneHot } from '../maths.ts';
import { neighbourAttention } from '../neighbour-attention.ts';

export const graphAgentQ = defineNode({
  type: 'graphAgentQ',
  about: 'Action values of agents that listen to their neighbours, through two layers of attention',
  paper: 'Jiang et al. 2020, arXiv 1810.09202',
  config: { encoder: [512, 128], heads: 8, embed: 16 },
  in: { x: f32('... agent ?x'), adjacency: bool('... agent neighbour') },
  out: { q: f32('... agent action'), attention: f32('... agent head neighbour') },
  sizes: (_, { heads }) => ({ head: heads }),
  layers: ({ x, action }, { encoder, ...heads }) => {
    const width = encoder.at(-1) ?? x;
    return { encode: mlp([x, ...encoder]), near: neighbourAttention(width, width, heads), far: neighbourAttention(width, width, heads), q: dense(3 * width, action) };
  },
  forward({ x, adjacency }, { encode, near, far, q }, _, { agent }) {
    const hears = add(cast(adjacency, 'float32'), oneHot(range(0, agent, 1, 'int32'), agent));                  // rows agent neighbour
    const own = relu(encode(x)), one = near(own, hears).value, { value: two, attention } = far(one, hears);     // rows agent width
    return { q: q(concat([own, one, two], -1)), attention };
  },
});
