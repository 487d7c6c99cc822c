/**
 * What holds for every mixer: alone, on all joint actions of small teams, and in QMIX, whose page it is put on. A mixer that is added to the list is judged by this
 * file without a line in it: by what `guarantees` says that it keeps, and by whether its layers know agents apart.
 */
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, type Graph } from '../../core/graph.ts';
import type { NodeFactory, NodeUse, Noise } from '../../core/node.ts';
import { named } from '../../core/port.ts';
import type { World } from '../../core/world.ts';
import { iql, qmix, shaq, vdn } from '../../graphs/index.ts';
import {
  aliveAttentionMixer, attentionMixer, duplexMixer, evenAttentionMixer, guarantees, kinds, monotonicMixer, nodeTypes, nonlinearAttentionMixer, nStepTarget, shapleyMixer, sumMixer, tdLambda, tdTarget,
} from '../../nodes/index.ts';
import { evaluateNode, evaluateStep, layerTable, type StepCase, type StepResult } from '../../plugins/testing.ts';
import { drawWeights, filled, normals, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { game, jointActions, narrow, offers, type Team } from '../nodes/mixers/joint.ts';
import { drawBatch, drawNoise, sizesOf, type Sizes } from './batch.ts';

type Page = Definition<unknown, World>;
const mixers = nodeTypes.filter(node => kinds.get(node.spec.type) === 'mixers').map(node => [node.spec.type, node] as const), WIDTH = 8;
const keeps = (type: string, what: string): boolean => guarantees.get(type)!.includes(what);

const sizesOfTeam = ({ agents: agent, actions: action, state }: Team) => ({ agent, action, state, unit: state });
const small = (mixer: NodeFactory) => narrow(mixer, WIDTH), weightsOf = (mixer: NodeFactory, team: Team): Arrays => drawWeights(team.seed, layerTable(small(mixer), sizesOfTeam(team)));
/** Joint values of rows, and the gradient of their sum; noise is drawn by its name, alike for as many rows. */
async function mix(mixer: NodeFactory, team: Team, offered: Arrays, { weights = weightsOf(mixer, team), noise = noiseOf(mixer, team, offered) } = {}) {
  const inputs = Object.fromEntries(Object.entries(offered).filter(([port]) => port in (mixer.spec.in as object))), rows = offered['agentQs']!.shape[0]!;
  const result = await evaluateNode(small(mixer), { sizes: { action: team.actions }, weights, inputs, noise, cotangents: { qTot: filled([rows], 1) } });
  return { ...result, qTot: numbers(result.outputs['qTot']) };
}
const dimsOf = (noise: Noise): readonly string[] => named(noise);
function noiseOf(mixer: NodeFactory, team: Team, offered: Arrays): Arrays {
  const made = (mixer.spec.sizes as ((s: object, c: object) => Record<string, number>) | undefined)?.({}, small(mixer).config) ?? {}, size: Record<string, number> = { ...sizesOfTeam(team), ...made };
  return Object.fromEntries(Object.entries((mixer.spec.noise ?? {}) as Record<string, Noise>).map(([key, noise]) => [key, normals(team.seed, key, [offered['agentQs']!.shape[0]!, ...dimsOf(noise).map(dim => size[dim]!)])]));
}
/** The array with the indices of one axis in another order. */
function moved(x: Arrays[string], axis: number, order: readonly number[]): Arrays[string] {
  const step = x.shape.slice(axis + 1).reduce((a, n) => a * n, 1), data = x.data.slice();
  x.data.forEach((_, i) => { const at = Math.floor(i / step) % order.length; data[i] = x.data[i + (order[at]! - at) * step]!; });
  return { shape: x.shape, data };
}
const teams: Team[] = [1, 2, 3, 4].flatMap((agents, i) => [0, 1].map(seed => ({ agents, actions: [5, 4, 3, 2][i]!, state: 3, seed: 10 * i + seed })));
const three: Team = { agents: 3, actions: 3, state: 3, seed: 4 };

describe.each(mixers)('%s', (type, mixer) => {
  it('gives one finite value a row to 1 to 8 agents with 1 to 5 actions', async () => {
    const fewest = Object.hasOwn(mixer.spec.in as object, 'action') ? 1 : 5;          // how many there are is seen in the joint action alone
    for (let agents = 1; agents <= 8; agents++) for (let actions = fewest; actions <= 5; actions++) {
      const team: Team = { agents, actions, state: 2, seed: agents * actions }, { values, state } = game(team), { outputs, gradients } = await mix(mixer, team, offers(values, [values.map((_, i) => i % actions)], state));
      expect(outputs['qTot']!.shape).toEqual([1]);
      for (const x of [...Object.values(outputs), ...Object.values(gradients.inputs), ...Object.values(gradients.weights)]) expect(numbers(x).every(Number.isFinite), `${agents} agents, ${actions} actions`).toBe(true);
    }
  });
  it('passes the gradient of its value to every agent and to every one of its layers', async () => {
    const { values, state } = game(three), { gradients } = await mix(mixer, three, offers(values, jointActions(3, 3), state)), own = numbers(gradients.inputs['agentQs']);
    for (const agent of [0, 1, 2]) expect(own.some((g, i) => i % 3 === agent && g !== 0)).toBe(true);
    for (const [tensor, g] of Object.entries(gradients.weights)) expect(numbers(g).some(x => x !== 0), tensor).toBe(true);
  });
  if (keeps(type, 'additive')) it('additive: the sum of the values, each with gradient 1', async () => {
    for (const team of teams) {
      const { values, state } = game(team), joint = jointActions(team.agents, team.actions), { qTot, gradients } = await mix(mixer, team, offers(values, joint, state));
      joint.forEach((u, row) => { expect(qTot[row]).toBeCloseTo(u.reduce((sum, a, i) => sum + values[i]![a]!, 0), 5); });
      expect(numbers(gradients.inputs['agentQs']).every(g => g === 1)).toBe(true);
    }
  });
  if (keeps(type, 'monotonic')) it('monotonic: no gradient is below 0, and no joint value falls where a value of any action rises', async () => {
    for (const team of teams) {
      const { values, state } = game(team), joint = jointActions(team.agents, team.actions), weights = weightsOf(mixer, team), { qTot, gradients } = await mix(mixer, team, offers(values, joint, state), { weights });
      expect(Math.min(...numbers(gradients.inputs['agentQs']))).toBeGreaterThanOrEqual(0);
      for (let agent = 0; agent < team.agents; agent++) {
        const higher = (await mix(mixer, team, offers(values.map((q, i) => q.map((x, a) => (i === agent && a === (agent + team.seed) % team.actions ? x + 1 : x))), joint, state), { weights })).qTot;
        higher.forEach((x, row) => { expect(x).toBeGreaterThanOrEqual(qTot[row]! - 1e-5); });
      }
    }
  });
  if (keeps(type, 'IGM')) it.each(['every action', 'some actions'])('IGM: of all joint actions of %s the greatest is that of the greedy agents, and has the greatest value', async among => {
    for (const team of teams) {
      const { values, state } = game(team), lots = numbers(normals(team.seed, 'avail', [team.agents, team.actions])), open = values.map((q, i) => q.map((_, a) => among === 'every action' || lots[i * team.actions + a]! > 0 || a === (i + team.seed) % team.actions));
      const own = values.map((q, i) => q.reduce((best, x, a) => (open[i]![a] && (best < 0 || x > q[best]!) ? a : best), -1)), allowed = jointActions(team.agents, team.actions).filter(u => u.every((a, i) => open[i]![a]));
      // what is not available counts for nothing, be it ever so high
      const offered = offers(values.map((q, i) => q.map((x, a) => (open[i]![a] ? x : -1e9))), allowed, state), { qTot } = await mix(mixer, team, offered);
      expect(qTot[allowed.findIndex(u => u.join() === own.join())]).toBeGreaterThanOrEqual(Math.max(...qTot) - 1e-5);
      if (allowed.length > 1) expect(new Set(qTot).size).toBeGreaterThan(1);
    }
  });

  const known = JSON.stringify(layerTable(small(mixer), { ...sizesOfTeam(three), agent: 4 }).map(t => t.shape)) !== JSON.stringify(layerTable(small(mixer), sizesOfTeam(three)).map(t => t.shape)), order = [2, 0, 1];
  it(`with its agents in another order, and all that is theirs, has ${known ? 'another value: its layers know them apart' : 'the same value: no layer knows them apart'}`, async () => {
    const { values, state } = game(three), at = offers(values, jointActions(3, 3), state), noise = noiseOf(mixer, three, at), ports = mixer.spec.in as Record<string, { readonly spec: string }>;
    const along = Object.fromEntries(Object.entries(at).map(([port, x]) => [port, ports[port]?.spec.includes('agent') ? moved(x, 1, order) : x]));
    const lots = Object.fromEntries(Object.entries(noise).map(([key, x]) => { const axis = dimsOf((mixer.spec.noise as Record<string, Noise>)[key]!).indexOf('agent'); return [key, axis < 0 ? x : moved(x, 1 + axis, order)]; }));
    const [before, after] = [await mix(mixer, three, at, { noise }), await mix(mixer, three, along, { noise: lots })], apart = Math.max(...after.qTot.map((x, row) => Math.abs(x - before.qTot[row]!)));
    if (known) expect(apart).toBeGreaterThan(0.01);
    else expect(apart).toBeLessThan(1e-4);
  });
});

const edited = (d: Definition, edit: (g: Graph<World>) => void): Page => derive(d as Page, 'edited', edit);
const put = (g: Graph<World>, slot: string, node: NodeUse) => { g.swap(slot, node as Parameters<typeof g.swap>[1]); };
const base = edited(qmix, g => { g.set('agentQ', { hidden: 8 }); });
const withMixer = (mixer: NodeUse): Page => edited(base, g => { put(g, 'mixer', mixer); });
function run(d: Page, more: Partial<StepCase> & { readonly sizes?: Sizes } = {}): Promise<StepResult> {
  const sizes = more.sizes ?? sizesOf(d), table = layerTable(d, sizes);
  return evaluateStep(d, { sizes, batch: drawBatch(d, sizes), weights: drawWeights(1, table), targets: drawWeights(101, table), noise: drawNoise(d, sizes), ...more });
}
/** Losses and gradients but for rounding. */
function same(got: StepResult, want: StepResult, nodes = ''): void {
  for (const [k, loss] of Object.entries(want.losses)) expect(Math.abs(got.losses[k]! - loss), k).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)));
  for (const [k, g] of Object.entries(want.gradients)) if (k.startsWith(nodes)) expect(off(got.gradients[k], g), k).toBeLessThan(2e-5);
}
const returns = [['tdTarget', tdTarget()], ['nStepTarget', nStepTarget({ n: 2 })], ['tdLambda', tdLambda()]] as const;

