/** Whole learners against the authors' code: losses, gradients, moments and weights of one and of three updates (fixtures/learners/README.md). */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, type Graph } from '../../core/graph.ts';
import { rmsprop } from '../../core/optimiser.ts';
import type { NamedArray } from '../../core/store.ts';
import type { World } from '../../core/world.ts';
import { pages } from '../../graphs/index.ts';
import { aliveAttentionMixer, attentionMixer, evenAttentionMixer, historyValue, nonlinearAttentionMixer } from '../../nodes/index.ts';
import { evaluateStep, importTorch, type StepResult, type TorchTensor } from '../../plugins/testing.ts';
import { numbers, off, type Arrays } from '../nodes/arrays.ts';
import { decode, decodeAll, type Encoded, type StateDict } from './encoded.ts';

type Nets = Readonly<Record<string, StateDict>>;
interface Fixture {
  readonly algorithm: 'iql' | 'vdn' | 'qmix' | 'qplex' | 'qatten' | 'qtranBase' | 'qtranAlt' | 'owQmix' | 'cwQmix' | 'shaq';
  /** Numbers, and options of the authors, of which only is asked whether they are set. */
  readonly config: Readonly<Record<string, number>>; readonly sizes: Readonly<Record<string, number>>;
  readonly batch: StateDict; readonly weights: Nets; readonly targets: Nets; readonly orders?: Encoded;
  readonly loss: number; readonly gradNorm: number; readonly losses: readonly number[]; readonly gradNorms: readonly number[]; readonly mixerGradNorms?: readonly number[];
  readonly gradients: Nets; readonly slots: Nets; readonly updated: Nets; readonly updated3: Nets; readonly values: StateDict;
}
const folder = new URL('../fixtures/learners/', import.meta.url);
const cases = readdirSync(folder).filter(f => f.endsWith('.json')).map(f => f.replace('.json', ''));
const load = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Fixture;

/** Tensors of all networks, `network.name`. */
const together = (nets: Nets): Arrays => Object.assign({}, ...Object.entries(nets).map(([net, dict]) => Object.fromEntries(Object.entries(decodeAll(dict)).map(([k, x]) => [`${net}.${k}`, x])))) as Arrays;

type Map = Record<string, TorchTensor>;
/** Linear as a dense layer of ours, `kernel` and `bias` with a number behind them in an mlp. */
const linear = (to: string, from: string, i: number | '' = ''): Map => ({ [`${to}/kernel${i}`]: { from: `${from}.weight`, transpose: true }, [`${to}/bias${i}`]: { from: `${from}.bias` } });
/** Sequential(Linear, ReLU, Linear, ...) as an mlp; a single Linear stands alone. */
const sequential = (to: string, from: string, depth: number): Map =>
  Object.assign({}, ...Array.from({ length: depth }, (_, i) => linear(to, depth === 1 ? from : `${from}.${2 * i}`, i))) as Map;

