import { describe, expect, it } from 'vitest';
import { roleDifference, roleIdentifiability } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, filled, floats, near, normals, numbers, type Arrays } from '../arrays.ts';

/** A dissimilarity of 0, so that the likelihood is left; a posterior that is N(0, 1). */
const zero = (table: ReturnType<typeof layerTable>): Arrays => Object.fromEntries(table.map(t => [t.name, filled(t.shape, 0)]));
describe('roleDifference', () => {
  const table = layerTable(roleDifference(), { agent: 2, role: 1 });
  const run = (mean: number[], soft = 1, weights: Arrays = zero(table), role = mean) => evaluateNode(roleDifference, { knobs: { soft }, sizes: {}, weights, inputs: { role: floats([role.map(x => [x])]), roleMean: floats([mean.map(x => [x])]), roleVar: filled([1, mean.length, 1], 1), mask: floats([1]) }, cotangents: { loss: floats(1) } });
  it('equals a calculation by hand: with a dissimilarity of 0 the pair of an agent with itself counts 1, the other 0', async () => {
    near((await run([0, 1])).outputs['loss'], -2 / 4);
    near((await run([0, 1], 0.5)).outputs['loss'], -0.5 * 2 / 4);
  });
  it('scales by the likelihoods of the pairs, in the order of drawn role and own law', async () => {
    const lnN = (x: number, m: number) => -0.5 * ((x - m) ** 2 + Math.log(2 * Math.PI)), mean = [0, 1], role = [0.5, 3];
    const all = mean.flatMap(m => role.map(r => lnN(r, m))), least = Math.min(...all), most = Math.max(...all);
    near((await run(mean, 1, zero(table), role)).outputs['loss'], -all.reduce((s, x) => s + (x - least) / (most - least), 0) / 4);
  });
  it('stays between -soft and 1, and is 0 with no gradient where all roles are one', async () => {
    for (const seed of [1, 2, 3, 4, 5]) { const [loss] = numbers((await run([0.3, -1.1], 1, drawWeights(seed, table))).outputs['loss']); expect(loss).toBeGreaterThanOrEqual(-1); expect(loss).toBeLessThanOrEqual(1); }
    const { outputs, gradients } = await run([0.7], 1, drawWeights(1, table));
    near(outputs['loss'], 0);
    for (const g of Object.values(gradients.weights)) expect(numbers(g).every(x => Number.isFinite(x))).toBe(true);
  });
});

describe('roleIdentifiability', () => {
  const T = 3, table = layerTable(roleIdentifiability(), { hidden: 2, x: 2, role: 1 });
  const run = (mean: number, variance: number, weights: Arrays, hidden = normals(1, 'h', [1, T, 2]), mask: number[] = [1, 1, 1]) => evaluateNode(roleIdentifiability, { weights, inputs: { roleMean: filled([1, T, 1], mean), roleVar: filled([1, T, 1], variance), hidden, x: normals(2, 'x', [1, T, 2]), mask: floats([mask]) }, cotangents: { loss: floats(1) } });
  it('is 0 where both laws are one, and the divergence of two normals where they are not', async () => {
    near((await run(0, 1, zero(table))).outputs['loss'], 0);                                         // the posterior is N(0, exp(0))
    near((await run(1.5, 0.25, zero(table))).outputs['loss'], 0.5 * (Math.log(4) + 0.25 + 2.25 - 1));
  });
  it('is never below 0', async () => { for (const seed of [1, 2, 3, 4, 5]) expect(Math.min(...numbers((await run(seed - 3, 0.1 * seed, drawWeights(seed, table))).outputs['kl']))).toBeGreaterThanOrEqual(-1e-6); });
  it('reads the history before the step: not its own hidden state, not that behind the end of an episode', async () => {
    const weights = drawWeights(1, table), h = normals(1, 'h', [1, T, 2]), with_ = (t: number) => ({ shape: h.shape, data: Float32Array.from(h.data, (v, i) => (Math.floor(i / 2) === t ? v + 1 : v)) });
    const kl = async (hidden: typeof h, mask?: number[]) => numbers((await run(0.5, 0.5, weights, hidden, mask)).outputs['kl']), plain = await kl(h), moved = await kl(with_(0));
    expect(moved.map((x, t) => x !== plain[t])).toEqual([false, true, false]);
    expect(await kl(with_(T - 1))).toEqual(plain);
    expect((await kl(with_(1), [1, 0, 1]))[2]).toBe((await kl(h, [1, 0, 1]))[2]);
  });
  it('takes no gradient into the hidden state', async () => { expect(numbers((await run(0.5, 0.5, drawWeights(1, table))).gradients.inputs['hidden']).every(x => x === 0)).toBe(true); });
});
