/**
 * Features by the feed-forward trunk of the on-policy code.
 *
 *   z = (LayerNorm relu Linear) ... (LayerNorm relu Linear) LayerNorm x
 *
 * x       what is observed, as numbers of any scale
 * z       for a policy or a critic to stand on
 * hidden  widths of the layers
 * Kernels start orthogonal with gain sqrt(2), biases at 0.
 * Paper: Yu et al. 2021 (arXiv 2103.01955); layers as in the authors' code (marlbenchmark/on-policy).
 */
import { trunk } from '../trunk.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const layerNormEncoder = defineNode({
  type: 'layerNormEncoder',
  about: 'Features by a feed-forward network with LayerNorm, without memory',
  paper: 'Yu et al. 2021, arXiv 2103.01955',
  config: { hidden: [64, 64] },
  in: { x: f32('... ?x') },
  out: { z: f32('... hidden') },
  sizes: ({ x }, { hidden }) => ({ hidden: hidden.at(-1) ?? x! }),
  layers: ({ x }, { hidden }) => ({ trunk: trunk(x, hidden) }),
  forward: ({ x }, { trunk: net }) => ({ z: net(x) }),
});
