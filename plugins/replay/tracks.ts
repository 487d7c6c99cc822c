/** One track a copy, saved together. */
import type { StoredField } from '../factories.ts';
import type { NamedArray, Snapshot } from '../../core/store.ts';
import { Track } from './track.ts';

export class Tracks {
  readonly all: readonly Track[];
  constructor(copies: number, columns: readonly StoredField[]) { this.all = Array.from({ length: copies }, () => new Track(columns)); }
  of(copy: number): Track { return this.all[copy]!; }
  snapshot(): Snapshot {
    const parts = this.all.map(t => t.snapshot()), arrays: Record<string, NamedArray> = {};
    parts.forEach((p, c) => { for (const [k, a] of Object.entries(p.arrays)) arrays[`track/${c}/${k}`] = a; });
    return { arrays, meta: parts.map(p => p.meta) };
  }
  restore(arrays: Readonly<Record<string, NamedArray>>, meta: unknown): void {
    (meta as { open: boolean; length: number }[]).forEach((m, c) => {
      const prefix = `track/${c}/`;
      this.of(c).restore(Object.fromEntries(Object.entries(arrays).filter(([k]) => k.startsWith(prefix)).map(([k, a]) => [k.slice(prefix.length), a])), m);
    });
  }
}
