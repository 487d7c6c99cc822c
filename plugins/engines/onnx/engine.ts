/** Engine `onnx`: a program is traced once, compiled to an ONNX model and run by ONNX Runtime on the CPU. */
import * as tf from '@tensorflow/tfjs-core';
import os from 'node:os';
import type { Engine, EngineFactory, EngineInfo, Executable, Program } from '../../../core/engine.ts';
import { InputError } from '../../../core/error.ts';
import { emit, type Model } from './emit.ts';
import { loadRuntime, type Runtime, type Session } from './session.ts';
import { register, trace } from './symbolic-backend.ts';

/** Sessions hold the memory of all values that they compute, and threads; the oldest are closed above so many bytes, and opened again when they are asked for. */
const ROOM = 512 * 2 ** 20, LEAST = ROOM / 32;
/** Threads for a single operator. More than two gain nothing at the sizes of these networks, and they wait by spinning; one core is left to others. */
const defaultThreads = (): number => Math.max(1, Math.min(2, os.availableParallelism() - 1));

/** A program on its way: its trace is kept, its session comes and goes. */
class Compiled {
  readonly #program: Program; readonly #start: (model: Model) => Promise<Session>;
  #model: Model | undefined;
  #session: Promise<Session> | undefined;
  constructor(program: Program, start: (model: Model) => Promise<Session>) { this.#program = program; this.#start = start; }
  get size(): number { return Math.max(LEAST, this.#model?.size ?? 0); }
  session(): Promise<Session> {
    const build = async () => this.#start(this.#model ??= emit(trace(this.#program)));
    return this.#session ??= build().catch((e: unknown) => { this.#session = undefined; throw e; });
  }
  close(): void { void this.#session?.then(s => { s.dispose(); }, () => undefined); this.#session = undefined; }
}

class OnnxEngine implements Engine {
  readonly info: EngineInfo;
  readonly #runtime: Runtime; readonly #threads: number;
  /** Open sessions, the one used last at the end. */
  readonly #open = new Map<Compiled, number>();
  constructor(runtime: Runtime, threads: number) {
    this.#runtime = runtime; this.#threads = threads;
    this.info = { engine: 'onnx', opens: `onnx:cpu-${threads}`, backend: 'cpu', version: runtime.version, device: `${threads} thread${threads === 1 ? '' : 's'}` };
  }
  compile(program: Program): Executable {
    const open = this.#open, compiled = new Compiled(program, model => this.#runtime.open(model, this.#threads));
    return {
      async run(supply) {
        const session = await compiled.session();
        open.delete(compiled);
        open.set(compiled, compiled.size);
        let held = [...open.values()].reduce((a, b) => a + b);
        for (const [old, size] of open) { if (held <= ROOM || old === compiled) break; old.close(); open.delete(old); held -= size; }
        return session.run(supply);
      },
      dispose() { compiled.close(); open.delete(compiled); },
    };
  }
  alive(): number { return tf.memory().numTensors; }
  close(): void { for (const c of this.#open.keys()) c.close(); this.#open.clear(); }
}

async function open(named = 'cpu'): Promise<Engine> {
  const [, count] = /^cpu(?:-([1-9]\d?))?$/.exec(named) ?? [];
  if (named !== 'cpu' && count === undefined) throw new InputError(`engine onnx has no backend ${named}`, 'cpu, or cpu-<threads>, 1 to 99');
  tf.enableProdMode();
  let runtime: Runtime;
  try { runtime = loadRuntime(); } catch (e) {
    throw new InputError(`engine onnx does not load: ${(e instanceof Error ? e.message : String(e)).split('\n', 1)[0]!}`, 'npm install onnxruntime-node, or --engine tfjs');
  }
  await import('@tensorflow/tfjs');                                       // the gradients of all kernels
  register();
  return new OnnxEngine(runtime, count === undefined ? defaultThreads() : Number(count));
}
export const onnx: EngineFactory = { name: 'onnx', about: 'compiled by ONNX Runtime: the fast one on a CPU', backends: ['cpu'], open };
