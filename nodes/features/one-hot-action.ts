/**
 * A discrete action as numbers.
 *
 *   x_a = 1 where a is the action, else 0
 *
 * What a critic of given actions takes (`actionValue`).
 */
import { defineNode } from '../../core/node.ts';
import { f32, index } from '../../core/port.ts';
import { oneHot } from '../maths.ts';

export const oneHotAction = defineNode({
  type: 'oneHotAction',
  about: 'A discrete action as numbers',
  in: { action: index('...', 'action') },
  out: { x: f32('... action') },
  forward: ({ action }, _, __, { action: actions }) => ({ x: oneHot(action, actions) }),
});
