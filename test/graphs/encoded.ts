/** Arrays as the fixtures of whole learners have them. */
import type { NamedArray } from '../../core/store.ts';
import type { Arrays } from '../nodes/arrays.ts';

/** Base64 of little-endian numbers, row by row. */
export type Encoded = { readonly shape: readonly number[] } & ({ readonly f32: string } | { readonly i32: string } | { readonly u8: string });
export type StateDict = Readonly<Record<string, Encoded>>;

export function decode(x: Encoded): NamedArray {
  const bytes = (text: string) => { const b = Buffer.from(text, 'base64'); return b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength) as ArrayBuffer; };
  return { shape: x.shape, data: 'f32' in x ? new Float32Array(bytes(x.f32)) : 'i32' in x ? new Int32Array(bytes(x.i32)) : new Uint8Array(bytes(x.u8)) };
}
export const decodeAll = (x: StateDict): Arrays => Object.fromEntries(Object.entries(x).map(([k, v]) => [k, decode(v)]));
