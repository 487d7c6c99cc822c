import { mul, relu, sub } from '@tensorflow/tfjs-core';
import { dense, mlp } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';
import { attention } from './features.ts';
import { beside } from './maths.ts';

/** DGN: two rounds of attention over neighbours. `neighbour` is a second name for the size of `agent`. */
export const graphAgentQ = defineNode({
  type: 'graphAgentQ',
  config: { hidden: 32 },
  in: { obs: f32('... agent obs'), adjacency: f32('... agent neighbour') },
  out: { q: f32('... agent action'), attention: f32('... agent neighbour') },
  layers: ({ obs, action }, { hidden }) => ({ encode: mlp([obs, hidden, hidden]), near: attention(hidden), far: attention(hidden), q: dense(3 * hidden, action) }),
  forward({ obs, adjacency }, { encode, near, far, q }) {
    const hidden = mul(sub(1, adjacency), -1e9), own = relu(encode(obs));
    const one = near(own, own, hidden).value, two = far(one, one, hidden);
    return { q: q(beside(own, one, two.value)), attention: two.weight };
  },
});
