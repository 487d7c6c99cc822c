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
import { ARRAYS, dtypeOf } from '../../arrays.ts';
import { count } from './builder.ts';
import type { Model } from './emit.ts';
import type { Provider } from './provider.ts';

const require = createRequire(import.meta.url);
/** Microseconds for which a thread waits for the next operator awake: nearly all of them come that soon. Longer, and a busy core is waited for by burning another one. */
const SPIN = 20;
type MakeTensor = new (dtype: string, data: TypedArray, shape: readonly number[]) => ort.Tensor;
/** Writes into what it is given for the outputs. */
type Run = (feeds: Readonly<Record<string, ort.Tensor>>, into: Readonly<Record<string, ort.Tensor>>) => unknown;

/** With `profile`, the beginning of a file's name, ONNX Runtime notes when each operator ran, until `endProfile`. */
export interface Runtime { readonly version: string; readonly direct: boolean; open(model: Model, threads: number, profile?: string): Promise<Session> }
export interface Session { readonly room: number; run(supply: Supply): Promise<Outputs>; endProfile(): void; dispose(): void }

type Where = Pick<Provider, 'asked'>;
/** What every session has, and where its operators run; those that the provider lacks run on the CPU. */
export const optionsOf = (provider: Where | undefined, threads: number, profile?: string): ort.InferenceSession.SessionOptions => ({
  intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', enableCpuMemArena: true, enableMemPattern: false, graphOptimizationLevel: 'all', logSeverityLevel: 3,
  extra: { session: { 'intra_op.spin_duration_us': String(SPIN) } },
  ...(provider ? { executionProviders: [provider.asked] } : {}), ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
});

/** Loads the package; throws with the reason where it is not there, or not for this platform. Sessions run on the CPU, or where a provider has them run. */
export function loadRuntime(provider?: Where, found: () => Native | undefined = nativeOf): Runtime {
  const runtime = require('onnxruntime-node') as typeof ort, { version } = require('onnxruntime-node/package.json') as { version: string }, binding = found();
  runtime.env.logLevel = 'error';
  return {
    version, direct: binding !== undefined,
    async open(model, threads, profile) {
      const options = optionsOf(provider, threads, profile);
      const Tensor = runtime.Tensor as unknown as MakeTensor, { run, endProfile, dispose } = binding ? direct(binding, model, options) : await published(runtime, model, options);
      return { room: model.room, dispose, endProfile, run: async supply => {
        const outputs: Record<string, OutputArray> = {}, into: Record<string, ort.Tensor> = {};
        for (const { name, called, dtype, shape, made } of model.outputs) {
          const as = dtypeOf({ dtype }), data = new ARRAYS[as](count(shape));
          outputs[name] = { shape, dtype: as, data };
          into[called] = new Tensor(dtype, data, made);
        }
        await run(feeds(Tensor, model, supply), into);
        return outputs;
      } };
    },
  };
}
export type Native = typeof native;
/** What the package keeps to itself; undefined where another version keeps it elsewhere. */
function nativeOf(): Native | undefined {
  try {
    const found = require(path.join(path.dirname(require.resolve('onnxruntime-node')), 'binding.js')) as Partial<Native>;
    return typeof found.initOrt === 'function' && typeof found.binding?.InferenceSession === 'function' ? found as Native : undefined;
  } catch { return undefined; }
}
interface Opened { readonly run: Run; endProfile(): void; dispose(): void }
function direct({ binding, initOrt }: Native, { bytes }: Model, options: ort.InferenceSession.SessionOptions): Opened {
  initOrt();
  const session = new binding.InferenceSession();
  session.loadModel(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength, options);
  return { run: (given, into) => session.run(given, into, {}), endProfile: () => { session.endProfiling(); }, dispose: () => { session.dispose(); } };
}
async function published(runtime: typeof ort, { bytes }: Model, options: ort.InferenceSession.SessionOptions): Promise<Opened> {
  const session = await runtime.InferenceSession.create(bytes, options);
  return { run: (given, into) => session.run(given, into), endProfile: () => { session.endProfiling(); }, dispose: () => { void session.release(); } };
}

/** An input is asked for once, however many parts of it are read. */
function feeds(Tensor: MakeTensor, { inputs }: Model, supply: Supply): Record<string, ort.Tensor> {
  const given: Record<string, ort.Tensor> = {};
  let last = '', all: TypedArray = new Float32Array(0);
  for (const { name, called, dtype, shape, whole, offset } of inputs) {
    if (name !== last) all = supply(last = name, whole, dtypeOf({ dtype }));
    const n = count(shape);
    given[called] = new Tensor(dtype, n === all.length ? all : all.subarray(offset, offset + n), shape);
  }
  return given;
}
