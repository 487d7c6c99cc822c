/** What holds for every node, whatever it computes. A node that is added to the list is judged by this file without a line in it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { memory, Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Layers } from '../../core/layers.ts';
import type { NodeFactory } from '../../core/node.ts';
import { named, open } from '../../core/port.ts';
import * as nodes from '../../nodes/index.ts';
import { kinds, nodeTypes } from '../../nodes/index.ts';
import { evaluateNode, layerTable, type NodeResult } from '../../plugins/testing.ts';
import { filled, normals, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { narrowed } from '../nodes/mixers/joint.ts';
import { at, caseOf, changed, inPorts, leads, made, outPorts, shapeOf, type Made } from './node-case.ts';

/** Inputs and layers whose gradient is meant to differ from the slope, because the paper stops it; their own tests prove what it is. */
const STOPPED: Readonly<Record<string, readonly string[]>> = { duplexMixer: ['agentQs', 'state', 'w', 'v'], gumbelOneHot: ['logits'] };

/** Nodes that are meant to look at all rows at once; none of them has a place in acting. */
const ACROSS = ['standardise', 'populationStandardise', 'normaliseReward'];

/** Nodes that read the logits of unavailable actions, as the paper's authors do: their mask stands behind the softmax, or is what is learned. */
const UNMASKED = ['epsilonMixed', 'validity'];
/** Nodes whose numbers are statistics, and no losses. */
const STATISTICS = ['runningMoments', 'moments'];

