/** Where a run keeps what it must not lose. */
import type { TypedArray } from './environment.ts';

/** f32, i32, u8 arrays by name, with their shape. */
export interface NamedArray { readonly shape: readonly number[]; readonly data: TypedArray }
/** A whole state: arrays by name, and plain JSON for everything else. */
export interface Snapshot { readonly arrays: Readonly<Record<string, NamedArray>>; readonly meta: unknown }

/** Snapshots by update number: each complete or not there, never half. */
export interface Store {
  /** The arrays must stay as they are until it settles. Saving an update again replaces it. */
  save(update: number, snapshot: Snapshot): Promise<void>;
  /** Updates with a complete snapshot, oldest first. */
  list(): Promise<readonly number[]>;
  /** Verifies digests; rejects with the file and what is wrong with it. */
  load(update: number): Promise<Snapshot>;
}
