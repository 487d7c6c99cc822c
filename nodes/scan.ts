/** Steps over time, for what carries something and has a gradient of its own. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { steps } from '../core/layers.ts';

/** What goes from slot to slot: a tensor, or several. */
type Carried = Tensor | readonly Tensor[];
interface Scanned<C> { readonly carry: C; readonly out: readonly Tensor[] }

/** `steps` of a tensor, or of several. An engine is not told what they read, so this belongs into a `customGrad` that brings its own gradient. */
export function scan<C extends Carried>(carry: C, xs: readonly Tensor[], step: (carry: C, slots: readonly Tensor[]) => Scanned<C>, backwards = false): Scanned<C> {
  const several = Array.isArray(carry), list = (c: Carried) => (several ? c : [c]) as readonly Tensor[], own = (all: readonly Tensor[]) => (several ? all : all[0]) as C;
  const done = steps(list(carry), xs, (before, slots) => { const { carry: after, out } = step(own(before), slots); return { carry: list(after), out }; }, backwards);
  return { carry: own(done.carry), out: done.out };
}
