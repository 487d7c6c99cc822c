/** A checked page bound to the sizes of a world: the size of every dim at every wire, the layers, the layout of the arena, the passes. Batch and time stay open. */
import { owner, taken, use, type Definition } from './definition.ts';
import { GraphError, type Issue } from './error.ts';
import { infer, show, typeOf, type Placement, type Typed } from './infer.ts';
import type { Init, Layers } from './layers.ts';
import { recurs } from './node.ts';
import { base, fit, isTime, named, type Port } from './port.ts';
import { inPasses, onceWires, overTime, passes, reach, topology } from './topology.ts';

export type SizesByDim = Readonly<Record<string, number>>;
/** One tensor of the arena, `node/layer/tensor`. */
export interface Slice {
  readonly name: string; readonly node: string; readonly layer: string; readonly tensor: string;
  readonly shape: readonly number[]; readonly init: Init; readonly layout: string; readonly from: number; readonly size: number;
  /** Own weights for each index of a leading dim: how many, and of which; 0 where there is none. */
  readonly per: number; readonly dim?: string;
}
export interface Entry { readonly key: string; readonly text: string; readonly port: Port; readonly dims: readonly string[]; readonly named: readonly string[] }
/** A node with its sizes. */
export interface Box {
  readonly lead: readonly string[]; readonly bound: Readonly<Record<string, string>>;
  /** Sizes of the dims that its ports and layers name; batch and time are added when it runs. */
  readonly size: SizesByDim;
  readonly inputs: readonly Entry[]; readonly layers: Layers | undefined;
  /** Width of the carry of one row; 0 for a node that carries nothing. */
  readonly carry: number;
}
export interface Rule { readonly name: string; readonly trained: readonly string[]; readonly losses: readonly string[]; readonly slices: readonly Slice[]; readonly size: number }
export interface Plan {
  readonly d: Definition; readonly sizes: SizesByDim; readonly types: ReadonlyMap<string, Typed>; readonly boxes: ReadonlyMap<string, Box>;
  readonly slices: readonly Slice[]; readonly total: number; readonly rules: ReadonlyMap<string, Rule>;
  readonly passes: readonly (readonly string[])[];
  /** Wires computed once per batch. */
  readonly once: readonly string[];
  /** May a batch be cut into single transitions after `once`? Only if nothing left to compute names or unrolls time. */
  readonly timeFree: boolean;
  /** Nodes that a pass unrolls over time. */
  readonly carrying: readonly string[];
}

const isOpen = (dim: string) => base(dim) === 'batch' || isTime(dim);
const table = () => Object.create(null) as Record<string, number>;
const sizeless = (at: string, who: string, dim: string, got: string): Issue => ({ code: 'SIZE', at, what: `${who}: ${dim} has no size in this world`, expected: `a size of ${dim}`, got, fix: `give ${dim} a size: the environment offers it, or g.dim('${dim}', n)` });

/** Binds a checked page to sizes by dim, `batch` and `time` left out; throws a `GraphError` with every dim that has none or two. */
export function plan(d: Definition, sizes: SizesByDim): Plan {
  const { types, places, issues: misfits } = infer(d), issues: Issue[] = [...misfits], boxes = new Map<string, Box>(), wires = new Map<string, Record<string, number>>();
  if (issues.length) throw new GraphError(d.page.name, issues, d);
  const given = Object.assign(table(), sizes), world = (dim: string): number | undefined => d.page.dims[dim] ?? given[dim] ?? given[base(dim)];
  for (const name of topology(d).order) boxes.set(name, bind(d, name, places.get(name)!, types, wires, world, issues));
  if (issues.length) throw new GraphError(d.page.name, issues, d);
  const train = Object.keys(d.page.train).map(name => ({ name, ...reach(d, name) }));
  const slices = layout(d, boxes, [...train.flatMap(r => r.trained), ...boxes.keys()], world);
  const rules = new Map(train.map(r => {
    const own = slices.filter(s => r.trained.includes(s.node));
    return [r.name, { ...r, slices: own, size: own.reduce((a, s) => a + s.size, 0) }];
  }));
  const carrying = [...inPasses(d)].filter(n => (boxes.get(n)?.carry ?? 0) > 0);
  return { d, sizes, types, boxes, slices, total: slices.reduce((a, s) => a + s.size, 0), rules, passes: passes(d.page), once: onceWires(d), timeFree: timeFree(d, carrying), carrying };
}

