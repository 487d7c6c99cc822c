/** COMA, IA2C and MAA2C: whole updates against the authors' code (fixtures/actor-critics/README.md), and what holds of them by their definition. */
import { readFileSync } from 'node:fs';
import { matMul, slice, add, transpose } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, swap, weigh, type Graph } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { adam, rmsprop, sgd } from '../../core/optimiser.ts';
import { f32 } from '../../core/port.ts';
import { linear } from '../../core/schedule.ts';
import type { World } from '../../core/world.ts';
import { coma, comaSweep, ia2c, maa2c, pages } from '../../graphs/index.ts';
import { parameter } from '../../nodes/layers.ts';
import { epsilonMixedAvailable, gae, nStepTarget, scale, tdLambda, tdTarget } from '../../nodes/index.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { evaluateStep, importTorch, layerTable, type StepResult, type TorchTensor } from '../../plugins/testing.ts';
import { drawWeights, floats, numbers, off, wholes, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { decode, decodeAll, type Encoded, type StateDict } from './encoded.ts';
import { evaluate, reorderAgents } from './team.ts';

type Nets = Readonly<Record<'agent' | 'critic', StateDict>>;
type Both = Readonly<Record<'actor' | 'critic', number>>;
interface Case {
  readonly case: string; readonly algorithm: 'coma' | 'comaSweep' | 'ia2c' | 'maa2c'; readonly source: string; readonly corrected: readonly string[];
  readonly config: Readonly<Record<string, number>>; readonly sizes: Readonly<Record<string, number>>; readonly batch: StateDict; readonly weights: Nets; readonly lagged: StateDict;
  readonly target: Encoded; readonly losses: readonly Both[]; readonly norms: Readonly<Record<'agent' | 'critic', readonly number[]>>; readonly gradients: Nets;
  readonly updated: Nets; readonly updated3: Nets; readonly lagged3: StateDict; readonly memory?: readonly Readonly<Record<string, number>>[];
}
const cases = JSON.parse(readFileSync(new URL('../fixtures/actor-critics/learners.json', import.meta.url), 'utf8')) as readonly Case[];

type Map = Record<string, TorchTensor>;
const dense = (to: string, from: string, i: number | '' = ''): Map => ({ [`${to}/kernel${i}`]: { from: `${from}.weight`, transpose: true }, [`${to}/bias${i}`]: { from: `${from}.bias` } });
const agentOf = (head: string): Map => ({
  ...dense('encoder/first', 'agent.fc1'), ...dense(`${head}/head`, 'agent.fc2'),
  'encoder/cell/kernel': { from: 'agent.rnn.weight_ih', transpose: true, gates: 3 }, 'encoder/cell/bias': { from: 'agent.rnn.bias_ih', gates: 3 },
  'encoder/cell/recurrent': { from: 'agent.rnn.weight_hh', transpose: true, gates: 3 }, 'encoder/cell/recurrentBias': { from: 'agent.rnn.bias_hh', gates: 3 },
});
const CRITIC: Map = { ...dense('critic/net', 'critic.fc1', 0), ...dense('critic/net', 'critic.fc2', 1), ...dense('critic/net', 'critic.fc3', 2) };
const named = (net: string, dict: StateDict): Arrays => Object.fromEntries(Object.entries(decodeAll(dict)).map(([k, x]) => [`${net}.${k}`, x]));
const ours = ({ algorithm }: Case, nets: Nets): Arrays => importTorch({ ...named('agent', nets.agent), ...named('critic', nets.critic) }, { ...agentOf(algorithm.startsWith('coma') ? 'head' : 'policy'), ...CRITIC });
const critic = (dict: StateDict): Arrays => importTorch(named('critic', dict), CRITIC);

/** The page with the sizes and numbers of a case. EPyMARL divides the loss of COMA's critic by the transitions, and not by their agents. */
function pageOf({ algorithm, config: c, sizes }: Case): Definition {
  return derive(pages[algorithm]!, 'fixture', (g: Graph<World>) => {
    const at = (name: string) => g.at(name) as Record<string, never>, optimiser = algorithm === 'comaSweep' ? rmsprop({ lr: c['lr']!, decay: c['optim_alpha']!, eps: c['optim_eps']! }) : adam({ lr: c['lr']! }), rule = { optimiser, clipNorm: c['grad_norm_clip']! };
    g.set('encoder', { hidden: 8 });
    g.set('critic', { hidden: [8, 8] });
    if (algorithm === 'comaSweep') {
      g.set('target', { gamma: c['gamma'], lambda: c['td_lambda'] });
      if (c['mask_before_softmax']) g.swap('policy', epsilonMixedAvailable({ epsilon: c['epsilon_start']! })); else g.set('policy', { epsilon: c['epsilon_start'] });
      g.train('critic', at('criticLoss')['loss']!, { ...rule, sweep: { over: 'time', order: 'backwards' } });
      g.train('actor', at('policyLoss')['loss']!, { ...rule, after: 'critic' });
      return;
    }
    if (algorithm === 'coma') g.swap('policy', epsilonMixedAvailable({ epsilon: 0 }));
    g.swap('target', nStepTarget({ n: c['q_nstep']!, gamma: c['gamma']! }));
    g.train('critic', weigh(algorithm === 'coma' ? sizes['agent']! : 1, at('criticLoss')['loss']!), rule);
    g.train('actor', algorithm === 'coma' ? at('policyLoss')['loss']! : [at('policyLoss')['loss']!, weigh(c['entropy_coef']!, at('entropy')['loss']!)], rule);
  });
}
const TOLERANCE = 1e-5;
const same = (got: Arrays, want: Arrays, floor?: number) => { for (const [name, x] of Object.entries(want)) { expect(got[name]!.shape, name).toEqual(x.shape); expect(off(got[name], x, floor), name).toBeLessThan(TOLERANCE); } };
const alike = (got: number | undefined, want: number, what?: string) => { expect(Math.abs(got! - want), what).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(want))); };

