/** Dueling, several steps, priorities and all of them together: whole updates, against PyTorch's and by hand. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, swap } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import type { NamedArray } from '../../core/store.ts';
import type { World } from '../../core/world.ts';
import { combinedDqn, doubleDqn, duelingDqn, nStepDqn, pages, prioritisedDqn, qmix } from '../../graphs/index.ts';
import { duelingQ, nStepTarget } from '../../nodes/index.ts';
import { evaluateStep, importTorch, type StepResult } from '../../plugins/testing.ts';
import { numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { evaluate } from './team.ts';

interface Encoded { readonly shape: readonly number[]; readonly data: readonly number[] }
type State = Readonly<Record<string, Encoded>>;
interface Case {
  readonly page: string; readonly n: number; readonly gamma: number; readonly lr: number; readonly eps: number; readonly hidden: readonly number[]; readonly stream: readonly number[];
  readonly batch: State; readonly weights: State; readonly targets: State; readonly y: Encoded; readonly priority: Encoded; readonly gradients: State; readonly losses: readonly number[]; readonly updated: State;
}
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/dqn/learners.json', import.meta.url), 'utf8')) as { readonly cases: readonly Case[] };
const arrayOf = ({ shape, data }: Encoded, of: Float32ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor = Float32Array): NamedArray => ({ shape, data: of.from(data) });
const DTYPES: Readonly<Record<string, Int32ArrayConstructor | Uint8ArrayConstructor>> = { action: Int32Array, avail: Uint8Array, terminated: Uint8Array, truncated: Uint8Array };

const layers = (to: string, from: string, depth: number) => Array.from({ length: depth }, (_, i) => [[`q/${to}/kernel${i}`, { from: `${from}.${2 * i}.weight`, transpose: true }], [`q/${to}/bias${i}`, { from: `${from}.${2 * i}.bias` }]] as const).flat();
const duels = (c: Case) => 'trunk.0.weight' in c.weights;
const ours = (c: Case, state: State): Arrays => importTorch(Object.fromEntries(Object.entries(state).map(([k, x]) => [k, arrayOf(x)])), Object.fromEntries(duels(c)
  ? [...layers('trunk', 'trunk', c.hidden.length), ...layers('value', 'value', c.stream.length + 1), ...layers('advantage', 'advantage', c.stream.length + 1)]
  : layers('net', 'net', c.hidden.length + c.stream.length + 1)));
/** The page with the sizes and numbers of a case. */
const pageOf = (c: Case): Definition => derive(pages[c.page] as Definition<unknown, World>, 'fixture', g => {
  const { keep, batch, start, every, prioritised } = pages[c.page]!.page.sources['data']!;
  g.transitions({ keep: keep!, batch: batch!, start: start!, every: every!, length: c.n, ...(prioritised ? { prioritised } : {}) });
  g.set('q', duels(c) ? { hidden: c.hidden, stream: c.stream } : { hidden: [...c.hidden, ...c.stream] });
  g.set('tdTarget', pages[c.page]!.page.nodes['tdTarget']!.type === 'nStepTarget' ? { n: c.n, gamma: c.gamma } : { gamma: c.gamma });
  g.train('q', g.at('tdLoss').loss, { optimiser: adam({ lr: c.lr, eps: c.eps }) });
});

describe.each(cases.map(c => [c.page, c.n, c] as const))('%s of %i steps, as PyTorch computes it', (_, n, c) => {
  const B = c.batch['reward']!.shape[0]!, first = (x: NamedArray | ArrayLike<number> | undefined) => { const data = 'data' in x! ? numbers(x) : Array.from(x!); return { shape: [B], data: Float32Array.from({ length: B }, (__, b) => data[b * n]!) }; };
  let one: StepResult, three: StepResult;
  beforeAll(async () => {
    const run = (updates: number) => evaluateStep(pageOf(c), {
      sizes: { batch: B, time: n, obs: 4, action: 3 }, batch: Object.fromEntries(Object.entries(c.batch).map(([k, x]) => [`data.${k}`, arrayOf(x, DTYPES[k])])), weights: ours(c, c.weights), targets: ours(c, c.targets), updates, taps: ['tdTarget.value'],
    });
    [one, three] = [await run(1), await run(3)];
  });
  it('has the same targets, and ends, cuts and whole pieces are among them', () => {
    const count = (name: string) => c.batch[name]!.data.reduce((a, x) => a + x, 0);
    expect(Math.min(count('terminated'), count('truncated'))).toBeGreaterThan(0);
    expect(off(first(one.taps['tdTarget.value']), arrayOf(c.y))).toBeLessThan(1e-5);
  });
  it('has the same losses, gradients and weights after three updates', () => {
    three.history.forEach((losses, i) => { expect(Math.abs(losses['q']! - c.losses[i]!)).toBeLessThan(1e-5 * Math.max(1, c.losses[i]!)); });
    for (const [got, want] of [[one.gradients, ours(c, c.gradients)], [three.weights, ours(c, c.updated)]] as const) {
      expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
      for (const [name, x] of Object.entries(want)) expect(off(got[name], x), name).toBeLessThan(2e-5);
    }
  });
  it('gives back the same priorities, if any, and next to none for what does not learn', () => {
    if (!(c.page in { prioritisedDqn, combinedDqn })) { expect(one.priorities).toEqual({}); return; }
    expect(off(first(one.priorities['data']), arrayOf(c.priority))).toBeLessThan(1e-5);
    one.priorities['data']!.forEach((p, i) => { if (i % n) expect(p).toBeCloseTo(1e-6, 9); });
  });
});

