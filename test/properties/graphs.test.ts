/** What holds for every page. A page that is added to the list is judged by this file; what it trains is written in the table below, by hand. */
import { beforeAll, describe, expect, it } from 'vitest';
import { check, sight } from '../../core/check.ts';
import { fromJson, toJson, type Definition } from '../../core/definition.ts';
import { GraphError } from '../../core/error.ts';
import { derive } from '../../core/graph.ts';
import type { NodeFactory } from '../../core/node.ts';
import { valueAt } from '../../core/schedule.ts';
import { targetsDue } from '../../core/step.ts';
import type { World } from '../../core/world.ts';
import { pages } from '../../graphs/index.ts';
import { kinds, monotonicMixer, nodeTypes, sumMixer } from '../../nodes/index.ts';
import { evaluateAct, evaluateStep, layerTable, type StepResult } from '../../plugins/testing.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { drawWeights, identical, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, drawNoise, lengthsOf, sizesOf, type Sizes } from './batch.ts';

/** The nodes that a page trains. */
const TRAINED: Readonly<Record<string, readonly string[]>> = {
  dqn: ['q'], doubleDqn: ['q'], duelingDqn: ['q'], nStepDqn: ['q'], prioritisedDqn: ['q'], combinedDqn: ['q'],
  reinforce: ['encoder', 'policy'], reinforceBaseline: ['encoder', 'policy', 'critic'], a2c: ['encoder', 'policy', 'critic'], ppo: ['encoder', 'policy', 'critic'], ppoContinuous: ['encoder', 'policy', 'critic'],
  ddpg: ['critic', 'actor'], td3: ['critic', 'critic2', 'actor'], sac: ['critic1', 'critic2', 'actor', 'temperature'], sacDiscrete: ['critic1', 'critic2', 'encoder', 'policy', 'temperature'],
  iql: ['agentQ'], vdn: ['agentQ'], qmix: ['agentQ', 'mixer'], qplex: ['agentQ', 'mixer'], qatten: ['agentQ', 'mixer'], qtranBase: ['agentQ', 'jointQ', 'value'], qtranAlt: ['agentQ', 'jointQ', 'value'],
  owQmix: ['agentQ', 'mixer', 'centralQ', 'central'], cwQmix: ['agentQ', 'mixer', 'centralQ', 'central'], shaq: ['agentQ', 'mixer'], roma: ['agentQ', 'mixer', 'roleIdentifiability', 'roleDifference'], dgn: ['agentQ'],
  ippo: ['encoder', 'policy', 'criticEncoder', 'critic'], beliefPpo: ['encoder', 'policy', 'criticEncoder', 'critic', 'belief', 'beliefDecoder'], mappo: ['encoder', 'policy', 'criticEncoder', 'critic'], mappoPopArt: ['encoder', 'policy', 'criticEncoder', 'critic'],
  coma: ['encoder', 'head', 'critic'], comaSweep: ['encoder', 'head', 'critic'], ia2c: ['encoder', 'policy', 'critic'], maa2c: ['encoder', 'policy', 'critic'],
  maddpg: ['actor', 'critic'], maddpgContinuous: ['actor', 'critic'], iddpg: ['encoder', 'actor', 'critic'], facmac: ['encoder', 'actor', 'critic', 'mixer'],
  happo: ['encoder', 'policy', 'criticEncoder', 'critic'], mat: ['encoder', 'critic', 'decoder'],
  primal: ['look', 'memory', 'policy', 'critic', 'blocks'],
};

/** Mixers that need to know which actions are greedy, or which was taken by its number: where actions are continuous there is neither. */
const DISCRETE: readonly string[] = ['duplexMixer', 'shapleyMixer', 'aliveAttentionMixer'];

type Page = Definition<unknown, World>;
const registry = new Map(nodeTypes.map(n => [n.spec.type, n.spec]));
/**
 * Spread of the weights that are drawn. Where weights are made by weights values are their product, and beside their gradient, clipped, those of other
 * losses would round to nothing. Attention of wide layers and large weights goes to one neighbour alone, and then no gradient reaches queries and keys; an action of them lies at the end of its range, where tanh is flat. Three wide layers before a
 * policy make it certain, and its ratios too large for a float.
 */
