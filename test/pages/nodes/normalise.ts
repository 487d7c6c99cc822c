/** Normalisers are pure: what they remember stands on the page as `memory`. */
import { add, div, maximum, minimum, mul, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../../core/node.ts';
import { f32, still } from '../../../core/port.ts';
import { mean as masked } from './maths.ts';

/** Running mean, mean of squares and their weight, one update further (ValueNorm). */
export const moments = defineNode({
  type: 'moments',
  knobs: { decay: 0.99999 },
  in: { x: f32('...'), mask: still(f32('...')), mean: f32(''), square: f32(''), weight: f32('') },
  out: { mean: f32(''), square: f32(''), weight: f32('') },
  forward(x, _, __) {
    const fresh = sub(1, x.decay), follow = (old: Tensor, now: Tensor) => add(mul(x.decay, old), mul(fresh, now));
    return { mean: follow(x.mean, masked(x.x, x.mask)), square: follow(x.square, masked(square(x.x), x.mask)), weight: add(mul(x.decay, x.weight), fresh) };
  },
});
/** Mean and spread; 0 and 1 before anything was seen. */
function spread(mean: Tensor, squares: Tensor, weight: Tensor): { readonly centre: Tensor; readonly std: Tensor } {
  const debias = maximum(weight, 1e-5), m = div(mean, debias), seen = minimum(mul(weight, 1e9), 1);
  const std = sqrt(maximum(sub(div(squares, debias), square(m)), 1e-2));
  return { centre: mul(seen, m), std: add(mul(seen, std), sub(1, seen)) };
}
export const normalise = defineNode({
  type: 'normalise',
  in: { x: f32('...'), mean: f32(''), square: f32(''), weight: f32('') },
  out: { x: f32('...') },
  forward(x) {
    const { centre, std } = spread(x.mean, x.square, x.weight);
    return { x: div(sub(x.x, centre), std) };
  },
});
export const denormalise = defineNode({
  type: 'denormalise',
  in: { x: f32('...'), mean: f32(''), square: f32(''), weight: f32('') },
  out: { x: f32('...') },
  forward(x) {
    const { centre, std } = spread(x.mean, x.square, x.weight);
    return { x: add(mul(x.x, std), centre) };
  },
});
