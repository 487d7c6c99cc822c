/** Inputs for any node, made from nothing but its ports: what the generic suite runs on. */
import type { Noise, NodeFactory } from '../../core/node.ts';
import { canonical, named, open, type Port } from '../../core/port.ts';
import { Random } from '../../core/random.ts';
import type { NamedArray } from '../../core/store.ts';
import type { NodeCase } from '../../plugins/testing.ts';
import { normals, type Arrays } from '../nodes/arrays.ts';

/** Sizes of dims by name; all different, so that a mix-up shows, but for dims that are as many as agents. */
const SIZES: Readonly<Record<string, number>> = { batch: 2, time: 4, agent: 3, member: 2, copy: 2, action: 5, state: 7, obs: 6, id: 3, hidden: 8, neighbour: 3, other: 2 };
const sizeOf = (word: string): number => SIZES[word] ?? 6;
const LEADS = [['batch'], ['batch', 'time'], ['batch', 'time', 'agent'], ['batch', 'time', 'member'], ['batch', 'agent'], ['batch', 'agent', 'member'], ['batch', 'member'], ['batch', 'member', 'copy']];

export const inPorts = (node: NodeFactory): Record<string, Port> => {
  const { in: ports, rest } = node.spec as { in: Record<string, Port>; rest?: Port };
  return rest ? { ...ports, first: rest, second: rest, third: rest } : ports;
};
export const outPorts = (node: NodeFactory) => node.spec.out as Record<string, Port>;
const isRest = (node: NodeFactory, key: string) => !(key in (node.spec.in as object));
const words = (node: NodeFactory, key: string) => named(inPorts(node)[key]!).map(w => (w.startsWith('?') ? (isRest(node, key) ? key : w.slice(1)) : w));

/** Three sets of leading dims that the node's own dims leave free. */
export function leads(node: NodeFactory): string[][] {
  const own = new Set([...Object.values(inPorts(node)), ...Object.values(outPorts(node))].flatMap(named));
  return LEADS.filter(lead => !lead.some(dim => own.has(dim))).slice(0, 3);
}
export interface Made extends NodeCase { readonly lead: readonly string[]; readonly sizes: Readonly<Record<string, number>>; readonly dims: Readonly<Record<string, string>>; readonly inputs: Arrays }

export function caseOf(node: NodeFactory, lead: readonly string[], { seed = 1, batch = SIZES['batch']! } = {}): Made {
  const size = (dim: string) => (dim === 'batch' ? batch : sizeOf(dim)), ports = inPorts(node), dims: Record<string, string[]> = {}, inputs: Arrays = {};
  for (const [key, port] of Object.entries(ports)) dims[key] = canonical([...(open(port) ? lead : []), ...words(node, key)]);
  const shape = (key: string) => dims[key]!.map(size), count = (key: string) => shape(key).reduce((a, n) => a * n, 1), random = (key: string) => Random.of(seed, `case/${key}`);
  const draw: Record<Port['dtype'], (key: string, port: Port) => NamedArray> = {
    f32: (key, port) => {
      const x = normals(seed, key, shape(key)), r = random(key);
      if (/(Var|^variance|^count)$/.test(key) || (key === 'weight' && !open(port))) return { shape: x.shape, data: x.data.map(Math.exp) };                         // a variance, a number of items, or how much was seen
      return key === 'mask' ? { shape: x.shape, data: x.data.map((_, i) => (i === 0 || r.uniform() < 0.6 ? 1 : 0)) } : x;
    },
    bool: key => { const r = random(key); return { shape: shape(key), data: Uint8Array.from({ length: count(key) }, () => r.integer(2)) }; },
    i32: (key, port) => { const r = random(key); return { shape: shape(key), data: Int32Array.from({ length: count(key) }, () => r.integer(size(port.of ?? 'action'))) }; },
  };
  for (const [key, port] of Object.entries(ports)) inputs[key] = draw[port.dtype](key, port);
  choose(inputs, sizeOf('action'));
  const dimsText = Object.fromEntries(Object.entries(dims).map(([k, d]) => [k, d.join(' ')]));
  return { lead, sizes: Object.fromEntries(['action', ...Object.values(outPorts(node)).flatMap(named), ...Object.values((node.spec.noise ?? {}) as Record<string, Noise>).flatMap(named)].filter(w => !made(node).includes(w)).map(w => [w.replace('?', ''), sizeOf(w)])), dims: dimsText, inputs, seed };
}
/** Something is available to everyone, and actions are among it; actions stand last in `avail`. */
function choose(inputs: Arrays, actions: number): void {
  const { avail, action } = inputs;
  if (!avail || !action) { if (avail) avail.data.forEach((_, i) => { if (i % actions === 0) avail.data[i] = 1; }); return; }
  action.data.forEach((a, i) => { avail.data[i * actions + a] = 1; });
}
/** Dims that the node makes. */
export const made = (node: NodeFactory): string[] => Object.keys((node.spec.sizes as ((s: object, c: object) => object) | undefined)?.({}, node().config) ?? {});

/** The shape that an output must have: leading dims, then its own, in the canonical order. */
export function shapeOf(node: NodeFactory, key: string, c: Made): number[] {
  const given = Object.fromEntries(Object.keys(c.inputs).flatMap(k => c.dims[k]!.split(' ').map((dim, i) => [dim, c.inputs[k]!.shape[i]!])));
  const own = Object.fromEntries(Object.entries(inPorts(node)).flatMap(([k, p]) => [...words(node, k).map(w => [w, given[w]!]), ...(p.of === undefined ? [] : [[p.of, sizeOf(p.of)]])]));
  const fresh = (node.spec.sizes as ((s: object, config: object) => Record<string, number>) | undefined)?.(own, node().config) ?? {}, port = outPorts(node)[key]!;
  return canonical([...(open(port) ? c.lead : []), ...named(port)]).map(dim => fresh[dim.replace('?', '')] ?? given[dim.replace('?', '')] ?? sizeOf(dim));
}

/** A copy in which the elements at one index of a dim (or those that a test picks) are others. */
export function changed(x: NamedArray, pick: (i: number) => boolean, seed: number, dtype: Port['dtype'] = 'f32'): NamedArray {
  const r = Random.of(seed, 'changed');
  if (dtype === 'f32') return { shape: x.shape, data: Float32Array.from(x.data, (v, i) => (pick(i) ? v + 1 + r.uniform() : v)) };
  return x;
}
/** Does flat element i lie at this index of a dim? */
export const at = (shape: readonly number[], axis: number, index: number) => (i: number): boolean => Math.floor(i / shape.slice(axis + 1).reduce((a, n) => a * n, 1)) % shape[axis]! === index;
