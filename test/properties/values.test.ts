/** What holds for every page that learns values, and for QMIX with every mixer: what is unavailable does not count, lagged weights make targets and nothing else, and double Q is plain Q where both networks are one. */
import { add } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { parse, use, type Definition } from '../../core/definition.ts';
import { derive, next, type Graph, type Wire } from '../../core/graph.ts';
import { structuralHash } from '../../core/describe.ts';
import { infer } from '../../core/infer.ts';
import { defineNode, type NodeUse } from '../../core/node.ts';
import { f32, isTime } from '../../core/port.ts';
import { topology, upstream } from '../../core/topology.ts';
import { local, type World } from '../../core/world.ts';
import { doubleDqn, iql, pages, qmix } from '../../graphs/index.ts';
import { kinds, nodeTypes, rnnAgentQ } from '../../nodes/index.ts';
import { evaluateStep, layerTable, type StepCase, type StepResult } from '../../plugins/testing.ts';
import { drawWeights, filled, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { narrowed } from '../nodes/mixers/joint.ts';
import { drawBatch, drawNoise, lengthsOf, sizesOf, type Sizes } from './batch.ts';

type Page = Definition<unknown, World>;
const edited = (d: Definition, edit: (g: Graph<World>) => void): Page => derive(d as Page, 'edited', edit);
const put = (g: Graph<World>, slot: string, node: NodeUse) => { g.swap(slot, node as Parameters<typeof g.swap>[1]); };
const narrow = (d: Definition): Page => edited(d, g => { for (const [n, e] of Object.entries(d.page.nodes)) if (e.config) g.set(n, narrowed(e.config, 8)); });
/** Those whose targets are of a greedy next action; policy gradients have none. */
const named = Object.entries(pages).filter(([, d]) => 'nextGreedy' in d.page.nodes).map(([name, d]) => [name, narrow(d)] as const), hashes = new Set(named.map(([, d]) => structuralHash(d)));
/** These pages, and QMIX with every mixer that makes none of them. */
const subjects = [...named, ...nodeTypes.filter(node => kinds.get(node.spec.type) === 'mixers').map(node => [`qmix with ${node.spec.type}`, narrow(edited(qmix, g => { put(g, 'mixer', node()); }))] as const).filter(([, d]) => !hashes.has(structuralHash(d)))];
const worldOf = (d: Page): Sizes => sizesOf(d, d.page.sources['data']!.cut === 'transitions' ? { batch: 12 } : {});
function run(d: Page, more: Partial<StepCase> & { readonly sizes?: Sizes } = {}): Promise<StepResult> {
  const sizes = more.sizes ?? worldOf(d), table = layerTable(d, sizes);
  return evaluateStep(d, { sizes, batch: drawBatch(d, sizes), weights: drawWeights(1, table, 0.3), targets: drawWeights(101, table, 0.3), noise: drawNoise(d, sizes), ...more });
}

const plus = defineNode({ type: 'plus', in: { q: f32('... action'), by: f32('... action') }, out: { q: f32('... action') }, forward: ({ q, by }) => ({ q: add(q, by) }) });
/** The page with a field `tempting` added to whatever its networks say that actions are worth. */
function tempted(d: Page): Page {
  const { types } = infer(d), { nodes } = d.page, networks = Object.keys(nodes).filter(n => 'q' in (use(d, n).spec.out as object) && kinds.get(nodes[n]!.type) === 'values');
  return derive(d, 'tempted', (g: Graph<World>) => {
    const field = (g.data() as unknown as Record<string, Wire>)['tempting']!;
    for (const n of networks) g.add(`tempted${n}`, plus(), { q: g.at(n).q, by: types.get(`${n}.q`)!.dims.some(dim => isTime(dim) && dim.startsWith('time+1')) ? field : next(field as never) } as never);
    for (const [n, e] of Object.entries(nodes)) for (const [port, text] of Object.entries(e.in)) {
      const { from, port: key } = parse(text);
      if (networks.includes(from) && key === 'q') g.rewire(n, { [port]: { text: `tempted${text}` } as never });
    }
  }, { ...d.page.world, tempting: local(f32(d.page.world['avail']!.spec)) } as World);
}
const recurrent = ({ page }: Page): boolean => page.nodes['agentQ']?.type === 'rnnAgentQ' || page.nodes['agentQ']?.type === 'roleAgentQ';
/** Nodes of losses that no lagged weight reaches, by any way. */
function beforeTargets(d: Page): string[] {
  const { graph } = topology(d), behind = new Set<string>(), open = Object.keys(d.page.nodes).filter(n => d.page.nodes[n]!.role === 'target');
  for (let n = open.pop(); n !== undefined; n = open.pop()) if (behind.size !== behind.add(n).size) graph.forEachOutEdge(n, (_, e) => { open.push(e.into); });
  return [...upstream(d, Object.values(d.page.train).flatMap(r => r.losses.map(l => parse(l.loss).from)))].filter(n => n in d.page.nodes && !behind.has(n));
}

describe.each(subjects)('%s', (name, page) => {
  const sizes = worldOf(page);

  it('takes no notice of what an unavailable action is worth, and does of an available one', async () => {
    const d = tempted(page), batch = drawBatch(d, sizes), avail = batch['data.avail']!, by = (open: number, closed: number) => run(d, { batch: { ...batch, 'data.tempting': { shape: avail.shape, data: Float32Array.from(avail.data, a => (a ? open : closed)) } } });
    const plain = await by(0, 0), other = await by(0, 1000);
    expect([...avail.data].includes(0)).toBe(true);
    expect(other.losses).toEqual(plain.losses);
    for (const [k, g] of Object.entries(plain.gradients)) expect(off(other.gradients[k], g), k).toBe(0);
    expect((await by(1, 0)).losses).not.toEqual(plain.losses);
  });
  it('learns from no slot behind the end of an episode, be it a true end or a limit (the mask of pymarl and the TD(lambda) of pymarl2 take in what stands there)', async () => {
    const T = sizes['time']!, lengths = lengthsOf(sizes), batch = drawBatch(page, sizes), full = drawBatch(page, sizes, { seed: 9, lengths: lengths.map(() => T) }), FLAGS = ['valid', 'weight', 'terminated', 'truncated', 'start', 'alive', 'agentId'];
    const other = Object.fromEntries(Object.entries(batch).map(([field, x]) => {
      const name = field.split('.')[1]!, slots = x.shape[1]!, width = x.data.length / x.shape[0]! / slots, data = x.data.slice();
      if (!FLAGS.includes(name)) data.forEach((_, i) => { const b = Math.floor(i / width / slots), t = Math.floor(i / width) % slots; if (t > lengths[b]! || (t === lengths[b]! && slots === T)) data[i] = full[field]!.data[i]!; });
      return [field, { shape: x.shape, data }];
    }));
    const targets = ['tdTarget', 'nStepTarget', 'tdLambda'].flatMap(type => { try { return [edited(page, g => { put(g, 'tdTarget', nodeTypes.find(n => n.spec.type === type)!()); })]; } catch { return []; } });
    expect(lengths.some(n => n < T)).toBe(T > 1);
    for (const d of targets) {
      const [one, same] = [await run(d, { batch }), await run(d, { batch: other })];
      expect(same.losses).toEqual(one.losses);
      for (const [k, g] of Object.entries(one.gradients)) expect(off(same.gradients[k], g), k).toBe(0);
    }
    expect(targets.length).toBeGreaterThan(1);
  });
  it('reads lagged weights for its targets only: other ones change y, and no value that is predicted', async () => {
    const taps = beforeTargets(page).flatMap(n => Object.entries(use(page, n).spec.out as Record<string, { readonly dtype: string; readonly spec: string }>).filter(([, o]) => o.dtype === 'f32').map(([k]) => `${n}.${k}`)), lagged = drawWeights(7, layerTable(page, sizes), 0.3);
    const [one, other] = [await run(page, { taps: [...taps, 'tdTarget.value'] }), await run(page, { taps: [...taps, 'tdTarget.value'], targets: lagged })];
    for (const tap of taps) expect(other.taps[tap], tap).toEqual(one.taps[tap]);
    expect(taps.length).toBeGreaterThan(1);
    expect(other.taps['tdTarget.value']).not.toEqual(one.taps['tdTarget.value']);
  });
  const online = page.page.nodes['nextGreedy']!.in['q']!, lagged = Object.entries(page.page.nodes).find(([, e]) => e.role === 'target' && e.of === parse(online).from)?.[0];
  it(lagged ? 'double Q is plain Q as long as both networks are one, and not when one lags' : 'has no choice of its own network to judge by a lagged copy of it', async () => {
    // DQN and DGN choose by the lagged network; the values of weighted QMIX are those of a central network
    expect(lagged === undefined).toBe(['dqn', 'dgn', 'owQmix', 'cwQmix'].includes(name));
    if (!lagged) return;
    const single = edited(page, g => { g.rewire('nextGreedy', { q: next(g.at(lagged).q) }); }), wide: Sizes = { ...sizes, batch: 12, action: 7 }, quiet: Arrays = Object.fromEntries(Object.entries(drawNoise(page, wide)).map(([k, x]) => [k, filled(x.shape, 0)]));
    const y = async (d: Page, more: Partial<StepCase>) => (await run(d, { sizes: wide, noise: quiet, taps: ['tdTarget.value'], ...more })).taps['tdTarget.value'], weights = drawWeights(1, layerTable(page, wide), 0.3);
    expect(await y(page, { weights, targets: weights })).toEqual(await y(single, { weights, targets: weights }));
    expect(await y(page, {})).not.toEqual(await y(single, {}));
  });
  if (recurrent(page)) it('unrolls the lagged network from the first slot on (a learner of QTRAN-alt in circulation from the second)', async () => {
    const batch = drawBatch(page, sizes, { lengths: Array<number>(sizes['batch']!).fill(sizes['time']!) }), obs = batch['data.obs']!, width = obs.data.length / sizes['batch']! / (sizes['time']! + 1), first = { shape: obs.shape, data: Float32Array.from(obs.data, (x, i) => (Math.floor(i / width) % (sizes['time']! + 1) === 0 ? x + 1 : x)) };
    const place = Object.keys(page.page.nodes).find(n => page.page.nodes[n]!.role === 'target' && 'q' in (use(page, n).spec.out as object))!, q = async (b: Arrays) => numbers((await run(page, { batch: b, taps: [`${place}.q`] })).taps[`${place}.q`]), [before, after] = [await q(batch), await q({ ...batch, 'data.obs': first })];
    const each = before.length / sizes['batch']! / (sizes['time']! + 1);
    for (let slot = 0; slot <= sizes['time']!; slot++) expect(after.some((x, i) => Math.floor(i / each) % (sizes['time']! + 1) === slot && x !== before[i]), `slot ${slot}`).toBe(true);
  });
  it.each([[1, 5], [5, 1], [8, 2]])('is finite for %i agents with %i actions of which one is available', async (agents, actions) => {
    const small: Sizes = { ...sizes, batch: 1, agent: agents, id: agents, neighbour: agents, other: agents - 1, action: actions }, batch = drawBatch(page, small), { shape, data } = batch['data.avail']!, one = Uint8Array.from(data), action = batch['data.action']!.data;
    const width = one.length / (small['time']! + 1), each = width / actions;
    one.forEach((_, i) => { const row = Math.floor(i / actions); one[i] = Number(i % actions === (row < small['time']! * each ? action[row]! : 0)); });
    const r = await run(page, { sizes: small, batch: { ...batch, 'data.avail': { shape, data: one } } });
    expect(r.failed).toBeUndefined();
    expect([...Object.values(r.losses), ...Object.values(r.weights).flatMap(numbers)].every(Number.isFinite)).toBe(true);
  });
});

it('IQL with one agent is Double DQN with a recurrent network, loss and gradients', async () => {
  const plain = derive(iql, 'plain', (g, { ep }) => { for (const n of ['agentQ', 'targetAgentQ']) g.rewire(n, { x: ep.obs }); g.remove('agentInput'); g.set('agentQ', { hidden: 8 }); }) as unknown as Page;
  const alone = derive(doubleDqn, 'recurrent', (g, { b }) => { g.episodes({ keep: 8, batch: 3 }); g.replace('q', rnnAgentQ({ hidden: 8 }), { x: b.obs }); g.rewire('targetQ', { x: b.obs }); }) as unknown as Page;
  const sizes: Sizes = { ...sizesOf(plain), agent: 1, id: 1 }, batch = drawBatch(plain, sizes), fields = drawBatch(alone, sizes), squeezed = Object.fromEntries(Object.keys(fields).map(k => [k, { shape: fields[k]!.shape, data: batch[k]!.data }]));
  const weights = drawWeights(1, layerTable(plain, sizes)), targets = drawWeights(101, layerTable(plain, sizes)), renamed = (x: Arrays): Arrays => Object.fromEntries(Object.entries(x).map(([k, a]) => [k.replace('agentQ/', 'q/'), a]));
  const [team, single] = [await run(plain, { sizes, batch, weights, targets }), await run(alone, { sizes, batch: squeezed, weights: renamed(weights), targets: renamed(targets) })];
  expect(single.losses['q']).toBeCloseTo(team.losses['q']!, 5);
  expect(team.losses['q']).toBeGreaterThan(0);
  for (const [k, g] of Object.entries(renamed(team.gradients))) expect(off(single.gradients[k], g), k).toBeLessThan(1e-5);
});
