/** What actors and critics of the on-policy code begin with. */
import { relu, type Tensor } from '@tensorflow/tfjs-core';
import type { Layer } from '../core/layers.ts';
import { constant, orthogonal } from './initial.ts';
import { dense, layerNorm } from './layers.ts';

/**
 * LayerNorm, then Linear, ReLU and LayerNorm for each width. Kernels start orthogonal with gain sqrt(2), biases at 0. Tensors scale, shift of
 * the input; kernel0, bias0, scale0, shift0, ... of the layers.
 * Source: marlbenchmark/on-policy, the code of Yu et al. 2021 (arXiv 2103.01955), with its options as they are by default.
 */
export function trunk(from: number, widths: readonly number[]): Layer {
  const parts: { readonly layer: Layer; readonly mark: string; readonly after?: (x: Tensor) => Tensor }[] = [{ layer: layerNorm(from), mark: '' }];
  widths.forEach((to, i) => { parts.push({ layer: dense(widths[i - 1] ?? from, to, { kernel: orthogonal(Math.SQRT2), bias: constant(0) }), mark: String(i), after: x => relu(x) }, { layer: layerNorm(to), mark: String(i) }); });
  return {
    tensors: Object.fromEntries(parts.flatMap(({ layer, mark }) => Object.entries(layer.tensors).map(([k, s]) => [`${k}${mark}`, s]))),
    stacked: true,
    bind: (t, over) => {
      const bound = parts.map(({ layer, mark, after = (x: Tensor) => x }) => ({ f: layer.bind(Object.fromEntries(Object.keys(layer.tensors).map(k => [k, t[`${k}${mark}`]!])), over), after }));
      return x => bound.reduce((h, { f, after }) => after(f(h)), x);
    },
  };
}
