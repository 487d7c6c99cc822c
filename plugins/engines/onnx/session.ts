/**
 * A model in ONNX Runtime. Its `run` blocks the thread and only looks asynchronous, at the price of a turn of the event loop; so the native
 * call is made directly where this version of the package lets us, and through the public interface where not.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as ort from 'onnxruntime-node';
import type * as native from 'onnxruntime-node/dist/binding.js';
import type { OutputArray, Outputs, Supply } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';
import { dtypeOf } from '../program.ts';
import type { Model } from './emit.ts';

const require = createRequire(import.meta.url);
type MakeTensor = new (dtype: string, data: TypedArray, shape: readonly number[]) => ort.Tensor;
type Run = (feeds: Readonly<Record<string, ort.Tensor>>) => Record<string, ort.OnnxValue> | Promise<Record<string, ort.OnnxValue>>;

/** With `profile`, the beginning of a file's name, ONNX Runtime notes when each operator ran, until `endProfile`. */
export interface Runtime { readonly version: string; readonly direct: boolean; open(model: Model, threads: number, profile?: string): Promise<Session> }
export interface Session { run(supply: Supply): Promise<Outputs>; endProfile(): void; dispose(): void }

/** Loads the package; throws with the reason where it is not there, or not for this platform. */
export function loadRuntime(directly = true): Runtime {
  const runtime = require('onnxruntime-node') as typeof ort, { version } = require('onnxruntime-node/package.json') as { version: string }, binding = directly ? nativeOf() : undefined;
  runtime.env.logLevel = 'error';
  return {
    version, direct: binding !== undefined,
    async open(model, threads, profile) {
      // without an arena a session that does not run holds no memory, at no cost in time
      const options: ort.InferenceSession.SessionOptions = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', enableCpuMemArena: false, enableMemPattern: false, graphOptimizationLevel: 'all', logSeverityLevel: 3, ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }) };
      const { run, endProfile, dispose } = binding ? direct(binding, model, options) : await published(runtime, model, options);
      return { dispose, endProfile, run: async supply => read(model, await run(feeds(runtime.Tensor as unknown as MakeTensor, model, supply))) };
    },
  };
}
type Native = typeof native;
/** What the package keeps to itself; undefined where another version keeps it elsewhere. */
function nativeOf(): Native | undefined {
  try {
    const found = require(path.join(path.dirname(require.resolve('onnxruntime-node')), 'binding.js')) as Partial<Native>;
    return typeof found.initOrt === 'function' && typeof found.binding?.InferenceSession === 'function' ? found as Native : undefined;
  } catch { return undefined; }
}
interface Opened { readonly run: Run; endProfile(): void; dispose(): void }
function direct({ binding, initOrt }: Native, { bytes, outputs }: Model, options: ort.InferenceSession.SessionOptions): Opened {
  initOrt();
  const session = new binding.InferenceSession(), wanted = Object.fromEntries(outputs.map(o => [o.called, null]));
  session.loadModel(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength, options);
  return { run: given => session.run(given, wanted, {}), endProfile: () => { session.endProfiling(); }, dispose: () => { session.dispose(); } };
}
async function published(runtime: typeof ort, { bytes }: Model, options: ort.InferenceSession.SessionOptions): Promise<Opened> {
  const session = await runtime.InferenceSession.create(bytes, options);
  return { run: given => session.run(given), endProfile: () => { session.endProfiling(); }, dispose: () => { void session.release(); } };
}

function feeds(Tensor: MakeTensor, { inputs }: Model, supply: Supply): Record<string, ort.Tensor> {
  return Object.fromEntries(inputs.map(i => [i.called, new Tensor(i.dtype, supply(i.name, i.shape, dtypeOf(i)), i.shape)]));
}
function read({ outputs }: Model, got: Readonly<Record<string, ort.OnnxValue>>): Outputs {
  return Object.fromEntries(outputs.map((o): [string, OutputArray] => [o.name, { shape: o.shape, dtype: dtypeOf(o), data: (got[o.called] as ort.Tensor).data as TypedArray }]));
}
