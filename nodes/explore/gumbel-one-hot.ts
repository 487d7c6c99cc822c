/**
 * A one-hot action drawn from logits, with the gradient of the softmax that it is the greatest entry of: straight-through Gumbel-softmax.
 *
 *   y = softmax((l + g) / temperature), g_a standard Gumbel      l = logits where available, else -1e9
 *   forwards   action = onehot(argmax y), so P(action = a) = softmax(l)_a
 *   backwards  d action = d y
 *
 * index  the action that is executed
 * best   the likeliest action, for evaluation
 * Where nothing is available (padding) any action is drawn.
 * Paper: Jang et al. 2016 (arXiv 1611.01144), section 2.2. MADDPG's authors use the soft y itself (`gumbelSoftmax`), EPyMARL and FACMAC's authors this one.
 */
import { add, sub } from '@tensorflow/tfjs-core';
import { detach } from '../../core/flow.ts';
import { defineNode } from '../../core/node.ts';
import { gumbelSample, gumbelSampling } from '../gumbel.ts';
import { oneHot } from '../maths.ts';

export const gumbelOneHot = defineNode({
  ...gumbelSampling,
  type: 'gumbelOneHot',
  about: 'A one-hot action drawn from logits, differentiated as the softmax it is the greatest entry of',
  forward(x, _, __, { action }) {
    const { soft, index, best } = gumbelSample(x);
    return { action: add(detach(sub(oneHot(index, action), soft)), soft), index, best };      // exactly one-hot: 1 - y + y is 1 in float32
  },
});
