import { add, matMul, mul, relu, softmax, type Tensor } from '@tensorflow/tfjs-core';
import type { Layer } from '../../../core/layers.ts';
import { dense } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';


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
