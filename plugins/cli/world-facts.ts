/** An environment in words: its agents, actions and sizes. */
import type { EnvironmentSpec } from '../../core/environment.ts';
import { counted } from './layout.ts';

type Facts = Pick<EnvironmentSpec, 'sizes' | 'actions' | 'limit' | 'players'>;
/** `2 agents, 6 actions, obs 12, state 24`; `4 agents (3 adversaries, 1 good), 5 actions, ...` where there are teams. */
export function sizesInWords({ sizes, actions, players }: Facts): string {
  const { agent = 1, action = 0, other = agent - 1, ...plain } = sizes, rest = other === agent - 1 ? plain : { ...plain, other };
  const teams = players ? ` (${Object.entries(players).map(([name, { length }]) => `${length} ${name}`).join(', ')})` : '';
  return [`${counted(agent, 'agent')}${teams}`, actions === 'discrete' ? counted(action, 'action') : `actions of ${counted(action, 'number')}`, ...Object.entries(rest).map(([dim, n]) => `${dim} ${n}`)].join(', ');
}
export const worldInWords = (spec: Facts): string => `${sizesInWords(spec)}${Number.isFinite(spec.limit) ? `, at most ${counted(spec.limit, 'step')} an episode` : ''}`;
