/**
 * Discrete actions of a team, one agent after another: the logits of each agent know the actions of those before it. MAT's decoder.
 *
 *   t_1 = start, t_i = a_{i-1}      x0 = LN(gelu(W onehot(t)))
 *   x' = LN(x + causal(x, x))      x" = LN(z + causal(z, x'))      x the LN(x" + mlp(x")) of the block before
 *   logits_i = W_2 LN(gelu(W_1 x_i + b_1)) + b_2 where available, else -1e9
 *
 * z       a token of each agent, of `agentTransformer`; its width is the decoder's
 * action  of all agents. An agent's logits take no notice of its own action and of those after it; -1 is an action that is not chosen yet
 * avail   true where an action is allowed
 * logits  for `categoricalLogProb` and `sampleCategorical`: of all agents at once where the actions are known, and the same where they are drawn agent by agent (`inTurn: 'agent'`)
 * heads   of each attention; they divide the width of z
 * blocks  of two attentions and an mlp, one after another
 * Paper: Wen et al. 2022 (arXiv 2205.14953), section 4.1, equation 5 and figure 2. That z is added to what was heard, and how layers start, as in the authors' code
 * (PKU-MARL/Multi-Agent-Transformer), but for the bias of keys, which no softmax sees.
 */
import { add, concat, slice, zerosLike } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, index } from '../../core/port.ts';
import { maskUnavailable, oneHot } from '../maths.ts';
import { decoderBlocks, token, tokenHead } from '../transformer.ts';

export const actionDecoder = defineNode({
  type: 'actionDecoder',
  about: 'Actions of agents one after another, each knowing those before it',
  paper: 'Wen et al. 2022, arXiv 2205.14953',
  config: { heads: 1, blocks: 1 },
  in: { z: f32('... agent ?z'), action: index('... agent', 'action'), avail: bool('... agent action') },
  out: { logits: f32('... agent action') },
  layers: ({ z, action }, depth) => ({ token: token(action + 1, z, { bias: false }), blocks: decoderBlocks(z, depth), head: tokenHead(z, action) }),
  forward({ z, action, avail }, { token, blocks, head }, _, { agent, action: actions }) {
    const start = zerosLike(slice(action, [0, 0], [-1, 1])), said = slice(concat([start, add(action, 1)], 1), [0, 0], [-1, agent]);       // rows agent; 0 is the start
    return { logits: maskUnavailable(head(blocks(token(oneHot(said, actions + 1)), z)), avail) };
  },
});