function bind(d: Definition, name: string, place: Placement, types: ReadonlyMap<string, Typed>, wires: Map<string, Record<string, number>>, world: (dim: string) => number | undefined, issues: Issue[]): Box {
  const { spec, config } = use(d, name), ports = spec.in as Record<string, Port>, size = table(), lead = table(), inputs: Entry[] = [], from: Record<string, string> = {};
  for (const [key, text] of taken(d, name)) {
    const own = Object.hasOwn(ports, key), port = own ? ports[key]! : spec.rest!, type = typeOf(d, text, types) as Typed, source = wires.get(text.split(' | ', 1)[0]!);
    const at = (dim: string) => source?.[dim] ?? world(dim), f = fit(port, type.dims, own ? { ...place.bound } : {});
    if ('missing' in f || 'extra' in f) continue;
    named(port).forEach((word, i) => {
      const dim = f.named[i]!, k = own ? word.replace('?', '') : key;
      if (isOpen(dim)) return;
      const n = at(dim);
      if (n === undefined) issues.push(sizeless(`${name}.${key}`, `${name}.${key}`, dim, show(type)));
      else if (size[k] !== undefined && size[k] !== n) issues.push({ code: 'SIZE', at: `${name}.${key}`, what: `${name}: ${k} is ${size[k]} at ${from[k]!} and ${n} at ${key}`, expected: `${k} = ${size[k]}`, got: `${dim} = ${n} on ${text}`, fix: 'wires that share a dim must have one size of it' });
      else { size[k] = n; from[k] = key; }
    });
    for (const dim of f.lead ?? []) if (!isOpen(dim)) {
      const n = at(dim);
      if (n === undefined) issues.push(sizeless(`${name}.${key}`, `${name}.${key}`, dim, show(type))); else lead[dim] = n;
    }
    inputs.push({ key, text, port, dims: type.dims, named: f.named });
  }
  const outs = spec.out as Record<string, Port>, noise = (spec.noise ?? {}) as Record<string, Port>;
  for (const p of [...Object.values(ports), ...Object.values(outs)]) if (p.of !== undefined && size[p.of] === undefined) { const n = world(p.of); if (n !== undefined) size[p.of] = n; }
  Object.assign(size, spec.sizes?.(size, config));
  for (const p of [...Object.values(outs), ...Object.values(noise)]) for (const word of named(p)) {
    const k = word.replace('?', '');
    if (size[k] === undefined && !isOpen(k)) { const n = world(place.bound[word] ?? k); if (n !== undefined) size[k] = n; else issues.push({ code: 'SIZE', at: name, what: `${name}: ${k} has no size in this world`, expected: `a size of ${k}`, got: 'none', fix: `name it in \`sizes\` of ${spec.type}, or give it a size with g.dim('${k}', n)` }); }
  }
  for (const [key, port] of Object.entries(outs)) {
    const out = { ...(place.lead.length ? lead : {}) };
    for (const word of named(port)) { const n = size[word.replace('?', '')]; if (n !== undefined) out[place.bound[word] ?? word] = n; }
    wires.set(`${name}.${key}`, Object.assign(table(), out));
  }
  const all = Object.assign(table(), lead, size), layers = issues.length ? undefined : spec.layers?.(all, config) as Layers | undefined;
  const carry = issues.length ? 0 : spec.carry ? spec.carry(all, config) : recurs(spec, layers) ? Object.values(layers!).reduce((a, l) => a + (l.carry ?? 0), 0) : 0;
  return { lead: place.lead, bound: place.bound, size: all, inputs, layers, carry };
}

/** Weights of a page: 1 GiB of them. */
const MOST = 2 ** 28;
/** A place uses its owner's weights, so what it is wired to must have the same sizes. */
function refit(d: Definition, place: string, own: string, boxes: ReadonlyMap<string, Box>): void {
  const here = boxes.get(place), there = boxes.get(own), shapes = (b: Box | undefined) => Object.entries(b?.layers ?? {}).flatMap(([layer, l]) => Object.entries(l.tensors).map(([t, s]): [string, string] => [`${layer}/${t}`, `[${s.shape.join(', ')}]`]));
  const fits = new Map(shapes(there)), off = shapes(here).find(([k, shape]) => fits.get(k) !== shape);
  if (off) throw new GraphError(d.page.name, [{ code: 'SIZE', at: place, what: `${place} uses the weights of ${own}: ${off[0]} would be ${off[1]} here and is ${fits.get(off[0]) ?? 'absent'} there`, expected: fits.get(off[0]) ?? 'no such layer', got: off[1], fix: `wire ${place} to as many features as ${own}` }]);
}

/** Tensors in the order of the rules that train them, so that what one rule trains is one range. */
function layout(d: Definition, boxes: ReadonlyMap<string, Box>, nodes: readonly string[], world: (dim: string) => number | undefined): Slice[] {
  const slices: Slice[] = [];
  let from = 0;
  for (const node of new Set(nodes)) {
    const own = owner(d.page, node);
    if (own !== node) { refit(d, node, own, boxes); continue; }
    const { per } = use(d, node), box = boxes.get(node)!, n = per === undefined ? 0 : box.size[per] ?? world(per) ?? 0;
    for (const [layer, l] of Object.entries(box.layers ?? {})) for (const [tensor, s] of Object.entries(l.tensors)) {
      const shape = n ? [n, ...s.shape] : s.shape, size = shape.reduce((a, b) => a * b, 1);
      if (from + size > MOST) throw new GraphError(d.page.name, [{ code: 'SIZE', at: `${node}/${layer}/${tensor}`, what: `the weights up to ${node}/${layer}/${tensor} [${shape.join(', ')}] are ${from + size}`, expected: `at most ${MOST} weights`, got: String(from + size), fix: `narrower layers in ${node}` }]);
      if (!(Number.isInteger(size) && size > 0)) throw new GraphError(d.page.name, [{ code: 'SIZE', at: `${node}/${layer}/${tensor}`, what: `${node}/${layer}/${tensor} would have the shape [${shape.join(', ')}]`, expected: 'sizes above 0', got: `[${shape.join(', ')}]`, fix: 'look for a dim without a size in this environment, or a width of 0' }]);
      slices.push({ name: `${node}/${layer}/${tensor}`, node, layer, tensor, shape, init: s.init, layout: n ? `[${per!}] of ${s.layout}` : s.layout, from, size, per: n, ...(per === undefined ? {} : { dim: per }) });
      from += size;
    }
  }
  return slices;
}

const timeFree = (d: Definition, carrying: readonly string[]): boolean => !carrying.length && !Object.values(d.page.train).some(r => r.sweep?.over === 'time') && !overTime(d).length;
