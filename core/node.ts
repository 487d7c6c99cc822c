/** defineNode: what a node is. Pure data and pure functions; everything else about a node is derived. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Layer, Layers } from './layers.ts';
import type { Port, Ports, Sizes, Tensors } from './port.ts';
import type { Law } from './random.ts';
import type { Schedule } from './schedule.ts';

/** Random numbers a node asks for; they arrive as an input, so nothing inside a step draws. */
export interface Noise<D extends string = string> { readonly law: Law; readonly dtype: 'f32'; readonly spec: D }
const noise = (law: Law) => <const D extends string>(spec: D): Noise<D> => ({ law, dtype: 'f32', spec });
/** Standard normal draws over these dims. */
export const normal = noise('normal');
/** Draws from [0, 1) over these dims. */
export const uniform = noise('uniform');
/** Standard Gumbel draws over these dims. */
export const gumbel = noise('gumbel');

type Noises = Readonly<Record<string, Noise>>;
type Knobs = Readonly<Record<string, number>>;
type Size = Readonly<Record<string, number>>;
/** A layer as `forward` sees it: the function that its tensors make. */
export type Bound<W> = { readonly [K in keyof W]: W[K] extends Layer<infer F> ? F : never };

/** Node types are erased here and nowhere else: a page holds nodes of all types in one record. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the type that fits all of them in inference
export type Erased = any;

export interface NodeSpec<C = Erased, K extends Knobs = Erased, I extends Ports = Erased, N extends Noises = Erased, O extends Ports = Erased, W extends Layers = Erased> {
  readonly type: string;
  /** One line and the paper, for lists and pictures. */
  readonly about?: string; readonly paper?: string;
  /** Hyper-parameters that decide structure, with their defaults: sizes, heads, counts. */
  readonly config?: C;
  /** Numbers that only scale, with their defaults. They arrive as scalars; a schedule may stand for one; changing one compiles nothing. */
  readonly knobs?: K;
  /** Least and greatest allowed value of a config number or knob. */
  readonly ranges?: Readonly<Partial<Record<Extract<keyof C | keyof K, string>, readonly [number, number]>>>;
  readonly in: I;
  /** A port for any number of further inputs (join). */
  readonly rest?: Port;
  readonly noise?: N; readonly out: O;
  /** Sizes of the dims that this node makes, from those of its inputs. */
  sizes?(size: Size, config: C): Readonly<Record<string, number>>;
  layers?(size: Sizes<I & O & N> & Size, config: C): W;
  /** Rows in, rows out: leading dims are flattened to one. A layer with a carry (gru, lstm) runs over time by itself. */
  forward?(x: Tensors<I & N & K>, layer: Bound<W>, config: C, size: Sizes<I & O & N> & Size): Tensors<O>;
  /** For a recurrence that no layer has: width of what one row carries from step to step. */
  carry?(size: Sizes<I & O & N> & Size, config: C): number;
  step?(x: Tensors<I & N & K>, carry: Tensor, layer: Bound<W>, config: C, size: Sizes<I & O & N> & Size): Tensors<O> & { readonly carry: Tensor };
}

export type Config = Readonly<Record<string, unknown>>;
type Widen<T> = T extends number ? number : T extends boolean ? boolean : T extends string ? string : T extends readonly number[] ? readonly number[] : T;
export type Options<C, K> = { readonly [P in keyof C]?: Widen<C[P]> } & { readonly [P in keyof K]?: number | Schedule };

/** A node with its numbers, ready to be put on a page. */
export interface NodeUse<I extends Ports = Erased, O extends Ports = Erased> {
  readonly spec: NodeSpec<Erased, Erased, I, Erased, O, Erased>; readonly config: Config; readonly per?: string;
}
export type NodeFactory<C = Erased, K = Erased, I extends Ports = Erased, O extends Ports = Erased> =
  ((options?: Options<C, K>) => NodeUse<I, O>) & { readonly spec: NodeSpec };

/** A node type. Order of the fields: type, about, config, knobs, ports, noise, sizes, layers, forward. */
export function defineNode<const C = Record<never, never>, const K extends Knobs = Record<never, never>, const I extends Ports = Record<never, never>,
  const N extends Noises = Record<never, never>, const O extends Ports = Record<never, never>, W extends Layers = Record<never, never>>(
  spec: NodeSpec<C, K, I, N, O, W>): NodeFactory<C, K, I, O> {
  const make = (options: Options<C, K> = {}): NodeUse<I, O> => ({ spec, config: { ...spec.config, ...spec.knobs, ...options } as Config });
  return Object.assign(make, { spec: spec as NodeSpec });
}

/** The same node with its own weights for each index of a dim: per('agent', actor()), per('member', critic()). */
export const per = <I extends Ports, O extends Ports>(dim: string, use: NodeUse<I, O>): NodeUse<I, O> => ({ ...use, per: dim });

/** Does a node carry anything from step to step? */
export const recurs = (spec: NodeSpec, layers: Layers | undefined): boolean => spec.step !== undefined || Object.values(layers ?? {}).some(l => l.carry !== undefined);