describe.each(cases.map(c => [c.case, c.source, c] as const))('%s, as %s computes it', (_, __, c) => {
  const page = pageOf(c), batch = Object.fromEntries(Object.entries(decodeAll(c.batch)).map(([k, x]) => [`data.${k}`, x])), sizes = { ...c.sizes, id: c.sizes['agent']! };
  const run = (updates: number) => evaluateStep(page, { sizes, batch, weights: ours(c, c.weights), targets: critic(c.lagged), updates, taps: ['target.value'] });
  let one: StepResult, three: StepResult;
  beforeAll(async () => { [one, three] = [await run(1), await run(3)]; });
  it('has every weight of the authors, and no other', () => { expect(layerTable(page, sizes).map(t => t.name).sort()).toEqual(Object.keys(ours(c, c.weights)).sort()); });
  it('has the same targets', () => {
    const valid = numbers(decode(c.batch['valid']!)), N = c.sizes['agent']!, got = one.taps['target.value']!;
    expect(off({ shape: got.shape, data: Float32Array.from(got.data, (x, i) => (valid[Math.floor(i / N)] ? x : 0)) }, decode(c.target))).toBeLessThan(TOLERANCE);
  });
  it('has the same losses, gradients and norms', () => {
    expect(one.failed).toBeUndefined();
    for (const rule of ['critic', 'actor'] as const) alike(one.losses[rule], c.losses[0]![rule], rule);
    same(one.gradients, ours(c, c.gradients), 0.1);                              // a sum that cancels keeps the rounding of its terms
    alike(one.gradientNorms['actor'], c.norms.agent[0]!);
    alike(one.gradientNorms['critic'], c.norms.critic.at(-1)!);
    expect(one.slots['critic']!.count).toBe(c.norms.critic.length);
  });
  it('has the same weights after one update and after three, and lags as far behind', () => {
    same(one.weights, ours(c, c.updated));
    same(three.weights, ours(c, c.updated3));
    three.history.forEach((losses, i) => { for (const rule of ['critic', 'actor'] as const) alike(losses[rule], c.losses[i]![rule], `${rule} ${i}`); });
    same(three.targets, critic(c.lagged3));
  });
  if (c.memory) it('has the same mean, variance and count of rewards', () => {
    for (const [result, want] of [[one, c.memory![0]!], [three, c.memory![2]!]] as const) for (const [k, x] of Object.entries(want)) alike(result.memory[`rewards.${k}`] as number, x, k);
  });
});
it('the cases hold what they are there for: ends and limits inside and at the last slot, clips that bite, padding', () => {
  const all = (name: string) => cases.flatMap(c => numbers(decode(c.batch[name]!)));
  for (const name of ['terminated', 'truncated']) expect(all(name)).toContain(1);
  const inside = cases.filter(c => c.case.endsWith('limit inside'));
  expect(inside).toHaveLength(4);
  for (const c of inside) { const cut = numbers(decode(c.batch['truncated']!)), T = c.sizes['time']!; expect(cut.some((x, i) => x && i % T < T - 1)).toBe(true); expect(numbers(decode(c.batch['terminated']!)).some((x, i) => x && i % T === T - 1)).toBe(true); expect(numbers(decode(c.batch['valid']!))).toContain(0); }
  expect(cases.filter(c => c.config['grad_norm_clip']! < 1).every(c => Math.max(...c.norms.critic, ...c.norms.agent) > c.config['grad_norm_clip']!)).toBe(true);
});

