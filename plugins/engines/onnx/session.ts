/**
 * A model in ONNX Runtime. Its `run` blocks the thread and only looks asynchronous, at the price of a turn of the event loop; so the native
 * call is made directly where this version of the package lets us, and through the public interface where not.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import v8 from 'node:v8';
import type * as ort from 'onnxruntime-node';
import type * as native from 'onnxruntime-node/dist/binding.js';
import type { OutputArray, Outputs, Supply } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';
import { dtypeOf } from '../../arrays.ts';
import { count } from './builder.ts';
import type { InPort, Model } from './emit.ts';
import type { Provider } from './provider.ts';

const require = createRequire(import.meta.url);
/** Microseconds for which a thread waits for the next operator awake: nearly all of them come that soon. Longer, and a busy core is waited for by burning another one. */
const SPIN = 20;
/**
 * Percent by which the heap may grow before all of it is marked again. Outputs are memory of the runtime's that V8 counts as growth of its own:
 * by its measure of 10 %, 24 MiB at least, a learner of three networks has it mark the whole heap every tenth update, and as long as it marks it frees no
 * young array in the cheap way, so that it soon marks all the time. One core is then half as fast.
 */
const GROWTH = 200;
/** What the native call reads of a tensor. */
interface Numbers { readonly type: string; data: TypedArray; readonly dims: readonly number[]; readonly location: 'cpu' }
type Named = Readonly<Record<string, Numbers>>;
/** Outputs are asked for by name, with nothing to write into: the runtime hands its memory over, and wraps anew whatever it was given. */
type Asked = Readonly<Record<string, null>>;
type Results = Readonly<Record<string, { readonly data: TypedArray }>>;
type Run = (feeds: Named, asked: Asked) => Results | Promise<Results>;

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
  v8.setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
  return {
    version, direct: binding !== undefined,
    async open(model, threads, profile) {
      const options = optionsOf(provider, threads, profile);
      const { run, endProfile, dispose } = binding ? direct(binding, model, options) : await published(runtime, model, options), feed = feeds(model.inputs), asked = Object.fromEntries(model.outputs.map(o => [o.called, null]));
      return { room: model.room, dispose, endProfile, run: async supply => {
        const results = await run(feed(supply), asked), outputs: Record<string, OutputArray> = {};
        for (const { name, called, dtype, shape } of model.outputs) outputs[name] = { shape, dtype: dtypeOf({ dtype }), data: results[called]!.data };
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
  return { run: (given, asked) => session.run(given as never, asked as never, {}) as unknown as Results, endProfile: () => { session.endProfiling(); }, dispose: () => { session.dispose(); } };
}
async function published(runtime: typeof ort, { bytes }: Model, options: ort.InferenceSession.SessionOptions): Promise<Opened> {
  const session = await runtime.InferenceSession.create(bytes, options), Tensor = runtime.Tensor as unknown as new (...of: unknown[]) => ort.Tensor;
  const tensors = (all: Named) => Object.fromEntries(Object.entries(all).map(([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)]));
  return { run: async (given, asked) => await session.run(tensors(given), Object.keys(asked)) as unknown as Results, endProfile: () => { session.endProfiling(); }, dispose: () => { void session.release(); } };
}

/** An input is asked for once, however many parts of it are read. What lies where it lay in the last call is the same view of it. */
function feeds(inputs: readonly InPort[]): (supply: Supply) => Named {
  const parts = inputs.map(({ shape, dtype }): Numbers => ({ type: dtype, data: new Float32Array(0), dims: shape, location: 'cpu' })), given = Object.fromEntries(inputs.map(({ called }, i) => [called, parts[i]!])), sizes = inputs.map(({ shape }) => count(shape));
  return supply => {
    let last = '', all: TypedArray = new Float32Array(0);
    inputs.forEach(({ name, dtype, whole, offset }, i) => {
      if (name !== last) all = supply(last = name, whole, dtypeOf({ dtype }));
      const part = parts[i]!, { data } = part, n = sizes[i]!;
      if (data.buffer !== all.buffer || data.length !== n || data.byteOffset !== all.byteOffset + offset * all.BYTES_PER_ELEMENT || data.constructor !== all.constructor) part.data = n === all.length ? all : all.subarray(offset, offset + n);
    });
    return given;
  };
}
