/**
 * What an agent saw the others do, as numbers: one-hots side by side, and zeros for another whose action it did not see.
 *
 *   x = (seen_1 onehot(a_1), seen_2 onehot(a_2), ...)      size = others x actions
 *
 * seenAction  last action of each other; where it was not seen, any
 * seen        was it seen? Nothing passes of an action that was not.
 */
import { cast, expandDims, mul } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { bool, f32, index } from '../../core/port.ts';
import { flat, oneHot } from '../maths.ts';

export const seenActions = defineNode({
  type: 'seenActions',
  about: 'One-hots of the actions that an agent saw the others take',
  in: { seenAction: index('... other', 'action'), seen: bool('... other') },
  out: { x: f32('... choice') },
  sizes: ({ other, action }) => ({ choice: other! * action! }),
  forward: ({ seenAction, seen }, _, __, { action }) => ({ x: flat(mul(oneHot(seenAction, action), expandDims(cast(seen, 'float32'), -1))) }),
});
