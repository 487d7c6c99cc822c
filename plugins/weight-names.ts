/** Weights under our names: what a page or a node has, and how those of PyTorch become them. */
import type { Definition } from '../core/definition.ts';
import { InputError } from '../core/error.ts';
import type { Layers } from '../core/layers.ts';
import type { NodeFactory, NodeUse } from '../core/node.ts';
import { plan } from '../core/plan.ts';
import type { NamedArray } from '../core/store.ts';
import { product } from './given.ts';

export interface LayerRow { readonly name: string; readonly shape: readonly number[]; readonly layout: string; readonly weights: number }
/** Names, shapes and layouts of all weights of a page (`node/layer/tensor`) or of one node (`layer/tensor`, sizes of the dims that its ports name). */
export function layerTable(of: Definition | NodeUse | NodeFactory, sizes: Readonly<Record<string, number>>): LayerRow[] {
  if ('page' in of) return plan(of, sizes).slices.map(s => ({ name: s.name, shape: s.shape, layout: s.layout, weights: s.size }));
  const { spec, config } = typeof of === 'function' ? of() : of, missing = new Set<string>();
  const asked = new Proxy({ ...sizes }, { get: (all, dim: string) => { if (!Object.hasOwn(all, dim)) missing.add(dim); return all[dim]; } }), layers = (spec.layers?.(asked as never, config as never) ?? {}) as Layers;
  const wrong = Object.entries(layers).flatMap(([layer, l]) => Object.entries(l.tensors).filter(([, s]) => !s.shape.every(n => Number.isInteger(n) && n > 0)).map(([t, s]) => `${layer}/${t} would have the shape [${s.shape.map(n => (Number.isFinite(n) ? n : '?')).join(', ')}]`))[0];
  if (wrong !== undefined) throw new InputError(`${spec.type}: ${wrong}${missing.size ? `: sizes has no ${[...missing].join(', ')}` : ''}`, missing.size ? `sizes: { ..., ${[...missing].map(dim => `${dim}: n`).join(', ')} }` : 'sizes are whole numbers above 0');
  return Object.entries(layers).flatMap(([layer, l]) => Object.entries(l.tensors).map(([t, s]) => ({ name: `${layer}/${t}`, shape: s.shape, layout: s.layout, weights: product(s.shape) })));
}

export interface TorchTensor {
  /** Its name there; several are stacked along a new first dim (heads). */
  readonly from: string | readonly string[];
  /** Linear weights are [out, in] in PyTorch; a dense kernel is [in, out]. */
  readonly transpose?: boolean;
  /** Blocks of rows, one a gate, as GRUCell stacks them: they become the first dim. */
  readonly gates?: number;
}
/** Weights of a PyTorch state dict under our names: `{ 'agentQ/first/kernel': { from: 'fc1.weight', transpose: true }, ... }`. */
export function importTorch(stateDict: Readonly<Record<string, NamedArray>>, map: Readonly<Record<string, TorchTensor | string>>): Record<string, NamedArray> {
  return Object.fromEntries(Object.entries(map).map(([to, how]) => {
    const { from, transpose = false, gates = 0 } = typeof how === 'string' ? { from: how } : how;
    if (typeof from !== 'string') {
      const parts = from.map(name => importTorch(stateDict, { part: { from: name, transpose, gates } })['part']!), one = parts[0]!.data.length, data = new Float32Array(one * parts.length);
      parts.forEach((x, i) => { data.set(x.data, i * one); });
      return [to, { shape: [parts.length, ...parts[0]!.shape], data }];
    }
    const x = stateDict[from];
    if (!x) throw new InputError(`the state dict has no ${from}`, `it has ${Object.keys(stateDict).join(', ')}`);
    const g = gates || 1, [rows = 1, columns = 1] = x.shape.length > 1 ? [x.shape[0]! / g, x.shape[1]!] : [x.shape[0]! / g, 1], data = new Float32Array(x.data.length);
    for (let k = 0; k < g; k++) for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[(k * rows * columns) + (transpose ? j * rows + i : i * columns + j)] = x.data[(k * rows + i) * columns + j]!;
    const inner = x.shape.length > 1 ? (transpose ? [columns, rows] : [rows, columns]) : [rows];
    return [to, { shape: gates ? [gates, ...inner] : inner, data }];
  }));
}
