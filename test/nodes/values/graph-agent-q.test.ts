import { describe, expect, it } from 'vitest';
import { graphAgentQ } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, filled, flags, floats, near, normals, numbers, off } from '../arrays.ts';

const N = 6, X = 4, A = 3, ROWS = 5, config = { encoder: [10, 8], heads: 3, embed: 5 }, sizes = { action: A };
const weights = drawWeights(2, layerTable(graphAgentQ(config), { agent: N, neighbour: N, x: X, action: A, head: 3 }));
/** Rows of the same graph. */
const graph = (edges: readonly (readonly [number, number])[], rows = ROWS) => flags(Array.from({ length: rows }, () => Array.from({ length: N }, (_, i) => Array.from({ length: N }, (__, j) => (edges.some(([a, b]) => a === i && b === j) ? 1 : 0)))));
const line = graph(Array.from({ length: N - 1 }, (_, i) => [[i, i + 1], [i + 1, i]] as const).flat()), x = normals(3, 'x', [ROWS, N, X]);
const run = (more: { readonly x?: typeof x; readonly adjacency?: typeof line; readonly cotangents?: Record<string, typeof x> } = {}) =>
  evaluateNode(graphAgentQ, { config, sizes, weights, inputs: { x: more.x ?? x, adjacency: more.adjacency ?? line }, cotangents: more.cotangents ?? { q: filled([ROWS, N, A], 1) } });
/** The elements of one agent, of [rows, agent, width]. */
const of = (a: { readonly data: ArrayLike<number> }, agent: number, width: number) => Array.from(a.data).filter((_, i) => Math.floor(i / width) % N === agent);
const heads = 3;

