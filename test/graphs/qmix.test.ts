import { describe, expect, it } from 'vitest';
import { toJson, type Definition } from '../../core/definition.ts';
import { derive, swap } from '../../core/graph.ts';
import { iql, qmix, qplex, vdn } from '../../graphs/index.ts';
import { duplexMixer, mlpAgentQ } from '../../nodes/index.ts';
import { layerTable } from '../../plugins/testing.ts';
import { normals, numbers, off } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { evaluate, reorderAgents } from './team.ts';

describe('qmix', () => {
  it('has the numbers of its sheet, those of IQL', () => {
    const numbersOf = ({ page }: Definition) => toJson({ page, specs: new Map(), handles: undefined });
    for (const part of ['sources', 'targets'] as const) expect(numbersOf(qmix)[part]).toEqual(numbersOf(iql)[part]);
    expect(numbersOf(qmix).train['q']!.optimiser).toEqual(numbersOf(iql).train['q']!.optimiser);
    expect(qmix.page.train['q']!.clipNorm).toBe(10);
    expect({ ...qmix.page.nodes['mixer']!.config }).toEqual({ embed: 32, hypernet: [64] });
  });
  it('learns from rewards as they are, with RMSprop and agents that remember, as do IQL and VDN (EPyMARL standardises, with Adam and without memory)', async () => {
    for (const d of [iql, vdn, qmix] as readonly Definition[]) {
      const batch = drawBatch(d as never, sizesOf(d)), reward = batch['data.reward']!, ended = { ...batch, 'data.terminated': { shape: reward.shape, data: new Uint8Array(reward.data.length).fill(1) }, 'data.reward': { shape: reward.shape, data: Float32Array.from(reward.data, x => 1000 + 7 * x) } };
      const y = numbers((await evaluate(d, { batch: ended, taps: ['tdTarget.value'] })).taps['tdTarget.value']), each = y.length / reward.data.length;
      expect(y).toEqual(Array.from({ length: y.length }, (_, i) => ended['data.reward'].data[Math.floor(i / each)]));
      expect([d.page.nodes['agentQ']!.type, d.page.train['q']!.optimiser.type]).toEqual(['rnnAgentQ', 'rmsprop']);
    }
  });
  it('has 28,297 and 17,761 weights for 3 agents, 9 actions, a state of 48 and an input of 42', () => {
    const table = layerTable(qmix, { batch: 1, time: 1, agent: 3, action: 9, obs: 30, id: 3, state: 48 }), count = (node: string) => table.filter(t => t.name.startsWith(node)).reduce((a, t) => a + t.weights, 0);
    expect([count('agentQ/'), count('mixer/')]).toEqual([28_297, 17_761]);
  });
  it.each([['vdn', vdn, { type: 'sumMixer', config: {} }], ['qplex', qplex, { type: 'duplexMixer', config: { heads: 4, hypernet: [64], advHypernet: [] } }]] as const)('becomes %s by one node', (name, page, mixer) => {
    const { about: _, paper: __, ...mine } = toJson(page), { about: ___, paper: ____, ...theirs } = toJson(qmix), nodes = { ...theirs.nodes, mixer: { ...theirs.nodes['mixer'], ...mixer }, targetMixer: { ...theirs.nodes['targetMixer'], type: mixer.type } };
    expect(mine).toEqual({ ...theirs, name, parent: 'qmix', nodes });
  });
  it('lets the state meet the mixers only: another state changes its loss and not that of VDN', async () => {
    const batch = drawBatch(qmix, sizesOf(qmix)), other = { ...batch, 'data.state': normals(77, 'state', batch['data.state']!.shape) };
    expect((await evaluate(vdn, { batch: other })).losses).toEqual((await evaluate(vdn, { batch })).losses);
    expect((await evaluate(qmix, { batch: other })).losses).not.toEqual((await evaluate(qmix, { batch })).losses);
  });
  it('knows its agents apart, which VDN does not', async () => {
    const batch = drawBatch(qmix, sizesOf(qmix)), swapped = reorderAgents(qmix, batch, [1, 0]), loss = async (page: Definition, b: typeof batch) => (await evaluate(page, { batch: b })).losses['q']!;
    expect(await loss(vdn, swapped)).toBeCloseTo(await loss(vdn, batch), 4);
    expect(Math.abs(await loss(qmix, swapped) - await loss(qmix, batch))).toBeGreaterThan(1e-3);
  });
  it('takes no notice of what agents would gain by unavailable actions', async () => {
    // an agent without memory whose values are its input: q of action a is obs a
    const page = derive(qmix, 'plain', g => { g.swap('agentQ', mlpAgentQ({ hidden: [] })); }), sizes = { ...sizesOf(page), obs: 3, action: 3 }, batch = drawBatch(page, sizes), table = layerTable(page, sizes);
    const plain = Object.fromEntries(table.map(t => [t.name, t.name === 'agentQ/net/kernel0' ? { shape: t.shape, data: Float32Array.from({ length: t.weights }, (_, i) => (i < 9 && i % 4 === 0 ? 1 : 0)) } : t.name === 'agentQ/net/bias0' ? { shape: t.shape, data: new Float32Array(3) } : normals(1, t.name, t.shape)]));
    const avail = batch['data.avail']!, obs = batch['data.obs']!, tempting = { ...batch, 'data.obs': { shape: obs.shape, data: Float32Array.from(obs.data, (x, i) => (avail.data[i] ? x : 1000)) } };
    const [a, b] = [await evaluate(page, { sizes, batch, weights: plain, targets: plain }), await evaluate(page, { sizes, batch: tempting, weights: plain, targets: plain })];
    expect(numbers(tempting['data.obs']).includes(1000)).toBe(true);
    expect(b.losses).toEqual(a.losses);
  });
  it('takes agents without memory, and the mixer of matrix games', async () => {
    const page = swap(swap(qmix, 'agentQ', mlpAgentQ({ hidden: [64, 64] }), { name: 'plain' }), 'mixer', duplexMixer({ heads: 10, advHypernet: [64, 64] }), { name: 'matrix' }), sizes = { ...sizesOf(page), time: 1, obs: 1, state: 2 };
    const r = await evaluate(page, { sizes, batch: drawBatch(page, sizes) });
    expect(Number.isFinite(r.losses['q'])).toBe(true);
    expect(layerTable(page, sizes).find(t => t.name === 'agentQ/net/kernel0')?.shape).toEqual([1 + 3 + 2, 64]);
  });
  it('is clipped as a whole: half the norm allowed, half the step of plain gradient descent', async () => {
    const free = derive(qmix, 'free', g => { g.train('q', g.at('tdLoss').loss, { optimiser: { type: 'sgd', lr: 1 } }); }), whole = await evaluate(free), norm = whole.gradientNorms['q']!;
    const half = await evaluate(derive(free, 'half', g => { g.train('q', g.at('tdLoss').loss, { optimiser: { type: 'sgd', lr: 1 }, clipNorm: norm / 2 }); }));
    const step = (r: typeof whole, name: string) => ({ shape: [], data: Float32Array.from(numbers(r.weights[name]).map((x, i) => x - before[name]!.data[i]!)) }), before = Object.fromEntries(layerTable(free, sizesOf(free)).map(t => [t.name, normals(1, t.name, t.shape, 0.5)]));
    for (const name of Object.keys(whole.weights)) expect(off({ shape: [], data: step(half, name).data.map(x => 2 * x) }, step(whole, name)), name).toBeLessThan(1e-4);
    expect(half.gradientNorms['q']).toBeCloseTo(norm, 4);
  });
});
