/** The last `keep` environment steps of all copies; batches are pieces of `length` steps, drawn uniformly with replacement. */
import { Random } from '../../core/random.ts';
import type { Replay, Row, Sample } from '../../core/replay.ts';
import type { Snapshot } from '../../core/store.ts';
import type { ReplayFactory, ReplaySetting } from '../factories.ts';
import { empty } from './empty.ts';
import { Pieces } from './pieces.ts';

class TransitionReplay implements Replay {
  readonly #setting: ReplaySetting;
  readonly #pieces: Pieces;
  constructor(setting: ReplaySetting) {
    this.#setting = setting;
    this.#pieces = new Pieces(setting);
  }
  get inserted(): number { return this.#pieces.inserted; }
  get stored(): number { return this.#pieces.held.reduce((a, n, c) => a + n - this.#unfinished(c), 0); }

  slot(copy: number, row: Row, start: boolean): void { this.#pieces.slot(copy, row, start); }
  step(copy: number, row: Row, valid: boolean): void { this.#pieces.step(copy, row, valid); }
  #unfinished(copy: number): number {
    let n = 0;
    for (let i = this.#pieces.ready(copy); i < this.#pieces.closed(copy); i++) if (this.#pieces.valid(copy, i)) n++;
    return n;
  }

  sample(update: number): Sample {
    const { source, seed, copies } = this.#setting, draw = Random.of(seed, 'sample', update), batch = source.batch ?? 1, rooms = Array.from({ length: copies }, (_, c) => this.#pieces.ready(c)), all = rooms.reduce((a, b) => a + b, 0), chosen: [copy: number, slot: number][] = [];
    if (!this.stored) throw empty('transition');
    while (chosen.length < batch) {
      let i = draw.integer(all), copy = 0;
      while (i >= rooms[copy]!) i -= rooms[copy++]!;
      if (this.#pieces.valid(copy, i)) chosen.push([copy, i]);
    }
    return this.#pieces.cut(chosen);
  }

  snapshot(): Snapshot { return this.#pieces.snapshot(); }
  restore(snapshot: Snapshot): void { this.#pieces.restore(snapshot); }
}
export const transitions: ReplayFactory = { cut: 'transitions', make: setting => new TransitionReplay(setting) };
