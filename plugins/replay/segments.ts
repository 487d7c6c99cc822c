/** Segments laid side by side into the arrays of a batch. */
import type { TypedArray } from '../../core/environment.ts';
import type { Sample } from '../../core/replay.ts';
import type { ReplaySetting, StoredField } from '../factories.ts';
import { emptyColumn } from './track.ts';

/** Slots of a column that a batch of T transitions shows: T + 1 of what is seen, T of what became of it; of actions T + 1 where the page reads the next one. */
const slotsOf = (f: StoredField, T: number, needsNext: boolean): number => (f.at === 'slot' || (needsNext && f.name === 'action') ? T + 1 : T);

/** `read(item, column, slots, into, at)` copies the column of an item and says how many slots it had; the rest is padding. */
export function assemble(columns: readonly StoredField[], batch: number, T: number, { needsNext }: Pick<ReplaySetting, 'needsNext'>,
  read: (item: number, f: StoredField, slots: number, into: TypedArray, at: number) => number): Sample {
  const fields: Record<string, TypedArray> = {};
  for (const f of columns) {
    const slots = slotsOf(f, T, needsNext), into = emptyColumn(f, batch * slots);
    for (let b = 0; b < batch; b++) {
      const had = read(b, f, slots, into, b * slots * f.width);
      // nothing learns from padding, but a slot without an allowed action would be no slot of any environment
      if (f.name === 'avail') into.fill(1, (b * slots + had) * f.width, (b + 1) * slots * f.width);
    }
    fields[f.name] = into;
  }
  return { cut: { batch, time: T }, fields };
}