describe('the pages', () => {
  const sourceOf = (d: Definition) => ({ ...d.page.sources['data'] }), kept = { cut: 'transitions', keep: 10_000, batch: 128, start: 10_000, every: 10 }, beta = { schedule: 'linear', from: 0.4, to: 1, over: 500_000, clock: 'steps' };
  it('have the numbers of their sheets', () => {
    expect(sourceOf(duelingDqn)).toEqual(kept);
    expect(sourceOf(nStepDqn)).toEqual({ ...kept, length: 3 });
    expect(sourceOf(prioritisedDqn)).toEqual({ ...kept, prioritised: { alpha: 0.6, beta } });
    expect(sourceOf(combinedDqn)).toEqual({ ...kept, length: 3, prioritised: { alpha: 0.5, beta } });
    expect({ ...duelingDqn.page.nodes['q']!.config }).toEqual({ hidden: [120], stream: [84] });
    for (const d of [nStepDqn, combinedDqn]) expect({ ...d.page.nodes['tdTarget']!.config }).toEqual({ n: d.page.sources['data']!.length, gamma: 0.99 });
    for (const d of [duelingDqn, nStepDqn, prioritisedDqn, combinedDqn]) { expect(d.page.targets).toEqual(doubleDqn.page.targets); expect({ ...d.page.train['q']!.optimiser }).toEqual({ ...doubleDqn.page.train['q']!.optimiser }); }
  });
  it('combine by swaps: the network of one in another is a page that learns', async () => {
    for (const parent of [nStepDqn, prioritisedDqn]) {
      const d = swap(parent, 'q', duelingQ({ hidden: [6], stream: [5] }), { name: 'both' }), { losses, gradients } = await evaluate(d);
      expect(Number.isFinite(losses['q'])).toBe(true);
      expect(Object.keys(gradients).filter(k => numbers(gradients[k]).some(x => x !== 0)).map(k => k.split('/')[1])).toEqual(['trunk', 'trunk', 'value', 'value', 'value', 'value', 'advantage', 'advantage', 'advantage', 'advantage']);
    }
  });
  it('n-step of one step is Double DQN', async () => {
    const sizes = sizesOf(doubleDqn, { batch: 12 }), batch = drawBatch(doubleDqn, sizes), one = derive(nStepDqn, 'one', g => { g.transitions({ keep: 10_000, batch: 128, length: 1 }); g.swap('tdTarget', nStepTarget({ n: 1, gamma: 0.99 })); });
    const [got, want] = [await evaluate(one, { sizes, batch }), await evaluate(doubleDqn, { sizes, batch })];
    expect(got.losses).toEqual(want.losses);
    expect(got.gradients).toEqual(want.gradients);
  });
  it('prioritised with weights of 1 is Double DQN', async () => {
    const sizes = sizesOf(doubleDqn, { batch: 12 }), batch = drawBatch(doubleDqn, sizes), [got, want] = [await evaluate(prioritisedDqn, { sizes, batch }), await evaluate(doubleDqn, { sizes, batch })];
    expect(got.losses).toEqual(want.losses);
    expect(got.gradients).toEqual(want.gradients);
  });
  it('learn from the first transition of a piece alone: what the others chose changes nothing', async () => {
    const sizes = sizesOf(combinedDqn, { batch: 12 }), batch = drawBatch(combinedDqn, sizes, { lengths: Array<number>(12).fill(3) }), action = batch['data.action']!, other = { shape: action.shape, data: Int32Array.from(action.data, (a, i) => (i % 3 ? (a + 1) % 3 : a)) };
    expect((await evaluate(combinedDqn, { sizes, batch: { ...batch, 'data.action': other } })).gradients).toEqual((await evaluate(combinedDqn, { sizes, batch })).gradients);
  });
  it('n-step targets serve teams too, and take no notice of padding', async () => {
    const d = swap(qmix, 'tdTarget', nStepTarget({ n: 3 }), { name: 'steps' }), sizes = sizesOf(d), narrow = await evaluate(d, { sizes, batch: drawBatch(d, sizes) }), wide = await evaluate(d, { sizes: { ...sizes, time: sizes['time']! + 3 }, batch: drawBatch(d, sizes, { pad: 3 }) });
    expect(Math.abs(wide.losses['q']! - narrow.losses['q']!)).toBeLessThan(1e-5 * narrow.losses['q']!);
    for (const [name, g] of Object.entries(narrow.gradients)) expect(off(wide.gradients[name], g), name).toBeLessThan(1e-5);
    expect(narrow.losses).not.toEqual((await evaluate(qmix, { sizes, batch: drawBatch(qmix, sizes) })).losses);
  });
});