describe('the pages', () => {
  it('have the numbers of their sheets', () => {
    const plain = (x: unknown) => JSON.parse(JSON.stringify(x)) as Record<string, unknown>, numbersOf = ({ page }: { readonly page: Definition['page'] }) => plain({ batch: page.sources['data'], encoder: page.nodes['encoder']!.config, critic: page.nodes['critic']!.config, target: page.nodes['target']!.config, policy: page.nodes['policy']!.config, train: Object.fromEntries(Object.entries(page.train).map(([k, r]) => [k, { optimiser: r.optimiser, clip: r.clipNorm, weights: r.losses.map(l => l.weight), sweep: r.sweep }])), targets: page.targets });
    const pymarl = { optimiser: { type: 'rmsprop', lr: 5e-4, decay: 0.99, eps: 1e-5 }, clip: 10, weights: [1] }, epymarl = { optimiser: { type: 'adam', lr: 5e-4, eps: 1e-8 }, clip: 10 };
    const ofComa = { batch: { cut: 'episodes', batch: 8 }, encoder: { hidden: 64 }, critic: { hidden: [128, 128] }, target: { gamma: 0.99, lambda: 0.8 }, policy: { epsilon: { schedule: 'linear', from: 0.5, to: 0.01, over: 100_000, clock: 'steps' } } };
    expect(numbersOf(coma)).toEqual({ ...ofComa, train: { critic: pymarl, actor: pymarl }, targets: { '*': { everyUpdates: 200 } } });
    expect(numbersOf(comaSweep)).toEqual({ ...ofComa, train: { critic: { ...pymarl, sweep: { over: 'time', order: 'backwards' } }, actor: pymarl }, targets: { '*': { everySteps: 1600 } } });
    const of = (entropy: number) => ({ batch: { cut: 'episodes', batch: 10 }, encoder: { hidden: 128 }, critic: { hidden: [128, 128] }, target: { n: 5, gamma: 0.99 }, policy: {}, train: { critic: { ...epymarl, weights: [1] }, actor: { ...epymarl, weights: [1, entropy] } }, targets: { '*': { polyak: 0.01 } } });
    expect(numbersOf(ia2c)).toEqual(of(0.001));
    expect(numbersOf(maa2c)).toEqual(of(0.01));
  });
  it('what COMA\'s paper has otherwise than PyMARL, whose numbers the page has, are settings: epsilon by episodes, batches, lagged weights', () => {
    const paper = applySettings(coma, { 'policy.epsilon': linear({ from: 0.5, to: 0.02, episodes: 750 }), 'data.batch': 30, 'targets.everyUpdates': 150 }).page;
    expect([paper.nodes['policy']!.config!['epsilon'], paper.sources['data']!.batch, paper.targets['*']]).toEqual([{ schedule: 'linear', from: 0.5, to: 0.02, over: 750, clock: 'episodes' }, 30, { everyUpdates: 150 }]);
  });
  it.each([[2, 3, 5, 4], [5, 9, 30, 48]])('COMA for %i agents with %i actions, obs %i and state %i has as many weights as its sheet says', (N, A, O, S) => {
    const count = (own: RegExp) => layerTable(coma, { agent: N, id: N, action: A, obs: O, state: S }).filter(t => own.test(t.name)).reduce((sum, t) => sum + t.weights, 0);
    expect(count(/^(encoder|head)\//)).toBe((O + A + N) * 64 + 64 + 3 * 64 * 128 + 6 * 64 + 64 * A + A);
    expect(count(/^critic\//)).toBe((S + O + 2 * N * A + N) * 128 + 128 + 128 ** 2 + 128 + 128 * A + A);
  });
  it('IA2C sees an observation and who it is, MAA2C the state and who it is', () => {
    const rows = (d: Definition) => layerTable(d, { agent: 3, id: 3, action: 4, obs: 5, state: 7 }).find(t => t.name === 'critic/net/kernel0')!.shape[0];
    expect([rows(ia2c), rows(maa2c)]).toEqual([5 + 3, 7 + 3]);
  });
  it.each([['coma', coma], ['ia2c', ia2c], ['maa2c', maa2c]] as const)('%s does not see in which order the agents stand', async (_, page) => {
    const d = page as Definition, sizes = sizesOf(d, { agent: 3, id: 3 }), batch = drawBatch(d, sizes), order = [2, 0, 1];
    // who they are stays with them in what they see; blocks of the joint action stand in the order of the agents, so COMA's critic is given weights that do not tell blocks apart
    const weights = drawWeights(1, layerTable(d, sizes)), blind = (w: Arrays): Arrays => (d.page.name === 'coma' ? { ...w, 'critic/net/kernel0': alikeBlocks(w['critic/net/kernel0']!, sizes) } : w);
    const lagged = blind(drawWeights(101, layerTable(d, sizes))), [a, b] = [await evaluateStep(d, { sizes, batch, weights: blind(weights), targets: lagged }), await evaluateStep(d, { sizes, batch: reorderAgents(d, batch, order), weights: blind(weights), targets: lagged })];
    for (const [rule, loss] of Object.entries(a.losses)) alike(b.losses[rule], loss, rule);
    for (const [name, g] of Object.entries(a.gradients)) if (name !== 'critic/net/kernel0' || d.page.name !== 'coma') expect(off(b.gradients[name], g), name).toBeLessThan(1e-5);
  });
});
/** Rows of the first kernel of COMA's critic: state, obs, actions of the others, last actions of all, id. Blocks of all agents alike. */
function alikeBlocks({ shape, data }: Arrays[string], sizes: Readonly<Record<string, number>>): Arrays[string] {
  const out = Float32Array.from(data), width = shape[1]!, { state: S, obs: O, agent: N, action: A } = sizes as Record<'state' | 'obs' | 'agent' | 'action', number>;
  for (const from of [S + O, S + O + N * A]) for (let i = 1; i < N; i++) out.copyWithin((from + i * A) * width, from * width, (from + A) * width);
  return { shape, data: out };
}

describe('COMA by its definition', () => {
  const d = coma as unknown as Definition, sizes = sizesOf(d, { agent: 3, id: 3 }), batch = drawBatch(d, sizes), table = layerTable(d, sizes), weights = drawWeights(1, table), { agent: N, action: A, batch: B, time: T } = sizes as Record<'agent' | 'action' | 'batch' | 'time', number>;
  const update = (more: Partial<Parameters<typeof evaluateStep>[1]> = {}, page: Definition = d) => evaluateStep(page, { sizes, batch, weights, targets: drawWeights(101, table), ...more });
  const q = async (more: Partial<Parameters<typeof evaluateStep>[1]> = {}) => numbers((await update({ taps: ['critic.q'], ...more })).taps['critic.q']);
  it('has advantages whose mean under the policy is 0, at every step of every agent', async () => {
    const { taps } = await update({ taps: ['critic.q', 'policy.pi', 'baseline.value', 'advantage.x'] }), values = taps['critic.q']!.data, pi = taps['policy.pi']!, base = taps['baseline.value']!.data, action = batch['data.action']!.data;
    for (let b = 0; b < B; b++) for (let t = 0; t < T; t++) for (let n = 0; n < N; n++) {
      const row = (b * T + t) * N + n, there = (b * (T + 1) + t) * N + n, p = Array.from({ length: A }, (_, a) => pi.data[there * A + a]!), above = Array.from({ length: A }, (_, a) => values[row * A + a]! - base[row]!);
      expect(Math.abs(p.reduce((sum, x, a) => sum + x * above[a]!, 0))).toBeLessThan(1e-5);
      expect(Math.abs(taps['advantage.x']!.data[row]! - above[action[row]!]!)).toBeLessThan(1e-5);
    }
  });
  it('values actions without a look at the one that was taken: another own action leaves the row as it is, and changes those of the others', async () => {
    const before = await q(), action = batch['data.action']!, at = (1 * T + 1) * N + 1, data = Int32Array.from(action.data);
    data[at] = (data[at]! + 1) % A;
    const after = await q({ batch: { ...batch, 'data.action': { shape: action.shape, data } } }), rows = Array.from({ length: B * T * N }, (_, row) => before.slice(row * A, (row + 1) * A).join() !== after.slice(row * A, (row + 1) * A).join());
    expect(rows.flatMap((changed, row) => (changed ? [row] : []))).toEqual([at - 1, at + 1]);
  });
  it('sees the last actions of all, its own among them', async () => {
    const before = await q(), last = batch['data.lastAction']!, data = Float32Array.from(last.data), at = ((1 * (T + 1) + 1) * N + 1) * A;
    data.set(Array.from(data.slice(at, at + A), x => 1 - x), at);
    const after = await q({ batch: { ...batch, 'data.lastAction': { shape: last.shape, data } } }), changed = Array.from({ length: B * T * N }, (_, row) => row).filter(row => before.slice(row * A, (row + 1) * A).join() !== after.slice(row * A, (row + 1) * A).join());
    expect(changed).toEqual([0, 1, 2].map(n => (1 * T + 1) * N + n));
  });
  it('the actors do not see what is added to the values of all actions alike', async () => {
    const shift = (x: Arrays[string], seed: number): Arrays[string] => ({ shape: x.shape, data: Float32Array.from(x.data, (v, i) => v + Math.sin(seed + Math.floor(i / A))) });
    const moved = { ...weights, 'critic/net/kernel2': shift(weights['critic/net/kernel2']!, 1), 'critic/net/bias2': shift(weights['critic/net/bias2']!, 5) }, [a, b] = [await update(), await update({ weights: moved })];
    for (const [name, g] of Object.entries(a.gradients)) if (!name.startsWith('critic/')) expect(off(b.gradients[name], g, 0.1), name).toBeLessThan(1e-4); else expect(off(b.gradients[name], g)).toBeGreaterThan(1e-3);
  });
  it('no gradient of the actors reaches the critic, nor the other way round', async () => {
    for (const [rule, own] of [['critic', /^critic\//], ['actor', /^(encoder|head)\//]] as const) {
      const silent = derive(coma, 'silent', (g, { criticLoss, policyLoss }) => { const other = rule === 'critic' ? 'actor' : 'critic'; g.train(other, weigh(0, other === 'actor' ? policyLoss.loss : criticLoss.loss), { optimiser: sgd({ lr: 1 }) }); });
      const { gradients } = await update({}, silent);
      for (const [name, g] of Object.entries(gradients)) expect(numbers(g).some(x => x !== 0), name).toBe(own.test(name));
    }
  });
  it('lambda 0 is the one-step target, lambda 1 the rewards to the end of the episode or to where it was cut', async () => {
    const of = async (page: unknown) => (await update({}, page as Definition)).losses['critic']!, at = (lambda: number) => swap(coma, 'target', tdLambda({ gamma: 0.99, lambda }), { name: 'lambda' });
    alike(await of(at(0)), await of(swap(coma, 'target', tdTarget({ gamma: 0.99 }), { name: 'one' })));
    alike(await of(at(1)), await of(swap(coma, 'target', nStepTarget({ n: T, gamma: 0.99 }), { name: 'all' })));
    expect(Math.abs(await of(at(0)) - await of(at(1)))).toBeGreaterThan(1e-2);
  });
  it('of one agent is actor-critic: nobody else is seen, and the baseline is V(s) = sum_a pi(a) Q(s, a)', async () => {
    const one = { ...sizes, agent: 1, id: 1 }, alone = drawBatch(d, one), own = drawWeights(1, layerTable(d, one)), taps = ['others.x', 'critic.q', 'policy.pi', 'baseline.value', 'logProb.logProb', 'advantage.x'];
    const plain = derive(coma, 'plain', (g, { chosen }) => {
      const v = g.add('stateValue', defineNode({ type: 'meanOfPolicy', in: { q: f32('... action'), pi: f32('... action') }, out: { value: f32('...') }, forward: ({ q, pi }) => ({ value: q.mul(pi).sum(-1) }) })(), { q: g.at('critic').q as never, pi: { text: 'policy.pi | now' } as never });
      g.rewire('advantage', { a: chosen.value, b: v.value });
      g.remove('baseline');
    });
    const [a, b] = [await evaluateStep(d, { sizes: one, batch: alone, weights: own, taps }), await evaluateStep(plain as unknown as Definition, { sizes: one, batch: alone, weights: own })];
    expect(numbers(a.taps['others.x']).every(x => x === 0)).toBe(true);
    for (const [name, g] of Object.entries(a.gradients)) expect(off(b.gradients[name], g), name).toBeLessThan(1e-6);
    const valid = numbers(alone['data.valid']), loss = numbers(a.taps['logProb.logProb']).reduce((sum, x, i) => (valid[i] ? sum - x * a.taps['advantage.x']!.data[i]! : sum), 0) / valid.reduce((x, y) => x + y);
    alike(a.losses['actor'], loss);
  });
  it('with the true values of a 2 x 2 game its expected step is the gradient of the return', async () => {
    const payoff = [[3, -1], [0.5, 2]] as const, two = { batch: 4, time: 1, agent: 2, id: 2, action: 2, obs: 3, state: 2 };
    /** r(a, others): the block of the agent itself is 0, so that only the other's action counts. */
    const trueQ = defineNode({
      type: 'trueQ', in: { x: f32('... ?x') }, out: { q: f32('... action') }, layers: () => ({ r: parameter([2, 2]) }),
      forward: ({ x }, { r }) => ({ q: add(matMul(slice(x, [0, 0], [-1, 2]), r()), matMul(slice(x, [0, 2], [-1, 2]), transpose(r()))) }),
    });
    const page = derive(coma, 'exact', g => {
      g.set('encoder', { hidden: 4 });
      g.set('policy', { epsilon: 0.3 });
      g.replace('critic', trueQ(), { x: { text: 'others.x' } as never });
      g.rewire('targetCritic', { x: { text: 'nextOthers.x' } });
    }) as unknown as Definition;
    const drawn = drawBatch(page, two, { lengths: [1, 1, 1, 1] }), everywhere = (name: string) => { const x = drawn[name]!, width = x.data.length / 4, data = x.data.slice(); for (let b = 1; b < 4; b++) data.copyWithin(b * width, 0, width); return { shape: x.shape, data }; };
    const own: Arrays = { ...drawWeights(3, layerTable(page, two)), 'critic/r/value': floats(payoff) }, fields = { ...Object.fromEntries(Object.keys(drawn).map(k => [k, everywhere(k)])), 'data.action': wholes([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]]), 'data.avail': { shape: [4, 2, 2, 2], data: new Uint8Array(32).fill(1) }, 'data.terminated': { shape: [4, 1], data: new Uint8Array(4).fill(1) }, 'data.truncated': { shape: [4, 1], data: new Uint8Array(4) } };
    const policies = async (w: Arrays) => { const pi = numbers((await evaluateStep(page, { sizes: two, batch: fields, weights: w, taps: ['policy.pi'] })).taps['policy.pi']); return [pi.slice(0, 2), pi.slice(2, 4)] as const; };
    const gain = async (w: Arrays) => { const [p, r] = await policies(w); return payoff.reduce((sum, line, i) => sum + line.reduce((s, x, k) => s + p[i]! * r[k]! * x, 0), 0); };
    // each joint action counts as often as it is played
    const [p, r] = await policies(own), often = Float32Array.from([p[0]! * r[0]!, p[0]! * r[1]!, p[1]! * r[0]!, p[1]! * r[1]!]), { gradients } = await evaluateStep(page, { sizes: two, batch: { ...fields, 'data.valid': { shape: [4, 1], data: often } }, weights: own });
    expect(off(floats([p]), floats([r]))).toBeGreaterThan(0.05);                 // agents that know who they are play differently
    for (const name of Object.keys(gradients).filter(k => !k.startsWith('critic/'))) {
      const g = numbers(gradients[name]), steep = g.reduce((best, x, i) => (Math.abs(x) > Math.abs(g[best]!) ? i : best), 0), moved = (by: number) => ({ ...own, [name]: { shape: own[name]!.shape, data: Float32Array.from(own[name]!.data, (x, i) => (i === steep ? x + by : x)) } }), h = 1e-2;
      const slope = ((await gain(moved(h))) - (await gain(moved(-h)))) / (2 * h);
      // the loss is a mean over both agents
      expect(Math.abs(-2 * g[steep]! - slope), `${name}[${steep}]: ${-2 * g[steep]!} and ${slope}`).toBeLessThan(2e-3 + 0.01 * Math.abs(slope));
    }
  });
  it('its sweep makes as many steps as the longest episode has, whatever stands behind it', async () => {
    const swept = comaSweep as unknown as Definition, short = drawBatch(swept, { ...sizes, time: 2 }, { pad: 2, lengths: [2, 1, 2] });
    const [padded, narrow] = [await evaluateStep(swept, { sizes, batch: short, weights, updates: 2 }), await evaluateStep(swept, { sizes: { ...sizes, time: 2 }, batch: drawBatch(swept, { ...sizes, time: 2 }, { lengths: [2, 1, 2] }), weights, updates: 2 })];
    expect([padded.slots['critic']!.count, narrow.slots['critic']!.count]).toEqual([4, 4]);
    for (const [name, w] of Object.entries(narrow.weights)) expect(off(padded.weights[name], w), name).toBeLessThan(1e-5);
  });
  it('its sweep over one step is the step on the batch', async () => {
    const one = { ...sizes, time: 1 }, c = { sizes: one, batch: drawBatch(d, one), weights };
    expect((await evaluateStep(comaSweep as unknown as Definition, c)).weights).toEqual((await evaluateStep(d, c)).weights);
  });
});

describe('IA2C and MAA2C by their definition', () => {
  const d = ia2c as unknown as Definition, update = (page: unknown = ia2c, more: Partial<Parameters<typeof evaluate>[1]> = {}) => evaluate(page as Definition, more);
  it('the advantage is the target less the value of the critic before its step; no gradient of the actors reaches it', async () => {
    const { taps } = await update(ia2c, { taps: ['target.value', 'critic.value', 'advantage.x'] }), [B, T, N] = taps['advantage.x']!.shape as [number, number, number];
    for (let b = 0; b < B; b++) for (let t = 0; t < T; t++) for (let n = 0; n < N; n++) expect(taps['advantage.x']!.data[(b * T + t) * N + n]!).toBeCloseTo(taps['target.value']!.data[(b * T + t) * N + n]! - taps['critic.value']!.data[(b * (T + 1) + t) * N + n]!, 5);
    const silent = derive(ia2c, 'silent', (g, { criticLoss }) => { g.train('critic', weigh(0, criticLoss.loss), { optimiser: sgd({ lr: 1 }) }); });
    for (const [name, g] of Object.entries((await update(silent)).gradients)) expect(numbers(g).some(x => x !== 0), name).toBe(!name.startsWith('critic/'));
  });
  it('TD(lambda) by the critic itself in place of five steps by its lagged copy is GAE, and GAE in its place computes the same', async () => {
    const own = derive(ia2c, 'own', (g, { critic: c }) => { g.swap('target', tdLambda({ gamma: 0.99, lambda: 0.9 })); g.rewire('target', { nextValue: { text: `${(c.value as { text: string }).text} | next | stop` } }); g.remove('targetCritic'); });
    const estimated = derive(own, 'gae', (g, { policyLoss: _, target: __ }) => {
      const wires = Object.fromEntries(Object.entries(g.at('target') && own.page.nodes['target']!.in).map(([k, text]) => [k, { text }]));
      const adv = g.add('estimate', gae({ gamma: 0.99, lambda: 0.9 }), { ...wires, value: { text: 'critic.value | now' } } as never);
      g.rewire('policyLoss', { advantage: adv.advantage as never });
      g.rewire('criticLoss', { target: adv.returns as never });
      g.remove('target', 'advantage');
    });
    const [a, b] = [await update(own), await update(estimated)];
    for (const [rule, loss] of Object.entries(a.losses)) alike(b.losses[rule], loss, rule);
    for (const [name, g] of Object.entries(a.gradients)) expect(off(b.gradients[name], g), name).toBeLessThan(1e-5);
  });
  it('rewards that are scaled and moved change nothing once the start is forgotten; with scale in place of the standardised they do', async () => {
    const sizes = sizesOf(d), batch = drawBatch(d, sizes), reward = batch['data.reward']!, moved = { ...batch, 'data.reward': { shape: reward.shape, data: Float32Array.from(reward.data, x => 20 * x + 7) } }, memory = { 'rewards.count': 0 };
    const [a, b] = [await update(ia2c, { batch, memory }), await update(ia2c, { batch: moved, memory })], raw = swap(ia2c, 'reward', scale(), { name: 'raw' });
    for (const [name, g] of Object.entries(a.gradients)) expect(off(b.gradients[name], g), name).toBeLessThan(1e-4);
    const [c, e] = [await update(raw, { batch }), await update(raw, { batch: moved })];
    expect(e.losses['critic']! / c.losses['critic']!).toBeGreaterThan(1.5);
  });
  it('keeps mean, variance and count of rewards from update to update, once an update', async () => {
    const { memory, updates } = { ...(await update(ia2c, { updates: 2 })), updates: 2 }, valid = numbers(drawBatch(d, sizesOf(d))['data.valid']).reduce((x, y) => x + y);
    expect(memory['rewards.count']).toBeCloseTo(1e-4 + updates * valid, 3);
  });
  it('the entropy weighs 0.001 in IA2C and 0.01 in MAA2C', async () => {
    for (const [page, weight] of [[ia2c, 0.001], [maa2c, 0.01]] as const) { const { losses } = await update(page); alike(losses['actor'], losses['actor/policyLoss']! + weight * losses['actor/entropy']!); }
  });
  it('each agent of IA2C learns from what it sees itself: what the others see changes neither its value nor its target', async () => {
    const sizes = sizesOf(d), batch = drawBatch(d, sizes), obs = batch['data.obs']!, width = sizes['obs']!, data = Float32Array.from(obs.data, (x, i) => (Math.floor(i / width) % 2 === 1 ? x + 1 : x)), taps = ['critic.value', 'target.value'];
    const [a, b] = [await update(ia2c, { batch, taps }), await update(ia2c, { batch: { ...batch, 'data.obs': { shape: obs.shape, data } }, taps })];
    for (const wire of taps) a.taps[wire]!.data.forEach((x, i) => { if (i % 2 === 0) expect(b.taps[wire]!.data[i]).toBe(x); });
    expect(numbers(b.taps['critic.value'])).not.toEqual(numbers(a.taps['critic.value']));
  });
});

describe('EPyMARL\'s returns of n steps', () => {
  /** As its routine counts: at the last index it adds the value behind, whether the episode has ended or not. */
  const theirs = (reward: readonly number[], mask: readonly number[], values: readonly number[], n: number, gamma: number) => reward.map((_, start) => {
    let sum = 0;
    for (let k = 0; k <= n && start + k < reward.length; k++) {
      const t = start + k;
      if (k === n) sum += gamma ** k * values[t]! * mask[t]!;
      else { sum += gamma ** k * reward[t]! * mask[t]!; if (t === reward.length - 1) sum += gamma ** (k + 1) * values[t + 1]!; }
    }
    return sum;
  });
  const reward = [1, 2, 3, 0], values = [0.5, 0.6, 0.7, 0.8, 0.9], own = async (end: number) => numbers((await evaluateNodeOf(end)));
  const evaluateNodeOf = async (end: number) => {
    const { evaluateNode } = await import('../../plugins/testing.ts'), at = (t: number) => Number(t === end);
    const { outputs } = await evaluateNode(nStepTarget, { config: { n: 2 }, knobs: { gamma: 0.9 }, inputs: { reward: floats([reward]), terminated: { shape: [1, 4], data: Uint8Array.from([0, 1, 2, 3], at) }, truncated: { shape: [1, 4], data: new Uint8Array(4) }, valid: floats([[0, 1, 2, 3].map(t => Number(t <= end))]), nextValue: floats([values.slice(1)]) } });
    return outputs['value'];
  };
  it('bootstrap through an end near the last slot, and ours do not', async () => {
    for (const [end, right, wrong] of [[2, [3.367, 4.7, 3], [3.367, 4.7, 3.729]], [3, [3.367, 5.348, 3, 0], [3.367, 5.348, 3.729, 0.81]]] as const) {
      const got = await own(end), defect = theirs(reward, reward.map((_, t) => Number(t <= end)), values, 2, 0.9);
      right.forEach((x, t) => { expect(got[t]!).toBeCloseTo(x, 5); expect(defect[t]!).toBeCloseTo(wrong[t]!, 5); });
    }
  });
});
