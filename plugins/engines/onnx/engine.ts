/** Engine `onnx`: a program is traced once, compiled to an ONNX model and run by ONNX Runtime, on the CPU or on a provider that is named. */
import * as tf from '@tensorflow/tfjs-core';
import os from 'node:os';
import type { Engine, EngineFactory, EngineInfo, Executable, Program } from '../../../core/engine.ts';
import { InputError } from '../../../core/error.ts';
import { timesOf, type ProgramTimes, type Timeable, type TimedEngine } from '../program.ts';
import { beside as besideRuntime, type Beside } from './beside.ts';
import { emit, type Model } from './emit.ts';
import { PROVIDERS, tryOut, type Provider } from './provider.ts';
import { loadRuntime, type Runtime, type Session } from './session.ts';
import { register, trace } from './symbolic-backend.ts';
import { timedSession, type TimedSession } from './timed-session.ts';

/** Threads for a single operator: those of this thread's programs, and of programs beside it. More than two gain nothing at the sizes of these networks. */
interface Threads { readonly here: number; readonly beside: number }
function defaultThreads(): Threads {
  const cores = os.availableParallelism(), most = (n: number) => Math.max(1, Math.min(2, n));
  return { here: most(cores), beside: most(cores - 1) };
}

/** Bytes of values that open sessions hold together, by what they are at most. */
const ROOM = 2 ** 30;
/** Programs that one thread runs: acting, updates of small networks. Threads that share an operator of a few microseconds only wait for each other. */
const SMALL = 2 ** 22, FINE = 24 * 2 ** 10;
interface Held { room: number; close(): void }

class OnnxEngine implements Timeable {
  readonly info: EngineInfo;
  /** Those with a session, in the order in which they ran last. */
  readonly #open = new Set<Held>();
  protected readonly runtime: Runtime; protected readonly threads: Threads; protected readonly provider: Provider | undefined;
  readonly beside: boolean = true; #beside: Beside | undefined;
  constructor(runtime: Runtime, threads: Threads, provider?: Provider) {
    this.runtime = runtime; this.threads = threads; this.provider = provider;
    const { here, beside } = threads, { name, device = () => undefined } = provider ?? { name: 'cpu', device: () => `${here} thread${here === 1 ? '' : 's'}` }, on = device();
    this.info = { engine: 'onnx', opens: provider ? `onnx:${name}` : `onnx:cpu-${here}${beside === here ? '' : `+${beside}`}`, backend: name, version: runtime.version, ...(on === undefined ? {} : { device: on }) };
  }
  /**
   * Traced and built when it is first run, and kept: a session holds the room of its values, so that none is asked for anew in a call. Beyond
   * `ROOM` those go that ran longest ago, and are built again when they are to run.
   */
  compile(program: Program, beside = false): Executable {
    let session: Promise<Session> | undefined;
    const close = () => { void session?.then(s => { s.dispose(); }, () => undefined); session = undefined; this.#open.delete(held); };
    const held: Held = { close, room: 0 };
    return {
      run: async supply => {
        session ??= this.make(program, beside).catch((e: unknown) => { session = undefined; throw e; });
        const opened = await session;
        if (!this.#open.delete(held)) { held.room = opened.room; this.#makeRoom(held.room); }
        this.#open.add(held);
        return opened.run(supply);
      },
      dispose: close,
    };
  }
  #makeRoom(more: number): void {
    let room = more;
    for (const { room: one } of this.#open) room += one;
    for (const held of this.#open) { if (room <= ROOM) break; room -= held.room; held.close(); }
  }
  protected async make(program: Program, beside: boolean): Promise<Session> {
    const model = emit(trace(program)), runtime = beside ? this.#beside ??= besideRuntime(this.runtime, this.provider) : this.runtime;
    return runtime.open(model, this.threadsOf(model, beside));
  }
  protected threadsOf({ room, grain }: Model, beside = false): number { return room < SMALL || grain < FINE ? 1 : beside ? this.threads.beside : this.threads.here; }
  timed(): TimedEngine { return new TimedOnnxEngine(this.runtime, this.threads, this.provider); }
  alive(): number { return tf.memory().numTensors; }
  close(): void {
    for (const held of [...this.#open]) held.close();
    this.#beside?.close();
  }
}
class TimedOnnxEngine extends OnnxEngine implements TimedEngine {
  override readonly beside = false;
  readonly #times: ProgramTimes[] = []; readonly #sessions: TimedSession[] = [];
  protected override async make(program: Program): Promise<Session> {
    const times = timesOf(program), began = performance.now(), model = emit(trace(program)), session = await timedSession(this.runtime, model, this.threadsOf(model), times, this.provider !== undefined);
    times.making = (performance.now() - began) / 1000;
    this.#times.push(times);
    this.#sessions.push(session);
    return session;
  }
  times(): readonly ProgramTimes[] {
    for (const s of this.#sessions.splice(0)) s.settle();
    return this.#times;
  }
}

/** The runtime, with all that tracing needs; `or` is another remedy where its package cannot be loaded. */
export async function ready(subject: string, or = '', provider?: Provider): Promise<Runtime> {
  tf.enableProdMode();
  let runtime: Runtime;
  try { runtime = loadRuntime(provider); } catch (e) {
    throw new InputError(`${subject} does not load: ${(e instanceof Error ? e.message : String(e)).split('\n', 1)[0]!}`, `npm install onnxruntime-node${or}`);
  }
  await import('@tensorflow/tfjs');                                       // the gradients of all kernels
  register();
  if (!tf.getBackend()) await tf.setBackend('cpu');                        // for tensors outside of programs, an environment's or a tracker's: tracing gives back what was set before
  return runtime;
}
async function open(named = 'cpu'): Promise<Engine> {
  const [, here, beside = here] = /^cpu(?:-([1-9]\d?)(?:\+([1-9]\d?))?)?$/.exec(named) ?? [], provider = PROVIDERS.find(p => p.name === named);
  if (!provider && named !== 'cpu' && here === undefined) throw new InputError(`engine onnx has no backend ${named}`, `cpu, or cpu-<threads>, 1 to 99, cpu-2+1 with one for a learner beside${PROVIDERS.length ? `; ${PROVIDERS.map(p => p.name).join(', ')}` : ''}`);
  const runtime = await ready('engine onnx', ', or --engine tfjs', provider);
  if (provider) await tryOut(provider);
  return new OnnxEngine(runtime, here === undefined ? defaultThreads() : { here: Number(here), beside: Number(beside) }, provider);
}
export const onnx: EngineFactory = { name: 'onnx', about: 'compiled by ONNX Runtime: the fast one on a CPU', backends: ['cpu', ...PROVIDERS.map(p => p.name)], open };
