/**
 * Value of features that another network has made, by one linear layer.
 *
 *   V = w z + b
 *
 * z      features, of `encoder`, `recurrentEncoder` or another network
 * value  discounted return expected from here on, in units of reward
 * w starts orthogonal with gain 1, b at 0, as in OpenAI Baselines and the code of MAPPO.
 * Paper: Yu et al. 2021 (arXiv 2103.01955), appendix: the critic is the actor's network with a last layer of one unit.
 */
import { squeeze } from '@tensorflow/tfjs-core';
import { constant, orthogonal } from '../initial.ts';
import { dense } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const linearValue = defineNode({
  type: 'linearValue',
  about: 'Value of features, by one linear layer',
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  in: { z: f32('... ?z') },
  out: { value: f32('...') },
  layers: ({ z }) => ({ v: dense(z, 1, { kernel: orthogonal(1), bias: constant(0) }) }),
  forward: ({ z }, { v }) => ({ value: squeeze(v(z), [-1]) }),
});
