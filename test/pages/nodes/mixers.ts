import { abs, add, cast, div, elu, expandDims, less, matMul, maximum, mean as average, mul, reshape, stack, sub, sum, tile } from '@tensorflow/tfjs-core';
import { dense, mlp } from '../../../nodes/layers.ts';
import { defineNode, uniform } from '../../../core/node.ts';
import { f32 } from '../../../core/port.ts';
import { beside, last } from './maths.ts';

/** Weighted QMIX: no constraint on the mix. */
export const freeMixer = defineNode({
  type: 'freeMixer',
  config: { hidden: 64 },
  in: { agentQs: f32('... agent'), state: f32('... state') },
  out: { qTot: f32('...') },
  layers: ({ agent, state }, { hidden }) => ({ net: mlp([state + agent, hidden, hidden, 1]), v: mlp([state, hidden, 1]) }),
  forward: ({ agentQs, state }, { net, v }) => ({ qTot: last(add(net(beside(state, agentQs)), v(state))) }),
});

/** SHAQ: each agent's value times alpha >= 1 from its marginal place in random orders; greedy agents count once. */
export const shapleyMixer = defineNode({
  type: 'shapleyMixer',
  config: { samples: 4, embed: 32 },
  in: { agentQs: f32('... agent'), isGreedy: f32('... agent'), state: f32('... state') },
  noise: { order: uniform('... sample agent') },
  out: { qTot: f32('...') },
  sizes: (_, { samples }) => ({ sample: samples }),
  layers: ({ state }, { embed }) => ({ w1: mlp([state, 64, 2 * embed]), b1: dense(state, embed), w2: mlp([state, 64, embed]), b2: mlp([state, embed, 1]) }),
  forward({ agentQs, isGreedy, state, order }, { w1, b1, w2, b2 }, { embed, samples }, { agent }) {
    const before = cast(less(expandDims(order, 2), expandDims(order, 3)), 'float32');      // rows sample agent agent
    const own = tile(expandDims(agentQs, 1), [1, samples, 1]);                             // rows sample agent
    const others = div(reshape(matMul(before, expandDims(own, -1)), [-1, samples, agent]), maximum(sum(before, -1), 1));
    const pairs = reshape(stack([others, own], -1), [-1, samples * agent, 2]);
    const hidden = elu(add(matMul(pairs, reshape(abs(w1(state)), [-1, 2, embed])), expandDims(b1(state), 1)));
    const y = add(matMul(hidden, reshape(abs(w2(state)), [-1, embed, 1])), expandDims(b2(state), 1));
    const alpha = add(1, average(abs(reshape(y, [-1, samples, agent])), 1));               // rows agent
    return { qTot: sum(mul(agentQs, add(isGreedy, mul(sub(1, isGreedy), alpha))), -1) };
  },
});
