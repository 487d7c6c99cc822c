import { add, div, exp, expandDims, eye, mul, reshape, square, sub, sum, tanh, zerosLike, type Tensor } from '@tensorflow/tfjs-core';
import { dense, mlp, parameter } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { f32, still } from '../../../core/port.ts';
import { halves } from './maths.ts';

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
export const actionLogits = defineNode({
  type: 'actionLogits',
  config: { hidden: [64, 64] },
  in: { obs: f32('... ?obs') },
  out: { logits: f32('... action') },
  layers: ({ obs, action }, { hidden }) => ({ net: mlp([obs, ...hidden, action]) }),
  forward: ({ obs }, { net }) => ({ logits: net(obs) }),
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
/** MADDPG: the joint action as each agent's critic sees it: its own fresh action in its own block, the others' as they were. */
export const ownFresh = defineNode({
  type: 'ownFresh',
  in: { fresh: f32('... agent action'), others: still(f32('... agent action')) },
  out: { x: f32('... agent joint') },
  sizes: ({ agent, action }) => ({ joint: agent! * action! }),
  forward({ fresh, others }, _, __, { agent, action }) {
    const own = expandDims(expandDims(eye(agent), -1), 0);                                 // 1 agent agent 1
    const x = add(mul(expandDims(fresh, 1), own), mul(expandDims(others, 1), sub(1, own)));
    return { x: reshape(x, [-1, agent, agent * action]) };
  },
});