const run = (node: NodeFactory, { lead: _, ...c }: Made, more: object = {}) => evaluateNode(node, { ...c, ...more });
const widest = (node: NodeFactory) => caseOf(node, leads(node).at(-1)!);
const carries = (node: NodeFactory) => node.spec.step !== undefined || Object.values(layersOf(node)).some(l => l.carry !== undefined);
const layersOf = (node: NodeFactory): Layers => node.spec.layers?.(new Proxy({}, { get: () => 3 }) as never, node().config as never) as Layers | undefined ?? {};
const floats = (node: NodeFactory) => Object.keys(outPorts(node)).filter(k => outPorts(node)[k]!.dtype === 'f32');
const kebab = (type: string) => type.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`);

// a node that reads a value cannot be traced: while nodes run, reading is an error
const spies = (['dataSync', 'arraySync', 'array'] as const).map(method => () => vi.spyOn(Tensor.prototype, method).mockImplementation(() => { throw new Error('a node read the values of a tensor'); }));
beforeAll(() => { for (const spy of spies) spy(); });
afterAll(() => { vi.restoreAllMocks(); });

describe('the list of nodes', () => {
  it('names every node that is exported, once, under the folder it stands in', () => {
    const exported = Object.entries(nodes).filter((e): e is [string, NodeFactory] => typeof e[1] === 'function' && 'spec' in e[1]);
    expect(exported.map(([name]) => name).sort()).toEqual(nodeTypes.map(n => n.spec.type).sort());
    for (const [name, node] of exported) expect(node.spec.type).toBe(name);
    for (const [type, kind] of kinds) expect(existsSync(new URL(`../../nodes/${kind}/${kebab(type)}.ts`, import.meta.url)), `${kind}/${kebab(type)}.ts`).toBe(true);
    const folders = readdirSync(new URL('../../nodes/', import.meta.url), { withFileTypes: true }).filter(f => f.isDirectory()).map(f => f.name);
    expect(folders.flatMap(f => readdirSync(new URL(`../../nodes/${f}/`, import.meta.url)).map(file => `${f}/${file}`)).sort()).toEqual([...kinds].map(([type, kind]) => `${kind}/${kebab(type)}.ts`).sort());
  });
});

describe.each(nodeTypes.map(node => [node.spec.type, node] as const))('%s', (type, node) => {
  it('says what it is, and its ranges are of numbers that it has', () => {
    const { about, ranges, config, knobs } = node.spec, text = readFileSync(new URL(`../../nodes/${kinds.get(type)!}/${kebab(type)}.ts`, import.meta.url), 'utf8');
    expect(about).toMatch(/^[A-Z].*[^.]$/);
    expect(text.startsWith('/**\n * ')).toBe(true);
    for (const [key, [least, most]] of Object.entries((ranges ?? {}) as Record<string, [number, number]>)) { expect({ ...(config as object), ...(knobs as object) }).toHaveProperty(key); expect(least).toBeLessThan(most); }
  });

  it.each(leads(node).map(lead => lead.join(' ')))('gives outputs of the shapes declared over [%s]', async lead => {
    const c = caseOf(node, lead.split(' ')), { outputs, gradients } = await run(node, c);
    for (const key of Object.keys(outPorts(node))) { expect(outputs[key]!.shape, key).toEqual(shapeOf(node, key, c)); expect(numbers(outputs[key]).every(Number.isFinite), key).toBe(true); }
    for (const [key, g] of Object.entries(gradients.inputs)) expect(g.shape, key).toEqual(c.inputs[key]!.shape);
    for (const [key, g] of Object.entries(gradients.weights)) expect(numbers(g).every(Number.isFinite), key).toBe(true);
  });

  it('takes a batch of one', async () => {
    const c = caseOf(node, leads(node)[0]!, { batch: 1 }), { outputs } = await run(node, c);
    for (const key of Object.keys(outPorts(node))) { expect(outputs[key]!.shape, key).toEqual(shapeOf(node, key, c)); expect(numbers(outputs[key]).every(Number.isFinite), key).toBe(true); }
  });

  if (!ACROSS.includes(type)) it('keeps rows apart: what changes at one index of a leading dim changes outputs there and nowhere else', async () => {
    const c = widest(node), { outputs } = await run(node, c), ports = inPorts(node);
    for (const dim of c.lead.filter(x => !(carries(node) && x === 'time'))) {
      const there = (shape: readonly number[], dims: string) => at(shape, dims.split(' ').indexOf(dim), 1);
      const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, x]) => [k, open(ports[k]!) ? changed(x, there(x.shape, c.dims[k]!), 7, ports[k]!.dtype) : x]));
      const after = (await run(node, c, { inputs })).outputs;
      for (const [key, port] of Object.entries(outPorts(node)).filter(([, p]) => open(p))) {
        const shape = outputs[key]!.shape, own = named(port), order = [...c.lead, ...own], axis = canonicalAxis(order, dim), elsewhere = (i: number) => !at(shape, axis, 1)(i), keep = (a: typeof outputs[string]) => ({ shape: [], data: Float32Array.from(numbers(a).filter((_, i) => elsewhere(i))) });
        expect(off(keep(after[key]!), keep(outputs[key]!)), `${key} along ${dim}`).toBeLessThan(1e-6);
      }
    }
  });

  if (carries(node)) it('looks only back in time', async () => {
    const c = caseOf(node, ['batch', 'time']), { outputs } = await run(node, c), last = 3;
    const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, x]) => [k, changed(x, at(x.shape, 1, last), 7, inPorts(node)[k]!.dtype)])), after = (await run(node, c, { inputs })).outputs;
    for (const key of floats(node).filter(k => open(outPorts(node)[k]!))) {
      const early = (a: typeof outputs[string]) => ({ shape: [], data: Float32Array.from(numbers(a).filter((_, i) => !at(a.shape, 1, last)(i))) });
      expect(off(early(after[key]!), early(outputs[key]!)), key).toBeLessThan(1e-6);
      expect(numbers(after[key]), key).not.toEqual(numbers(outputs[key]));
    }
  });

  it('gives the same for the same seed, bit for bit', async () => {
    const c = widest(node), [a, b] = [await run(node, c), await run(node, c)];
    expect(isDeepStrictEqual(b, a)).toBe(true);          // `toEqual` takes seconds for 200,000 numbers
  });

  it('keeps no tensor', async () => {
    const c = widest(node);
    await run(node, c);
    const before = memory().numTensors;
    await run(node, c);
    expect(memory().numTensors).toBe(before);
  });

  it('is the same after its numbers have been through JSON', async () => {
    const use = node(), config = JSON.parse(JSON.stringify(use.config)) as typeof use.config, c = widest(node), { lead: _, ...asked } = c;
    expect(config).toEqual(use.config);
    expect((await evaluateNode({ ...use, config }, asked)).outputs).toEqual((await run(node, c)).outputs);
    expect(layerTable({ ...use, config }, tableSizes(node, c))).toEqual(layerTable(use, tableSizes(node, c)));
  });

  it('has the gradient that finite differences give, and none into still ports', async () => {
    // a layer of more than 32 units is the same function, and takes far longer
    const c = { ...widest(node), config: narrowed((node.spec.config ?? {}) as object, 32) }, first = await run(node, c), cotangents = Object.fromEntries(floats(node).map(k => [k, normals(9, k, first.outputs[k]!.shape)]));
    const { gradients, weights } = await run(node, c, { cotangents }), total = (r: NodeResult) => floats(node).reduce((sum, k) => sum + dot(r.outputs[k]!, cotangents[k]!), 0);
    const stopped = STOPPED[type] ?? [];
    const check = async (name: string, x: Arrays[string], g: Arrays[string], evaluate: (x: Arrays[string]) => Promise<NodeResult>) => {
      for (const way of [unit(g), ...[1, 2, 3].map(seed => unit(normals(seed, `way/${name}`, x.shape)))]) {
        if (!way) continue;
        const move = (by: number) => evaluate({ shape: x.shape, data: Float32Array.from(x.data, (v, i) => v + by * way.data[i]!) }), slopeOf = async (h: number) => (total(await move(h)) - total(await move(-h))) / (2 * h);
        const expected = dot(g, way), bound = 2e-3 + 5e-3 * Math.sqrt(dot(g, g)), slopes: number[] = [], near = () => slopes.some(slope => Math.abs(slope - expected) < bound);
        for (const h of [3e-3, 1e-3, 3e-4, 1e-4]) if (!near()) slopes.push(await slopeOf(h));      // a wide step rounds less, a narrow one crosses fewer kinks
        expect(near(), `${name}: slopes ${slopes.join(', ')}, gradient ${expected}`).toBe(true);
      }
    };
    for (const [key, port] of Object.entries(inPorts(node)).filter(([, p]) => p.dtype === 'f32')) {
      const g = gradients.inputs[key]!;
      if (port.still) expect(numbers(g).every(v => v === 0), key).toBe(true);
      else if (!stopped.includes(key)) await check(key, c.inputs[key]!, g, x => run(node, c, { inputs: { ...c.inputs, [key]: x }, weights, cotangents: {} }));
    }
    for (const [name, w] of Object.entries(weights)) if (!stopped.includes(name.split('/')[0]!)) await check(name, w, gradients.weights[name]!, x => run(node, c, { weights: { ...weights, [name]: x }, cotangents: {} }));
  });

  if (inPorts(node)['avail']) it('takes no notice of what is unavailable, and stays finite where nothing is', async () => {
    const ports = inPorts(node), c = widest(node);
    const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, x]) => [k, ports[k]!.dtype === 'f32' && c.dims[k] === c.dims['avail'] ? changed(x, i => c.inputs['avail']!.data[i] === 0, 3) : x]));
    const valued = Object.keys(ports).filter(k => ports[k]!.dtype === 'f32' && c.dims[k] === c.dims['avail']);
    for (const k of valued) expect(inputs[k]).not.toEqual(c.inputs[k]);
    if (!UNMASKED.includes(type)) expect((await run(node, c, { inputs })).outputs).toEqual((await run(node, c)).outputs);
    const nothing = { ...c.inputs, avail: { shape: c.inputs['avail']!.shape, data: new Uint8Array(c.inputs['avail']!.data.length) } }, { outputs, gradients } = await run(node, c, { inputs: nothing });
    for (const [key, x] of [...Object.entries(outputs), ...Object.entries(gradients.inputs)]) expect(numbers(x).every(Number.isFinite), key).toBe(true);
  });

  const losses = STATISTICS.includes(type) ? [] : Object.keys(outPorts(node)).filter(k => outPorts(node)[k]!.spec === '');
  if (inPorts(node)['mask'] && losses.length) it('gives losses that take no notice of what the mask leaves out, and 0 where it leaves out all', async () => {
    const ports = inPorts(node), c = widest(node);
    const mask = c.inputs['mask']!, out = (x: Arrays[string], dims: string) => (i: number) => mask.data[row(x.shape, dims, mask.shape, c.dims['mask']!, i)] === 0;
    const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, x]) => [k, k !== 'mask' && ports[k]!.dtype === 'f32' && open(ports[k]!) ? changed(x, out(x, c.dims[k]!), 3) : x]));
    const [before, after, none] = [await run(node, c), await run(node, c, { inputs }), await run(node, c, { inputs: { ...c.inputs, mask: filled(mask.shape, 0) } })];
    for (const key of losses) {
      expect(off(after.outputs[key], before.outputs[key])).toBeLessThan(1e-6);
      expect(numbers(none.outputs[key])).toEqual([0]);
    }
    if (losses.length === floats(node).length) for (const [key, g] of Object.entries(none.gradients.inputs)) expect(numbers(g).every(x => x === 0), key).toBe(true);
  });
});

const dot = (a: Arrays[string], b: Arrays[string]) => numbers(a).reduce((sum, x, i) => sum + x * b.data[i]!, 0);
/** Of length 1; nothing for a zero. */
function unit(x: Arrays[string]): Arrays[string] | undefined {
  const length = Math.sqrt(dot(x, x));
  return length > 1e-6 ? { shape: x.shape, data: Float32Array.from(x.data, v => v / length) } : undefined;
}
const ORDER = ['batch', 'time', 'agent'];
/** Where a dim stands among those of an output: batch, time, agent, then the rest as they come. */
const canonicalAxis = (dims: readonly string[], dim: string) => [...ORDER.filter(x => dims.includes(x)), ...dims.filter(x => !ORDER.includes(x))].indexOf(dim);
/** The element of the mask that stands over flat element i of an input with further dims. */
function row(shape: readonly number[], dims: string, maskShape: readonly number[], maskDims: string, i: number): number {
  const index = Object.fromEntries(dims.split(' ').map((dim, axis) => [dim, Math.floor(i / shape.slice(axis + 1).reduce((a, n) => a * n, 1)) % shape[axis]!]));
  return maskDims.split(' ').reduce((flat, dim, axis) => flat * maskShape[axis]! + index[dim]!, 0);
}
const tableSizes = (node: NodeFactory, c: Made): Record<string, number> => ({ ...c.sizes, ...Object.fromEntries(Object.entries(c.dims).flatMap(([k, dims]) => dims.split(' ').map((dim, i) => [dim, c.inputs[k]!.shape[i]!]))), ...Object.fromEntries(made(node).map(k => [k, 3])) });
