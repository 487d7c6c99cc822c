/** Arrays for tests: written out as nested lists, or drawn from a seed; and what to compare them with. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { Random } from '../../core/random.ts';
import type { NamedArray } from '../../core/store.ts';
import type { Plan } from '../../core/plan.ts';
import { initialise } from '../../core/weights.ts';

export type Nested = number | readonly Nested[];
export type Arrays = Record<string, NamedArray>;

const shapeOf = (x: Nested): number[] => (typeof x === 'number' ? [] : [x.length, ...(x.length ? shapeOf(x[0]!) : [])]);
const flatten = (x: Nested): number[] => (typeof x === 'number' ? [x] : x.flatMap(flatten));
export const floats = (x: Nested): NamedArray => ({ shape: shapeOf(x), data: Float32Array.from(flatten(x)) });
export const wholes = (x: Nested): NamedArray => ({ shape: shapeOf(x), data: Int32Array.from(flatten(x)) });
/** True where not 0. */
export const flags = (x: Nested): NamedArray => ({ shape: shapeOf(x), data: Uint8Array.from(flatten(x)) });

const count = (shape: readonly number[]) => shape.reduce((a, n) => a * n, 1);
export const filled = (shape: readonly number[], value: number): NamedArray => ({ shape, data: new Float32Array(count(shape)).fill(value) });
/** Standard normal draws; `what` keeps arrays of one seed apart. */
export const normals = (seed: number, what: string, shape: readonly number[], scale = 1): NamedArray => {
  const data = Random.of(seed, `test/${what}`).fill('normal', new Float32Array(count(shape)));
  return { shape, data: data.map(x => scale * x) };
};
/** Weights for every tensor of a table, large enough that all of them matter. */
export const drawWeights = (seed: number, table: readonly { readonly name: string; readonly shape: readonly number[] }[], scale = 0.5): Arrays =>
  Object.fromEntries(table.map(t => [t.name, normals(seed, t.name, t.shape, scale)]));

export const numbers = (a: NamedArray | undefined): number[] => {
  if (!a) throw new Error('no such array');
  return Array.from(a.data);
};
/** Every element within the tolerance of what is expected. */
export function near(got: NamedArray | undefined, expected: Nested, tolerance = 1e-5): void {
  const list = numbers(got), want = flatten(expected);
  expect(list).toHaveLength(want.length);
  list.forEach((x, i) => { if (!(Math.abs(x - want[i]!) <= tolerance)) expect.fail(`element ${i} is ${x}, expected ${want[i]} within ${tolerance}`); });
}
/** Largest difference over the largest element, or over the floor where that is larger: what a whole array is off by. */
export function off(got: NamedArray | undefined, expected: NamedArray | undefined, floor = 1e-2): number {
  const a = numbers(got), b = numbers(expected);
  if (a.length !== b.length) return Infinity;
  const scale = b.reduce((most, x) => Math.max(most, Math.abs(x)), floor);
  return a.reduce((most, x, i) => (Number.isNaN(x) ? Infinity : Math.max(most, Math.abs(x - b[i]!))), 0) / scale;
}
/** The same to the last bit. `toEqual`, which says where it is not, takes seconds over wide layers. */
export function identical(got: unknown, expected: unknown): void {
  if (isDeepStrictEqual(got, expected)) return;
  expect(got).toStrictEqual(expected);
  expect.fail('the two differ');
}
/** A layout and the weights that it begins with, to be compared: what draws them is a function, and no two functions are equal. */
export const laidOut = ({ slices, total }: Plan) => ({ slices: slices.map(({ init: _, ...s }) => s), first: initialise(slices, total, 1) });
