import { add, exp, mul, relu, reshape, transpose } from '@tensorflow/tfjs-core';
import { conv, dense, mlp } from '../../../nodes/layers.ts';
import { defineNode, normal } from '../../../core/node.ts';
import { f32, index } from '../../../core/port.ts';
import { beside, flat, gated, halves, oneHot } from './maths.ts';

/** PRIMAL's view: an image of the surroundings and a vector to the goal. */
export const gridEncoder = defineNode({
  type: 'gridEncoder',
  config: { channels: 8, hidden: 32 },
  in: { grid: f32('... channel row column'), goal: f32('... goal') },
  out: { x: f32('... hidden') },
  sizes: (_, { hidden }) => ({ hidden }),
  layers: ({ channel, row, column, goal }, { channels, hidden }) => ({
    near: conv(channel, channels, 3), far: conv(channels, channels, 3), out: dense(channels * row * column + goal, hidden),
  }),
  forward({ grid, goal }, { near, far, out }) {
    const seen = relu(far(relu(near(transpose(grid, [0, 2, 3, 1])))));
    return { x: relu(out(beside(flat(seen), goal))) };
  },
});


/** What an agent believes about the others, from what it saw them do: a recurrent Gaussian. */
export const beliefEncoder = defineNode({
  type: 'beliefEncoder',
  config: { hidden: 16, latent: 4 },
  in: { obs: f32('... obs'), seenAction: index('... other', 'action') },
  noise: { eps: normal('... latent') },
  out: { mean: f32('... latent'), logVar: f32('... latent'), z: f32('... latent') },
  sizes: (_, { latent }) => ({ latent }),
  layers: ({ obs, other, action }, { hidden, latent }) => ({
    fromInput: dense(obs + other * action, 3 * hidden), fromHidden: dense(hidden, 3 * hidden), law: dense(hidden, 2 * latent),
  }),
  carry: (_, { hidden }) => hidden,
  step({ obs, seenAction, eps }, h, { fromInput, fromHidden, law }, _, { action }) {
    const seen = flat(oneHot(seenAction, action));
    const carry = gated(fromInput(beside(obs, seen)), fromHidden(h), h), [mean, logVar] = halves(law(carry));
    return { mean, logVar, z: add(mean, mul(exp(mul(0.5, logVar)), eps)), carry };
  },
});
export const beliefDecoder = defineNode({
  type: 'beliefDecoder',
  config: { hidden: 16 },
  in: { obs: f32('... obs'), z: f32('... latent') },
  out: { logits: f32('... other action') },
  layers: ({ obs, latent, other, action }, { hidden }) => ({ net: mlp([obs + latent, hidden, other * action]) }),
  forward: ({ obs, z }, { net }, _, { other, action }) => ({ logits: reshape(net(beside(obs, z)), [-1, other, action]) }),
});
