/** What a plugin offers by name: families of environments, experts, replays, trackers. Engines are in `core/engine.ts`. */
import type { Source } from '../core/definition.ts';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../core/environment.ts';
import type { DType } from '../core/port.ts';
import type { RandomSource } from '../core/random.ts';
import type { Replay } from '../core/replay.ts';
import type { Moment, RunRecord, Tracker } from '../core/tracker.ts';

/** Draws of one episode of one copy. */
export type RandomFactory = (copy: number, episode: number) => RandomSource;

export interface EnvironmentOption {
  readonly about: string; readonly default: number | boolean | string;
  readonly least?: number; readonly most?: number; readonly whole?: true; readonly choices?: readonly string[];
}
export type OptionValues = Readonly<Record<string, number | boolean | string>>;

/** What `family/task?option=value` is made by. `make` gets options already checked against `options`, defaults filled in. */
export interface EnvironmentFamily {
  readonly family: string; readonly about: string;
  /** Tasks by name; a family with a grammar of tasks lists the usual ones here and parses the rest in `make`. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, EnvironmentOption>>;
  make(task: string, options: OptionValues, setting: { readonly copies: number; readonly seed: number; readonly random?: RandomFactory }): VectorEnvironment | Promise<VectorEnvironment>;
}

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

/** A field as it is stored: `width` values a slot. */
export interface StoredField { readonly name: string; readonly dtype: DType; readonly width: number; readonly at: 'slot' | 'step' }
export interface ReplaySetting {
  readonly source: Source; readonly copies: number; readonly fields: readonly StoredField[];
  /** Does the page read the action after the last transition of a segment? It is known one step later. */
  readonly needsNext: boolean;
  readonly seed: number;
}
/** Made for a source by its `cut`: episodes, transitions, rollout; `prioritised` for a source that is. */
export interface ReplayFactory { readonly cut: string; make(setting: ReplaySetting): Replay }

/** A tracker by name; `make` is called once a run. `folder` is undefined for a run that keeps nothing. */
export interface TrackerFactory { readonly name: string; make(setting: { readonly folder: string | undefined; readonly record: RunRecord; readonly resumed?: Moment }): Tracker | Promise<Tracker> }
