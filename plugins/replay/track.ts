/** Slots of one copy, column by column: opened with what is seen before acting, closed with what became of it. */
import type { TypedArray } from '../../core/environment.ts';
import type { Row } from '../../core/replay.ts';
import type { NamedArray } from '../../core/store.ts';
import type { StoredField } from '../factories.ts';
import { ARRAYS } from '../arrays.ts';

const VALID: StoredField = { name: 'valid', dtype: 'f32', width: 1, at: 'step' }, START: StoredField = { name: 'start', dtype: 'bool', width: 1, at: 'slot' };

/** All columns of a replay: the page's fields, and where episodes start and slots are transitions. */
export const columnsOf = (fields: readonly StoredField[]): readonly StoredField[] => [...fields.filter(f => f.name !== 'valid' && f.name !== 'start'), VALID, START];
export const emptyColumn = (f: StoredField, slots: number): TypedArray => new ARRAYS[f.dtype](slots * f.width);
/** Copies some numbers. A view costs more than a few numbers do. */
function transfer(from: TypedArray, begin: number, count: number, into: TypedArray, at: number): void {
  if (count > 32) into.set(from.subarray(begin, begin + count) as never, at);
  else for (let i = 0; i < count; i++) into[at + i] = from[begin + i]!;
}

export class Track {
  readonly #columns: readonly StoredField[];
  #data: Record<string, TypedArray> = {};
  #capacity = 0;
  /** Slots before this one are forgotten; their room is won back when it is half of all. */
  #from = 0;
  #to = 0;
  #open = false;
  constructor(columns: readonly StoredField[]) { this.#columns = columns; this.#resize(16); }

  /** Slots held, the open one included. */
  get length(): number { return this.#to - this.#from; }
  get closed(): number { return this.length - (this.#open ? 1 : 0); }

  open(copy: number, row: Row, start: boolean): void {
    if (this.#to === this.#capacity) this.#makeRoom();
    const at = this.#to++;
    this.#open = true;
    for (const f of this.#columns) if (f.at === 'slot') {
      if (f === START) this.#data['start']![at] = start ? 1 : 0;
      else this.#put(f, at, copy, row);
    }
  }
  close(copy: number, row: Row, valid: boolean): void {
    const at = this.#to - 1;
    this.#open = false;
    for (const f of this.#columns) if (f.at === 'step') {
      if (f === VALID) this.#data['valid']![at] = valid ? 1 : 0;
      else if (valid || f.name === 'action') this.#put(f, at, copy, row);
      else this.#data[f.name]!.fill(0, at * f.width, (at + 1) * f.width);
    }
  }
  #put(f: StoredField, at: number, copy: number, row: Row): void { transfer(row[f.name]!, copy * f.width, f.width, this.#data[f.name]!, at * f.width); }
  valid(slot: number): boolean { return this.#data['valid']![this.#from + slot] === 1; }

  /** Copies a column of `count` slots from `slot` on into an array. */
  read(f: StoredField, slot: number, count: number, into: TypedArray, at: number): void {
    transfer(this.#data[f.name]!, (this.#from + slot) * f.width, count * f.width, into, at);
  }
  drop(slots: number): void { this.#from += slots; }

  #resize(capacity: number): void {
    for (const f of this.#columns) {
      const grown = emptyColumn(f, capacity), held = this.#data[f.name];
      if (held) grown.set(held.subarray(this.#from * f.width, this.#to * f.width) as never);
      this.#data[f.name] = grown;
    }
    this.#to -= this.#from; this.#from = 0; this.#capacity = capacity;
  }
  #makeRoom(): void {
    if (this.#from * 2 < this.#capacity) { this.#resize(this.#capacity * 2); return; }
    for (const f of this.#columns) this.#data[f.name]!.copyWithin(0, this.#from * f.width, this.#to * f.width);
    this.#to -= this.#from; this.#from = 0;
  }

  snapshot(): { arrays: Record<string, NamedArray>; meta: { open: boolean; length: number } } {
    const arrays = Object.fromEntries(this.#columns.map(f => {
      const data = this.#data[f.name]!.slice(this.#from * f.width, this.#to * f.width);
      if (f.at === 'step') data.fill(0, this.closed * f.width);          // what became of the open slot is not known yet
      return [f.name, { shape: [this.length, f.width], data }];
    }));
    return { arrays, meta: { open: this.#open, length: this.length } };
  }
  restore(arrays: Readonly<Record<string, NamedArray>>, meta: { open: boolean; length: number }): void {
    this.#from = this.#to = 0; this.#data = {};
    this.#resize(Math.max(16, meta.length));
    for (const f of this.#columns) this.#data[f.name]!.set(arrays[f.name]!.data as never);
    this.#to = meta.length; this.#open = meta.open;
  }
}
