/** Ports and dims: what a wire carries, by name. */
import type { Tensor } from '@tensorflow/tfjs-core';

export type DType = 'f32' | 'i32' | 'bool';

/** An input or output of a node. `spec` words: `...` leading dims on which all ports of a node agree; `agent` a dim by name, in any position; `?x` any one dim. */
export interface Port<T extends DType = DType, D extends string = string, C extends string = string> {
  readonly dtype: T; readonly spec: D;
  /** The dim that whole numbers index. */
  readonly of?: C;
  readonly kind?: 'penalty'; readonly still?: true;
}
export type Ports = Readonly<Record<string, Port>>;

const port = <T extends DType>(dtype: T) => <const D extends string>(spec: D): Port<T, D> => ({ dtype, spec });
/** 32-bit floats over these dims. */
export const f32 = port('f32');
/** Whole numbers over these dims; for numbers that index a dim see `index`. */
export const i32 = port('i32');
/** True or false over these dims. */
export const bool = port('bool');
/** Whole numbers that index a dim: `index('... agent', 'action')` is one action for each agent. */
export const index = <const D extends string, const C extends string>(spec: D, of: C): Port<'i32', D, C> => ({ dtype: 'i32', spec, of });
/** An input that takes no gradient whatever is wired to it: the target of a loss, an advantage, a mask. */
export const still = <P extends Port>(p: P): P & { readonly still: true } => ({ ...p, still: true });
/** A scalar loss that a node brings itself; it joins the train rule that trains the node. */
export const penalty = (): Port<'f32', ''> & { readonly kind: 'penalty' } => ({ dtype: 'f32', spec: '', kind: 'penalty' });

type Words<S extends string> = S extends `${infer H} ${infer R}` ? Words<H> | Words<R> : S extends '...' | '' ? never : S extends `?${infer V}` ? V : S;
type Indexed<P> = P extends { readonly of?: infer C extends string } ? (string extends C ? never : C) : never;
/** Sizes of the dims that some ports name. */
export type Sizes<P> = { readonly [D in Words<Extract<P[keyof P], { spec: string }>['spec']> | Indexed<P[keyof P]>]: number };
export type Tensors<P> = { readonly [K in keyof P]: Tensor };

export const words = (spec: string): string[] => spec.split(' ').filter(Boolean);
/** A dim without its source: `batch@expert` -> `batch`. */
export const base = (dim: string): string => dim.split('@', 1)[0]!;
/** Does the port take leading dims? */
export const open = (p: { readonly spec: string }): boolean => p.spec === '...' || p.spec.startsWith('... ');
export const isTime = (dim: string): boolean => { const b = base(dim); return b === 'time' || b === 'time+1'; };
/** A port's own dims, without the leading ones. */
export const named = (p: { readonly spec: string }): string[] => words(p.spec).filter(w => w !== '...');

const ORDER = ['batch', 'time', 'time+1', 'agent'];
const rank = (dim: string) => { const r = ORDER.indexOf(base(dim)); return r < 0 ? ORDER.length : r; };
/** batch, time, agent, then the rest in the order given. */
export const canonical = (dims: readonly string[]): string[] => [...dims].sort((a, b) => rank(a) - rank(b));
/** `each`: the new dim stands after batch, time and agent and before the features, so that `?x` still means the features. */
export const withDim = (dims: readonly string[], dim: string): string[] =>
  canonical([...dims.filter(d => rank(d) < ORDER.length), dim, ...dims.filter(d => rank(d) === ORDER.length)]);

/** How a wire's dims fill a port: the leading rest, and the port's own dims in its order; or the word that nothing fills. */
export type Fit = { readonly lead: readonly string[] | null; readonly named: readonly string[] } | { readonly missing: string } | { readonly extra: readonly string[] };
/** `bound` remembers which dim a word stands for, over all ports of a node; it is extended. */
export function fit(p: Port, dims: readonly string[], bound: Record<string, string>): Fit {
  const rest = [...dims], own: string[] = [];
  for (const word of named(p)) {
    const known = bound[word];
    const at = word.startsWith('?')
      ? known === undefined ? rest.findLastIndex(d => base(d) !== 'batch' && !isTime(d)) : rest.indexOf(known)
      : rest.findIndex(d => base(d) === word && (known === undefined || known === d));
    if (at < 0) return { missing: word };
    bound[word] = rest[at]!;
    own.push(rest[at]!);
    rest.splice(at, 1);
  }
  if (!open(p) && rest.length) return { extra: rest };
  return { lead: open(p) ? rest : null, named: own };
}
