/**
 * Features of those who live, and zeros for those who are dead: death masking.
 *
 *   x' = alive x
 *
 * x      as a rule what a critic sees for each agent
 * alive  1 for an agent that acts, 0 for one that is dead
 * Paper: Yu et al. 2021 (arXiv 2103.01955). The paper leaves the identity of a dead agent, the authors' code (marlbenchmark/on-policy) leaves nothing, as here.
 */
import { expandDims, mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';

export const deathMask = defineNode({
  type: 'deathMask',
  about: 'Features of the living, and zeros for the dead',
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  in: { x: f32('... ?x'), alive: still(f32('...')) },
  out: { x: f32('... ?x') },
  forward: ({ x, alive }) => ({ x: mul(x, expandDims(alive, -1)) }),
});
