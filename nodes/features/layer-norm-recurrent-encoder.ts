/**
 * Features by the recurrent trunk of the on-policy code.
 *
 *   h_t = GRU((LayerNorm relu Linear) ... LayerNorm x_t, h_{t-1})      z_t = LayerNorm h_t      h = 0 before an episode
 *
 * x       what is observed, as numbers of any scale
 * z       for a policy or a critic to stand on
 * hidden  widths of the layers; h is as wide as the last
 * Kernels start orthogonal, those of Linear with gain sqrt(2), biases at 0.
 * Paper: Yu et al. 2021 (arXiv 2103.01955); layers as in the authors' code (marlbenchmark/on-policy).
 */
import { constant, orthogonalGates } from '../initial.ts';
import { gru, layerNorm } from '../layers.ts';
import { trunk } from '../trunk.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const layerNormRecurrentEncoder = defineNode({
  type: 'layerNormRecurrentEncoder',
  about: 'Features by a network with LayerNorm and a GRU over the history',
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  config: { hidden: [64, 64] },
  in: { x: f32('... ?x') },
  out: { z: f32('... hidden') },
  sizes: ({ x }, { hidden }) => ({ hidden: hidden.at(-1) ?? x! }),
  layers: ({ x }, { hidden }) => {
    const width = hidden.at(-1) ?? x;
    return { trunk: trunk(x, hidden), cell: gru(width, width, { kernel: orthogonalGates(), bias: constant(0) }), norm: layerNorm(width) };
  },
  forward: ({ x }, { trunk: net, cell, norm }) => ({ z: norm(cell(net(x))) }),
});
