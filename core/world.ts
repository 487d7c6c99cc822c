/** Worlds: the fields that an environment must offer to a page. Extend one by spreading: { ...team, adjacency: local(f32('agent neighbour')) }. */
import { bool, f32, index, type DType, type Port } from './port.ts';

/** A field lies over `batch time+1` (slot) or `batch time` (step); `spec` names its further dims. */
export interface Field<T extends DType = DType, A extends 'slot' | 'step' = 'slot' | 'step'> {
  readonly dtype: T; readonly spec: string; readonly at: A; readonly sight: 'local' | 'central' | 'after'; readonly of?: string;
}
export type World = Readonly<Record<string, Field>>;

const field = <A extends 'slot' | 'step'>(at: A, sight: Field['sight']) => <T extends DType>(p: Port<T>): Field<T, A> =>
  ({ dtype: p.dtype, spec: p.spec, at, sight, ...(p.of === undefined ? {} : { of: p.of }) });
/** Seen by an agent before it acts. */
export const local = field('slot', 'local');
/** Seen by the learner only. */
export const central = field('slot', 'central');
/** Known after the step. */
export const after = field('step', 'after');

const common = {
  reward: after(f32('')), terminated: after(bool('')), truncated: after(bool('')),
  valid: after(f32('')), weight: after(f32('')), start: local(bool('')),
};
/** One agent, discrete actions. */
export const single = {
  ...common, obs: local(f32('obs')), avail: local(bool('action')),
  action: after(index('', 'action')), nextAction: after(index('', 'action')),
};
/** One agent, continuous actions in [-1, 1]. */
export const continuous = { ...common, obs: local(f32('obs')), action: after(f32('action')) };

const agents = {
  obs: local(f32('agent obs')), state: central(f32('state')), agentId: local(f32('agent id')),
  lastAction: local(f32('agent action')), agentReward: after(f32('agent')), alive: local(f32('agent')),
};
/** Several agents with discrete actions; for self-interested ones use `agentReward`. */
export const team = {
  ...common, ...agents, avail: local(bool('agent action')),
  action: after(index('agent', 'action')), nextAction: after(index('agent', 'action')),
};
/** Several agents with continuous actions in [-1, 1]. */
export const continuousTeam = { ...common, ...agents, action: after(f32('agent action')) };

/** The worlds that a JSON page may name. */
export const WORLDS: Readonly<Record<string, World>> = { single, continuous, team, continuousTeam };
