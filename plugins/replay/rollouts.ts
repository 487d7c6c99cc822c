/** The next `steps` slots of every copy, each used in one update. All copies are in step, so one count serves for all. */
import type { Replay, Row, Sample } from '../../core/replay.ts';
import type { Snapshot } from '../../core/store.ts';
import type { ReplayFactory, ReplaySetting, StoredField } from '../factories.ts';
import { empty } from './empty.ts';
import { assemble } from './segments.ts';
import { columnsOf } from './track.ts';
import { Tracks } from './tracks.ts';

class RolloutReplay implements Replay {
  readonly #setting: ReplaySetting;
  readonly #columns: readonly StoredField[];
  readonly #tracks: Tracks;
  #taken = 0;
  constructor(setting: ReplaySetting) {
    this.#setting = setting;
    this.#columns = columnsOf(setting.fields);
    this.#tracks = new Tracks(setting.copies, this.#columns);
  }
  get #steps(): number { return this.#setting.source.steps ?? 1; }
  get stored(): number { const t = this.#tracks.all.at(-1)!; return Math.max(0, Math.floor(((this.#setting.needsNext ? t.closed : t.length) - 1) / this.#steps)); }
  get inserted(): number { return this.#taken + this.stored; }

  slot(copy: number, row: Row, start: boolean): void { this.#tracks.of(copy).open(copy, row, start); }
  step(copy: number, row: Row, valid: boolean): void { this.#tracks.of(copy).close(copy, row, valid); }

  sample(): Sample {
    if (!this.stored) throw empty('rollout');
    const T = this.#steps, sample = assemble(this.#columns, this.#setting.copies, T, this.#setting, (c, f, slots, into, at) => { this.#tracks.of(c).read(f, 0, slots, into, at); return slots; });
    for (const t of this.#tracks.all) t.drop(T);
    return { ...sample, segment: this.#taken++ };
  }

  snapshot(): Snapshot { const tracks = this.#tracks.snapshot(); return { arrays: tracks.arrays, meta: { taken: this.#taken, tracks: tracks.meta } }; }
  restore({ arrays, meta }: Snapshot): void {
    const m = meta as { taken: number; tracks: unknown };
    this.#taken = m.taken;
    this.#tracks.restore(arrays, m.tracks);
  }
}
export const rollouts: ReplayFactory = { cut: 'rollout', make: setting => new RolloutReplay(setting) };
