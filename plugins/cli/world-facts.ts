/** An environment in words: its agents, actions and sizes. */
import type { EnvironmentSpec } from '../../core/environment.ts';
import { counted } from './layout.ts';

type Facts = Pick<EnvironmentSpec, 'sizes' | 'actions' | 'limit'>;
/** `2 agents, 6 actions, obs 12, state 24`. */
export function sizesInWords({ sizes, actions }: Facts): string {
  const { agent = 1, action = 0, ...rest } = sizes;
  return [counted(agent, 'agent'), actions === 'discrete' ? counted(action, 'action') : `actions of ${counted(action, 'number')}`, ...Object.entries(rest).map(([dim, n]) => `${dim} ${n}`)].join(', ');
}
export const worldInWords = (spec: Facts): string => `${sizesInWords(spec)}${Number.isFinite(spec.limit) ? `, at most ${counted(spec.limit, 'step')} an episode` : ''}`;
