/** What replays of transitions share: the last `keep` environment steps of all copies, and pieces of `length` steps cut from them. */
import type { Row, Sample } from '../../core/replay.ts';
import type { Snapshot } from '../../core/store.ts';
import type { ReplaySetting, StoredField } from '../factories.ts';
import { assemble } from './segments.ts';
import { columnsOf } from './track.ts';
import { Tracks } from './tracks.ts';

export class Pieces {
  readonly #setting: ReplaySetting;
  readonly #columns: readonly StoredField[];
  readonly #tracks: Tracks;
  readonly #length: number;
  /** Most transitions that a copy may hold. */
  readonly most: number;
  /** Transitions held, a copy. */
  readonly held: Int32Array;
  inserted = 0;
  constructor(setting: ReplaySetting) {
    this.#setting = setting;
    this.#columns = columnsOf(setting.fields);
    this.#tracks = new Tracks(setting.copies, this.#columns);
    this.#length = setting.source.length ?? 1;
    this.most = Math.max(this.#length, Math.ceil((setting.source.keep ?? 1) / setting.copies));
    this.held = new Int32Array(setting.copies);
  }

  slot(copy: number, row: Row, start: boolean): void { this.#tracks.of(copy).open(copy, row, start); }
  /** How many slots of the copy are forgotten for it. */
  step(copy: number, row: Row, valid: boolean): number {
    const track = this.#tracks.of(copy);
    let gone = 0;
    track.close(copy, row, valid);
    if (!valid) return gone;
    this.inserted++;
    this.held[copy]!++;
    for (; this.held[copy]! > this.most; gone++) { if (track.valid(0)) this.held[copy]!--; track.drop(1); }
    return gone;
  }
  /** Slots that a copy holds and what became of which is known. */
  closed(copy: number): number { return this.#tracks.of(copy).closed; }
  /** First slot of a copy whose piece is not complete yet: its last slot must be open, or closed where the page reads the next action. */
  ready(copy: number): number { const t = this.#tracks.of(copy); return Math.max(0, (this.#setting.needsNext ? t.closed : t.length) - this.#length); }
  /** Is a slot a transition? Those that hold a final observation begin nothing. */
  valid(copy: number, slot: number): boolean { return this.#tracks.of(copy).valid(slot); }

  /** The pieces that begin at these slots. */
  cut(chosen: readonly (readonly [copy: number, slot: number])[]): Sample {
    const { burnIn = 0 } = this.#setting.source, T = this.#length, sample = assemble(this.#columns, chosen.length, T, this.#setting, (b, f, slots, into, at) => { this.#tracks.of(chosen[b]![0]).read(f, chosen[b]![1], slots, into, at); return slots; });
    for (let b = 0; b < chosen.length; b++) sample.fields['valid']!.fill(0, b * T, b * T + burnIn);
    return sample;
  }

  snapshot(): Snapshot { const tracks = this.#tracks.snapshot(); return { arrays: tracks.arrays, meta: { inserted: this.inserted, held: [...this.held], tracks: tracks.meta } }; }
  restore({ arrays, meta }: Snapshot): void {
    const m = meta as { inserted: number; held: number[]; tracks: unknown };
    this.inserted = m.inserted; this.held.set(m.held);
    this.#tracks.restore(arrays, m.tracks);
  }
}
