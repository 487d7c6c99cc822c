/**
 * PRIMAL's view: an image of the surroundings through two stages of three convolutions, a vector to the goal beside it, and a residual block.
 *
 *   y = relu(W_y pool(C_6 .. pool(C_3(C_2(C_1 grid)))))     C_i x = relu(3 x 3 convolution of x)
 *   x = [y, relu(W_g goal)]      out = relu(x + W_2 relu(W_1 x))
 *
 * grid  layers of a window around the agent
 * goal  where the goal lies: a unit vector and a distance
 * out   `hidden` features, `goalUnits` of them from the goal before the residual block
 * near, far: channels of the two stages. A pool takes the largest of 2 x 2 cells and leaves an odd last row or column out. Kernels start as in He et al. 2015,
 * dense layers as in Glorot and Bengio 2010, biases at 0. The authors' network is near 128, far 256, hidden 512; these defaults are for a CPU.
 * Paper: Sartoretti et al. 2019 (arXiv 1809.03531), section IV.C and figure 3; details from the authors' ACNet.py.
 */
import { add, concat, maximum, relu, reshape, slice, transpose, unstack, type Tensor } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { constant, gaussian, uniformWithin } from '../initial.ts';
import { conv, dense } from '../layers.ts';
import { flat } from '../maths.ts';

const seeing = (from: number, to: number) => conv(from, to, 3, { kernel: gaussian(Math.sqrt(2 / (9 * from))), bias: constant(0) });
const even = (from: number, to: number) => dense(from, to, { kernel: uniformWithin(Math.sqrt(6 / (from + to))), bias: constant(0) });
/** Half as many rows or columns; a single one stays. */
const halved = (side: number): number => Math.max(1, Math.floor(side / 2));

/** The larger of every two neighbours: [n, h, w, c] to [n, h/2, w/2, c]. */
function pool(x: Tensor): Tensor {
  const [n, h, w, c] = x.shape as [number, number, number, number], [high, wide] = [halved(h), halved(w)];
  const rows = h === 1 ? x : larger(reshape(slice(x, [0, 0, 0, 0], [n, 2 * high, w, c]), [n * high, 2, w * c])), whole = reshape(rows, [n * high, w, c]);
  return reshape(w === 1 ? whole : larger(reshape(slice(whole, [0, 0, 0], [n * high, 2 * wide, c]), [n * high * wide, 2, c])), [n, high, wide, c]);
}
const larger = (pairs: Tensor): Tensor => { const [a, b] = unstack(pairs, 1) as [Tensor, Tensor]; return maximum(a, b); };

export const gridEncoder = defineNode({
  type: 'gridEncoder',
  about: 'Features of a window around an agent and of where its goal lies',
  paper: 'Sartoretti et al. 2019, arXiv 1809.03531',
  config: { near: 16, far: 32, hidden: 128, goalUnits: 12 },
  in: { grid: f32('... channel row column'), goal: f32('... goal') },
  out: { x: f32('... hidden') },
  sizes: (_, { hidden }) => ({ hidden }),
  layers: ({ channel, row, column, goal }, { near, far, hidden, goalUnits }) => ({
    near1: seeing(channel, near), near2: seeing(near, near), near3: seeing(near, near), far1: seeing(near, far), far2: seeing(far, far), far3: seeing(far, far),
    view: even(far * halved(halved(row)) * halved(halved(column)), Math.max(1, hidden - goalUnits)), goal: even(goal, Math.min(goalUnits, hidden - 1)), first: even(hidden, hidden), second: even(hidden, hidden),
  }),
  forward({ grid, goal }, l) {
    const near = [l.near1, l.near2, l.near3].reduce((h, layer) => relu(layer(h)), transpose(grid, [0, 2, 3, 1])), far = [l.far1, l.far2, l.far3].reduce((h, layer) => relu(layer(h)), pool(near));
    const x = concat([relu(l.view(flat(pool(far)))), relu(l.goal(goal))], 1);
    return { x: relu(add(x, l.second(relu(l.first(x))))) };
  },
});
