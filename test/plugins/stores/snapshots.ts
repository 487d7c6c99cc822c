import fc from 'fast-check';
import type { TypedArray } from '../../../core/environment.ts';
import type { NamedArray, Snapshot } from '../../../core/store.ts';

const KINDS = [Float32Array, Int32Array, Uint8Array] as const;

/** Any bytes as any kind of array: NaNs with a payload and negative zeros too. */
const array: fc.Arbitrary<NamedArray> = fc.tuple(fc.constantFrom(...KINDS), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })).chain(([Kind, shape]) => {
  const length = shape.reduce((a, b) => a * b, 1), bytes = length * Kind.BYTES_PER_ELEMENT;
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(raw => ({ shape, data: new Kind(raw.slice().buffer) }));
});
export const arrays: fc.Arbitrary<Record<string, NamedArray>> =
  fc.dictionary(fc.string({ unit: 'grapheme' }).filter(name => name !== '__proto__' && name !== '__metadata__'), array, { maxKeys: 6 });
export const meta: fc.Arbitrary<unknown> = fc.jsonValue();

/** A snapshot whose contents follow from a number. */
export const snapshotOf = (n: number): Snapshot => ({
  arrays: {
    'mixer/w1/kernel': { shape: [3, 2], data: Float32Array.from({ length: 6 }, (_, i) => n + i / 7) },
    'replay/action': { shape: [5], data: Int32Array.from({ length: 5 }, (_, i) => n * i) },
    'replay/avail': { shape: [3], data: Uint8Array.of(1, 0, n % 256) },
  },
  meta: { update: n, environment: [{ position: -0, velocity: 0.1 + n }] },
});

/** Bytes, so that NaNs compare by what they are. */
export const plain = ({ arrays: named }: Pick<Snapshot, 'arrays'>) =>
  Object.fromEntries(Object.entries(named).map(([name, { shape, data }]) => [name, { shape, kind: data.constructor.name, bytes: bytesOf(data) }]));
const bytesOf = (data: TypedArray) => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
