/** Names and arrays of a dtype. */
import type { DType } from '../core/port.ts';

/** The array that holds a dtype: of fields, of columns, of what is handed in. */
export const ARRAYS = { f32: Float32Array, i32: Int32Array, bool: Uint8Array } as const;

/** What TensorFlow.js and ONNX call a dtype, and back. */
export const DTYPES = { f32: 'float32', i32: 'int32', bool: 'bool' } as const;
const BACK: Readonly<Record<string, DType>> = { float32: 'f32', int32: 'i32', bool: 'bool' };
export const dtypeOf = (t: { readonly dtype: string }): DType => BACK[t.dtype]!;
