import { describe, expect, it } from 'vitest';
import { derive, swap } from '../../core/graph.ts';
import { sgd } from '../../core/optimiser.ts';
import { reach } from '../../core/topology.ts';
import { qmix, shaq, vdn } from '../../graphs/index.ts';
import { mlpAgentQ } from '../../nodes/index.ts';
import { layerTable } from '../../plugins/testing.ts';
import { drawWeights, normals, numbers } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { evaluate, reorderAgents } from './team.ts';

describe('shaq', () => {
  const sizes = sizesOf(shaq), batch = drawBatch(shaq, sizes), valid = numbers(batch['data.valid']), terminated = numbers(batch['data.terminated']), reward = numbers(batch['data.reward']), N = sizes['agent']!;

  it('has the numbers of its sheet: agents as in QMIX, a faster mixer, each with a rule and a clip of its own', () => {
    expect({ ...shaq.page.nodes['mixer']!.config }).toEqual({ samples: 10, embed: 32, hypernet: [64] });
    expect(shaq.page.train).toMatchObject({ q: { optimiser: qmix.page.train['q']!.optimiser, clipNorm: 10, only: ['agentQ'] }, alpha: { optimiser: { ...qmix.page.train['q']!.optimiser, lr: 1e-3 }, clipNorm: 10, only: ['mixer'] } });
    expect([reach(shaq, 'q').trained, reach(shaq, 'alpha').trained]).toEqual([['agentQ'], ['mixer']]);
    expect(Object.values(shaq.page.nodes).filter(e => e.role === 'target').map(e => e.of)).toEqual(['agentQ']);
  });
  it('aims at the reward and the plain sum of the agents\' next values, and at the reward alone where an episode ends (JaxMARL at the next value alone)', async () => {
    const { taps } = await evaluate(shaq, { taps: ['tdTarget.value', 'nextChosen.value'] }), y = numbers(taps['tdTarget.value']), next = numbers(taps['nextChosen.value']);
    y.forEach((got, i) => { if (valid[i]) expect(got).toBeCloseTo(reward[i]! + (terminated[i] ? 0 : 0.99 * next.slice(i * N, (i + 1) * N).reduce((a, b) => a + b, 0)), 5); });
    expect(terminated.some((t, i) => t === 1 && valid[i] === 1)).toBe(true);
  });
  it('is VDN where every agent was greedy: same loss and gradients, and none for the mixer', async () => {
    const greedy = (await evaluate(shaq, { taps: ['chosen.greedy'] })).taps['chosen.greedy']!, acted = { ...batch, 'data.action': { shape: greedy.shape, data: Int32Array.from(greedy.data) } };
    const table = layerTable(shaq, sizes), weights = drawWeights(1, table), of = (nodes: string) => Object.fromEntries(Object.entries(weights).filter(([k]) => k.startsWith(nodes)));
    const [a, b] = [await evaluate(shaq, { batch: acted }), await evaluate(vdn, { batch: acted, weights: of('agentQ/'), targets: Object.fromEntries(Object.entries(drawWeights(101, table)).filter(([k]) => k.startsWith('agentQ/'))) })];
    expect(a.losses['q']).toBeCloseTo(b.losses['q']!, 5);
    expect(a.gradientNorms['q']).toBeCloseTo(b.gradientNorms['q']!, 4);
    expect(a.gradientNorms['alpha']).toBe(0);
  });
  it('draws other orders of the agents at every update (JaxMARL the same)', async () => {
    const alpha = async (updates: number) => (await evaluate(shaq, { counters: { updates }, taps: ['mixer.alpha'] })).taps['mixer.alpha']!.data, [one, again, other] = [await alpha(0), await alpha(0), await alpha(1)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });
  it('calls nobody not greedy for an action that was not available (JaxMARL does)', async () => {
    // the observation is the value: one layer, the identity on the first inputs
    const page = swap(shaq, 'agentQ', mlpAgentQ({ hidden: [] }), { name: 'plain' }), wide = { ...sizes, obs: 3 }, drawn = drawBatch(page, wide), avail = drawn['data.avail']!, obs = drawn['data.obs']!;
    const weights = Object.fromEntries(layerTable(page, wide).map(t => [t.name, t.name === 'agentQ/net/kernel0' ? { shape: t.shape, data: Float32Array.from({ length: t.weights }, (_, i) => (i < 9 && i % 4 === 0 ? 1 : 0)) } : t.name === 'agentQ/net/bias0' ? { shape: t.shape, data: new Float32Array(3) } : normals(1, t.name, t.shape)]));
    const run = (tempting: number) => evaluate(page, { sizes: wide, weights, targets: weights, batch: { ...drawn, 'data.obs': { shape: obs.shape, data: Float32Array.from(obs.data, (x, i) => (avail.data[i] ? x : tempting)) } } });
    expect((await run(1000)).losses).toEqual((await run(-1)).losses);
  });
  it('clips the gradient of each rule by itself', async () => {
    const free = derive(shaq, 'free', (g, { agentQ, mixer, td }) => { for (const [name, only] of [['q', agentQ], ['alpha', mixer]] as const) g.train(name, td.loss, { optimiser: sgd({ lr: 1 }), only: [only] }); }), whole = await evaluate(free);
    const half = await evaluate(derive(free, 'half', (g, { agentQ, mixer, td }) => { for (const [name, only] of [['q', agentQ], ['alpha', mixer]] as const) g.train(name, td.loss, { optimiser: sgd({ lr: 1 }), only: [only], ...(name === 'q' ? { clipNorm: whole.gradientNorms['q']! / 2 } : {}) }); }));
    const before = drawWeights(1, layerTable(shaq, sizes)), step = (r: typeof whole, node: string) => Math.sqrt(Object.entries(r.weights).filter(([k]) => k.startsWith(node)).reduce((sum, [k, x]) => sum + numbers(x).reduce((s, v, i) => s + (v - before[k]!.data[i]!) ** 2, 0), 0));
    expect(step(half, 'agentQ/') / step(whole, 'agentQ/')).toBeCloseTo(0.5, 3);
    expect(step(half, 'mixer/') / step(whole, 'mixer/')).toBeCloseTo(1, 5);
  });
  it('takes no notice of the order in which agents stand, where their names move along and orders do not matter', async () => {
    const greedy = (await evaluate(shaq, { taps: ['chosen.greedy'] })).taps['chosen.greedy']!, acted = { ...batch, 'data.action': { shape: greedy.shape, data: Int32Array.from(greedy.data) } };
    expect((await evaluate(shaq, { batch: reorderAgents(shaq, acted, [1, 0]) })).losses['q']).toBeCloseTo((await evaluate(shaq, { batch: acted })).losses['q']!, 5);
  });
});
