/** An engine that leaves what it runs as a model of its own: every input is inside it but those that are left open. */
import * as tf from '@tensorflow/tfjs-core';
import type { Engine, EngineInfo, Executable, Input, Program, Supply } from '../../../core/engine.ts';
import { DTYPES } from '../../arrays.ts';
import { emit, type Model } from './emit.ts';
import { ready } from './engine.ts';
import type { Runtime } from './session.ts';
import { trace } from './symbolic-backend.ts';

/** An input or output as the model has it: another name, and another shape of as many numbers. */
export interface Outside { readonly name: string; readonly shape: readonly number[] }
/** How inputs and outputs of a program look from outside; an input that does not has the value for ever that it has now, and an output that does not is left out. */
export interface Outsides { input(name: string, shape: readonly number[]): Outside | undefined; output(name: string, shape: readonly number[]): Outside | undefined }
type Inside = Map<string, readonly [name: string, shape: readonly number[]]>;

export class Exporter implements Engine {
  readonly info: EngineInfo;
  readonly #runtime: Runtime;
  #outsides: Outsides | undefined; #model: Model | undefined;
  constructor(runtime: Runtime) { this.#runtime = runtime; this.info = { engine: 'onnx', backend: 'cpu', version: runtime.version }; }
  static async open(): Promise<Exporter> { return new Exporter(await ready('ONNX Runtime, which an exported file is tried with,')); }

  /** The model of the program that some work runs. */
  async model(outsides: Outsides, work: () => Promise<unknown>): Promise<Model> {
    this.#outsides = outsides;
    await work();
    return this.#model!;
  }
  /** Written, and run as it was written: what ONNX Runtime refuses is not given away. */
  compile(program: Program): Executable {
    return { dispose: () => undefined, run: async supply => {
      const inputs: Inside = new Map(), outputs: Inside = new Map(), model = emit(trace(closed(program, supply, this.#outsides!, inputs, outputs), false), { input: name => name, output: name => name }), session = await this.#runtime.open(model, 1);
      this.#model = model;
      try {
        const out = await session.run((outside, _, dtype) => { const [name, shape] = inputs.get(outside)!; return supply(name, shape, dtype); });
        return Object.fromEntries(Object.entries(out).map(([outside, o]) => { const [name, shape] = outputs.get(outside)!; return [name, { ...o, shape }]; }));
      } finally { session.dispose(); }
    } };
  }
  alive(): number { return tf.memory().numTensors; }
  close(): void { /* nothing is held */ }
}
/** The program with what it is given inside it; notes which of its inputs and outputs are which outside. */
function closed({ key, run }: Program, supply: Supply, outsides: Outsides, inputs: Inside, outputs: Inside): Program {
  return { key, run: input => {
    const held = new Map<string, tf.Tensor>(), inside: Input = (name, shape, dtype) => {
      const outside = outsides.input(name, shape);
      if (outside) { inputs.set(outside.name, [name, shape]); return tf.reshape(input(outside.name, outside.shape, dtype), [...shape]); }
      const constant = held.get(name) ?? tf.keep(tf.tensor(supply(name, shape, dtype), [...shape], DTYPES[dtype]));
      held.set(name, constant);
      return constant;
    };
    try {
      return Object.fromEntries(Object.entries(run(Object.assign(inside, input.within ? { within: input.within } : {}))).flatMap(([name, t]) => {
        const outside = outsides.output(name, t.shape);
        if (!outside) return [];
        outputs.set(outside.name, [name, t.shape]);
        return [[outside.name, tf.reshape(t, [...outside.shape])]];
      }));
    } finally { for (const t of held.values()) t.dispose(); }
  } };
}
