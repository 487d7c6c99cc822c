/** What the fixtures of PRIMAL hold, in our names. */
import { readFileSync } from 'node:fs';
import type { NamedArray } from '../../core/store.ts';
import { importTorch } from '../../plugins/testing.ts';
import type { Arrays } from '../nodes/arrays.ts';
import { arrayOf, type State } from './policy-fixture.ts';

export const fixture = <T>(file: string): T => JSON.parse(readFileSync(new URL(`../fixtures/primal/${file}`, import.meta.url), 'utf8')) as T;

/** A convolution's kernel is [out, in, height, width] in PyTorch, and [height, width, in, out] here. */
function turned({ shape, data }: NamedArray): NamedArray {
  const [to, from, high, wide] = shape as [number, number, number, number], out = new Float32Array(data.length);
  for (let o = 0; o < to; o++) for (let i = 0; i < from; i++) for (let at = 0; at < high * wide; at++) out[(at * from + i) * to + o] = data[(o * from + i) * high * wide + at]!;
  return { shape: [high, wide, from, to], data: out };
}
const CELL: Readonly<Record<string, string>> = { weight_ih_l0: 'kernel', bias_ih_l0: 'bias', weight_hh_l0: 'recurrent', bias_hh_l0: 'recurrentBias' }, HEADS: Readonly<Record<string, string>> = { policy: 'head', critic: 'v', blocks: 'v' };
/** `look.near1.weight`, `memory.weight_ih_l0`, `policy.bias`, ... as `look/near1/kernel`, `memory/cell/kernel`, `policy/head/bias`, ... */
export function oursOf(state: State): Arrays {
  return Object.fromEntries(Object.entries(state).map(([name, x]) => {
    const parts = name.split('.'), [node, what] = [parts[0]!, parts.at(-1)!], given = arrayOf(x);
    if (node === 'memory') return [`memory/cell/${CELL[what]!}`, importTorch({ x: given }, { y: { from: 'x', transpose: true, gates: 4 } })['y']!];
    const to = `${node}/${HEADS[node] ?? parts[1]!}/${what === 'weight' ? 'kernel' : 'bias'}`;
    if (x.shape.length < 4) return [to, importTorch({ x: given }, { y: { from: 'x', transpose: true } })['y']!];
    const kernel = turned(given), [high, wide, from, out] = kernel.shape as [number, number, number, number];
    // one product over all that is left, and not a convolution
    return [to, parts[1] === 'view' ? { ...kernel, shape: [high * wide * from, out] } : kernel];
  }));
}
/** Of one node: `near1/kernel`, ... */
export const ownOf = (state: State): Arrays => Object.fromEntries(Object.entries(oursOf(state)).map(([name, x]) => [name.slice(name.indexOf('/') + 1), x]));
