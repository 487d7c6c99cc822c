/** Value decomposition: QMIX with another mixer. */
import { swap } from '../core/graph.ts';
import { sumMixer } from '../nodes/index.ts';
import { qmix } from './qmix.ts';

/** VDN (arXiv 1706.05296) as the authors of QMIX compare with it: their agents and targets, without the paper's duelling heads and traces. */
export const vdn = swap(qmix, 'mixer', sumMixer(), {
  name: 'vdn', about: "The joint value is the sum of the agents' values", paper: 'Sunehag et al. 2017, arXiv 1706.05296',
});