const SPREAD: Readonly<Record<string, number>> = { roleAgentQ: 0.25, graphAgentQ: 0.1, deterministic: 0.1, pooledBelief: 0.1, beliefEncoder: 0.1, meanAndStd: 0.1 };
const draw = (seed: number, d: Definition, table = layerTable(d, sizesOf(d))): Arrays => drawWeights(seed, table, Math.min(0.5, ...Object.values(d.page.nodes).map(n => SPREAD[n.type ?? ''] ?? 0.5)));
const json = (d: Definition) => JSON.parse(JSON.stringify(toJson(d))) as unknown;
const run = (d: Definition, { seed = 1, ...more }: { seed?: number; sizes?: Sizes; batch?: Arrays; weights?: Arrays; targets?: Arrays; noise?: Arrays; updates?: number } = {}): Promise<StepResult> => {
  const sizes = more.sizes ?? sizesOf(d), table = layerTable(d, sizes);
  const updates = Math.max(...Object.values(d.page.train).map(r => r.every ?? 1));                          // until every rule was due
  return evaluateStep(d, { sizes, seed, updates, batch: drawBatch(d, sizes, { seed }), weights: draw(seed, d, table), targets: draw(seed + 100, d, table), ...more });
};
/** All of a batch at once, so that a batch of one can be learned from. */
function whole(d: Page): Page {
  const [name, { cut, minibatches, ...rest }] = Object.entries(d.page.sources)[0]!;
  return minibatches === undefined ? d : derive(d, d.page.name, g => { g[cut]({ name, ...rest }); });
}
const finite = (r: StepResult) => r.failed === undefined && Object.values(r.losses).every(Number.isFinite) && [...Object.values(r.weights), ...Object.values(r.gradients)].every(x => numbers(x).every(Number.isFinite));

it('the table of what is trained names every page', () => { expect(Object.keys(TRAINED).sort()).toEqual(Object.keys(pages).sort()); });

/** In at most as many minibatches as a batch has sequences, into which a recurrent node cuts it, and twice over the same data, where a page does so more often. */
function few(d: Page): Page {
  const { minibatches = 1, epochs = 1 } = d.page.sources['data']!;
  return applySettings(d, { ...(minibatches > 3 ? { 'data.minibatches': 3 } : {}), ...(epochs === 1 ? {} : { 'data.epochs': 2 }) }) as Page;
}

