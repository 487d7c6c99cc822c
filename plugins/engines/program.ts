/** A program over tensors of whatever backend is set: inputs are made when they are asked for, and nothing is left behind. */
import * as tf from '@tensorflow/tfjs-core';
import type { Input, Program } from '../../core/engine.ts';
import type { DType } from '../../core/port.ts';

export const DTYPES = { f32: 'float32', i32: 'int32', bool: 'bool' } as const;
const BACK: Readonly<Record<string, DType>> = { float32: 'f32', int32: 'i32', bool: 'bool' };
export const dtypeOf = (t: { readonly dtype: string }): DType => BACK[t.dtype]!;

/** Outputs stay until `free`. */
export interface Ran { readonly outputs: Readonly<Record<string, tf.Tensor>>; free(): void }
export function runOnce(program: Program, make: (...asked: Parameters<Input>) => tf.Tensor, within?: Input['within']): Ran {
  const inputs = new Map<string, tf.Tensor>(), dispose = (all: Iterable<tf.Tensor>) => { for (const t of all) if (!t.isDisposed) t.dispose(); };
  const input: Input = (name, shape, dtype) => {
    const known = inputs.get(name) ?? tf.keep(make(name, shape, dtype));
    inputs.set(name, known);
    return known;
  };
  tf.engine().startScope(program.key);
  try {
    const outputs = program.run(Object.assign(input, within ? { within } : {}));
    for (const t of Object.values(outputs)) tf.keep(t);
    return { outputs, free: () => { dispose(Object.values(outputs)); dispose(inputs.values()); } };
  } catch (e) {
    const { state } = tf.engine();
    for (const { saved } of state.activeTape ?? []) dispose(saved ?? []);     // what a broken gradient had put aside
    state.activeTape = [];
    dispose(inputs.values());
    throw e;
  } finally { tf.engine().endScope(); }
}
