/** The last `keep` environment steps of all copies; batches are pieces of `length` steps, drawn uniformly with replacement. */
import { Random } from '../../core/random.ts';
import type { Replay, ReplayFactory, ReplaySetting, Row, Sample, StoredField } from '../../core/replay.ts';
import type { Snapshot } from '../../core/store.ts';
import { assemble } from './segments.ts';
import { columnsOf } from './track.ts';
import { Tracks } from './tracks.ts';

class TransitionReplay implements Replay {
  readonly #setting: ReplaySetting;
  readonly #columns: readonly StoredField[];
  readonly #tracks: Tracks;
  readonly #length: number;
  /** Transitions held, a copy. */
  readonly #held: Int32Array;
  #inserted = 0;
  constructor(setting: ReplaySetting) {
    this.#setting = setting;
    this.#columns = columnsOf(setting.fields);
    this.#tracks = new Tracks(setting.copies, this.#columns);
    this.#length = setting.source.length ?? 1;
    this.#held = new Int32Array(setting.copies);
  }
  get inserted(): number { return this.#inserted; }
  get stored(): number { return this.#held.reduce((a, n, c) => a + n - this.#unfinished(c), 0); }

  slot(copy: number, row: Row, start: boolean): void { this.#tracks.of(copy).open(copy, row, start); }
  step(copy: number, row: Row, valid: boolean): void {
    const track = this.#tracks.of(copy), most = Math.max(this.#length, Math.ceil((this.#setting.source.keep ?? 1) / this.#setting.copies));
    track.close(copy, row, valid);
    if (!valid) return;
    this.#inserted++;
    this.#held[copy]!++;
    while (this.#held[copy]! > most) { if (track.valid(0)) this.#held[copy]!--; track.drop(1); }
  }
  /** First slot of a copy whose piece is not complete yet: its last slot must be open, or closed where the page reads the next action. */
  #ready(copy: number): number { const t = this.#tracks.of(copy); return Math.max(0, (this.#setting.needsNext ? t.closed : t.length) - this.#length); }
  #unfinished(copy: number): number {
    const track = this.#tracks.of(copy);
    let n = 0;
    for (let i = this.#ready(copy); i < track.closed; i++) if (track.valid(i)) n++;
    return n;
  }

  sample(update: number): Sample {
    const { source, seed } = this.#setting, draw = Random.of(seed, 'sample', update), batch = source.batch ?? 1, T = this.#length, rooms = this.#tracks.all.map((_, c) => this.#ready(c)), all = rooms.reduce((a, b) => a + b, 0), chosen: [copy: number, slot: number][] = [];
    while (chosen.length < batch) {
      let i = draw.integer(all), copy = 0;
      while (i >= rooms[copy]!) i -= rooms[copy++]!;
      if (this.#tracks.of(copy).valid(i)) chosen.push([copy, i]);         // slots that hold a final observation begin nothing
    }
    const sample = assemble(this.#columns, batch, T, this.#setting, (b, f, slots, into, at) => { this.#tracks.of(chosen[b]![0]).read(f, chosen[b]![1], slots, into, at); return slots; });
    for (let b = 0; b < batch; b++) sample.fields['valid']!.fill(0, b * T, b * T + (source.burnIn ?? 0));
    return sample;
  }

  snapshot(): Snapshot { const tracks = this.#tracks.snapshot(); return { arrays: tracks.arrays, meta: { inserted: this.#inserted, held: [...this.#held], tracks: tracks.meta } }; }
  restore({ arrays, meta }: Snapshot): void {
    const m = meta as { inserted: number; held: number[]; tracks: unknown };
    this.#inserted = m.inserted; this.#held.set(m.held);
    this.#tracks.restore(arrays, m.tracks);
  }
}
export const transitions: ReplayFactory = { cut: 'transitions', make: setting => new TransitionReplay(setting) };
