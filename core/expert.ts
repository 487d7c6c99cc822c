/** Experts: who plays the episodes of a source that names one, `g.episodes({ name: 'expert', by: 'expert' })`, for pages that imitate. */
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from './environment.ts';

/** Plays the episodes of one environment of one copy. It may look at everything (`fields`, `getState(0)`) and changes nothing. */
export interface Expert {
  /** An episode has begun. False where it knows no way to a good end: the episode is left out and another is begun. */
  begin(): boolean | Promise<boolean>;
  /** What all agents do next: [agent] indices, or [agent action] numbers in [-1, 1]. */
  act(): TypedArray | Promise<TypedArray>;
}
export interface ExpertFactory {
  /** What `by` of a source says; `by: 'expert'` is any that plays the environment. */
  readonly name: string; readonly about: string;
  plays(spec: EnvironmentSpec): boolean;
  /** The same moments and calls must give the same actions, or runs do not repeat: no clock, no randomness of its own. */
  make(environment: VectorEnvironment): Expert;
}
