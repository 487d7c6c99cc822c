/**
 * Features of the agents of a team, each of which attends to all: MAT's encoder.
 *
 *   x0_i = LN(gelu(W LN(x_i) + b))      x' = LN(x + attention(x))      x" = LN(x' + mlp(x'))      z the x" of the last block
 *
 * x       what each agent observes
 * z       a token of each agent, which knows what all observe: for `tokenValue` and `actionDecoder`
 * embed   width of a token
 * heads   of each attention; they divide embed
 * blocks  of attention and mlp, one after another
 * Agents have no places: in another order they have the same tokens, in that order.
 * Paper: Wen et al. 2022 (arXiv 2205.14953), section 4.1 and figure 2. Layers, normalisation behind each sum, and orthogonal kernels (gain sqrt(2) before GELU, else 0.01) as in the authors'
 * code (PKU-MARL/Multi-Agent-Transformer), but for the bias of keys, which no softmax sees.
 */
import { layerNorm } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { encoderBlocks, token } from '../transformer.ts';

export const agentTransformer = defineNode({
  type: 'agentTransformer',
  about: 'Features of agents that attend to all agents of the team',
  paper: 'Wen et al. 2022, arXiv 2205.14953',
  config: { embed: 64, heads: 1, blocks: 1 },
  in: { x: f32('... agent ?x') },
  out: { z: f32('... agent hidden') },
  sizes: (_, { embed }) => ({ hidden: embed }),
  layers: ({ x }, { embed, ...depth }) => ({ norm: layerNorm(x), token: token(x, embed), blocks: encoderBlocks(embed, depth) }),
  forward: ({ x }, { norm, token, blocks }) => ({ z: blocks(token(norm(x))) }),
});