const agent = (to = 'agentQ', from = 'agent'): Map => ({
  ...linear(`${to}/first`, `${from}.fc1`), ...linear(`${to}/q`, `${from}.fc2`),
  [`${to}/cell/kernel`]: { from: `${from}.rnn.weight_ih`, transpose: true, gates: 3 }, [`${to}/cell/bias`]: { from: `${from}.rnn.bias_ih`, gates: 3 },
  [`${to}/cell/recurrent`]: { from: `${from}.rnn.weight_hh`, transpose: true, gates: 3 }, [`${to}/cell/recurrentBias`]: { from: `${from}.rnn.bias_hh`, gates: 3 },
});
/** That of SHAQ has the same form, and another name for the last bias. */
const qmixMixer = (depth: number, [offset, v] = ['V', 'v']): Map => ({
  ...sequential('mixer/w1', 'mixer.hyper_w_1', depth), ...linear('mixer/b1', 'mixer.hyper_b_1'), ...sequential('mixer/w2', 'mixer.hyper_w_final', depth), ...sequential(`mixer/${v!}`, `mixer.${offset!}`, 2),
});
const central: Map = { ...agent('centralQ', 'centralAgent'), ...sequential('central/net', 'centralMixer.net', 4), ...sequential('central/v', 'centralMixer.V', 2) };
/** The authors keep a list of networks, one for each head; ours stand behind one another in one tensor, which are gates to `importTorch`. */
const qplexMixer = (depth: number, heads: number): Map => ({
  ...sequential('mixer/w', 'mixer.hyper_w_final', 2), ...sequential('mixer/v', 'mixer.V', 2),
  ...Object.fromEntries(['key', 'agents', 'action'].flatMap(name => Object.entries(sequential(`mixer/${name === 'action' ? 'actions' : name}`, `mixer.si_weight.${name}_extractors.*`, depth))).map(([to, how]) => [to, { ...how, gates: heads }])),
});
/** Neither the query's last layer nor a key has a bias. */
const qattenMixer = (depth: number, heads: number, weighted: boolean): Map => {
  const attention = { ...sequential('mixer/query', 'mixer.selector_extractors.*', depth), ...sequential('mixer/key', 'mixer.key_extractors.*', 1) }, without = ([to]: readonly [string, unknown]) => to !== `mixer/query/bias${depth - 1}` && to !== 'mixer/key/bias0';
  return { ...Object.fromEntries(Object.entries(attention).filter(without).map(([to, how]) => [to, { ...how, gates: heads }])), ...(weighted ? sequential('mixer/w', 'mixer.hyper_w_head', depth) : {}), ...sequential('mixer/c', 'mixer.V', 2) };
};
const qtranBaseNets: Map = { ...sequential('jointQ/encode', 'mixer.action_encoding', 2), ...sequential('jointQ/net', 'mixer.Q', 3), ...sequential('value/net', 'mixer.V', 3) };
const qtranAltNets: Map = {
  ...sequential('jointQ/history', 'mixer.joint.hidden_encoding', 2), ...sequential('jointQ/other', 'mixer.joint.action_encoding', 2), ...sequential('jointQ/net', 'mixer.joint.q', 3),
  ...sequential('value/encode', 'mixer.v.hidden_encoding', 2), ...sequential('value/net', 'mixer.v.v', 3),
};
/** Adds to a state dict the rows of all heads behind one another, under the name with * for the head. */
function joinHeads(stateDict: Arrays): Arrays {
  const lists = new Map<string, NamedArray[]>();
  for (const [name, x] of Object.entries(stateDict)) {
    const [, before, head, after] = /^(.*_extractors)\.(\d+)\.(.*)$/.exec(name) ?? [];
    if (before === undefined) continue;
    const list = lists.get(`${before}.*.${after!}`) ?? [];
    list[Number(head)] = x;
    lists.set(`${before}.*.${after!}`, list);
  }
  const joined = [...lists].map(([name, list]) => [name, { shape: [list.length * list[0]!.shape[0]!, ...list[0]!.shape.slice(1)], data: Float32Array.from(list.flatMap(numbers)) }] as const);
  return { ...stateDict, ...Object.fromEntries(joined) };
}

const MIXERS: Readonly<Record<Fixture['algorithm'], (c: Fixture['config']) => Map>> = {
  iql: () => ({}), vdn: () => ({}),
  qmix: c => qmixMixer(c['hypernet_layers']!), qplex: c => qplexMixer(c['adv_hypernet_layers']!, c['num_kernel']!),
  owQmix: c => ({ ...qmixMixer(c['hypernet_layers']!), ...central }), cwQmix: c => ({ ...qmixMixer(c['hypernet_layers']!), ...central }),
  qatten: c => qattenMixer(c['hypernet_layers']!, c['n_head']!, Boolean(c['weighted_head'])), qtranBase: () => qtranBaseNets, qtranAlt: () => qtranAltNets,
  shaq: c => qmixMixer(c['hypernet_layers']!, ['hyper_b_2', 'b2']),
};
const mapOf = ({ algorithm, config }: Fixture): Map => ({ ...agent(), ...MIXERS[algorithm](config) });
/** What there is of these networks, by our names: SHAQ has no lagged mixer. */
const ours = (f: Fixture, nets: Nets): Arrays => importTorch(joinHeads(together(nets)), Object.fromEntries(Object.entries(mapOf(f)).filter(([, { from }]) => String(from).split('.')[0]! in nets)));

