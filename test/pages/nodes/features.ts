import { add, matMul, mul, relu, softmax, transpose, type Tensor } from '@tensorflow/tfjs-core';
import type { Layer } from '../../../core/layers.ts';
import { conv, dense } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';
import { beside, flat } from './maths.ts';

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


/** softmax(q k^T + bias) v over the second axis; with the weights it used. */
export function attention(width: number): Layer<(query: Tensor, key: Tensor, bias: Tensor | number) => { readonly value: Tensor; readonly weight: Tensor }> {
  const part = dense(width, width, { bias: false }), kernel = part.tensors['kernel']!;
  return {
    tensors: { query: kernel, key: kernel, value: kernel },
    bind(t, over) {
      const through = (name: string, x: Tensor) => part.bind({ kernel: t[name]! }, over)(x);
      return (query, key, bias) => {
        const score = mul(matMul(through('query', query), through('key', key), false, true), 1 / Math.sqrt(width));
        const weight = softmax(add(score, bias));
        return { value: matMul(weight, through('value', key)), weight };
      };
    },
  };
}
/** MAT's encoder: every agent attends to all. */
export const agentTransformer = defineNode({
  type: 'agentTransformer',
  config: { embed: 16 },
  in: { obs: f32('... agent obs') },
  out: { rep: f32('... agent embed') },
  sizes: (_, { embed }) => ({ embed }),
  layers: ({ obs }, { embed }) => ({ first: dense(obs, embed), attend: attention(embed), then: dense(embed, embed) }),
  forward({ obs }, { first, attend, then }) {
    const x = relu(first(obs)), y = add(x, attend(x, x, 0).value);
    return { rep: add(y, relu(then(y))) };
  },
});
