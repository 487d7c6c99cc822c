/**
 * What a central critic sees: the state that the environment gives, and whose value is asked for.
 *
 *   x_i = (s, id_i)
 *
 * state  the central state, repeated for every agent
 * id     one-hot identity of the agent
 * For the slot `criticInput`, whose other wires it leaves.
 * Source: uoe-agents/epymarl, the code of Papoudakis et al. 2021 (arXiv 2006.07869); "EP", environment-provided, in Yu et al. 2021 (arXiv 2103.01955).
 */
import { concat } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const stateInput = defineNode({
  type: 'stateInput',
  about: 'The central state and the identity of the agent, for a critic',
  paper: 'Papoudakis et al. 2021, arXiv 2006.07869',
  in: { state: f32('... ?state'), id: f32('... ?id') },
  out: { x: f32('... feature') },
  sizes: ({ state, id }) => ({ feature: state! + id! }),
  forward: ({ state, id }) => ({ x: concat([state, id], -1) }),
});