describe.each(mixers)('QMIX with %s', (_, mixer) => {
  const page = withMixer(small(mixer)), sizes = sizesOf(page);

  it('learns from one transition of 1 to 8 agents with 1 to 5 actions of which one is available: it is the greedy one', async () => {
    for (let agents = 1; agents <= 8; agents++) {
      const small: Sizes = { ...sizes, batch: 1, time: 1, agent: agents, id: agents, action: 1 + (agents + 1) % 5 }, A = small['action']!, drawn = drawBatch(page, small), { shape, data } = drawn['data.action']!;
      const avail = Uint8Array.from({ length: 2 * agents * A }, (_, i) => { const row = Math.floor(i / A); return Number(i % A === (row < agents ? data[row]! : (row - agents) % A)); });
      const r = await run(page, { sizes: small, batch: { ...drawn, 'data.avail': { shape: [1, 2, agents, A], data: avail } }, taps: ['chosen.greedy', 'chosen.isGreedy', 'nextGreedy.action'] });
      expect(r.failed).toBeUndefined();
      expect([...Object.values(r.losses), ...Object.values(r.weights).flatMap(numbers)].every(Number.isFinite)).toBe(true);
      expect(r.taps['chosen.greedy']).toEqual({ shape, data });
      expect(numbers(r.taps['chosen.isGreedy'])).toEqual(Array<number>(agents).fill(1));
      expect(numbers(r.taps['nextGreedy.action'])).toEqual(Array.from({ length: agents }, (_, i) => i % A));
    }
  });
  it('teaches every layer of the agents and of the mixer, by its TD error', async () => {
    const { gradients } = await run(edited(page, g => { if ('logitPenalty' in mixer().config) g.set('mixer', { logitPenalty: 0 }); }));
    for (const { name } of layerTable(page, sizes)) expect(numbers(gradients[name]).some(x => x !== 0), name).toBe(true);
  });
  it('learns nothing from padding alone', async () => {
    const none = await run(page, { batch: drawBatch(page, sizes, { lengths: [0, 0, 0] }) });
    expect(Object.values(none.losses).every(x => x === 0)).toBe(true);
    expect(Object.values(none.gradients).flatMap(numbers).every(x => x === 0)).toBe(true);
  });
  it.each(returns)('takes no notice of padding, with %s: neither of more slots nor of an episode that is nothing else', async (_, target) => {
    const d = edited(page, g => { put(g, 'tdTarget', target); }), lengths = [4, 2, 0], two: Sizes = { ...sizes, batch: 2 }, wide: Sizes = { ...sizes, time: sizes['time']! + 3 };
    same(await run(d, { sizes: wide, batch: drawBatch(d, sizes, { lengths, pad: 3 }), noise: drawNoise(d, sizes, { pad: 3 }) }), await run(d, { sizes: two, batch: drawBatch(d, two, { lengths }) }));
  });
  it('is the one-step page with n-step targets of one step and with TD(lambda) at lambda 0', async () => {
    const one = await run(page);
    for (const target of [nStepTarget({ n: 1 }), tdLambda({ lambda: 0 })]) same(await run(edited(page, g => { put(g, 'tdTarget', target); })), one);
    expect(one.losses['q']).toBeGreaterThan(0);
  });
});

