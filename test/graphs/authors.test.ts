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

type Encoded = { readonly shape: readonly number[] } & ({ readonly f32: string } | { readonly i32: string } | { readonly u8: string });
type StateDict = Readonly<Record<string, Encoded>>;
interface Nets { readonly agent: StateDict; readonly mixer?: StateDict }
interface Fixture {
  readonly algorithm: 'iql' | 'vdn' | 'qmix' | 'qplex' | 'qatten' | 'qtranBase' | 'qtranAlt';
  /** Numbers, and options of the authors, of which only is asked whether they are set. */
  readonly config: Readonly<Record<string, number>>; readonly sizes: Readonly<Record<string, number>>;
  readonly batch: StateDict; readonly weights: Nets; readonly targets: Nets;
  readonly loss: number; readonly gradNorm: number; readonly losses: readonly number[]; readonly gradNorms: readonly number[];
  readonly gradients: Nets; readonly slots: Nets; readonly updated: Nets; readonly updated3: Nets; readonly values: StateDict;
}
const folder = new URL('../fixtures/learners/', import.meta.url);
const cases = readdirSync(folder).filter(f => f.endsWith('.json')).map(f => f.replace('.json', ''));
const load = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Fixture;

function decode(x: Encoded): NamedArray {
  const bytes = (text: string) => { const b = Buffer.from(text, 'base64'); return b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength) as ArrayBuffer; };
  return { shape: x.shape, data: 'f32' in x ? new Float32Array(bytes(x.f32)) : 'i32' in x ? new Int32Array(bytes(x.i32)) : new Uint8Array(bytes(x.u8)) };
}
const decodeAll = (x: StateDict): Arrays => Object.fromEntries(Object.entries(x).map(([k, v]) => [k, decode(v)]));

type Map = Record<string, TorchTensor>;
/** Linear as a dense layer of ours, `kernel` and `bias` with a number behind them in an mlp. */
const linear = (to: string, from: string, i: number | '' = ''): Map => ({ [`${to}/kernel${i}`]: { from: `${from}.weight`, transpose: true }, [`${to}/bias${i}`]: { from: `${from}.bias` } });
/** Sequential(Linear, ReLU, Linear, ...) as an mlp; a single Linear stands alone. */
const sequential = (to: string, from: string, depth: number): Map =>
  Object.assign({}, ...Array.from({ length: depth }, (_, i) => linear(to, depth === 1 ? from : `${from}.${2 * i}`, i))) as Map;

const agent: Map = {
  ...linear('agentQ/first', 'fc1'), ...linear('agentQ/q', 'fc2'),
  'agentQ/cell/kernel': { from: 'rnn.weight_ih', transpose: true, gates: 3 }, 'agentQ/cell/bias': { from: 'rnn.bias_ih', gates: 3 },
  'agentQ/cell/recurrent': { from: 'rnn.weight_hh', transpose: true, gates: 3 }, 'agentQ/cell/recurrentBias': { from: 'rnn.bias_hh', gates: 3 },
};
const qmixMixer = (depth: number): Map =>
  ({ ...sequential('mixer/w1', 'hyper_w_1', depth), ...linear('mixer/b1', 'hyper_b_1'), ...sequential('mixer/w2', 'hyper_w_final', depth), ...sequential('mixer/v', 'V', 2) });
