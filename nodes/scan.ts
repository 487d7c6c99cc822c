/** Steps over time, for what carries something and has a gradient of its own. */
import { engine, expandDims, getBackend, getKernel, reshape, split, stack, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { SCAN, type Scan, type Step } from '../core/layers.ts';

/** What goes from slot to slot: a tensor, or several. */
type Carried = Tensor | readonly Tensor[];
interface Scanned<C> { readonly carry: C; readonly out: readonly Tensor[] }

/**
 * `step` from slot to slot. Inputs and outputs lie time first, [length, ...], and `carry` is that after the last slot; backwards the last slot is the
 * first. A kernel of an engine has no gradient, so this belongs into a `customGrad` that brings its own.
 */
export function scan<C extends Carried>(carry: C, xs: readonly Tensor[], step: (carry: C, slots: readonly Tensor[]) => Scanned<C>, backwards = false): Scanned<C> {
  const several = Array.isArray(carry), list = (c: Carried) => (several ? c : [c]) as readonly Tensor[], own = (all: readonly Tensor[]) => (several ? all : all[0]) as C;
  const done = steps(list(carry), xs, (before, slots) => { const { carry: after, out } = step(own(before), slots); return { carry: list(after), out }; }, backwards);
  return { carry: own(done.carry), out: done.out };
}
function steps(first: readonly Tensor[], xs: readonly Tensor[], step: Step, backwards: boolean): ReturnType<Step> {
  const length = xs[0]!.shape[0]!, slot = (x: Tensor, shape: readonly number[]) => reshape(x, shape.slice(1));
  if (length === 1) {
    const { carry, out } = step(first, xs.map(x => slot(x, x.shape)));
    return { carry, out: out.map(x => expandDims(x, 0)) };
  }
  if (getKernel(SCAN, getBackend())) {
    const attrs: Scan = { step, backwards, carries: first.length }, inputs = Object.fromEntries([...first.map((x, i) => [`carry${i}`, x]), ...xs.map((x, i) => [`x${i}`, x])]) as NamedTensorMap;
    const made = engine().runKernel(SCAN, inputs, attrs as unknown as NamedAttrMap) as Tensor[];
    return { carry: made.slice(0, first.length), out: made.slice(first.length) };
  }
  const cut = xs.map(x => split(x, length)), outs: (readonly Tensor[])[] = [];
  let carry = first;
  for (let i = 0; i < length; i++) {
    const t = backwards ? length - 1 - i : i, done = step(carry, cut.map((parts, k) => slot(parts[t]!, xs[k]!.shape)));
    ({ carry } = done);
    outs[t] = done.out;
  }
  return { carry, out: outs[0]!.map((_, k) => stack(outs.map(o => o[k]!))) };
}
