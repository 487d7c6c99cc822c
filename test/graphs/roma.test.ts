/** ROMA: whole updates against the authors' agent and mixer (fixtures/roma/make.py), what of theirs is not copied, and what follows from its formulas. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, weigh, type Graph } from '../../core/graph.ts';
import { rmsprop, sgd } from '../../core/optimiser.ts';
import type { NamedArray } from '../../core/store.ts';
import { reach } from '../../core/topology.ts';
import type { World } from '../../core/world.ts';
import { pages, qmix, roma } from '../../graphs/index.ts';
import { roleAgentQ } from '../../nodes/index.ts';
import { evaluateAct, evaluateNode, evaluateStep, importTorch, layerTable, type StepResult, type TorchTensor } from '../../plugins/testing.ts';
import { drawWeights, normals, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, drawNoise, sizesOf } from '../properties/batch.ts';
import { evaluate } from './team.ts';

type Encoded = { readonly shape: readonly number[] } & ({ readonly f32: string } | { readonly i32: string } | { readonly u8: string });
type Tree = Readonly<Record<string, Encoded>>;
interface Fixture {
  readonly config: Readonly<Record<string, number>>; readonly sizes: Readonly<Record<string, number>>; readonly batch: Tree; readonly noise: Tree;
  readonly weights: Readonly<Record<string, Tree>>; readonly targets: Readonly<Record<string, Tree>>;
  readonly loss: number; readonly parts: { readonly td: number; readonly identify: number; readonly differ: number }; readonly gradNorm: number; readonly losses: readonly number[];
  readonly values: Tree; readonly gradients: Tree; readonly slots: Tree; readonly updated: Tree; readonly updated3: Tree;
  readonly theirs: { readonly padded: { readonly identify: number; readonly differ: number }; readonly beside: readonly (readonly number[])[] };
}
const load = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/roma/${name}.json`, import.meta.url), 'utf8')) as Fixture;
function decode(x: Encoded): NamedArray {
  const bytes = (text: string) => { const b = Buffer.from(text, 'base64'); return b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength) as ArrayBuffer; };
  return { shape: x.shape, data: 'f32' in x ? new Float32Array(bytes(x.f32)) : 'i32' in x ? new Int32Array(bytes(x.i32)) : new Uint8Array(bytes(x.u8)) };
}
const decodeAll = (x: Tree): Arrays => Object.fromEntries(Object.entries(x).map(([k, v]) => [k, decode(v)]));
const together = (nets: Readonly<Record<string, Tree>>): Arrays => Object.fromEntries(Object.entries(nets).flatMap(([net, tree]) => Object.entries(decodeAll(tree)).map(([k, x]) => [`${net}.${k}`, x])));

type Map = Record<string, TorchTensor>;
const linear = (to: string, from: string, i: number | '' = ''): Map => ({ [`${to}/kernel${i}`]: { from: `${from}.weight`, transpose: true }, [`${to}/bias${i}`]: { from: `${from}.bias` } });
/** Sequential(Linear, normalisation, LeakyReLU, ...): its first layers, and those behind. */
const normalised = (to: string, from: string): Map => ({ ...linear(to, `${from}.0`), [`${to}/scale`]: { from: `${from}.1.weight` }, [`${to}/offset`]: { from: `${from}.1.bias` } });
const AGENT: Map = {
  ...normalised('agentQ/encode', 'agent.embed_net'), ...linear('agentQ/law', 'agent.embed_net.3'), ...normalised('agentQ/decode', 'agent.latent_net'),
  ...linear('agentQ/w2', 'agent.fc2_w_nn'), ...linear('agentQ/b2', 'agent.fc2_b_nn'), ...linear('agentQ/first', 'agent.fc1'),
  'agentQ/cell/kernel': { from: 'agent.rnn.weight_ih', transpose: true, gates: 3 }, 'agentQ/cell/bias': { from: 'agent.rnn.bias_ih', gates: 3 },
  'agentQ/cell/recurrent': { from: 'agent.rnn.weight_hh', transpose: true, gates: 3 }, 'agentQ/cell/recurrentBias': { from: 'agent.rnn.bias_hh', gates: 3 },
};
const MIXER: Map = { ...linear('mixer/w1', 'mixer.hyper_w_1', 0), ...linear('mixer/b1', 'mixer.hyper_b_1'), ...linear('mixer/w2', 'mixer.hyper_w_final', 0), ...linear('mixer/v', 'mixer.V.0', 0), ...linear('mixer/v', 'mixer.V.2', 1) };
const ROLES: Map = {
  ...normalised('roleIdentifiability/infer', 'agent.inference_net'), ...linear('roleIdentifiability/posterior', 'agent.inference_net.3'),
  ...normalised('roleDifference/pair', 'agent.dis_net'), ...linear('roleDifference/dissimilarity', 'agent.dis_net.3'),
};
const ALL = { ...AGENT, ...MIXER, ...ROLES };
const pageOf = ({ config: c }: Fixture): Definition => derive(pages['roma']!, 'fixture', (g: Graph<World>) => {
  g.set('agentQ', { hidden: c['rnn_hidden_dim'], role: c['latent_dim'], embed: c['NN_HIDDEN_SIZE'], leastVar: c['var_floor'] });
  g.set('mixer', { embed: c['mixing_embed_dim'] });
  g.set('roleIdentifiability', { embed: c['NN_HIDDEN_SIZE'], leastVar: c['var_floor'] });
  g.set('roleDifference', { embed: c['NN_HIDDEN_SIZE'], soft: c['soft_constraint_weight'] });
  const losses = [g.at('tdLoss').loss, weigh(c['identify']!, g.at('roleIdentifiability').loss), weigh(c['differ']!, g.at('roleDifference').loss)];
  g.train('q', losses, { optimiser: rmsprop({ lr: c['lr']!, decay: c['optim_alpha']!, eps: c['optim_eps']! }), clipNorm: c['grad_norm_clip']! });
});
const TOLERANCE = 1e-5;
const same = (got: Arrays, expected: Arrays, floor?: number) => {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const name of Object.keys(expected)) { expect(got[name]!.shape, name).toEqual(expected[name]!.shape); expect(off(got[name], expected[name], floor), name).toBeLessThan(TOLERANCE); }
};

