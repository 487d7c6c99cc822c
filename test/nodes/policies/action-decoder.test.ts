import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionDecoder } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, normals, off } from '../arrays.ts';
import { Random } from '../../../core/random.ts';

const ROWS = 3, Z = 6, A = 4, WIDE = -1e9;
interface Case { readonly agents: number; readonly heads: number; readonly blocks: number; readonly seed: number }
const cases = fc.record({ agents: fc.integer({ min: 1, max: 5 }), heads: fc.constantFrom(1, 2, 3), blocks: fc.constantFrom(1, 2), seed: fc.integer({ min: 1, max: 1000 }) });
const drawn = (seed: number, what: string, n: number, below: number) => { const r = Random.of(seed, what); return Array.from({ length: n }, () => r.integer(below)); };
const actionsOf = ({ agents, seed }: Case) => drawn(seed, 'action', ROWS * agents, A);
const availOf = ({ agents, seed }: Case) => { const taken = actionsOf({ agents, seed } as Case); return Uint8Array.from(drawn(seed, 'avail', ROWS * agents * A, 2), (a, i) => (i % A === taken[Math.floor(i / A)] ? 1 : a)); };
/** Logits row by row, [ROWS agents A]. */
async function logits(c: Case, action: readonly number[]): Promise<Float32Array> {
  const config = { heads: c.heads, blocks: c.blocks }, weights = drawWeights(c.seed, layerTable(actionDecoder(config), { agent: c.agents, z: Z, action: A }));
  const { outputs } = await evaluateNode(actionDecoder, {
    config, weights, sizes: { action: A }, cotangents: {},
    inputs: { z: normals(c.seed, 'z', [ROWS, c.agents, Z]), action: { shape: [ROWS, c.agents], data: Int32Array.from(action) }, avail: { shape: [ROWS, c.agents, A], data: availOf(c) } },
  });
  return outputs['logits']!.data as Float32Array;
}
const of = (x: ArrayLike<number>, agents: number, agent: number) => ({ shape: [], data: Float32Array.from(x).filter((_, i) => Math.floor(i / A) % agents === agent && x[i] !== WIDE) });
const check = (property: (c: Case) => Promise<void>) => fc.assert(fc.asyncProperty(cases, property), { numRuns: 25, seed: 1 });

describe('actionDecoder', () => {
  it('says of all agents at once what it says of one after another', () => check(async c => {
    const action = actionsOf(c), all = await logits(c, action), chosen = action.map(() => -1);
    for (let agent = 0; agent < c.agents; agent++) {
      expect(off(of(await logits(c, chosen), c.agents, agent), of(all, c.agents, agent))).toBeLessThan(1e-5);
      for (let row = 0; row < ROWS; row++) chosen[row * c.agents + agent] = action[row * c.agents + agent]!;
    }
  }));
  it('takes notice of the agents before, and of none other', () => check(async c => {
    const action = actionsOf(c), before = await logits(c, action);
    for (let changed = 0; changed < c.agents; changed++) {
      const after = await logits(c, action.map((a, i) => (i % c.agents === changed ? (a + 1) % A : a)));
      for (let agent = 0; agent < c.agents; agent++) {
        if (agent <= changed) expect(of(after, c.agents, agent)).toEqual(of(before, c.agents, agent));
        else expect(off(of(after, c.agents, agent), of(before, c.agents, agent))).toBeGreaterThan(1e-5);
      }
    }
  }));
  it.each([1, 2])('asks by the own token, and with %i blocks hears those of the agents before it only where a block came before', async blocks => {
    const c = { agents: 4, heads: 2, blocks, seed: 5 }, config = { heads: 2, blocks }, weights = drawWeights(5, layerTable(actionDecoder(config), { agent: 4, z: Z, action: A })), z = normals(5, 'z', [ROWS, 4, Z]);
    const inputs = { z, action: { shape: [ROWS, 4], data: Int32Array.from(actionsOf(c)) }, avail: { shape: [ROWS, 4, A], data: new Uint8Array(ROWS * 4 * A).fill(1) } };
    for (let agent = 0; agent < 4; agent++) {
      const cotangent = new Float32Array(ROWS * 4 * A).map((_, i) => (Math.floor(i / A) % 4 === agent ? Math.sin(i) : 0));
      const { gradients } = await evaluateNode(actionDecoder, { config, weights, sizes: { action: A }, inputs, cotangents: { logits: cotangent } }), g = gradients.inputs['z']!.data as Float32Array;
      for (let other = 0; other < 4; other++) expect(g.filter((_, i) => Math.floor(i / Z) % 4 === other).some(v => v !== 0), `${agent} of ${other}`).toBe(blocks === 1 ? other === agent : other <= agent);
    }
  });
  it('has the layers of the authors\' code: as wide as its tokens, one head, one block', () => {
    const dense = (name: string, from: number, to: number, bias = true) => [`${name}/kernel ${from}x${to}`, ...(bias ? [`${name}/bias ${to}`] : [])], norm = (name: string) => [`${name}/scale 64`, `${name}/shift 64`];
    const attention = (name: string) => [...dense(`${name}/query`, 64, 64), ...dense(`${name}/key`, 64, 64, false), ...dense(`${name}/value`, 64, 64), ...dense(`${name}/out`, 64, 64)];
    expect(layerTable(actionDecoder(), { agent: 3, z: 64, action: 5 }).map(t => `${t.name} ${t.shape.join('x')}`)).toEqual([
      ...dense('token/dense', 6, 64, false), ...norm('token/norm'),
      ...attention('blocks/block0/own'), ...norm('blocks/block0/norm1'), ...attention('blocks/block0/cross'), ...norm('blocks/block0/norm2'),
      'blocks/block0/mlp/kernel0 64x64', 'blocks/block0/mlp/bias0 64', 'blocks/block0/mlp/kernel1 64x64', 'blocks/block0/mlp/bias1 64', ...norm('blocks/block0/norm3'),
      ...dense('head/token/dense', 64, 64), ...norm('head/token/norm'), ...dense('head/out', 64, 5)]);
  });
});
