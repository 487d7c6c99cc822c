/** Transitions drawn by priority (Schaul et al. 2016, proportional), for tests: small, and slow on purpose where that is shorter. */
import { Random } from '../../../core/random.ts';
import type { Replay, ReplayFactory, ReplaySetting, Row, Sample, StoredField } from '../../../core/replay.ts';
import type { Snapshot } from '../../../core/store.ts';
import { assemble } from '../../../plugins/replay/segments.ts';
import { columnsOf } from '../../../plugins/replay/track.ts';
import { Tracks } from '../../../plugins/replay/tracks.ts';

/** Slots that a copy can ever have, in the name of an item. */
const SLOTS = 2 ** 20;

class PrioritisedReplay implements Replay {
  readonly #setting: ReplaySetting;
  readonly #columns: readonly StoredField[];
  readonly #tracks: Tracks;
  /** Slots that each copy has forgotten. */
  readonly #gone: Int32Array;
  /** By item: copy and slot since the beginning in one number. */
  #priorities = new Map<number, number>();
  #inserted = 0;
  constructor(setting: ReplaySetting) {
    this.#setting = setting;
    this.#columns = columnsOf(setting.fields);
    this.#tracks = new Tracks(setting.copies, this.#columns);
    this.#gone = new Int32Array(setting.copies);
  }
  get inserted(): number { return this.#inserted; }
  get stored(): number { return this.#ready().length; }
  /** Transitions whose next observation is there. */
  #ready(): number[] { return [...this.#priorities.keys()].filter(item => { const copy = Math.floor(item / SLOTS); return item % SLOTS - this.#gone[copy]! + 1 < this.#tracks.of(copy).length; }); }

  slot(copy: number, row: Row, start: boolean): void { this.#tracks.of(copy).open(copy, row, start); }
  step(copy: number, row: Row, valid: boolean): void {
    const track = this.#tracks.of(copy), at = track.closed, most = Math.ceil(this.#setting.source.keep! / this.#setting.copies);
    track.close(copy, row, valid);
    if (!valid) return;
    this.#inserted++;
    this.#priorities.set(copy * SLOTS + this.#gone[copy]! + at, Math.max(1, ...this.#priorities.values()));    // drawn once at least
    while ([...this.#priorities.keys()].filter(item => Math.floor(item / SLOTS) === copy).length > most) {
      this.#priorities.delete(copy * SLOTS + this.#gone[copy]!++);
      track.drop(1);
    }
  }

  sample(update: number): Sample {
    const { source: { batch = 1, prioritised }, seed } = this.#setting, draw = Random.of(seed, 'prioritised', update), items = this.#ready(), mass = items.map(item => this.#priorities.get(item)! ** prioritised!.alpha), all = mass.reduce((a, b) => a + b, 0);
    const chosen = Array.from({ length: batch }, () => { let left = draw.uniform() * all, i = 0; while (i < items.length - 1 && (left -= mass[i]!) >= 0) i++; return i; }), rare = Math.min(...chosen.map(i => mass[i]!));
    const sample = assemble(this.#columns, batch, 1, this.#setting, (b, f, slots, into, at) => { const item = items[chosen[b]!]!, copy = Math.floor(item / SLOTS); this.#tracks.of(copy).read(f, item % SLOTS - this.#gone[copy]!, slots, into, at); return slots; });
    return { ...sample, fields: { ...sample.fields, weight: Float32Array.from(chosen, i => (rare / mass[i]!) ** 0.5) }, items: Int32Array.from(chosen, i => items[i]!) };
  }
  prioritise(items: Int32Array, priorities: Float32Array): void { items.forEach((item, i) => { if (this.#priorities.has(item)) this.#priorities.set(item, Math.fround(priorities[i]! + 1e-6)); }); }

  snapshot(): Snapshot {
    const tracks = this.#tracks.snapshot(), items = [...this.#priorities], flat = (data: Int32Array | Float32Array) => ({ shape: [data.length], data });
    return { arrays: { ...tracks.arrays, 'priority/item': flat(Int32Array.from(items, ([item]) => item)), 'priority/value': flat(Float32Array.from(items, ([, p]) => p)), gone: flat(this.#gone.slice()) }, meta: { inserted: this.#inserted, tracks: tracks.meta } };
  }
  restore({ arrays, meta }: Snapshot): void {
    const m = meta as { inserted: number; tracks: unknown };
    this.#inserted = m.inserted; this.#gone.set(arrays['gone']!.data);
    this.#priorities = new Map(Array.from(arrays['priority/item']!.data, (item, i) => [item, arrays['priority/value']!.data[i]!]));
    this.#tracks.restore(arrays, m.tracks);
  }
}
export const prioritised: ReplayFactory = { cut: 'prioritised', make: setting => new PrioritisedReplay(setting) };
