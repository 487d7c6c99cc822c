import { add, concat, relu, slice, tensor2d, zeros } from '@tensorflow/tfjs-core';
import { dense } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { bool, f32, index } from '../../../core/port.ts';
import { attention } from './features.ts';
import { maskUnavailable, oneHot } from './maths.ts';

/** MAT: logits of agent i from the actions of the agents before i only; -1 means not chosen yet. */
export const actionDecoder = defineNode({
  type: 'actionDecoder',
  in: { rep: f32('... agent embed'), action: index('... agent', 'action'), avail: bool('... agent action') },
  out: { logits: f32('... agent action') },
  layers: ({ embed, action }) => ({ token: dense(action + 1, embed), self: attention(embed), cross: attention(embed), head: dense(embed, action) }),
  forward({ rep, action, avail }, { token, self, cross, head }, _, { agent, action: actions }) {
    const causal = tensor2d(Array.from({ length: agent }, (_, i) => Array.from({ length: agent }, (_, j) => (j > i ? -1e9 : 0))));
    const shifted = concat([zeros([action.shape[0]!, 1], 'int32'), slice(add(action, 1), [0, 0], [-1, agent - 1])], 1);
    const x = relu(token(oneHot(shifted, actions + 1))), y = add(x, self(x, x, causal).value);
    return { logits: maskUnavailable(head(add(rep, cross(rep, y, causal).value)), avail) };
  },
});
