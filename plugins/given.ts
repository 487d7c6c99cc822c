/** What callers of the testing kit hand in, judged by its names and shapes before anything is computed. */
import type { TypedArray } from '../core/environment.ts';
import { InputError, nearest } from '../core/error.ts';
import type { DType } from '../core/port.ts';
import type { NamedArray } from '../core/store.ts';
import { ARRAYS } from './arrays.ts';

export type Given = NamedArray | TypedArray;
export const dataOf = (x: Given): TypedArray => ('data' in x ? x.data : x);
export const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const shown = (shape: readonly number[]) => `[${shape.join(', ')}]`;

/** Refuses names that nothing has: `page qmix has no knob explore.epsilno; did you mean explore.epsilon?`. */
export function judgeNames(subject: string, kind: string, given: object | undefined, known: Iterable<string>): void {
  const names = [...known];
  for (const key of Object.keys(given ?? {})) {
    if (names.includes(key)) continue;
    const near = nearest(key, names);
    throw new InputError(`${subject} has no ${kind} ${key}${near ? `; did you mean ${near}?` : ''}`, names.length ? `${kind}: one of ${names.join(', ')}` : `it has no ${kind}`);
  }
}

/** Data of the shape that is asked for, in the array of its dtype. Where only data are given their number is all that can be compared. */
export function typed(x: Given, dtype: DType, name: string, shape: readonly number[]): TypedArray {
  const data = dataOf(x), size = product(shape);
  if ('shape' in x && (x.shape.length !== shape.length || x.shape.some((n, i) => n !== shape[i]))) throw new InputError(`${name} has the shape ${shown(x.shape)}, and ${shown(shape)} is asked for`, `give ${name} over ${shown(shape)}`);
  if (data.length !== size) throw new InputError(`${name} has ${data.length} values, ${size} are asked for`, `give ${name} over ${shown(shape)}`);
  return data instanceof ARRAYS[dtype] ? data : ARRAYS[dtype].from(data);
}