describe.each(['roma-a', 'roma-b'])('%s: an update of the authors\' agent and mixer, each row normalised by itself', name => {
  const f = load(name), page = pageOf(f), valid = numbers(decode(f.batch['valid']!)), T = f.sizes['time']!;
  const wires = { q: 'agentQ.q', role: 'agentQ.role', roleMean: 'agentQ.roleMean', roleVar: 'agentQ.roleVar', h: 'agentQ.hidden', qTot: 'mixer.qTot', y: 'tdTarget.value', kl: 'roleIdentifiability.kl' };
  const run = (updates: number) => evaluateStep(page, {
    sizes: f.sizes, batch: Object.fromEntries(Object.entries(decodeAll(f.batch)).map(([k, x]) => [`data.${k}`, x])), weights: importTorch(together(f.weights), ALL),
    targets: importTorch(together(f.targets), { ...AGENT, ...MIXER }), noise: Object.fromEntries(Object.entries(decodeAll(f.noise)).map(([node, x]) => [`${node}.eps`, x])), updates, taps: Object.values(wires),
  });
  const momentsOf = ({ slots }: StepResult): Arrays => Object.assign({}, ...Object.values(slots).map(s => s['v'] as Arrays)) as Arrays;
  let one: StepResult, three: StepResult;
  beforeAll(async () => { [one, three] = [await run(1), await run(3)]; });

  it('reads every weight of theirs, and there is no other', () => {
    const read = new Set(Object.values(ALL).map(how => how.from));
    expect(Object.keys(together(f.weights)).filter(k => !read.has(k))).toEqual([]);
    expect(Object.keys(one.weights).sort()).toEqual(Object.keys(ALL).sort());
  });
  it('has the same roles, values and targets wherever an episode has been', () => {
    for (const [value, wire] of Object.entries(wires).filter(([k]) => k !== 'kl')) {
      const got = one.taps[wire]!, expected = decode(f.values[value]!), [, slots] = got.shape as [number, number], width = got.data.length / (f.sizes['batch']! * slots);
      const live = (x: NamedArray): NamedArray => ({ shape: x.shape, data: Float32Array.from(x.data, (v, i) => { const [b, t] = [Math.floor(i / width / slots), Math.floor(i / width) % slots]; return (slots === T ? valid[b * T + t] === 1 : t === 0 || valid[b * T + t - 1] === 1) ? v : 0; }) });
      expect(got.shape, value).toEqual(expected.shape);
      expect(off(live(got), live(expected)), value).toBeLessThan(TOLERANCE);
    }
  });
  it('has the same divergence, a mean over the agents of a step, which is never below 0', () => {
    const kl = one.taps['roleIdentifiability.kl']!, theirs = decode(f.values['kl']!), N = f.sizes['agent']!;
    valid.forEach((v, i) => {
      const own = Array.from({ length: N }, (_, a) => kl.data[i * N + a]!), [b, t] = [Math.floor(i / T), i % T];
      expect(Math.min(...own)).toBeGreaterThanOrEqual(-1e-6);
      if (v) expect(own.reduce((x, y) => x + y, 0) / N).toBeCloseTo(theirs.data[b * (T + 1) + t]!, 5);
    });
  });
  it('has the same losses and gradients', () => {
    for (const [key, want] of [['q', f.loss], ['q/tdLoss', f.parts.td], ['q/roleIdentifiability', f.parts.identify], ['q/roleDifference', f.parts.differ]] as const)
      expect(Math.abs(one.losses[key]! - want), key).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(want)));
    expect(Math.abs(one.gradientNorms['q']! - f.gradNorm)).toBeLessThan(TOLERANCE * Math.max(1, f.gradNorm));
    same(one.gradients, importTorch(decodeAll(f.gradients), ALL), 0.1);
  });
  it('has the same moments and weights after one update, and losses and weights after three', () => {
    same(momentsOf(one), importTorch(decodeAll(f.slots), ALL), 1e-5);                 // squares of gradients are small
    // where all dissimilarities have one sign their last bias cancels: its gradient is rounding, of which RMSprop makes a step
    const expected = importTorch(decodeAll(f.gradients), ALL), noise = Object.keys(expected).filter(k => numbers(expected[k]).every(g => g !== 0 && Math.abs(g) < 1e-7)), real = (all: Arrays): Arrays => Object.fromEntries(Object.entries(all).filter(([k]) => !noise.includes(k)));
    expect(noise.filter(k => k !== 'roleDifference/dissimilarity/bias')).toEqual([]);
    same(real(one.weights), real(importTorch(decodeAll(f.updated), ALL)));
    three.history.forEach((losses, i) => { expect(Math.abs(losses['q']! - f.losses[i]!)).toBeLessThan(TOLERANCE * Math.max(1, f.losses[i]!)); });
    same(real(three.weights), real(importTorch(decodeAll(f.updated3), ALL)));
  });
});

