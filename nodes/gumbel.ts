/** What the nodes that draw by Gumbel noise share. */
import { add, div, softmax, type Tensor } from '@tensorflow/tfjs-core';
import { gumbel } from '../core/node.ts';
import { bool, f32, index } from '../core/port.ts';
import { argMax, maskUnavailable } from './maths.ts';

export const gumbelSampling = {
  paper: 'Jang et al. 2016, arXiv 1611.01144',
  knobs: { temperature: 1 },
  ranges: { temperature: [1e-3, 1e3] },
  in: { logits: f32('... action'), avail: bool('... action') },
  noise: { g: gumbel('... action') },
  out: { action: f32('... action'), index: index('...', 'action'), best: index('...', 'action') },
} as const;

interface Drawn { readonly logits: Tensor; readonly avail: Tensor; readonly g: Tensor; readonly temperature: Tensor }
/** The softmax of noisy logits, its greatest entry, and that of the logits alone. */
export function gumbelSample({ logits, avail, g, temperature }: Drawn): { readonly soft: Tensor; readonly index: Tensor; readonly best: Tensor } {
  const known = maskUnavailable(logits, avail), noisy = add(known, g);
  return { soft: softmax(div(noisy, temperature)), index: argMax(noisy), best: argMax(known) };
}