/** Settings and biases (all else is 0) with which a mixer gives back the value of its one agent; some add 16 and take it away, so that no unit stands at its kink. */
type Plain = readonly [mixer: NodeFactory, config: object, ones: Readonly<Record<string, number>>];
const heads = { heads: 1, embed: 2, hypernet: [], logitPenalty: 0 }, IDENTITY: readonly Plain[] = [
  [sumMixer, {}, {}],
  [monotonicMixer, { embed: 1, hypernet: [] }, { 'w1/bias0': 1, 'b1/bias': 16, 'w2/bias0': 1, 'v/bias1': -16 }],
  [attentionMixer, heads, { 'w/bias0': 1 }], [aliveAttentionMixer, heads, { 'w/bias0': 1 }], [nonlinearAttentionMixer, heads, { 'w/bias0': 1 }], [evenAttentionMixer, heads, {}],
  [duplexMixer, { heads: 1, hypernet: [] }, { 'w/bias0': 1, 'key/bias0': 4 }],             // |4| sigmoid(0)^2 = 1
  [shapleyMixer, { hypernet: [] }, {}],
];
/** These weights of the mixer, those of the agents as drawn. */
function plainly([mixer, config, ones]: Plain, sizes: Sizes): readonly [Page, Pick<StepCase, 'weights' | 'targets'>] {
  const page = withMixer((mixer as (o: object) => NodeUse)(config)), table = layerTable(page, sizes), of = (seed: number) => Object.fromEntries(Object.entries(drawWeights(seed, table)).map(([k, x]) => [k, k.startsWith('mixer/') ? filled(x.shape, ones[k.slice('mixer/'.length)] ?? 0) : x]));
  return [page, { weights: of(1), targets: of(101) }];
}
const agentsOnly = (seed: number, d: Page, sizes: Sizes): Arrays => drawWeights(seed, layerTable(d, sizes).filter(t => t.name.startsWith('agentQ/')));

