/** DGN: whole updates against the authors' PyTorch modules, and what a network over a graph of agents must and must not know. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { sight } from '../../core/check.ts';
import type { NamedArray } from '../../core/store.ts';
import type { World } from '../../core/world.ts';
import { dgn } from '../../graphs/index.ts';
import { evaluateStep, importTorch, type StepResult, type TorchTensor } from '../../plugins/testing.ts';
import { numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { evaluate, reorderAgents } from './team.ts';

interface Encoded { readonly shape: readonly number[]; readonly data: readonly number[] }
type State = Readonly<Record<string, Encoded>>;
interface Case {
  readonly case: string; readonly sizes: Readonly<Record<string, number>>; readonly encoder: readonly number[]; readonly heads: number; readonly embed: number;
  readonly gamma: number; readonly lr: number; readonly eps: number; readonly polyak: number; readonly weight: number; readonly batch: State; readonly weights: State; readonly targets: State;
  readonly values: Readonly<Record<'q' | 'attention' | 'later' | 'targetQ' | 'y' | 'td' | 'kl', Encoded>>;
  readonly gradients: State; readonly losses: readonly number[]; readonly updated: State; readonly followed: State; readonly updated3: State; readonly followed3: State;
}
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/dgn/learners.json', import.meta.url), 'utf8')) as { readonly cases: readonly Case[] };
const arrayOf = ({ shape, data }: Encoded, of: Float32ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor = Float32Array): NamedArray => ({ shape, data: of.from(data) });
const DTYPES: Readonly<Record<string, Int32ArrayConstructor | Uint8ArrayConstructor>> = { action: Int32Array, avail: Uint8Array, adjacency: Uint8Array, terminated: Uint8Array, truncated: Uint8Array };

const linear = (to: string, from: string, i: number | '' = ''): [string, TorchTensor][] => [[`agentQ/${to}/kernel${i}`, { from: `${from}.weight`, transpose: true }], [`agentQ/${to}/bias${i}`, { from: `${from}.bias` }]];
const ours = (c: Case, state: State): Arrays => importTorch(Object.fromEntries(Object.entries(state).map(([k, x]) => [k, arrayOf(x)])), Object.fromEntries([
  ...c.encoder.flatMap((_, i) => linear('encode', `encoder.${i}.fc`, i)),
  ...['near', 'far'].flatMap(layer => [...['query', 'key', 'value'].flatMap(part => linear(`${layer}/${part}`, `${layer}.${part}`)), ...linear(`${layer}/out`, `${layer}.out.fc`)]), ...linear('q', 'q_net.fc'),
]));
const pageOf = (c: Case): Definition => derive(dgn as Definition<unknown, never>, 'fixture', g => {
  g.set('agentQ', { encoder: c.encoder, heads: c.heads, embed: c.embed });
  g.set('tdTarget', { gamma: c.gamma });
  g.train('q', [g.at('tdLoss').loss, weigh(c.weight, g.at('attentionKl').loss)] as never, { optimiser: adam({ lr: c.lr, eps: c.eps }) });
  g.targets({ polyak: c.polyak });
}) as Definition;

describe.each(cases.map(c => [c.case, c] as const))('%s, as the authors\' modules compute it', (_, c) => {
  const TAPS = { q: 'agentQ.q', attention: 'agentQ.attention', later: 'nextAgentQ.attention', targetQ: 'targetAgentQ.q', y: 'tdTarget.value', td: 'tdLoss.loss', kl: 'attentionKl.loss' } as const;
  const page = pageOf(c), B = c.sizes['batch']!, N = c.sizes['agent']!;
  // of the world the fixture has what DGN reads; nothing else may matter
  const batch = { ...drawBatch(page, { ...c.sizes }), ...Object.fromEntries(Object.entries(c.batch).map(([k, x]) => [`data.${k}`, arrayOf(x, DTYPES[k])])) };
  const run = (updates: number) => evaluateStep(page, { sizes: c.sizes, batch, weights: ours(c, c.weights), targets: ours(c, c.targets), updates, taps: Object.values(TAPS) });
  let one: StepResult, three: StepResult;
  beforeAll(async () => { [one, three] = [await run(1), await run(3)]; });
  // one agent has nobody to choose from: its queries and keys have the gradient 0, which TensorFlow's own softmax meets to 5e-6, and of any rounding Adam makes a whole step
  const idle = (name: string) => N === 1 && /\/(query|key)\//.test(name);
  const same = (got: Arrays, want: Arrays, among = (_name: string) => true) => {
    expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
    for (const [name, x] of Object.entries(want).filter(([name]) => among(name))) { expect(got[name]!.shape, name).toEqual(x.shape); expect(off(got[name], x, idle(name) ? 1 : 0.1), name).toBeLessThan(1e-5); }
  };
  const moved = (name: string) => !idle(name);

  it('has a batch with true ends and time limits, and a second graph that would tell', () => {
    const { terminated, truncated, adjacency } = c.batch, sum = (x: Encoded) => x.data.reduce((a, v) => a + v, 0), half = N * N;
    expect(Math.min(sum(terminated!), sum(truncated!))).toBeGreaterThan(0);
    if (N > 1) for (let b = 0; b < B; b++) expect(adjacency!.data.slice(2 * b * half, (2 * b + 1) * half)).not.toEqual(adjacency!.data.slice((2 * b + 1) * half, (2 * b + 2) * half));
  });
  it('has the same values between', () => {
    for (const [name, wire] of Object.entries(TAPS) as [keyof typeof TAPS, string][]) {
      const want = arrayOf(c.values[name]), got = one.taps[wire]!, width = want.data.length / B, slots = got.data.length / want.data.length;
      const first = { shape: want.shape, data: Float32Array.from(want.data, (__, i) => got.data[Math.floor(i / width) * slots * width + i % width]!) };
      expect(slots, name).toBe(['q', 'attention'].includes(name) ? 2 : 1);
      expect(off(first, want), name).toBeLessThan(1e-5);
    }
  });
  it('has the same losses and gradients', () => {
    three.history.forEach((losses, i) => { expect(Math.abs(losses['q']! - c.losses[i]!)).toBeLessThan(1e-5 * Math.max(1, c.losses[i]!)); });
    expect(three.history).toHaveLength(3);
    same(one.gradients, ours(c, c.gradients));
  });
  it('has the same weights, and lagged weights that follow, after one update and after three', () => {
    same(one.weights, ours(c, c.updated), moved);
    same(one.targets, ours(c, c.followed), moved);
    same(three.weights, ours(c, c.updated3), moved);
    same(three.targets, ours(c, c.followed3), moved);
  });
});

describe('the page', () => {
  const page = dgn as unknown as Definition<unknown, World>, small = derive(page, 'small', g => { g.set('agentQ', { encoder: [8], heads: 2, embed: 4 }); });
  const sizes = { ...sizesOf(page), batch: 6, agent: 4, id: 4, neighbour: 4 }, batch = drawBatch(small, sizes);
  const alone = (loss: string) => derive(small, 'alone', g => { g.train('q', ['tdLoss', 'attentionKl'].map(name => weigh(name === loss ? 1 : 0, g.at(name).loss)) as never, { optimiser: { type: 'sgd', lr: 1 } }); });
  const changed = (field: string, slot: number) => { const x = batch[`data.${field}`]!, width = x.data.length / sizes.batch / 2; return { ...batch, [`data.${field}`]: { shape: x.shape, data: x.data.map((v, i) => (Math.floor(i / width) % 2 !== slot ? v : x.data instanceof Uint8Array ? 1 - v : v + 1)) } }; };

  it('has the numbers of its sheet', () => {
    const { sources, train, targets, nodes } = page.page;
    expect({ ...sources['data'] }).toEqual({ cut: 'transitions', keep: 200_000, batch: 128, start: 2000 });
    expect({ ...nodes['agentQ']!.config }).toEqual({ encoder: [512, 128], heads: 8, embed: 16 });
    expect({ ...nodes['tdTarget']!.config }).toEqual({ gamma: 0.96 });
    expect(train['q']!.losses).toEqual([{ loss: 'tdLoss.loss', weight: 1 }, { loss: 'attentionKl.loss', weight: 0.03 }]);
    expect({ ...train['q']!.optimiser }).toMatchObject({ type: 'adam', lr: 1e-4 });
    expect(targets['*']).toEqual({ polyak: 0.01 });
    const { from, to, over, clock } = nodes['explore']!.config!['epsilon'] as { from: number; to: number; over: number; clock: string };
    expect([from, clock]).toEqual([0.6, 'episodes']);
    expect((to / from) ** (1 / over)).toBeCloseTo(0.996, 5);
    expect(sight(page).sees).toBe('agents');
  });
  it('does not know its agents apart: in another order they have the same loss and gradients', async () => {
    const before = await evaluate(small, { sizes, batch }), order = [2, 0, 3, 1], moved = reorderAgents(small, batch, order);
    // neighbours are agents, in the other order as well
    const x = moved['data.adjacency']!, both = { shape: x.shape, data: x.data.map((_, i) => x.data[i - i % 4 + order[i % 4]!]!) };
    const after = await evaluate(small, { sizes, batch: { ...moved, 'data.adjacency': both } }), wrong = await evaluate(small, { sizes, batch: moved });
    expect(Math.abs(after.losses['q']! - before.losses['q']!)).toBeLessThan(1e-5 * before.losses['q']!);
    for (const [name, g] of Object.entries(before.gradients)) expect(off(after.gradients[name], g), name).toBeLessThan(1e-5);
    expect(Math.abs(wrong.losses['q']! - before.losses['q']!)).toBeGreaterThan(1e-3 * before.losses['q']!);
  });
  it('learns from the agents\' own rewards, and takes no notice of the team\'s', async () => {
    const before = await evaluate(small, { sizes, batch }), shift = (field: string) => { const x = batch[`data.${field}`]!; return { ...batch, [`data.${field}`]: { shape: x.shape, data: x.data.map(v => v + 1) } }; };
    expect((await evaluate(small, { sizes, batch: shift('reward') })).losses).toEqual(before.losses);
    expect((await evaluate(small, { sizes, batch: shift('agentReward') })).losses).not.toEqual(before.losses);
  });
  it('keeps the graph of a transition: the next one changes nothing, this one does', async () => {
    const before = await evaluate(small, { sizes, batch });
    expect((await evaluate(small, { sizes, batch: changed('adjacency', 1) })).losses).toEqual(before.losses);
    expect((await evaluate(small, { sizes, batch: changed('adjacency', 0) })).losses).not.toEqual(before.losses);
  });
  it('regularises the online attention towards the online attention of the next step: lagged weights do not matter, and all but the upper layer\'s values learn', async () => {
    const kl = await evaluate(alone('attentionKl'), { sizes, batch }), reached = Object.keys(kl.gradients).filter(k => numbers(kl.gradients[k]).some(x => x !== 0));
    expect([...new Set(reached.map(k => k.split('/').slice(1, -1).join('/')))].sort()).toEqual(['encode', 'far/key', 'far/query', 'near/key', 'near/out', 'near/query', 'near/value']);
    for (const [k, x] of Object.entries((await evaluate(alone('tdLoss'), { sizes, batch })).gradients)) expect(numbers(x).some(v => v !== 0), k).toBe(true);
    const still = await evaluate(alone('attentionKl'), { sizes, batch, targets: Object.fromEntries(Object.entries(kl.targets).map(([k, x]) => [k, { shape: x.shape, data: (x.data as Float32Array).map(v => v + 1) }])) });
    expect(still.losses['q']).toBe(kl.losses['q']);
    expect(still.losses['q/tdLoss']).not.toBe(kl.losses['q/tdLoss']);
    const same = batch['data.obs']!, width = same.data.length / sizes.batch / 2, frozen = { shape: same.shape, data: same.data.map((_, i) => same.data[i - (Math.floor(i / width) % 2) * width]!) };
    expect((await evaluate(alone('attentionKl'), { sizes, batch: { ...batch, 'data.obs': frozen } })).losses['q']).toBe(0);
    expect(kl.losses['q']).toBeGreaterThan(1e-4);
  });
});
