import { add, concat, div, exp, mul, relu, slice, square, sub, sum, tanh, tensor2d, zeros, zerosLike, type Tensor } from '@tensorflow/tfjs-core';
import { dense, mlp, parameter } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { bool, f32, index } from '../../../core/port.ts';
import { attention } from './features.ts';
import { halves, maskUnavailable, oneHot } from './maths.ts';

export const gaussian = defineNode({
  type: 'gaussian',
  in: { z: f32('... ?z') },
  out: { mean: f32('... action'), logStd: f32('... action') },
  layers: ({ z, action }) => ({ centre: dense(z, action), logStd: parameter([action]) }),
  forward({ z }, { centre, logStd }) {
    const mean = centre(z);
    return { mean, logStd: add(zerosLike(mean), logStd()) };
  },
});
/** SAC: both from one net, log std squashed into [-5, 2]. */
export const meanAndStd = defineNode({
  type: 'meanAndStd',
  config: { hidden: [64, 64] },
  in: { obs: f32('... obs') },
  out: { mean: f32('... action'), logStd: f32('... action') },
  layers: ({ obs, action }, { hidden }) => ({ net: mlp([obs, ...hidden, 2 * action]) }),
  forward({ obs }, { net }) {
    const [mean, raw] = halves(net(obs));
    return { mean, logStd: sub(mul(3.5, add(tanh(raw), 1)), 5) };
  },
});
/** MAT: logits of agent i from the actions of the agents before i only; -1 means not chosen yet. */
export const actionDecoder = defineNode({
  type: 'actionDecoder',
  in: { rep: f32('... agent embed'), action: index('... agent', 'action'), avail: bool('... agent action') },
  out: { logits: f32('... agent action') },
  layers: ({ embed, action }) => ({ token: dense(action + 1, embed), self: attention(embed), cross: attention(embed), head: dense(embed, action) }),
  forward({ rep, action, avail }, { token, self, cross, head }, _, { agent, action: actions }) {
    const causal = tensor2d(Array.from({ length: agent }, (_, i) => Array.from({ length: agent }, (_, j) => (j > i ? -1e9 : 0))));
    const shifted = concat([zeros([action.shape[0]!, 1], 'int32'), slice(add(action, 1), [0, 0], [-1, agent - 1])], 1);
    const x = relu(token(oneHot(shifted, actions + 1))), y = add(x, self(x, x, causal).value);
    return { logits: maskUnavailable(head(add(rep, cross(rep, y, causal).value)), avail) };
  },
});

/** Log density of a normal law, one number per entry. */
export const logNormal = (x: Tensor, mean: Tensor, logStd: Tensor): Tensor => sub(mul(-0.5, square(div(sub(x, mean), exp(logStd)))), add(logStd, 0.5 * Math.log(2 * Math.PI)));
export const gaussianLogProb = defineNode({
  type: 'gaussianLogProb',
  in: { mean: f32('... action'), logStd: f32('... action'), action: f32('... action') },
  out: { logProb: f32('...'), entropy: f32('...') },
  forward: ({ mean, logStd, action }) => ({
    logProb: sum(logNormal(action, mean, logStd), -1), entropy: sum(add(logStd, 0.5 * Math.log(2 * Math.PI * Math.E)), -1),
  }),
});
