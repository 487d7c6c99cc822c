/** What a layer is: named tensors and the function they make; and what runs over time. The layers themselves are in nodes/layers.ts. */
import { engine, getBackend, getKernel, reshape, split, stack, type Tensor } from '@tensorflow/tfjs-core';
import type { Random } from './random.ts';

/** How a tensor starts: fills `into`, a tensor of `shape` in row-major order, with draws of a stream of its own. */
export type Init = (into: Float32Array, random: Random, shape: readonly number[]) => void;

export interface TensorSpec {
  readonly shape: readonly number[]; readonly init: Init;
  /** The layout in words, for mapping weights of other frameworks: `dense kernel: [in, out]`. */
  readonly layout: string;
}
/** The time that a layer with a carry runs over: rows come time first, [length * rows, ...]. */
export interface Over {
  readonly length: number;
  /** [rows, carry] before the first step. */
  readonly carry: Tensor;
  /** [length * rows, 1]: 0 where an episode starts, so that the carry is forgotten; absent if none starts inside. */
  readonly alive: Tensor | undefined;
  /** Takes the carry after the last step. */
  leave(carry: Tensor): void;
}
export interface Layer<F = (x: Tensor) => Tensor> {
  readonly tensors: Readonly<Record<string, TensorSpec>>;
  /** Width of what a row carries from step to step; only recurrent layers have it, and only they get `over`. */
  readonly carry?: number;
  /** For `per`: `bind` also takes the tensors of n indices, [n, ...shape]. The rows then come index by index, in the carry too; `alive` is that of one index. */
  readonly stacked?: true;
  bind(t: Readonly<Record<string, Tensor>>, over: Over): F;
}
/** Layers of a node, whatever functions they make. */
export type Layers = Readonly<Record<string, Layer<unknown>>>;
/** From what is carried and one slot of each input: what is carried on, and one slot of each output. */
export type Step = (carry: readonly Tensor[], slots: readonly Tensor[]) => { readonly carry: readonly Tensor[]; readonly out: readonly Tensor[] };
/** For an engine that runs steps by itself. In go so many carries, what lies time first, and what a step `read`s besides; out come the last carries, the outputs, and what was carried into each slot. */
export interface Scan { readonly step: Step; readonly backwards: boolean; readonly carries: number; readonly read: readonly Tensor[] }
export const SCAN = 'Scan';
/** `step` from slot to slot. Inputs and outputs lie time first, [length, ...], and `carry` is that after the last slot; backwards the last slot is the first. */
export function steps(carry: readonly Tensor[], xs: readonly Tensor[], step: Step, backwards = false, read: readonly Tensor[] = []): ReturnType<Step> {
  const length = xs[0]?.shape[0] ?? 1, carries = carry.length;
  if (length > 1 && getKernel(SCAN, getBackend())) {
    const attrs: Scan = { step, backwards, carries, read }, made = engine().runKernel(SCAN, [...carry, ...xs, ...read] as never, attrs as never) as Tensor[];
    return { carry: made.slice(0, carries), out: made.slice(carries, made.length - carries) };
  }
  const parts = xs.map(x => (length > 1 ? split(x, length) : [x]).map(part => reshape(part, x.shape.slice(1)))), outs: (readonly Tensor[])[] = [], order = Array.from({ length }, (_, i) => (backwards ? length - 1 - i : i));
  for (const t of order) ({ carry, out: outs[t] } = step(carry, parts.map(slots => slots[t]!)));
  return { carry, out: outs[0]!.map((_, k) => stack(outs.map(out => out[k]!))) };
}