describe.each(Object.entries(pages).map(([name, d]) => [name, few(d)] as const))('%s', (name, page: Page) => {
  let first: StepResult;
  /** Lagged weights that go a part of the way at every update; none of that where a page has no lagged weights. */
  const lags = Object.keys(page.page.targets).length > 0, polyak = page.page.targets['*']?.polyak, follows = polyak === undefined ? undefined : valueAt(polyak, { steps: 0, updates: 0, episodes: 0 });
  const sizes = sizesOf(page), table = layerTable(page, sizes), before = draw(1, page), lagged = draw(101, page);
  beforeAll(async () => { first = await run(page); });

  it('is built without a problem, under its own name, with a line and a paper', () => {
    expect(check(page)).toEqual([]);
    expect(page.page.name).toBe(name);
    expect(page.page.about).toMatch(/^[A-Z].*[^.]$/);
    expect(page.page.paper).toMatch(/arXiv \d{4}\.\d{4,5}|^Williams 1992, Machine Learning 8$|IJCAI 2023, paper 39$/);
  });

  it('goes through JSON and comes back the same, and computes the same', async () => {
    const back = fromJson(json(page), registry);
    expect(check(back)).toEqual([]);
    expect(json(back)).toEqual(json(page));
    identical(await run(back), first);
  });

  it('gives the same update twice, bit for bit', async () => { identical(await run(page), first); });

  it('changes exactly the layers it trains, all of them, and leaves lagged weights alone', () => {
    const changed = (after: Arrays, from: Arrays) => Object.keys(from).filter(k => numbers(after[k]).some((x, i) => x !== from[k]!.data[i]));
    expect(changed(first.weights, before)).toEqual(table.map(t => t.name).filter(k => TRAINED[name]!.includes(k.split('/')[0]!)));
    expect(changed(first.targets, lagged)).toEqual(follows ? Object.keys(lagged) : []);
  });

  if (lags) it('lets lagged weights follow by their rule and by nothing else', async () => {
    if (follows !== undefined) {
      for (const [k, x] of Object.entries(lagged)) expect(off(first.targets[k], { shape: x.shape, data: Float32Array.from(x.data, (v, i) => (1 - follows) * v + follows * first.weights[k]!.data[i]!) }), k).toBeLessThan(1e-6);
      return;
    }
    const rule = page.page.targets['*']!, [clock, every] = Object.entries(rule)[0] as [string, number], at = (n: number) => ({ steps: 0, updates: 0, episodes: 0, [clock.slice(5).toLowerCase()]: n });
    expect([[0, every - 1], [every - 1, every], [every, 2 * every - 1], [2 * every - 1, 2 * every + 5]].map(([last, now]) => targetsDue(rule, at(now!), at(last!)))).toEqual([false, true, false, true]);
    const often = derive(page, 'often', g => { g.targets({ everyUpdates: 2 }); }), [one, two] = [await run(often), await run(often, { updates: 2 })];
    expect(one.targets).toEqual(Object.fromEntries(Object.entries(lagged).map(([k, x]) => [k, { shape: x.shape, data: x.data }])));
    expect(two.targets).toEqual(two.weights);
  });

  if (lags) it('reads lagged weights for its targets only: other ones change the loss', async () => {
    const other = await run(page, { targets: draw(7, page) });
    expect(other.losses).not.toEqual(first.losses);
  });

  it('stays finite on many draws, with one item, and where nothing counts', async () => {
    for (const seed of [2, 3, 4]) expect(finite(await run(page, { seed })), `seed ${seed}`).toBe(true);
    const one = { ...sizes, batch: 1, time: 1, agent: 1, id: 1, neighbour: 1 };
    expect(finite(await run(whole(page), { sizes: one, batch: drawBatch(page, one) }))).toBe(true);
    const none = await run(page, { batch: drawBatch(page, sizes, { lengths: lengthsOf(sizes).map(() => 0) }) });
    expect(finite(none)).toBe(true);
    expect(Object.values(none.losses).every(x => x === 0)).toBe(true);
    expect(Object.entries(none.weights).every(([k, x]) => off(x, before[k]) === 0)).toBe(true);
  });

  if (Object.values(page.page.sources)[0]!.cut === 'episodes') it('takes no notice of padding: more slots, same losses and gradients', async () => {
    const wide = { ...sizes, time: sizes['time']! + 3 }, padded = await run(page, { sizes: wide, batch: drawBatch(page, sizes, { pad: 3 }), noise: drawNoise(page, sizes, { pad: 3 }) }), narrow = await run(page, { noise: drawNoise(page, sizes) });
    for (const [k, loss] of Object.entries(narrow.losses)) expect(Math.abs(padded.losses[k]! - loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)));
    for (const [k, g] of Object.entries(narrow.gradients)) expect(off(padded.gradients[k], g), k).toBeLessThan(1e-5);
  });

  it('acts on what each agent sees, or is told by others where the page says so, with available actions', async () => {
    expect(sight(page).sees).toBe(['dgn', 'mat'].includes(name) ? 'agents' : 'local');
    const copies = 50, slot = drawBatch(page, { ...sizes, batch: copies, time: 1 }, { lengths: Array<number>(copies).fill(1) });
    const fields = Object.fromEntries(Object.entries(page.page.world).filter(([, f]) => f.sight === 'local').map(([k]) => { const x = slot[`data.${k}`]!, half = x.data.length / copies / 2; return [k, { shape: [copies, 1, ...x.shape.slice(2)], data: x.data.filter((_, i) => Math.floor(i / half) % 2 === 0) }]; }));
    const avail = fields['avail']?.data, A = sizes['action']!, allowed = (a: number, i: number) => (avail ? avail[i * A + a] === 1 : a >= -1 && a <= 1);
    const epsilons: readonly Readonly<Record<string, number>>[] = 'epsilon' in (page.page.nodes['explore']?.config ?? {}) ? [{ 'explore.epsilon': 0 }, { 'explore.epsilon': 1 }] : [{}];
    for (const knobs of epsilons) {
      const { action } = await evaluateAct(page, { sizes: { ...sizes, batch: copies }, fields, weights: before, knobs });
      const { action: best } = await evaluateAct(page, { sizes: { ...sizes, batch: copies }, fields, weights: before, best: true, knobs });
      if (avail) for (const chosen of [action, best]) numbers(chosen).forEach((a, i) => { expect(allowed(a, i)).toBe(true); });
      else for (const chosen of page.page.act!.clipped ? [best] : [action, best]) expect(numbers(chosen).every(a => a >= -1 && a <= 1)).toBe(true);
      expect(numbers(best).join() === numbers(action).join()).toBe(knobs['explore.epsilon'] === 0);
    }
  });

  const exchanges = Object.entries(page.page.nodes).filter(([, e]) => e.role === 'slot').flatMap(([slot, e]) =>
    nodeTypes.filter(n => n.spec.type !== e.type && kinds.get(n.spec.type) === kinds.get(e.type)).flatMap(n => { const there = exchange(page, slot, n); return there ? [{ slot, type: e.type, other: n.spec.type, there }] : []; }));
  it.each(exchanges)('takes $other in slot $slot, and $type again: the same page', async ({ slot, type, there }) => {
    expect(finite(await run(whole(there)))).toBe(true);                  // one that carries is not cut into minibatches of transitions
    const back = derive(there, 'back', g => { g.swap(slot, { spec: registry.get(type)!, config: page.page.nodes[slot]!.config ?? {}, ...(page.page.nodes[slot]!.per === undefined ? {} : { per: page.page.nodes[slot]!.per }) }); });
    expect(json(back)).toEqual({ ...json(page) as object, name: 'back', parent: 'there', about: undefined, paper: undefined });
    expect(back.specs).toEqual(page.specs);                              // with the same data that is the same page: what it computes is compared above, once it went through JSON
  });
  if ('mixer' in page.page.nodes) it('takes every mixer, and where a rule trains nothing else every one with layers', () => {
    const alone = Object.values(page.page.train).some(({ only }) => only?.join() === 'mixer'), mixers = [...kinds].filter(([type, kind]) => kind === 'mixers' && (!alone || registry.get(type)!.layers !== undefined) && (page.page.world['action']!.dtype === 'i32' || !DISCRETE.includes(type))).map(([type]) => type);
    expect([page.page.nodes['mixer']!.type, ...exchanges.filter(x => x.slot === 'mixer').map(x => x.other)].sort()).toEqual(mixers.sort());
  });
});

/** The page with another node in a slot; undefined where its ports do not fit. Most ask for what is not offered, and no page has to be built to see that. */
function exchange(page: Page, slot: string, node: NodeFactory): Page | undefined {
  if (Object.keys(node.spec.in as object).some(port => !(port in page.page.nodes[slot]!.in))) return undefined;
  try { return derive(page, 'there', g => { g.swap(slot, node()); }); } catch (e) {
    if (e instanceof GraphError) return undefined;
    throw e;
  }
}

describe('a swap', () => {
  it('keeps the weights of every node that it does not touch, whatever stands in the slot', () => {
    const sizes = sizesOf(pages['qmix']!), names = (d: Definition) => layerTable(d, sizes).filter(t => t.name.startsWith('agentQ/'));
    const there = exchange(pages['qmix']!, 'mixer', sumMixer)!, back = exchange(there, 'mixer', monotonicMixer)!;
    expect(names(there)).toEqual(names(pages['qmix']!));
    expect(layerTable(back, sizes)).toEqual(layerTable(pages['qmix']!, sizes));
  });
});
