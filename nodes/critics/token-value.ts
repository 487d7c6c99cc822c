/**
 * Value of what a token knows: MAT's critic, a value of each agent.
 *
 *   V = W_2 LN(gelu(W_1 z + b_1)) + b_2
 *
 * z      features, of `agentTransformer`
 * value  discounted return expected from here on, in units of reward or of what normalises it
 * Kernels start orthogonal, the first with gain sqrt(2), the second with 0.01; biases at 0.
 * Paper: Wen et al. 2022 (arXiv 2205.14953), section 4.1, equation 4; layers as in the authors' code (PKU-MARL/Multi-Agent-Transformer).
 */
import { squeeze } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import { tokenHead } from '../transformer.ts';

export const tokenValue = defineNode({
  type: 'tokenValue',
  about: 'Value of what a token knows, by a normalised layer of GELU units',
  paper: 'Wen et al. 2022, arXiv 2205.14953',
  in: { z: f32('... ?z') },
  out: { value: f32('...') },
  layers: ({ z }) => ({ head: tokenHead(z, 1) }),
  forward: ({ z }, { head }) => ({ value: squeeze(head(z), [-1]) }),
});
