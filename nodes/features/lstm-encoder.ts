/**
 * Features of a history by an LSTM on features that another network has made.
 *
 *   z_t, c_t = LSTM(x_t, z_{t-1}, c_{t-1}),   both 0 before an episode
 *
 * x  features of a slot, of `gridEncoder` or another network
 * z  what is made of everything since the episode began, for a policy or a critic to stand on
 * The cell is PyTorch's and starts as its does; the authors' BasicLSTMCell adds 1 to the forget gate.
 * Paper: Hochreiter and Schmidhuber 1997; here as in Sartoretti et al. 2019 (arXiv 1809.03531), figure 3.
 */
import { lstm } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';

export const lstmEncoder = defineNode({
  type: 'lstmEncoder',
  about: 'Features of a history by an LSTM',
  paper: 'Sartoretti et al. 2019, arXiv 1809.03531',
  config: { hidden: 64 },
  in: { x: f32('... ?x') },
  out: { z: f32('... hidden') },
  sizes: (_, { hidden }) => ({ hidden }),
  layers: ({ x }, { hidden }) => ({ cell: lstm(x, hidden) }),
  forward: ({ x }, { cell }) => ({ z: cell(x) }),
});
