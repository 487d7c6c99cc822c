/**
 * The unrestricted joint value of weighted QMIX: any function of the state and the agents' values.
 *
 *   Q* = f(s, q_1 .. q_n) + v(s)      f: three hidden layers, v: one, ReLU between
 *
 * agentQs  value of each agent's action, of agents that belong to this mixer and never act
 * hidden   width of every hidden layer
 * Nothing keeps Q* from falling where an agent's value rises, so its greatest joint action need not be the agents' own. It makes targets and
 * weights, where the action is given; nobody acts on it.
 * Paper: Rashid et al. 2020 (arXiv 2006.10800), the unrestricted Q* of its deep algorithm. The layers are those of the authors' code.
 */
import { add, concat, reshape } from '@tensorflow/tfjs-core';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const freeMixer = defineNode({
  type: 'freeMixer',
  about: "Any function of the state and the agents' values, monotonic in none of them",
  paper: 'Rashid et al. 2020, arXiv 2006.10800',
  config: { hidden: 256 },
  in: { agentQs: f32('... agent'), state: f32('... state') },
  out: { qTot: f32('...') },
  layers: ({ agent, state }, { hidden }) => ({ net: mlp([state + agent, hidden, hidden, hidden, 1]), v: mlp([state, hidden, 1]) }),
  forward: ({ agentQs, state }, { net, v }) => ({ qTot: reshape(add(net(concat([state, agentQs], -1)), v(state)), [-1]) }),
});