describe('what of the authors\' code is not copied', () => {
  it('their agent, normalised over the rows of a batch, gives other values beside other agents; ours the same', async () => {
    const [one, other] = load('roma-a').theirs.beside;
    expect(Math.max(...one!.map((q, i) => Math.abs(q - other![i]!)))).toBeGreaterThan(1e-3);
    const x = normals(1, 'x', [1, 2, 3, 4]), run = async (shift: number) => numbers((await evaluateNode(roleAgentQ, { sizes: { action: 3 }, noise: { eps: normals(2, 'eps', [1, 2, 3, 3]) }, inputs: { x: { shape: x.shape, data: Float32Array.from(x.data, (v, i) => (i % 12 < 4 ? v : v + shift)) } } })).outputs['q']);
    const [a, b] = [await run(0), await run(2)], first = (q: number[]) => q.filter((_, i) => i % 9 < 3);
    expect(first(b)).toEqual(first(a));
    expect(b).not.toEqual(a);
  });
  it('their role losses count padding, so another amount of it changes them; ours do not', async () => {
    const f = load('roma-a');
    for (const key of ['identify', 'differ'] as const) expect(Math.abs(f.theirs.padded[key] - f.parts[key])).toBeGreaterThan(1e-3);
    const sizes = sizesOf(roma), at = (pad: number) => evaluate(roma, { sizes: { ...sizes, time: sizes['time']! + pad }, batch: drawBatch(roma, sizes, { pad }), noise: drawNoise(roma, sizes, { pad }) });
    const [short, long] = [await at(0), await at(3)];
    for (const key of ['q/roleIdentifiability', 'q/roleDifference']) expect(long.losses[key]).toBeCloseTo(short.losses[key]!, 5);
  });
});

