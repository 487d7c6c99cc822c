import { describe, expect, it } from 'vitest';
import { agentTransformer } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, normals, off } from '../arrays.ts';

const ROWS = 4, N = 5, X = 3, x = normals(3, 'x', [ROWS, N, X]);
const weightsOf = (config: { embed: number; heads: number; blocks: number }) => drawWeights(2, layerTable(agentTransformer(config), { agent: N, x: X }));
const run = async (config: { embed: number; heads: number; blocks: number }, data: ArrayLike<number> = x.data, agents = N) =>
  evaluateNode(agentTransformer, { config, weights: weightsOf(config), inputs: { x: { shape: [x.data.length / X / agents, agents, X], data: Float32Array.from(data) } }, cotangents: {} });
const DEPTHS = [{ embed: 6, heads: 1, blocks: 1 }, { embed: 6, heads: 3, blocks: 1 }, { embed: 8, heads: 2, blocks: 3 }];

describe('agentTransformer', () => {
  it.each(DEPTHS)('does not know agents apart: in another order they have the same tokens, in that order (%o)', async config => {
    const order = [3, 0, 4, 1, 2], move = (data: ArrayLike<number>, width: number) => Array.from(data, (_, i) => { const agent = Math.floor(i / width) % N; return data[i + (order[agent]! - agent) * width]!; });
    const before = (await run(config)).outputs['z']!, after = (await run(config, move(x.data, X))).outputs['z']!;
    expect(off(after, { shape: before.shape, data: Float32Array.from(move(before.data, config.embed)) })).toBeLessThan(1e-5);
    expect(off(after, before)).toBeGreaterThan(1e-3);
  });
  it.each(DEPTHS)('tells every agent what every other observes (%o)', async config => {
    const before = (await run(config)).outputs['z']!, after = (await run(config, Array.from(x.data, (v, i) => (Math.floor(i / X) % N === 2 && i % X === 0 ? v + 1 : v)))).outputs['z']!;
    for (let agent = 0; agent < N; agent++) {
      const of = (a: typeof before) => ({ shape: [], data: Float32Array.from(a.data as Float32Array).filter((_, i) => Math.floor(i / config.embed) % N === agent) });
      expect(off(of(after), of(before)), `agent ${agent}`).toBeGreaterThan(1e-4);
    }
  });
  it('gives agents that observe the same the same token, whatever their number', async () => {
    const [config] = DEPTHS as [typeof DEPTHS[0]], alone = (await run(config!, x.data, 1)).outputs['z']!, one = Array.from(x.data).slice(0, X), many = (await run(config!, Array.from({ length: ROWS * N }, () => one).flat())).outputs['z']!;
    for (let token = 0; token < ROWS * N; token++) expect(off({ shape: [], data: (many.data as Float32Array).slice(6 * token, 6 * token + 6) }, { shape: [], data: (alone.data as Float32Array).slice(0, 6) })).toBeLessThan(1e-5);
  });
  it('has the layers of the authors\' code: 64 wide, one head, one block', () => {
    const dense = (name: string, from: number, bias = true) => [`${name}/kernel ${from}x64`, ...(bias ? [`${name}/bias 64`] : [])], norm = (name: string, width = 64) => [`${name}/scale ${width}`, `${name}/shift ${width}`];
    const block = (name: string) => [
      ...dense(`${name}/attention/query`, 64), ...dense(`${name}/attention/key`, 64, false), ...dense(`${name}/attention/value`, 64), ...dense(`${name}/attention/out`, 64), ...norm(`${name}/norm1`),
      `${name}/mlp/kernel0 64x64`, `${name}/mlp/bias0 64`, `${name}/mlp/kernel1 64x64`, `${name}/mlp/bias1 64`, ...norm(`${name}/norm2`)];
    expect(layerTable(agentTransformer(), { agent: 3, x: 18 }).map(t => `${t.name} ${t.shape.join('x')}`)).toEqual([...norm('norm', 18), ...dense('token/dense', 18), ...norm('token/norm'), ...block('blocks/block0')]);
  });
  it('refuses heads that do not divide its width', async () => {
    await expect(run({ embed: 6, heads: 4, blocks: 1 })).rejects.toThrow('4 heads of attention share a width of 6');
  });
});
