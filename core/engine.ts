/** What runs a program. Above this interface there are named inputs, typed arrays and nothing of TensorFlow.js. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { TypedArray } from './environment.ts';
import type { DType } from './port.ts';

/** How a program asks for an input; asking for it is what makes it one. `within` runs a node, for an engine that wants to know which. */
export interface Input { (name: string, shape: readonly number[], dtype: DType): Tensor; within?<T>(node: string, run: () => T): T }
/** A pure function of named inputs, written over tensors. An engine may run it as it stands, or trace it once and compile it. */
export interface Program {
  /** Programs with the same key are the same function: structure and sizes are in it, knobs are not. */
  readonly key: string;
  run(input: Input): Readonly<Record<string, Tensor>>;
}
export interface OutputArray { readonly shape: readonly number[]; readonly dtype: DType; readonly data: TypedArray }
/** Arrays of their own, which whoever asked may keep. */
export type Outputs = Readonly<Record<string, OutputArray>>;
/** Where a compiled program gets its inputs from. The array is read during the call and not kept. */
export type Supply = (name: string, shape: readonly number[], dtype: DType) => TypedArray;

export interface Executable {
  run(supply: Supply): Promise<Outputs>;
  dispose(): void;
}
/** What ran, for the run record: `tfjs`, the name that opens it again (`tfjs:wasm`), `wasm (simd)`, versions. */
export interface EngineInfo { readonly engine: string; readonly opens?: string; readonly backend: string; readonly version: string; readonly device?: string }

export interface Engine {
  readonly info: EngineInfo;
  /** `beside`: in a thread of its own, so that whoever asked can go on meanwhile, where the engine has one. */
  compile(program: Program, beside?: boolean): Executable;
  readonly beside?: boolean;
  /** Tensors alive inside the engine; constant from update to update. */
  alive(): number;
  close(): void;
}
/** An engine by name; `open` loads its libraries, and fails with the reason where they cannot be had. */
export interface EngineFactory {
  readonly name: string; readonly about: string;
  /** Backends that a user may name after a colon: `tfjs:wasm`. */
  readonly backends: readonly string[];
  open(backend?: string): Promise<Engine>;
}