describe('roma', () => {
  const sizes = sizesOf(roma), table = layerTable(roma, sizes), weights = drawWeights(1, table, 0.2), targets = drawWeights(101, table, 0.2), noise = drawNoise(roma, sizes);
  const parts = (identify: number, differ: number) => derive(roma, 'parts', (g, { td, identify: i, differ: d }) => { g.train('q', [td.loss, weigh(identify, i.loss), weigh(differ, d.loss)], { optimiser: sgd({ lr: 0.1 }) }); });

  it('has the numbers of its sheet: the agent, two losses and their weights, one rule for all', () => {
    expect({ ...roma.page.nodes['agentQ']!.config }).toEqual({ hidden: 64, role: 3, embed: 16, leastVar: 0.002 });
    expect({ ...roma.page.nodes['mixer']!.config }).toEqual({ embed: 32, hypernet: [] });
    expect(roma.page.train).toMatchObject({ q: { optimiser: qmix.page.train['q']!.optimiser, clipNorm: 10, losses: [{ loss: 'tdLoss.loss', weight: 1 }, { loss: 'roleIdentifiability.loss', weight: 1e-4 }, { loss: 'roleDifference.loss', weight: 1e-3 }] } });
    expect([...reach(roma, 'q').trained].sort()).toEqual(['agentQ', 'mixer', 'roleDifference', 'roleIdentifiability']);
  });
  it('explores as QMIX does, over 50,000 steps (their file says 50)', () => { expect(roma.page.nodes['explore']).toEqual(qmix.page.nodes['explore']); expect(roma.page.nodes['explore']!.config!['epsilon']).toMatchObject({ from: 1, to: 0.05, over: 50_000, clock: 'steps' }); });
  it('draws a role: the mean and the root of the variance times the noise, in learning and other at every update', async () => {
    const taps = ['agentQ.role', 'agentQ.roleMean', 'agentQ.roleVar'], { taps: t } = await evaluate(roma, { weights, targets, noise, taps }), [role, mean, variance] = taps.map(k => numbers(t[k])), eps = numbers(noise['agentQ.eps']);
    role!.forEach((x, i) => { expect(x).toBeCloseTo(mean![i]! + Math.sqrt(variance![i]!) * eps[i]!, 5); });
    expect(Math.min(...variance!)).toBeGreaterThanOrEqual(Math.fround(0.002));
    const at = async (updates: number) => (await evaluate(roma, { weights, targets, counters: { updates }, taps })).taps, [a, b] = [await at(0), await at(1)];
    expect(a['agentQ.role']).not.toEqual(b['agentQ.role']);
    expect(a['agentQ.roleMean']).toEqual(b['agentQ.roleMean']);
  });
  it('acts on the role that is drawn, not on its mean, in evaluation too', async () => {
    const drawn = drawBatch(roma, sizes), fields = Object.fromEntries(['obs', 'avail', 'lastAction', 'agentId', 'start'].map(k => { const x = drawn[`data.${k}`]!, n = x.shape.slice(2).reduce((a, m) => a * m, 1); return [k, { shape: [1, 1, ...x.shape.slice(2)], data: k === 'avail' ? new Uint8Array(n).fill(1) : x.data.slice(0, n) }]; }));
    const at = async (eps: number) => numbers((await evaluateAct(roma, { sizes: { ...sizes, batch: 1 }, fields, weights, best: true, noise: { 'agentQ.eps': { shape: [1, 1, 2, 3], data: new Float32Array(6).fill(eps) } } })).action);
    const actions = await Promise.all([-6, -3, 0, 3, 6].map(at));
    expect(new Set(actions.map(a => a.join())).size).toBeGreaterThan(1);
    expect(await at(3)).toEqual(actions[3]);
  });
  it('with role losses that weigh 0 updates agents and mixer as the page without them, and nothing else', async () => {
    const without = derive(roma, 'without', (g, { td }) => { g.train('q', [td.loss], { optimiser: sgd({ lr: 0.1 }) }); g.remove('roleIdentifiability', 'roleDifference'); });
    const rest = Object.fromEntries(Object.entries(weights).filter(([k]) => /^(agentQ|mixer)\//.test(k))), [a, b, c] = [await evaluate(parts(0, 0), { weights, targets, noise }), await evaluate(without, { weights: rest, targets: Object.fromEntries(Object.entries(targets).filter(([k]) => k in rest)), noise }), await evaluate(parts(1, 1), { weights, targets, noise })];
    for (const k of Object.keys(rest)) expect(a.weights[k], k).toEqual(b.weights[k]);
    for (const k of Object.keys(weights).filter(x => !(x in rest))) expect(a.weights[k], k).toEqual(weights[k]);
    expect(c.weights['agentQ/encode/kernel']).not.toEqual(a.weights['agentQ/encode/kernel']);
  });
  it('trains by the role losses what makes the role and what judges it, and not what makes values or remembers', async () => {
    const roles = derive(roma, 'roles', (g, { identify, differ }) => { g.train('q', [identify.loss, differ.loss], { optimiser: sgd({ lr: 0.1 }), only: [g.at('agentQ'), g.at('roleIdentifiability'), g.at('roleDifference')] }); g.train('td', g.at('tdLoss').loss, { optimiser: sgd({ lr: 0.1 }), only: [g.at('mixer')] }); });
    const { gradients } = await evaluate(roles, { weights, targets, noise }), moved = (k: string) => numbers(gradients[k]).some(x => x !== 0);
    for (const k of Object.keys(gradients).filter(x => !x.startsWith('mixer/'))) expect(moved(k), k).toBe(!/^agentQ\/(decode|w2|b2|first|cell)\//.test(k));
  });
});
