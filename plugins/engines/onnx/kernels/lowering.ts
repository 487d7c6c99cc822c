/** How a kernel of TensorFlow.js becomes operators. */
import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { Builder, Value } from '../builder.ts';
import type { DataType } from '../onnx-writer.ts';

/** One call of a kernel while a program is traced. */
export interface Call {
  readonly b: Builder;
  readonly value: (key: string) => Value;
  /** All inputs, of a kernel that takes a list. */
  readonly values: () => Value[];
  readonly attr: <T>(key: string) => T;
  /** An axis, counted from the front. */
  readonly axis: (key: string, rank: number) => number;
  /** Axes in order; all where none is named. */
  readonly axes: (key: string, rank: number) => number[];
  /** Refuses a form that has no lowering. */
  readonly refuse: (when: unknown, form: string) => void;
}
/** What cannot be traced or compiled, and why: `uses ...`, `reads ...`. */
export class Unsupported extends Error {}
export const noLowering = (kernel: string, form = ''): Unsupported => new Unsupported(`uses the TensorFlow.js kernel ${kernel}${form}`);
export function callOf(kernel: string, b: Builder, inputs: Readonly<Record<string, TensorInfo>>, attrs: NamedAttrMap, value: (t: TensorInfo) => Value): Call {
  const attr = <T>(key: string): T => attrs[key] as T, forward = (a: number, rank: number) => (a < 0 ? a + rank : a);
  return {
    b, attr, value: key => value(inputs[key]!), values: () => Object.values(inputs).map(value), axis: (key, rank) => forward(attr(key), rank),
    axes: (key, rank) => [attr<number | readonly number[] | null | undefined>(key) ?? Array.from({ length: rank }, (_, i) => i)].flat().map(a => forward(a, rank)).sort((p, q) => p - q),
    refuse: (when, form) => { if (when) throw noLowering(kernel, ` ${form}`); },
  };
}
export type Lowering = (call: Call) => Value | readonly Value[];
export type Lowerings = Readonly<Record<string, Lowering>>;

/** As floats, which is what functions of real numbers take and give. */
export const float = (b: Builder, x: Value): Value => b.cast(x, 'float32');
/** Booleans as whole numbers, for operators that know none. */
export const counted = (b: Builder, x: Value): Value => (x.dtype === 'bool' ? b.cast(x, 'int32') : x);
/** [... n] booleans, true at each index. */
export const hot = (b: Builder, index: Value, n: number): Value => b.spread('Equal', [b.reshape(index, [...index.shape, 1]), b.constant(Int32Array.from({ length: n }, (_, i) => i), [n], 'int32')], 'bool');
export const dataType = (name: string): DataType => {
  if (name === 'float32' || name === 'int32' || name === 'bool') return name;
  throw new Unsupported(`works with numbers of type ${name}`);
};
