/** A layer for nodes with heads: several small networks of one form, side by side. */
import { add, expandDims, matMul, relu, reshape, transpose, type Tensor } from '@tensorflow/tfjs-core';
import type { Layer } from '../core/layers.ts';
import { fanIn } from './initial.ts';

/**
 * For each head dense layers of these widths with ReLU between them: rows in, [rows, head, out] out. Heads stand first in every
 * tensor, so that each is a view and a layer is one product over all heads. Tensors kernel0, bias0, kernel1, ..., starting as in `mlp`;
 * with `last: false` the last layer has no bias.
 */
export function headMlp(heads: number, widths: readonly number[], { last = true } = {}): Layer {
  const depth = widths.length - 1, first = widths[0]!, second = widths[1]!;
  const tensors = Array.from({ length: depth }, (_, i) => {
    const [from, to] = [widths[i]!, widths[i + 1]!], init = fanIn(from);
    return {
      [`kernel${i}`]: { shape: [heads, from, to], init, layout: 'kernel of each head: [head, in, out]' },
      ...(last || i < depth - 1 ? { [`bias${i}`]: { shape: [heads, to], init, layout: 'bias of each head: [head, out]' } } : {}),
    };
  });
  return {
    tensors: Object.assign({}, ...tensors) as Layer['tensors'],
    bind: t => x => {
      const wide = reshape(transpose(t['kernel0']!, [1, 0, 2]), [first, heads * second]);       // in, head out
      const plus = (y: Tensor, bias: Tensor | undefined, shape: (b: Tensor) => Tensor) => (bias ? add(y, shape(bias)) : y);
      const once = plus(matMul(x, wide), t['bias0'], b => reshape(b, [heads * second]));        // all heads share x: one product
      if (depth === 1) return reshape(once, [-1, heads, second]);
      let h: Tensor = transpose(reshape(once, [-1, heads, second]), [1, 0, 2]);                 // head rows out
      for (let i = 1; i < depth; i++) h = plus(matMul(relu(h), t[`kernel${i}`]!), t[`bias${i}`], b => expandDims(b, 1));
      return transpose(h, [1, 0, 2]);                                                           // rows head out
    },
  };
}
