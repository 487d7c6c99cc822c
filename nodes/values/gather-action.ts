/**
 * The value of one action.
 *
 *   value = q[action]
 *
 * The gradient reaches q at that action only.
 */
import { defineNode } from '../../core/node.ts';
import { f32, index } from '../../core/port.ts';
import { take } from '../maths.ts';

export const gatherAction = defineNode({
  type: 'gatherAction',
  about: 'The value of one action',
  in: { q: f32('... action'), action: index('...', 'action') },
  out: { value: f32('...') },
  forward: ({ q, action }) => ({ value: take(q, action) }),
});
