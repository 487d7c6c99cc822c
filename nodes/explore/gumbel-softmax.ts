/**
 * A relaxed action drawn from logits: a softmax of them with Gumbel noise.
 *
 *   action = softmax((l + g) / temperature), g_a standard Gumbel      l = logits where available, else -1e9
 *
 * action  of sum 1 over the actions; unavailable ones are 0
 * index   its greatest entry: the action that is executed
 * best    the likeliest action, for evaluation
 * Critics see the soft action of the actors, and the one-hot of what was executed: the world's actions are indices. MADDPG's authors execute and store the soft action itself.
 * Paper: Jang et al. 2016 (arXiv 1611.01144), section 2.1; Maddison et al. 2016 (arXiv 1611.00712).
 */
import { defineNode } from '../../core/node.ts';
import { gumbelSample, gumbelSampling } from '../gumbel.ts';

export const gumbelSoftmax = defineNode({
  ...gumbelSampling,
  type: 'gumbelSoftmax',
  about: 'A relaxed action drawn from logits: their softmax with Gumbel noise',
  forward(x) {
    const { soft, index, best } = gumbelSample(x);
    return { action: soft, index, best };
  },
});