/** The page with the sizes and numbers of the fixture. */
function pageOf({ algorithm, config: c, sizes }: Fixture): Definition {
  const wide = (n: string, layers: number) => Array<number>(layers - 1).fill(sizes[n]!);
  return derive(pages[algorithm]!, 'fixture', (g: Graph<World>) => {
    g.set('agentQ', { hidden: sizes['hidden'] });
    if (['qmix', 'owQmix', 'cwQmix', 'shaq'].includes(algorithm)) g.set('mixer', { embed: sizes['embed'], hypernet: wide('hypernetEmbed', c['hypernet_layers']!) });
    if (algorithm === 'qplex') g.set('mixer', { heads: sizes['kernel'], hypernet: [sizes['hypernetEmbed']], advHypernet: wide('advHypernetEmbed', c['adv_hypernet_layers']!) });
    if (algorithm === 'qatten') g.swap('mixer', (c['nonlinear'] ? nonlinearAttentionMixer : c['mask_dead'] ? aliveAttentionMixer : c['weighted_head'] ? attentionMixer : evenAttentionMixer)(
      { heads: sizes['head']!, embed: sizes['embed']!, hypernet: wide('hypernetEmbed', c['hypernet_layers']!), logitPenalty: c['attend_reg_coef']! }));
    if (algorithm === 'qtranBase' || algorithm === 'qtranAlt') { const hidden = Array<number>(2).fill(c['mixing_embed_dim'] ?? c['qtran_hidden_dim']!); g.set('jointQ', { hidden }); if (algorithm === 'qtranAlt') g.swap('value', historyValue({ hidden })); else g.set('value', { hidden }); }
    g.set('tdTarget', { gamma: c['gamma'] });
    const rule = (lr: number) => ({ optimiser: rmsprop({ lr, decay: c['optim_alpha']!, eps: c['optim_eps']! }), clipNorm: c['grad_norm_clip']! }), td = g.at('tdLoss').loss;
    if (algorithm === 'owQmix' || algorithm === 'cwQmix') {
      g.set('centralQ', { hidden: sizes['hidden'] });
      g.set('central', { hidden: sizes['centralEmbed'] });
      g.set('weight', { alpha: c['w'] });
      g.train('q', [td, g.at('centralLoss').loss], rule(c['lr']!));
    } else if (algorithm === 'shaq') {
      g.set('mixer', { samples: sizes['sample'] });
      g.train('q', td, { ...rule(c['lr']!), only: [g.at('agentQ')] });
      g.train('alpha', td, { ...rule(c['alpha_lr']!), only: [g.at('mixer')] });
    } else g.train('q', pages[algorithm]!.page.train['q']!.losses.map(({ loss, weight }) => ({ loss: { text: loss }, weight })), rule(c['lr']!));
  });
}
const VALUES: Readonly<Record<string, string>> = {
  agentQ: 'agentQ.q', targetAgentQ: 'targetAgentQ.q', chosenAgentQ: 'chosen.value', maxAgentQ: 'chosen.best', nextGreedy: 'nextGreedy.action',
  nextAgentQ: 'nextChosen.value', nextMaxAgentQ: 'nextChosen.best', qTot: 'mixer.qTot', targetQTot: 'targetMixer.qTot', y: 'tdTarget.value', lambda: 'mixer.lambda', alpha: 'mixer.alpha',
  jointQ: 'jointQ.q', greedyJointQ: 'greedyJointQ.q', targetJointQ: 'targetJointQ.q', value: 'value.value',
  centralQ: 'centralQ.q', targetCentralQ: 'targetCentralQ.q', centralChosenAgentQ: 'centralChosen.value', nextCentralAgentQ: 'nextCentral.value', star: 'central.qTot',
  targetStar: 'targetCentral.qTot', greedyStar: 'greedyCentralValue.qTot', weight: 'weight.weight',
};
const OWN: Readonly<Partial<Record<Fixture['algorithm'], Readonly<Record<string, string>>>>> = { iql: { chosenAgentQ: 'chosenActionQ.value', nextAgentQ: 'nextChosenActionQ.value' }, qtranBase: { chosenAgentQ: 'chosenActionQ.value', maxAgentQ: 'greedy.value' }, qtranAlt: { chosenAgentQ: 'chosenActionQ.value', maxAgentQ: 'greedy.value' } };
const TOLERANCE = 1e-5;
const same = (got: Arrays, expected: Arrays, floor?: number) => {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const name of Object.keys(expected)) { expect(got[name]!.shape, name).toEqual(expected[name]!.shape); expect(off(got[name], expected[name], floor), name).toBeLessThan(TOLERANCE); }
};

