/** A few tensor operations on a named backend: arrays in, arrays out, nothing left behind. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { inject } from 'vitest';
import type { Engine, Input, OutputArray } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';
import { onnx } from '../../../plugins/engines/onnx/engine.ts';
import { tfjs } from '../../../plugins/engines/tfjs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The engine that is held to the plain one, and the backends of the plain one that have tests of their own: .vitest.config.ts has them for each project. */
    judged: string; backends: readonly Backend[];
  }
}
export type Backend = 'cpu' | 'wasm' | 'tensorflow';
export const judged = (): Promise<Engine> => { const [engine, backend] = inject('judged').split(':'); return (engine === 'onnx' ? onnx : tfjs).open(backend); };

/** The engine on this backend, which becomes the backend of the process; of several engines in one test file the one opened last runs. */
export const engineOn = (backend: Backend = 'wasm'): Promise<Engine> => tfjs.open(backend);

export async function compute(engine: Engine, inputs: Readonly<Record<string, TypedArray>>, f: (input: Input) => Readonly<Record<string, Tensor>>): Promise<Record<string, OutputArray>> {
  const program = engine.compile({ key: 'test', run: f });
  try { return { ...await program.run(name => inputs[name]!) }; } finally { program.dispose(); }
}