describe('graphAgentQ', () => {
  it('equals a calculation by hand: 2 agents, 1 input, 1 action, 1 head of 1, of which the first hears the second', async () => {
    const one = (value: number) => ({ [`kernel`]: floats([[value]]), [`bias`]: floats([0]) }), layer = (name: string, parts: Record<string, number>) => Object.fromEntries(Object.entries(parts).flatMap(([part, v]) => Object.entries(one(v)).map(([k, t]) => [`${name}/${part}/${k}`, t])));
    const { outputs } = await evaluateNode(graphAgentQ, {
      config: { encoder: [1], heads: 1, embed: 1 }, sizes: { action: 1 }, inputs: { x: floats([[[1], [2]]]), adjacency: flags([[[0, 1], [0, 0]]]) },
      weights: { 'encode/kernel0': floats([[1]]), 'encode/bias0': floats([1]), ...layer('near', { query: 0.5, key: 0.5, value: 1, out: 2 }), ...layer('far', { query: 0, key: 1, value: -1, out: 1 }), 'far/value/bias': floats([20]), 'q/kernel': floats([[1], [10], [100]]), 'q/bias': floats([0.5]) },
    });
    // h0 = 2, 3; near: queries and keys 1, 1.5; the first weighs itself e^1 and the second e^1.5, the second hears itself alone
    const w = Math.exp(1.5) / (Math.exp(1) + Math.exp(1.5)), h1 = [2 * (2 * (1 - w) + 3 * w), 2 * 3];
    // far: queries 0, so the first hears both alike; values 20 - h1
    const h2 = [(20 - h1[0]! + 20 - h1[1]!) / 2, 20 - h1[1]!];
    near(outputs['attention'], [[[[0.5, 0.5]], [[0, 1]]]]);
    near(outputs['q'], [[[2 + 10 * h1[0]! + 100 * h2[0]! + 0.5], [3 + 10 * h1[1]! + 100 * h2[1]! + 0.5]]], 1e-3);
  });
  it('divides logits by the root of the width of a head', async () => {
    const same = (embed: number) => evaluateNode(graphAgentQ, {
      config: { encoder: [1], heads: 1, embed }, sizes: { action: 1 }, inputs: { x: floats([[[1], [2]]]), adjacency: flags([[[0, 1], [1, 0]]]) },
      weights: Object.fromEntries(layerTable(graphAgentQ({ encoder: [1], heads: 1, embed }), { agent: 2, neighbour: 2, x: 1, action: 1 }).map(t => [t.name, filled(t.shape, t.name.includes('bias') ? 0 : 0.1)])),
    });
    // h1 of both is 0.1 embed (their mix of values) = m_i; every unit of a query and of a key is 0.1 h1: logits embed 0.01 h1_i h1_j / sqrt(embed)
    for (const embed of [1, 4]) {
      const h0 = [0.1, 0.2], mix = (h: number[], i: number) => { const e = h.map(hj => Math.exp(embed * 0.01 * h[i]! * hj / Math.sqrt(embed))), s = e[0]! + e[1]!; return e.map(v => v / s); };
      const h1 = [0, 1].map(i => { const a = mix(h0, i); return 0.1 * embed * 0.1 * (a[0]! * h0[0]! + a[1]! * h0[1]!); });
      near((await same(embed)).outputs['attention'], [[[mix(h1, 0)], [mix(h1, 1)]]], 1e-7);
    }
  });
  it('weighs neighbours by numbers that sum to 1, are 0 where nothing is heard, and differ between heads (the Routing code of the authors weighs by logits)', async () => {
    const adjacency = { shape: line.shape, data: Uint8Array.from(normals(5, 'graph', line.shape).data, v => (v > 0 ? 1 : 0)) }, { outputs } = await run({ adjacency }), attention = numbers(outputs['attention']);
    expect(outputs['attention']!.shape).toEqual([ROWS, N, heads, N]);
    for (let row = 0; row < ROWS * heads * N; row++) {
      const i = Math.floor(row / heads) % N, b = Math.floor(row / heads / N), weights = attention.slice(row * N, (row + 1) * N);
      expect(weights.reduce((a, v) => a + v, 0)).toBeCloseTo(1, 5);
      weights.forEach((v, j) => { if (i === j || adjacency.data[(b * N + i) * N + j]) expect(v).toBeGreaterThan(0); else expect(v).toBe(0); });
    }
    expect(attention.slice(0, N)).not.toEqual(attention.slice(N, 2 * N));
  });
  it('does not know agents apart: in another order they have the same values, in that order', async () => {
    const order = [3, 0, 5, 1, 4, 2], moved = (a: typeof x, axis: number) => { const step = a.shape.slice(axis + 1).reduce((p, n) => p * n, 1); return { shape: a.shape, data: (a.data as Float32Array).map((_, i) => { const at = Math.floor(i / step) % N; return a.data[i + (order[at]! - at) * step]!; }) }; };
    const before = await run(), after = await run({ x: moved(x, 1), adjacency: moved(moved(line, 1), 2) });
    expect(off(after.outputs['q'], moved(before.outputs['q']!, 1))).toBeLessThan(1e-5);
    expect(off(after.outputs['attention'], moved(moved(before.outputs['attention']!, 1), 3))).toBeLessThan(1e-5);
    expect(off(after.outputs['q'], before.outputs['q'])).toBeGreaterThan(0.1);
  });
  it('lets an agent without neighbours see itself alone, as a network of one agent does', async () => {
    const { outputs } = await run({ adjacency: graph([]) }), alone = await evaluateNode(graphAgentQ, { config, sizes, weights, inputs: { x: { shape: [ROWS * N, 1, X], data: x.data }, adjacency: flags(Array.from({ length: ROWS * N }, () => [[0]])) } });
    expect(off({ ...alone.outputs['q']!, shape: [] }, { ...outputs['q']!, shape: [] })).toBeLessThan(1e-5);
    for (let i = 0; i < N; i++) {
      const moved = (await run({ adjacency: graph([]), x: { shape: x.shape, data: x.data.map((v, k) => (Math.floor(k / X) % N === i ? v + 1 : v)) as Float32Array } })).outputs['q']!;
      for (let j = 0; j < N; j++) if (j !== i) expect(of(moved, j, A)).toEqual(of(outputs['q']!, j, A));
      expect(of(moved, i, A)).not.toEqual(of(outputs['q']!, i, A));
    }
  });
  it('hears itself, whatever the diagonal says', async () => {
    const eye = { shape: line.shape, data: (line.data as Uint8Array).map((v, i) => (Math.floor(i / N) % N === i % N ? 1 : v)) };
    expect((await run({ adjacency: eye })).outputs).toEqual((await run()).outputs);
  });
  it('reaches two steps far, and no gradient comes from beyond or from where nothing is heard', async () => {
    for (let i = 0; i < N; i++) {
      const cotangent = filled([ROWS, N, A], 0);
      cotangent.data.forEach((_, k) => { if (Math.floor(k / A) % N === i) cotangent.data[k] = 1; });
      const g = (await run({ cotangents: { q: cotangent } })).gradients.inputs['x']!;
      for (let j = 0; j < N; j++) expect(of(g, j, X).some(v => v !== 0), `${i} from ${j}`).toBe(Math.abs(i - j) <= 2);
    }
    // one way: 0 hears 1, and 1 does not hear 0
    const cotangent = filled([ROWS, N, A], 0);
    cotangent.data.forEach((_, k) => { if (Math.floor(k / A) % N === 1) cotangent.data[k] = 1; });
    const g = (await run({ adjacency: graph([[0, 1]]), cotangents: { q: cotangent } })).gradients.inputs['x']!;
    expect([0, 1, 2].map(j => of(g, j, X).some(v => v !== 0))).toEqual([false, true, false]);
  });
  it('has the layers of the authors\' code: 512, 128, and two of 8 heads of 16', () => {
    const part = (name: string) => [`${name}/kernel 128x128`, `${name}/bias 128`], layer = (name: string) => ['query', 'key', 'value', 'out'].flatMap(p => part(`${name}/${p}`));
    expect(layerTable(graphAgentQ(), { agent: 20, neighbour: 20, x: 7, action: 21 }).map(t => `${t.name} ${t.shape.join('x')}`)).toEqual(
      ['encode/kernel0 7x512', 'encode/bias0 512', 'encode/kernel1 512x128', 'encode/bias1 128', ...layer('near'), ...layer('far'), 'q/kernel 384x21', 'q/bias 21']);
  });
});
