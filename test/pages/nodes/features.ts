import { relu, transpose } from '@tensorflow/tfjs-core';
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