/** The authors keep a list of networks, one for each head; ours stand behind one another in one tensor, which are gates to `importTorch`. */
const qplexMixer = (depth: number, heads: number): Map => ({
  ...sequential('mixer/w', 'hyper_w_final', 2), ...sequential('mixer/v', 'V', 2),
  ...Object.fromEntries(['key', 'agents', 'action'].flatMap(name => Object.entries(sequential(`mixer/${name === 'action' ? 'actions' : name}`, `si_weight.${name}_extractors.*`, depth))).map(([to, how]) => [to, { ...how, gates: heads }])),
});
/** Neither the query's last layer nor a key has a bias. */
const qattenMixer = (depth: number, heads: number, weighted: boolean): Map => {
  const attention = { ...sequential('mixer/query', 'selector_extractors.*', depth), ...sequential('mixer/key', 'key_extractors.*', 1) }, without = ([to]: readonly [string, unknown]) => to !== `mixer/query/bias${depth - 1}` && to !== 'mixer/key/bias0';
  return { ...Object.fromEntries(Object.entries(attention).filter(without).map(([to, how]) => [to, { ...how, gates: heads }])), ...(weighted ? sequential('mixer/w', 'hyper_w_head', depth) : {}), ...sequential('mixer/c', 'V', 2) };
};
const qtranBaseNets: Map = { ...sequential('jointQ/encode', 'action_encoding', 2), ...sequential('jointQ/net', 'Q', 3), ...sequential('value/net', 'V', 3) };
const qtranAltNets: Map = {
  ...sequential('jointQ/history', 'joint.hidden_encoding', 2), ...sequential('jointQ/other', 'joint.action_encoding', 2), ...sequential('jointQ/net', 'joint.q', 3),
  ...sequential('value/encode', 'v.hidden_encoding', 2), ...sequential('value/net', 'v.v', 3),
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

const mapOf = ({ algorithm, config }: Fixture): Map =>
  ({ ...agent, ...{
    iql: () => ({}), vdn: () => ({}), qmix: () => qmixMixer(config['hypernet_layers']!), qplex: () => qplexMixer(config['adv_hypernet_layers']!, config['num_kernel']!),
    qatten: () => qattenMixer(config['hypernet_layers']!, config['n_head']!, Boolean(config['weighted_head'])), qtranBase: () => qtranBaseNets, qtranAlt: () => qtranAltNets,
  }[algorithm]() });
const ours = (f: Fixture, nets: Nets): Arrays => importTorch(joinHeads({ ...decodeAll(nets.agent), ...decodeAll(nets.mixer ?? {}) }), mapOf(f));

/** The page with the sizes and numbers of the fixture. */
function pageOf({ algorithm, config: c, sizes }: Fixture): Definition {
  const wide = (n: string, layers: number) => Array<number>(layers - 1).fill(sizes[n]!);
  return derive(pages[algorithm]!, 'fixture', (g: Graph<World>) => {
    g.set('agentQ', { hidden: sizes['hidden'] });
    if (algorithm === 'qmix') g.set('mixer', { embed: sizes['embed'], hypernet: wide('hypernetEmbed', c['hypernet_layers']!) });
    if (algorithm === 'qplex') g.set('mixer', { heads: sizes['kernel'], hypernet: [sizes['hypernetEmbed']], advHypernet: wide('advHypernetEmbed', c['adv_hypernet_layers']!) });
    if (algorithm === 'qatten') g.swap('mixer', (c['nonlinear'] ? nonlinearAttentionMixer : c['mask_dead'] ? aliveAttentionMixer : c['weighted_head'] ? attentionMixer : evenAttentionMixer)(
      { heads: sizes['head']!, embed: sizes['embed']!, hypernet: wide('hypernetEmbed', c['hypernet_layers']!), logitPenalty: c['attend_reg_coef']! }));
    if (algorithm === 'qtranBase' || algorithm === 'qtranAlt') { const hidden = Array<number>(2).fill(c['mixing_embed_dim'] ?? c['qtran_hidden_dim']!); g.set('jointQ', { hidden }); if (algorithm === 'qtranAlt') g.swap('value', historyValue({ hidden })); else g.set('value', { hidden }); }
    g.set('tdTarget', { gamma: c['gamma'] });
    g.train('q', pages[algorithm]!.page.train['q']!.losses.map(({ loss, weight }) => ({ loss: { text: loss }, weight })), { optimiser: rmsprop({ lr: c['lr']!, decay: c['optim_alpha']!, eps: c['optim_eps']! }), clipNorm: c['grad_norm_clip']! });
  });
}
const VALUES: Readonly<Record<string, string>> = {
  agentQ: 'agentQ.q', targetAgentQ: 'targetAgentQ.q', chosenAgentQ: 'chosen.value', maxAgentQ: 'chosen.best', nextGreedy: 'nextGreedy.action',
  nextAgentQ: 'nextChosen.value', nextMaxAgentQ: 'nextChosen.best', qTot: 'mixer.qTot', targetQTot: 'targetMixer.qTot', y: 'tdTarget.value', lambda: 'mixer.lambda',
  jointQ: 'jointQ.q', greedyJointQ: 'greedyJointQ.q', targetJointQ: 'targetJointQ.q', value: 'value.value',
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
  const run = (updates: number) => evaluateStep(page, { sizes: f.sizes, batch, weights: ours(f, f.weights), targets: ours(f, f.targets), updates, taps: Object.values(wires) });
  let one: StepResult, three: StepResult;
  beforeAll(async () => { [one, three] = [await run(1), await run(3)]; });

  it('reads every weight of the authors', () => {
    const read = new Set(Object.values(mapOf(f)).map(how => how.from));
    const unread = (nets: Nets) => Object.keys({ ...nets.agent, ...nets.mixer }).filter(k => !read.has(k) && !read.has(k.replace(/_extractors\.\d+\./, '_extractors.*.')));
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
    same(one.gradients, ours(f, f.gradients), 0.1);                              // a sum that cancels keeps the rounding of its terms
  });
  it('has the same moments and weights after one update', () => {
    same(one.slots['q']!['v'] as Arrays, ours(f, f.slots), 1e-5);          // squares of gradients are small
    same(one.weights, ours(f, f.updated));
  });
  it('has the same losses and weights over three updates, and leaves the lagged weights alone', () => {
    three.history.forEach((losses, i) => { expect(Math.abs(losses['q']! - f.losses[i]!)).toBeLessThan(TOLERANCE * Math.max(1, f.losses[i]!)); });
    expect(Math.abs(three.gradientNorms['q']! - f.gradNorms[2]!)).toBeLessThan(TOLERANCE * Math.max(1, f.gradNorms[2]!));
    same(three.weights, ours(f, f.updated3));
    same(three.targets, ours(f, f.targets));
    for (const [k, x] of Object.entries(ours(f, f.targets))) expect(three.targets[k]!.data).toEqual(x.data);
  });
});
