/** Whole episodes, padded to the longest of a batch. With `keep` a ring of the newest, drawn without replacement; without it each is used once. */
import type { TypedArray } from '../../core/environment.ts';
import { Random } from '../../core/random.ts';
import type { Replay, Row, Sample } from '../../core/replay.ts';
import type { NamedArray, Snapshot } from '../../core/store.ts';
import type { ReplayFactory, ReplaySetting, StoredField } from '../factories.ts';
import { empty } from './empty.ts';
import { assemble } from './segments.ts';
import { columnsOf, emptyColumn } from './track.ts';
import { Tracks } from './tracks.ts';

/** An episode of `length` transitions holds length + 1 slots of every column. */
interface Episode { readonly length: number; readonly columns: Readonly<Record<string, TypedArray>> }

class EpisodeReplay implements Replay {
  readonly #setting: ReplaySetting;
  readonly #columns: readonly StoredField[];
  readonly #tracks: Tracks;
  #episodes: Episode[] = [];
  #inserted = 0;
  constructor(setting: ReplaySetting) {
    this.#setting = setting;
    this.#columns = columnsOf(setting.fields);
    this.#tracks = new Tracks(setting.copies, this.#columns);
  }
  get inserted(): number { return this.#inserted; }
  get stored(): number { return this.#episodes.length; }

  slot(copy: number, row: Row, start: boolean): void { this.#tracks.of(copy).open(copy, row, start); }
  step(copy: number, row: Row, valid: boolean): void {
    const track = this.#tracks.of(copy), { keep } = this.#setting.source;
    track.close(copy, row, valid);
    if (valid) return;                                                    // the slot after the end completes the episode
    const slots = track.length, columns: Record<string, TypedArray> = {};
    for (const f of this.#columns) { const data = emptyColumn(f, slots); track.read(f, 0, slots, data, 0); columns[f.name] = data; }
    track.drop(slots);
    this.#episodes.push({ length: slots - 1, columns });
    this.#inserted++;
    if (keep !== undefined && this.#episodes.length > keep) this.#episodes.shift();
  }

  sample(update: number): Sample {
    const { source, seed } = this.#setting, batch = Math.min(source.batch ?? 1, this.#episodes.length);
    if (!batch) throw empty('episode');
    const chosen = source.keep === undefined ? this.#episodes.splice(0, batch) : [...Random.of(seed, 'sample', update).permutation(this.#episodes.length).subarray(0, batch)].map(i => this.#episodes[i]!);
    return assemble(this.#columns, batch, Math.max(...chosen.map(e => e.length)), this.#setting, (b, f, slots, into, at) => {
      const episode = chosen[b]!, ends = f.at === 'step' && slots <= episode.length ? slots : Math.min(slots, episode.length + 1);
      into.set(episode.columns[f.name]!.subarray(0, ends * f.width) as never, at);
      return ends;
    });
  }

  snapshot(): Snapshot {
    const tracks = this.#tracks.snapshot(), arrays: Record<string, NamedArray> = { ...tracks.arrays }, lengths = this.#episodes.map(e => e.length), slots = lengths.reduce((a, n) => a + n + 1, 0);
    for (const f of this.#columns) {
      const data = emptyColumn(f, slots);
      let at = 0;
      for (const e of this.#episodes) { data.set(e.columns[f.name]! as never, at); at += e.columns[f.name]!.length; }
      arrays[`episodes/${f.name}`] = { shape: [slots, f.width], data };
    }
    arrays['lengths'] = { shape: [lengths.length], data: Int32Array.from(lengths) };
    return { arrays, meta: { inserted: this.#inserted, tracks: tracks.meta } };
  }
  restore({ arrays, meta }: Snapshot): void {
    const m = meta as { inserted: number; tracks: unknown };
    this.#inserted = m.inserted;
    this.#tracks.restore(arrays, m.tracks);
    let from = 0;
    this.#episodes = [...arrays['lengths']!.data].map(length => {
      const columns = Object.fromEntries(this.#columns.map(f => [f.name, arrays[`episodes/${f.name}`]!.data.slice(from * f.width, (from + length + 1) * f.width)]));
      from += length + 1;
      return { length, columns };
    });
  }
}
export const episodes: ReplayFactory = { cut: 'episodes', make: setting => new EpisodeReplay(setting) };
