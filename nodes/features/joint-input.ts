/**
 * What a critic of MAPPO sees where the environment says nothing better: the observations of all agents, the same for each of them.
 *
 *   x_i = (o_1, ..., o_N)
 *
 * joint  all agents' observations side by side (`allAgents`), repeated for every agent
 * For the slot `criticInput`, whose other wires it leaves.
 * Source: marlbenchmark/on-policy, the code of Yu et al. 2021 (arXiv 2103.01955), in the particle environments ("CL", concatenated local observations).
 */
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const jointInput = defineNode({
  type: 'jointInput',
  about: "All agents' observations, for a critic",
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  in: { joint: f32('... ?joint') },
  out: { x: f32('... ?joint') },
  forward: ({ joint }) => ({ x: joint }),
});
