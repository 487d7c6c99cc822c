/**
 * What the critic of an independent learner sees: what its agent does.
 *
 *   x_i = (o_i, id_i)
 *
 * obs  the agent's own observation
 * id   one-hot identity of the agent
 * For the slot `criticInput`, whose other wires it leaves; it makes IPPO of MAPPO.
 * Source: uoe-agents/epymarl, the code of Papoudakis et al. 2021 (arXiv 2006.07869); marlbenchmark/on-policy leaves the identity out.
 */
import { concat } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const localInput = defineNode({
  type: 'localInput',
  about: "The agent's own observation and identity, for a critic",
  paper: 'Papoudakis et al. 2021, arXiv 2006.07869',
  in: { obs: f32('... ?obs'), id: f32('... ?id') },
  out: { x: f32('... feature') },
  sizes: ({ obs, id }) => ({ feature: obs! + id! }),
  forward: ({ obs, id }) => ({ x: concat([obs, id], -1) }),
});
