/** The array that holds a dtype: of fields, of columns, of what is handed in. */
export const ARRAYS = { f32: Float32Array, i32: Int32Array, bool: Uint8Array } as const;
