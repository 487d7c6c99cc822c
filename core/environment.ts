/** Environments: many copies stepped at once, structure of arrays. Native, bridged or a third party's, all look like this. */
import type { DType } from './port.ts';

export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** One array that the environment writes: its dims without the leading copies, e.g. `agent obs`; '' is one number a copy. */
export interface EnvironmentField { readonly dtype: DType; readonly dims: string }

export interface EnvironmentSpec {
  /** Whole id with every option that was given: `lbf/8x8-2p-3f?sight=2`. */
  readonly id: string;
  /**
   * Size of every dim that its fields name, and of `action` (number of actions, or width of a continuous action) and `agent` (1 for one agent). `other` is one less than `agent` unless it is given:
   * players that are not learned count there.
   */
  readonly sizes: Readonly<Record<string, number>>;
  readonly fields: Readonly<Record<string, EnvironmentField>>; readonly actions: 'discrete' | 'continuous';
  /** Most steps of an episode (Infinity where there is none), and what `reward` is: the common reward of the game, or the sum over its agents. */
  readonly limit: number; readonly reward: 'common' | 'sum';
  /** Names of the populations and their agents, where there are several. */
  readonly players?: Readonly<Record<string, readonly number[]>>;
  /** Bounds of an episode's return, where the rules give them; for tests and for reading a score. */
  readonly returns?: { readonly least: number; readonly most: number };
}

/**
 * K copies of one environment. `fields[name]` has the length copies x (product of its dims), is allocated once and written by `reset`
 * and `step`. Always there: `obs`, `reward`, `terminated`, `truncated`; where the game has them: `state`, `avail`, `alive` (f32, 0 or 1), `agentReward`, `won`.
 * bool fields are Uint8Array of 0 and 1, i32 Int32Array, f32 Float32Array. With one agent the dims leave `agent` out.
 */
export interface VectorEnvironment {
  readonly spec: EnvironmentSpec; readonly copies: number; readonly fields: Readonly<Record<string, TypedArray>>;
  /** actions: [copies agent] indices, or [copies agent action] in [-1, 1]. A copy whose episode has ended stays as it is until `reset`. */
  step(actions: TypedArray): void | Promise<void>;
  /** Starts an episode in the copies with mask 1 (and no other); `seeds[copy]`, where given, replaces the key of that copy's draws. */
  reset(mask: Uint8Array, seeds?: Uint32Array): void | Promise<void>;
  /** Everything that the copy's future depends on, its draws included, as plain JSON data; `setState` of it gives back the same future. */
  getState(copy: number): unknown;
  setState(copy: number, state: unknown): void;
  close(): void | Promise<void>;
}
