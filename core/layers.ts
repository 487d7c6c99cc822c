/** What a layer is: named tensors and the function they make. The layers themselves are in nodes/layers.ts. */
import type { Tensor } from '@tensorflow/tfjs-core';

/** How a tensor starts. `orthogonal` acts on the last two dims, with the others flattened into the first of them. */
export type Init = { readonly law: 'uniform'; readonly bound: number } | { readonly law: 'normal'; readonly std: number } | { readonly law: 'orthogonal'; readonly gain: number } | { readonly law: 'constant'; readonly value: number };

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
  bind(t: Readonly<Record<string, Tensor>>, over: Over): F;
}
/** Layers of a node, whatever functions they make. */
export type Layers = Readonly<Record<string, Layer<unknown>>>;
/** From what is carried and one slot of each input: what is carried on, and one slot of each output. */
export type Step = (carry: readonly Tensor[], slots: readonly Tensor[]) => { readonly carry: readonly Tensor[]; readonly out: readonly Tensor[] };
/** Attributes of the kernel of an engine that runs steps by itself: `carry0`, ..., so many carries, and `x0`, ... time first go in, the last carries and the outputs come out. */
export interface Scan { readonly step: Step; readonly backwards: boolean; readonly carries: number }
export const SCAN = 'Scan';
