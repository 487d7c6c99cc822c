/** Attention over the agents: QMIX with another mixer. */
import { swap } from '../core/graph.ts';
import { attentionMixer } from '../nodes/index.ts';
import { qmix } from './qmix.ts';

/**
 * Qatten (arXiv 2002.03939) with weighted heads. Its units are the agents' observations; a world whose state has a part for each agent
 * offers it as `unitState: central(f32('agent unit'))`, and both mixers are wired to it.
 */
export const qatten = swap(qmix, 'mixer', attentionMixer({ heads: 4 }), {
  name: 'qatten', about: "Mix of the agents' values by attention, a weighted sum in every state", paper: 'Yang et al. 2020, arXiv 2002.03939',
});
