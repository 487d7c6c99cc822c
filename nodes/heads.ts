/** A layer for nodes with heads: several small networks of one form, side by side. */
import { add, expandDims, matMul, relu, reshape, transpose } from '@tensorflow/tfjs-core';
import type { Init, Layer } from '../core/layers.ts';

/**
 * For each head dense layers of these widths with ReLU between them: rows in, [rows, head, out] out. Heads stand first in every
 * tensor, so that each is a view and a layer is one product over all heads. Tensors kernel0, bias0, kernel1, ..., starting as in `mlp`.
 */
export function headMlp(heads: number, widths: readonly number[]): Layer {
  const depth = widths.length - 1, first = widths[0]!, second = widths[1]!;
  const tensors = Array.from({ length: depth }, (_, i) => {
    const [from, to] = [widths[i]!, widths[i + 1]!], init: Init = { law: 'uniform', bound: 1 / Math.sqrt(Math.max(1, from)) };
    return {
      [`kernel${i}`]: { shape: [heads, from, to], init, layout: 'kernel of each head: [head, in, out]' },
      [`bias${i}`]: { shape: [heads, to], init, layout: 'bias of each head: [head, out]' },
    };
  });
  return {
    tensors: Object.assign({}, ...tensors) as Layer['tensors'],
    bind: t => x => {
      const wide = reshape(transpose(t['kernel0']!, [1, 0, 2]), [first, heads * second]);       // in, head out
      const once = add(matMul(x, wide), reshape(t['bias0']!, [heads * second]));                // all heads share x: one product
      let h = transpose(reshape(once, [-1, heads, second]), [1, 0, 2]);                         // head rows out
      for (let i = 1; i < depth; i++) h = add(matMul(relu(h), t[`kernel${i}`]!), expandDims(t[`bias${i}`]!, 1)) as typeof h;
      return transpose(h, [1, 0, 2]);                                                           // rows head out
    },
  };
}