describe.each(cases)('%s', name => {
  const f = load(name), page = pageOf(f), batch = Object.fromEntries(Object.entries(decodeAll(f.batch)).map(([k, x]) => [`data.${k}`, x]));
  const wires = Object.fromEntries(Object.keys(f.values).flatMap(value => {
    const wire = OWN[f.algorithm]?.[value] ?? VALUES[value];
    return wire !== undefined && wire.split('.')[0]! in page.page.nodes ? [[value, wire] as const] : [];
  }));
  // an agent stands before those with larger lots
  const orders = f.orders && decode(f.orders), noise = orders ? { 'mixer.order': { shape: orders.shape, data: Float32Array.from(orders.data, place => (place + 0.5) / f.sizes['agent']!) } } : {};
  const run = (updates: number) => evaluateStep(page, { sizes: f.sizes, batch, weights: ours(f, f.weights), targets: ours(f, f.targets), updates, noise, taps: Object.values(wires) });
  const momentsOf = ({ slots }: StepResult): Arrays => Object.assign({}, ...Object.values(slots).map(s => s['v'] as Arrays)) as Arrays;
  let one: StepResult, three: StepResult;
  beforeAll(async () => { [one, three] = [await run(1), await run(3)]; });

  it('reads every weight of the authors', () => {
    const read = new Set(Object.values(mapOf(f)).map(how => how.from));
    const unread = (nets: Nets) => Object.keys(together(nets)).filter(k => !read.has(k) && !read.has(k.replace(/_extractors\.\d+\./, '_extractors.*.')));
    expect(unread(f.weights)).toEqual([]);
    expect(Object.keys(one.weights).sort()).toEqual(Object.keys(mapOf(f)).sort());
  });
  it('has the same values between', () => {
    const valid = numbers(decode(f.batch['valid']!)), T = f.sizes['time']!;
    for (const [value, wire] of Object.entries(wires)) {
      const got = one.taps[wire]!, expected = decode(f.values[value]!), [, slots] = got.shape as [number, number], width = got.data.length / (f.sizes['batch']! * slots);
      // the fixture is 0 where a slot was not reached or is no transition
      const live = (i: number) => { const [b, t] = [Math.floor(i / width / slots), Math.floor(i / width) % slots]; return slots === T ? valid[b * T + t] === 1 : t === 0 || valid[b * T + t - 1] === 1; };
      expect(got.shape, value).toEqual(expected.shape);
      expect(off({ shape: got.shape, data: Float32Array.from(got.data, (x, i) => (live(i) ? x : 0)) }, expected), value).toBeLessThan(TOLERANCE);
    }
  });
  it('has the same loss and gradients', () => {
    expect(Math.abs(one.losses['q']! - f.loss)).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(f.loss)));
    expect(Math.abs(one.gradientNorms['q']! - f.gradNorm)).toBeLessThan(TOLERANCE * Math.max(1, f.gradNorm));
    if (f.mixerGradNorms) expect(Math.abs(one.gradientNorms['alpha']! - f.mixerGradNorms[0]!)).toBeLessThan(TOLERANCE * Math.max(1, f.mixerGradNorms[0]!));
    same(one.gradients, ours(f, f.gradients), 0.1);                              // a sum that cancels keeps the rounding of its terms
  });
  it('has the same moments and weights after one update', () => {
    same(momentsOf(one), ours(f, f.slots), 1e-5);          // squares of gradients are small
    same(one.weights, ours(f, f.updated));
  });
  it('has the same losses and weights over three updates, and leaves the lagged weights alone', () => {
    three.history.forEach((losses, i) => { expect(Math.abs(losses['q']! - f.losses[i]!)).toBeLessThan(TOLERANCE * Math.max(1, f.losses[i]!)); });
    expect(Math.abs(three.gradientNorms['q']! - f.gradNorms[2]!)).toBeLessThan(TOLERANCE * Math.max(1, f.gradNorms[2]!));
    same(three.weights, ours(f, f.updated3));
    for (const [k, x] of Object.entries({ ...ours(f, f.weights), ...ours(f, f.targets) })) expect(three.targets[k]!.data, k).toEqual(x.data);
  });
});
