/** What a source draws its batches from. A run writes the slots of every copy as they come; the replay cuts them into segments. */
import type { TypedArray } from './environment.ts';
import type { Cut } from './programs.ts';
import type { Snapshot } from './store.ts';

export interface Sample {
  readonly cut: Cut;
  /** Stored fields over [batch, time+1, width] or [batch, time, width], padded with zeros (`avail` with ones), `valid` and `start` among them. */
  readonly fields: Readonly<Record<string, TypedArray>>;
  /** Names of the items, for priorities. */
  readonly items?: Int32Array;
  /** Number of the segment, for a rollout. */
  readonly segment?: number;
}
/** Whole arrays of all copies; a replay copies what it keeps. */
export type Row = Readonly<Record<string, TypedArray>>;

export interface Replay {
  /** A slot of a copy opens: what is seen before acting. `start`: an episode begins here. */
  slot(copy: number, row: Row, start: boolean): void;
  /** What became of the open slot. Not `valid`: the slot that holds the final observation of an episode. */
  step(copy: number, row: Row, valid: boolean): void;
  /** Items that ever came in (episodes, environment steps, or rollouts), and those that can be drawn now. */
  readonly inserted: number; readonly stored: number;
  /** The batch of an update; the same number gives the same batch of the same content. A `RunError` where nothing is stored. */
  sample(update: number): Sample;
  /** New priorities of the items of a sample, one for each step of each item; of an item the greatest counts. */
  prioritise?(items: Int32Array, priorities: Float32Array): void;
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
}