describe('a mixer that gives back the value of its one agent', () => {
  it.each(IDENTITY.map(plain => [plain[0].spec.type, plain] as const))('%s: QMIX is IQL', async (_, plain) => {
    const one = edited(iql, g => { g.set('agentQ', { hidden: 8 }); }), sizes: Sizes = { ...sizesOf(one), agent: 1, id: 1 }, [page, weights] = plainly(plain, sizes);
    same(await run(page, { sizes, ...weights }), await run(one, { sizes, weights: agentsOnly(1, one, sizes), targets: agentsOnly(101, one, sizes) }), 'agentQ/');
  });
});
describe('the page of several agents is VDN', () => {
  const plain = edited(vdn, g => { g.set('agentQ', { hidden: 8 }); }), sizes: Sizes = { ...sizesOf(plain), agent: 3, id: 3 }, want = () => run(plain, { sizes, weights: agentsOnly(1, plain, sizes), targets: agentsOnly(101, plain, sizes) });
  it('QPLEX with lambda 1, w 1 and v 0', async () => {
    const [page, weights] = plainly(IDENTITY.find(([mixer]) => mixer === duplexMixer)!, sizes);
    same(await run(page, { sizes, ...weights }), await want(), 'agentQ/');
  });
  it('SHAQ with alpha 1', async () => {
    const page = edited(shaq, g => { g.set('agentQ', { hidden: 8 }); }), weights = Object.fromEntries(layerTable(page, sizes).map(t => [t.name, t.name.startsWith('mixer/') ? filled(t.shape, 0) : agentsOnly(1, plain, sizes)[t.name]!]));
    const got = await run(page, { sizes, weights, targets: agentsOnly(101, plain, sizes), taps: ['mixer.alpha', 'chosen.isGreedy'] });
    expect(numbers(got.taps['mixer.alpha']).every(x => x === 1)).toBe(true);
    expect(numbers(got.taps['chosen.isGreedy']).includes(0)).toBe(true);
    const vdnStep = await want();
    expect(Math.abs(got.losses['q']! - vdnStep.losses['q']!)).toBeLessThan(1e-5 * vdnStep.losses['q']!);
    for (const [k, g] of Object.entries(vdnStep.gradients)) expect(off(got.gradients[k], g), k).toBeLessThan(2e-5);
  });
  it('and with alpha above 1 is not', async () => {
    const page = edited(shaq, g => { g.set('agentQ', { hidden: 8 }); });
    expect(Math.abs((await run(page, { sizes })).losses['q']! - (await want()).losses['q']!)).toBeGreaterThan(1e-3);
  });
});
