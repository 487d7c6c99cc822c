/** A program over tensors of whatever backend is set: inputs are made when they are asked for, and nothing is left behind. */
import * as tf from '@tensorflow/tfjs-core';
import type { Engine, Input, Program } from '../../core/engine.ts';

// TensorFlow.js has no gradient for comparisons, and fails in where(x > 0, ...)
for (const kernelName of ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual']) {
  tf.registerGradient({ kernelName, inputsToSave: ['a', 'b'], gradFunc: (_, saved) => ({ a: () => tf.zerosLike(saved[0]!), b: () => tf.zerosLike(saved[1]!) }) });
}

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

type Gradients = Readonly<Record<string, () => tf.Tensor>>;
interface Tape { addTapeNode(...a: unknown[]): void; readonly state: { readonly activeTape: { gradient?: (dys: unknown) => Gradients }[] } }
/** The same, told which node each part belongs to; a gradient belongs to the node with a `'`. */
export function runByNode(program: Program, make: Parameters<typeof runOnce>[1], around: <T>(node: string, run: () => T) => T): Ran {
  const tape = tf.engine() as unknown as Tape, add = tape.addTapeNode;
  let at = '';
  const within = <T>(node: string, run: () => T): T => {
    const outer = at;
    at = node;
    try { return around(node, run); } finally { at = outer; }
  };
  tape.addTapeNode = function (...a) {
    add.apply(this, a);
    const node = this.state.activeTape.at(-1)!, { gradient } = node, name = at.endsWith("'") ? at : `${at}'`;                      // a gradient may have one inside
    if (gradient && at !== '') node.gradient = dys => Object.fromEntries(Object.entries(within(name, () => gradient(dys))).map(([key, f]) => [key, () => within(name, f)]));
  };
  try { return runOnce(program, make, within); } finally { tape.addTapeNode = add; }
}

/** Where the time of a program went. */
export interface ProgramTimes {
  readonly key: string;
  /** Calls, the seconds that they took, and those in which the program was made. */
  calls: number; seconds: number; making: number;
  /** Seconds by node (`node'` is its gradient) in so many calls; '' is what belongs to no node, where the engine knows. */
  sampled: number; readonly nodes: Map<string, number>;
  /** Operators, and by type those that ran on the CPU, of a program that was to run elsewhere. */
  placed?: Placed;
}
export interface Placed { readonly operators: number; readonly onCpu: Readonly<Record<string, number>> }
export const timesOf = ({ key }: Program): ProgramTimes => ({ key, calls: 0, seconds: 0, making: 0, sampled: 0, nodes: new Map() });
export const spend = ({ nodes }: ProgramTimes, node: string, seconds: number): void => { nodes.set(node, (nodes.get(node) ?? 0) + seconds); };
/** An engine that knows where the time goes. It gives the same numbers, and may take longer. */
export interface TimedEngine extends Engine { times(): readonly ProgramTimes[] }
/** What an engine has that can be one. */
export interface Timeable extends Engine { timed(): TimedEngine }
