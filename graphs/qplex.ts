/** Duplex duelling: QMIX with another mixer. */
import { swap } from '../core/graph.ts';
import { duplexMixer } from '../nodes/index.ts';
import { qmix } from './qmix.ts';

/**
 * QPLEX (arXiv 2008.01062) with the mixer as on SMAC. There the authors make two updates an episode after 100 of them: every 0.5,
 * start 100. In matrix games their mixer is duplexMixer({ heads: 10, advHypernet: [64, 64] }).
 */
export const qplex = swap(qmix, 'mixer', duplexMixer({ heads: 4 }), {
  name: 'qplex', about: "Duelling mix: any joint value whose greedy action is the agents' own", paper: 'Wang et al. 2020, arXiv 2008.01062',
});
