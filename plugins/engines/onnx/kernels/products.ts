/** Products of matrices. */
import { broadcast, count, type Value } from '../builder.ts';
import type { Call, Lowerings } from './lowering.ts';

function product({ b, value, attr }: Call): Value {
  const x = value('a'), y = value('b'), turnX = attr<boolean>('transposeA'), turnY = attr<boolean>('transposeB');
  const single = (v: Value) => count(v.shape.slice(0, -2)) === 1, matrix = (v: Value) => b.reshape(v, v.shape.slice(-2)), side = (v: Value, fromEnd: 1 | 2) => v.shape[v.shape.length - fromEnd]!;
  const shape = [...broadcast(x.shape.slice(0, -2), y.shape.slice(0, -2)), side(x, turnX ? 1 : 2), side(y, turnY ? 2 : 1)];
  if (single(x) && single(y)) return b.reshape(b.product(matrix(x), matrix(y), turnX, turnY), shape);
  if (x.uniform === 0 || y.uniform === 0) return b.fill(0, shape);
  // many rows times one matrix: one product of all of them
  if (single(y) && !turnX) return b.reshape(b.product(b.reshape(x, [count(x.shape.slice(0, -1)), side(x, 1)]), matrix(y), false, turnY), shape);
  // the runtime makes one operator of its own of a product and the transpositions before it
  const upright = (v: Value, turn: boolean) => { const rank = v.shape.length; return turn ? b.transpose(v, v.shape.map((_, i) => (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2))) : v; };
  return b.one('MatMul', [upright(x, turnX), upright(y, turnY)], shape);
}

export const products: Lowerings = {
  BatchMatMul: product,
  Einsum: ({ b, values, attr }) => {
    const equation = attr<string>('equation').replaceAll(' ', ''), [left = '', right = ''] = equation.split('->'), all = values(), size = new Map(left.split(',').flatMap((term, i) => [...term].map((letter, k) => [letter, all[i]!.shape[k]!] as const)));
    return b.one('Einsum', all, [...right].map(letter => size.get(letter)!), 'float32', { equation });
  },
};
