/** Steps over time, for layers that carry something and have a gradient of their own. */
import { engine, expandDims, getBackend, getKernel, reshape, split, stack, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { SCAN, type Scan, type Step } from '../core/layers.ts';

/**
 * `step` from slot to slot. Inputs and outputs lie time first, [length, ...], and `carry` is that after the last slot; backwards the last slot is the
 * first. A kernel of an engine has no gradient, so this belongs into a `customGrad` that brings its own.
 */
export function scan(carry: Tensor, xs: readonly Tensor[], step: Step, backwards = false): { readonly carry: Tensor; readonly out: readonly Tensor[] } {
  const length = xs[0]!.shape[0]!, slot = (x: Tensor, shape: readonly number[]) => reshape(x, shape.slice(1));
  if (length === 1) {
    const done = step(carry, xs.map(x => slot(x, x.shape)));
    return { carry: done.carry, out: done.out.map(x => expandDims(x, 0)) };
  }
  if (getKernel(SCAN, getBackend())) {
    const attrs: Scan = { step, backwards }, [last, ...out] = engine().runKernel(SCAN, { carry, ...Object.fromEntries(xs.map((x, i) => [`x${i}`, x])) } as NamedTensorMap, attrs as unknown as NamedAttrMap) as Tensor[];
    return { carry: last!, out };
  }
  const cut = xs.map(x => split(x, length)), outs: (readonly Tensor[])[] = [];
  for (let i = 0; i < length; i++) {
    const t = backwards ? length - 1 - i : i, done = step(carry, cut.map((list, k) => slot(list[t]!, xs[k]!.shape)));
    ({ carry } = done);
    outs[t] = done.out;
  }
  return { carry, out: outs[0]!.map((_, k) => stack(outs.map(o => o[k]!))) };
}
