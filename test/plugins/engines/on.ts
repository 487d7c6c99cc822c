/** A few tensor operations on a named backend: arrays in, arrays out, nothing left behind. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Engine, Input, OutputArray } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';
import { tfjs } from '../../../plugins/engines/tfjs.ts';

/** The engine on this backend, which becomes the backend of the process; of several engines in one test file the one opened last runs. */
export const engineOn = (backend: 'cpu' | 'wasm' = 'wasm'): Promise<Engine> => tfjs.open(backend);

export async function compute(engine: Engine, inputs: Readonly<Record<string, TypedArray>>, f: (input: Input) => Readonly<Record<string, Tensor>>): Promise<Record<string, OutputArray>> {
  const program = engine.compile({ key: 'test', run: f });
  try { return { ...await program.run(name => inputs[name]!) }; } finally { program.dispose(); }
}
