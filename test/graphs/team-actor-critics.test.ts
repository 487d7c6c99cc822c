/** MADDPG, independent DDPG and FACMAC: two updates of whole learners against their authors' code, and what holds of them by their definition. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, each, next, now, swap, weigh } from '../../core/graph.ts';
import { per } from '../../core/node.ts';
import { adam, sgd } from '../../core/optimiser.ts';
import type { NamedArray } from '../../core/store.ts';
import type { World } from '../../core/world.ts';
import { facmac, iddpg, maddpg, maddpgContinuous } from '../../graphs/index.ts';
import { actionLogits, actionValue, deterministic, freeMixer, gumbelSoftmax, join, maskedMse, meanSquare, negate, oneHotAction, recurrentEncoder, sumMixer } from '../../nodes/index.ts';
import { evaluateAct, evaluateStep, layerTable, type StepCase, type StepResult } from '../../plugins/testing.ts';
import { drawWeights, normals, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { arrayOf, batchOf, type State } from './policy-fixture.ts';

interface Update { readonly losses: Readonly<Record<'critic' | 'actor', number>>; readonly norms?: Readonly<Record<'critic' | 'actor', number>>; readonly gradients: State; readonly weights: State; readonly targets: State; readonly noise: State }
interface Case {
  readonly case: string; readonly reference: string; readonly batch: State; readonly weights: State; readonly targets: State; readonly updates: readonly Update[];
  readonly config: { readonly gamma: number; readonly lr: number; readonly eps: number; readonly clipEach?: number; readonly clipNorm?: number; readonly polyak: number; readonly hidden: number; readonly embed?: number; readonly size: number };
}
const folder = new URL('../fixtures/team-actor-critics/', import.meta.url);
const cases = readdirSync(folder).filter(f => f.endsWith('.json')).map(f => JSON.parse(readFileSync(new URL(f, folder), 'utf8')) as Case);
const arrays = (x: State): Arrays => Object.fromEntries(Object.entries(x).map(([k, v]) => [k, arrayOf(v)]));

/** EPyMARL's form of MADDPG: shared weights, a recurrent actor, a critic of the state that knows whose it is, greedy next actions, and all actions drawn anew for the actor's loss. */
const sharedMaddpg = derive(maddpg, 'sharedMaddpg', g => {
  const ep = g.episodes({ keep: 50_000, batch: 32 }), input = g.add('agentInput', join(), { obs: ep.obs, id: ep.agentId }), z = g.add('encoder', recurrentEncoder({ hidden: 128 }), { x: input.x });
  g.replace('actor', actionLogits({ hidden: [] }), { obs: z.z, avail: ep.avail });
  g.rewire('targetActor', { obs: g.target('targetEncoder', z, { x: input.x }).z });
  const greedy = g.add('nextGreedy', oneHotAction(), { action: g.at('nextAction').best }), fresh = now(g.at('explore').action), seen = g.add('criticInput', join(), { state: each('agent', ep.state), id: ep.agentId });
  g.rewire('nextJointAction', { x: greedy.x });
  g.replace('critic', actionValue({ hidden: [128, 128] }), { x: now(seen.x), action: each('agent', g.at('jointAction').x) });
  g.rewire('targetCritic', { x: next(seen.x) });
  g.rewire('judgedAction', { x: now(seen.x) });
  g.rewire('ownAction', { fresh, others: fresh });
  g.swap('criticLoss', maskedMse());
  g.swap('actorLoss', negate());
  g.swap('actorSize', meanSquare());
  g.remove('jointObs');
});
/** MADDPG with the authors' soft actions. */
const soft = swap(swap(maddpg, 'explore', gumbelSoftmax()), 'nextAction', gumbelSoftmax(), { name: 'soft' });
const PAGES: Readonly<Record<string, Definition>> = { maddpg: soft, 'maddpg-epymarl': sharedMaddpg, iddpg, facmac, 'facmac-sum': swap(facmac, 'mixer', sumMixer(), { name: 'sum' }) } as never;
/** The page with the sizes and numbers of a case. TensorFlow's Adam leaves its epsilon uncorrected, which PyTorch's and ours correct as they do the second moment: so ours is larger by that in update t. */
function pageOf({ case: name, config: c }: Case, t: number): Definition {
  return derive(PAGES[name] as Definition<unknown, World>, 'fixture', g => {
    const wide = [c.hidden, c.hidden], recurrent = name !== 'maddpg';
    g.set('critic', { hidden: wide });
    if (recurrent) g.set('encoder', { hidden: c.hidden }); else g.set('actor', { hidden: wide });
    if (name === 'facmac') g.set('mixer', { embed: c.embed });
    g.set('tdTarget', { gamma: c.gamma });
    const rule = { optimiser: adam({ lr: c.lr, eps: name === 'maddpg' ? c.eps / Math.sqrt(1 - 0.999 ** t) : c.eps }), ...(c.clipEach === undefined ? {} : { clipEach: c.clipEach }), ...(c.clipNorm === undefined ? {} : { clipNorm: c.clipNorm }) };
    g.train('critic', g.at('criticLoss').loss, rule);
    g.train('actor', [g.at('actorLoss').loss, weigh(c.size, g.at('actorSize').loss)], { ...rule, after: 'critic' });
    g.targets({ polyak: c.polyak });
  });
}
const TOLERANCE = 1e-5;
const same = (got: Arrays, want: Arrays, floor?: number) => {
  expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
  for (const [name, x] of Object.entries(want)) { expect(got[name]!.shape, name).toEqual(x.shape); expect(off(got[name], x, floor), name).toBeLessThan(TOLERANCE); }
};

describe.each(cases.map(c => [c.case, c.reference, c] as const))('%s, as %s computes it', (_, __, c) => {
  const [batch, time] = c.batch['reward']!.shape as [number, number], [,, agent, obs] = c.batch['obs']!.shape as number[], width = c.batch['lastAction']!.shape.at(-1)!, discrete = c.batch['action']!.shape.length === 3;
  const fields = batchOf(c.batch), given = { ...fields, ...(discrete ? {} : { 'data.action': arrayOf(c.batch['action']!) }) }, done: StepResult[] = [];
  beforeAll(async () => {
    const sizes = { batch, time, agent: agent!, id: agent!, obs: obs!, state: c.batch['state']!.shape[2]!, action: width };
    let from: Pick<StepCase, 'weights' | 'targets' | 'slots'> = { weights: arrays(c.weights), targets: arrays(c.targets) };
    for (const [i, { noise }] of c.updates.entries()) {
      done.push(await evaluateStep(pageOf(c, i + 1), { sizes, batch: given, ...from, noise: arrays(noise), counters: { updates: i } }));
      const { weights, targets, slots } = done.at(-1)!;
      from = { weights, targets, slots: slots as never };
    }
  });
  it.each(c.updates.map((u, i) => [i + 1, u] as const))('update %i: the same losses, gradients, norms, weights and lagged weights', (i, want) => {
    const got = done[i - 1]!;
    expect(got.failed).toBeUndefined();
    for (const rule of ['critic', 'actor'] as const) {
      expect(Math.abs(got.losses[rule]! - want.losses[rule])).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(want.losses[rule])));
      if (want.norms) expect(Math.abs(got.gradientNorms[rule]! / want.norms[rule] - 1)).toBeLessThan(TOLERANCE);
    }
    same(got.gradients, arrays(want.gradients));
    same(got.weights, arrays(want.weights));
    same(got.targets, arrays(want.targets));
  });
});
it('the cases hold what they are there for: ends, limits, padding, masks, clips that bite', () => {
  expect(cases.map(c => c.case).sort()).toEqual(Object.keys(PAGES).sort());
  for (const c of cases) {
    expect(c.batch['terminated']!.data).toContain(1);
    expect(c.batch['truncated']!.data).toContain(1);
    if (c.case !== 'maddpg') expect(c.batch['valid']!.data).toContain(0);
  }
  expect(cases.find(c => c.case === 'maddpg-epymarl')!.batch['avail']!.data).toContain(0);
  const norm = (x: readonly number[]) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)), { updates, config } = cases.find(c => c.case === 'maddpg')!;
  const norms = updates.flatMap(u => Object.values(u.gradients).flatMap(({ shape, data }) => Array.from({ length: shape[0]! }, (_, i) => norm(data.slice(i * data.length / shape[0]!, (i + 1) * data.length / shape[0]!)))));
  expect(norms.some(x => x > config.clipEach!) && norms.some(x => x < config.clipEach!)).toBe(true);
  for (const c of cases.filter(x => x.config.clipNorm)) expect(c.updates.some(u => u.norms!.critic > c.config.clipNorm!), c.case).toBe(true);
});

const RATE = { optimiser: sgd({ lr: 0 }) };
/** What a page of narrow networks computes on a drawn batch: its actor's loss by plain gradients, with the critic as it is. */
const plain = (d: Definition, name = 'plain'): Definition => derive(d as Definition<unknown, World>, name, g => {
  g.set('critic', { hidden: [8, 8] });
  if ('encoder' in d.page.nodes) g.set('encoder', { hidden: 6 }); else g.set('actor', { hidden: [8, 8] });
  if (d.page.nodes['mixer']?.type === 'monotonicMixer') g.set('mixer', { embed: 4 });
  g.train('critic', g.at('criticLoss').loss, RATE);
  g.train('actor', g.at('actorLoss').loss, { ...RATE, after: 'critic' });
});
interface Drawn { readonly sizes: Readonly<Record<string, number>>; readonly batch: Arrays; readonly weights: Arrays; readonly noise: Arrays }
function draw(d: Definition, more: Readonly<Record<string, number>> = {}, seed = 1): Drawn {
  const sizes = { ...sizesOf(d), agent: 3, id: 3, ...more }, { batch, time, agent, action } = sizes as unknown as Record<'batch' | 'time' | 'agent' | 'action', number>;
  const noise: Arrays = 'nextAction' in d.page.nodes ? { 'explore.g': normals(seed, 'own', [batch, time + 1, agent, action]), 'nextAction.g': normals(seed, 'ahead', [batch, time, agent, action]) } : {};
  return { sizes, batch: drawBatch(d, sizes, { seed }), weights: drawWeights(seed, layerTable(d, sizes)), noise };
}
/** The part of a tensor that belongs to one agent. */
const own = (x: NamedArray, agent: number, agents: number) => Array.from(x.data).slice(agent * x.data.length / agents, (agent + 1) * x.data.length / agents);
const norm = (x: readonly number[]) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
/** How far two tensors are apart in the part of one of three agents. */
const apart = (a: NamedArray, b: NamedArray, agent: number) => { const y = own(b, agent, 3); return norm(own(a, agent, 3).map((x, i) => x - y[i]!)); };

describe('the pages', () => {
  it('have the numbers of their sheets', () => {
    for (const { page } of [maddpg, maddpgContinuous]) {
      expect({ ...page.sources['data'] }).toEqual({ cut: 'transitions', keep: 1_000_000, batch: 1024, start: 25_600, every: 100 });
      expect({ ...page.nodes['tdTarget']!.config }).toEqual({ gamma: 0.95 });
      expect({ ...page.targets['*'] }).toEqual({ polyak: 0.01 });
      for (const rule of ['critic', 'actor']) expect({ ...page.train[rule]!.optimiser, clipEach: page.train[rule]!.clipEach, clipNorm: page.train[rule]!.clipNorm }).toEqual({ type: 'adam', lr: 1e-2, eps: 1e-8, clipEach: 0.5, clipNorm: undefined });
      expect(page.train['actor']!.losses.map(l => l.weight)).toEqual([1, 1e-3]);
      for (const node of ['actor', 'critic']) expect([page.nodes[node]!.per, page.nodes[node]!.config!['hidden']]).toEqual(['agent', [64, 64]]);
    }
    for (const { page } of [iddpg, facmac]) {
      expect({ ...page.sources['data'] }).toEqual({ cut: 'episodes', keep: 5000, batch: 32 });
      expect({ ...page.nodes['tdTarget']!.config }).toEqual({ gamma: 0.85 });
      expect({ ...page.targets['*'] }).toEqual({ polyak: 0.001 });
      for (const rule of ['critic', 'actor']) expect({ ...page.train[rule]!.optimiser, clipNorm: page.train[rule]!.clipNorm }).toEqual({ type: 'adam', lr: 1e-2, eps: 1e-2, clipNorm: 0.5 });
      expect([page.nodes['encoder'], page.nodes['critic'], page.nodes['explore']].map(n => n!.config)).toEqual([{ hidden: 64 }, { hidden: [64, 64] }, expect.objectContaining({ std: 0.1 })]);
    }
    expect({ ...facmac.page.nodes['mixer']!.config }).toEqual({ embed: 64, hypernet: [] });
  });
  it('MADDPG on speaker-listener\'s sizes has as many weights as two actors and two critics of the paper', () => {
    const sizes = { agent: 2, obs: 11, action: 5 }, count = (of: string) => layerTable(maddpg, sizes).filter(t => t.name.startsWith(of)).reduce((sum, t) => sum + t.shape.reduce((a, n) => a * n, 1), 0), net = (from: number, to: number) => (from + 1) * 64 + 65 * 64 + 65 * to;
    expect([count('actor/'), count('critic/')]).toEqual([2 * net(11, 5), 2 * net(2 * 11 + 2 * 5, 1)]);
  });
});

describe.each([['maddpg', maddpg], ['maddpgContinuous', maddpgContinuous]] as const)('%s', (_, page) => {
  it('the loss of agent i moves the actor of agent i, and no other: exactly', async () => {
    const d = plain(page as Definition), c = draw(d), mask = c.batch['data.valid']!;
    for (const i of [0, 1, 2]) {
      // `alive` stands for the mask, so that one agent's loss is left
      const lone = derive(d as Definition<unknown, typeof maddpg.page.world>, 'lone', g => { g.rewire('actorLoss', { mask: now(g.data()['alive'] as never) }); }), alive = { shape: [mask.shape[0]!, mask.shape[1]! + 1, 3], data: new Float32Array(mask.shape[0]! * (mask.shape[1]! + 1) * 3).map((__, k) => Number(k % 3 === i)) };
      const { gradients } = await evaluateStep(lone as Definition, { ...c, batch: { ...c.batch, 'data.alive': alive } });
      for (const [name, g] of Object.entries(gradients).filter(([k]) => k.startsWith('actor/'))) for (const j of [0, 1, 2]) {
        if (i === j) expect(norm(own(g, j, 3)), `${name} of ${j}`).toBeGreaterThan(0); else expect(own(g, j, 3).every(x => x === 0), `${name} of ${j}`).toBe(true);
      }
    }
  });
  it('an agent\'s update depends neither on the other agents\' critics nor on their rewards, but on their lagged actors', async () => {
    const d = plain(page as Definition), c = draw(d), first = await evaluateStep(d, c);
    const other = (of: string, agent: number) => Object.fromEntries(Object.entries(c.weights).map(([k, x]) => [k, k.startsWith(of) ? { shape: x.shape, data: x.data.map((v, i) => (Math.floor(i / (x.data.length / 3)) === agent ? 0.5 - v : v)) } : x]));
    const reward = c.batch['data.agentReward']!, paid = { shape: reward.shape, data: reward.data.map((r, i) => (i % 3 === 2 ? r + 5 : r)) } as NamedArray;
    const [critics, rewards, actors] = [await evaluateStep(d, { ...c, weights: other('critic/', 2) }), await evaluateStep(d, { ...c, batch: { ...c.batch, 'data.agentReward': paid } }), await evaluateStep(d, { ...c, targets: other('actor/', 2) })];
    for (const [name, g] of Object.entries(first.gradients)) for (const agent of [0, 1]) {
      for (const r of [critics, rewards]) expect(apart(g, r.gradients[name]!, agent), name).toBeLessThan(1e-6 * (1 + norm(own(g, agent, 3))));
      if (name.startsWith('critic/')) expect(apart(g, actors.gradients[name]!, agent), name).toBeGreaterThan(0);
    }
    for (const [name, g] of Object.entries(first.gradients)) if (name.startsWith('critic/')) expect(apart(g, rewards.gradients[name]!, 2), name).toBeGreaterThan(0);
  });
  it('without discount the critics regress on each agent\'s own reward', async () => {
    const c = draw(page as Definition), { taps } = await evaluateStep(page as Definition, { ...c, knobs: { 'tdTarget.gamma': 0 }, taps: ['tdTarget.value'] });
    expect(numbers(taps['tdTarget.value'])).toEqual(numbers(c.batch['data.agentReward']));
  });
  it('acts by what each agent sees alone: what another sees changes nothing', async () => {
    const c = draw(page as Definition, { batch: 20 }), slot = (name: string) => { const x = c.batch[`data.${name}`]!, half = x.data.length / 40; return { shape: [20, 1, ...x.shape.slice(2)], data: x.data.filter((__, i) => Math.floor(i / half) % 2 === 0) } as NamedArray; };
    const fields = Object.fromEntries(Object.entries(page.page.world).filter(([, f]) => f.sight === 'local').map(([k]) => [k, slot(k)])), obs = fields['obs']!, width = obs.shape[3]!;
    const moved = { ...fields, obs: { shape: obs.shape, data: obs.data.map((x, i) => (Math.floor(i / width) % 3 === 1 ? x + 1 : x)) } as NamedArray }, act = (f: typeof fields) => evaluateAct(page as Definition, { sizes: c.sizes as never, fields: f, weights: c.weights, best: true });
    const [a, b] = [(await act(fields)).action, (await act(moved)).action], each = a.data.length / 60;
    a.data.forEach((x, i) => { if (Math.floor(i / each) % 3 !== 1) expect(b.data[i]).toBe(x); });
    expect(numbers(b)).not.toEqual(numbers(a));
  });
});

describe('MADDPG', () => {
  it('with soft actions is two swaps, whose critics see what the softmax gives', async () => {
    const c = draw(soft as Definition), { taps, failed } = await evaluateStep(soft as Definition, { ...c, taps: ['ownAction.x', 'nextJointAction.x'] });
    expect(failed).toBeUndefined();
    for (const x of Object.values(taps)) expect(numbers(x).some(v => v > 0 && v < 1)).toBe(true);
  });
  it('each agent\'s gradients are clipped by its own norms, as the authors clip those of each variable', async () => {
    const c = draw(maddpg as Definition), clipped = derive(maddpg as Definition<unknown, World>, 'clipped', g => { for (const [rule, losses] of [['critic', g.at('criticLoss').loss], ['actor', g.at('actorLoss').loss]] as const) g.train(rule, losses, { optimiser: sgd({ lr: 1 }), clipEach: 0.05, ...(rule === 'actor' ? { after: 'critic' } : {}) }); });
    const { gradients, weights } = await evaluateStep(clipped, c);
    let short = 0;
    for (const [name, g] of Object.entries(gradients)) for (const agent of [0, 1, 2]) {
      const step = apart(c.weights[name]!, weights[name]!, agent), length = norm(own(g, agent, 3));
      expect(Math.abs(step - Math.min(length, 0.05)), `${name} of ${agent}`).toBeLessThan(1e-5);
      if (length < 0.05) short++;
    }
    expect(short).toBeGreaterThan(0);
  });
});

describe.each(Object.entries({ sharedMaddpg, iddpg, facmac }))('%s, whose published code does otherwise,', (name, page) => {
  const said = name === 'sharedMaddpg' ? 'targetActor.logits' : 'targetActor.action', d = plain(page as unknown as Definition), c = draw(d), { batch: B, time: T } = c.sizes as unknown as Record<'batch' | 'time', number>, valid = numbers(c.batch['data.valid']!), ended = numbers(c.batch['data.terminated']!);
  /** A field with other numbers at some slots of some items. */
  const other = (field: string, at: (b: number, t: number) => boolean): Arrays => {
    const x = c.batch[field];
    if (!x) return {};                                                    // a page reads the reward of the team or those of agents
    const slots = x.shape[1]!, width = x.data.length / B / slots;
    return { [field]: { shape: x.shape, data: (x.data as Float32Array).map((v, i) => v + (at(Math.floor(i / width / slots), Math.floor(i / width) % slots) ? 0.7 : 0)) } };
  };
  const learned = async (batch: Arrays) => { const { losses, gradients, taps } = await evaluateStep(d, { ...c, batch: { ...c.batch, ...batch }, taps: [said] }); return { losses, gradients, seen: taps[said]! }; };
  it('learns from the last transition of an episode that ends, which EPyMARL\'s mask of MADDPG drops', async () => {
    const last = (b: number, t: number) => t < T && Boolean(ended[b * T + t]), moved = await learned({ ...other('data.reward', last), ...other('data.agentReward', last) }), before = await learned({});
    expect(ended).toContain(1);
    expect(moved.losses['critic']).not.toBe(before.losses['critic']);
  });
  it('learns nothing from what stands behind an episode, which EPyMARL\'s MADDPG and the actors of FACMAC\'s code count', async () => {
    const behind = (b: number, t: number) => t > 0 && (t === T ? !valid[b * T + t - 1] : !valid[b * T + t]) && !(t > 0 && valid[b * T + t - 1]);
    expect(Array.from({ length: B }, (_x, b) => Array.from({ length: T }, (_y, t) => behind(b, t))).flat()).toContain(true);
    const moved = await learned({ ...other('data.obs', behind), ...other('data.reward', (b, t) => !valid[b * T + t]), ...other('data.agentReward', (b, t) => !valid[b * T + t]) }), before = await learned({});
    expect(moved.losses).toEqual(before.losses);
    expect(moved.gradients).toEqual(before.gradients);
  });
  it('has lagged actors that remember the first observation, which EPyMARL\'s leave out', async () => {
    const [before, first] = [await learned({}), await learned(other('data.obs', (_b, t) => t === 0))].map(({ seen }) => ({ data: numbers(seen), slots: seen.shape[1]!, width: seen.data.length / B / seen.shape[1]! })), { slots, width } = before!;
    expect(slots).toBe(T + 1);
    // at the second slot of an item; nothing else than the memory of a lagged actor has changed there
    const differs = (b: number) => Array.from({ length: width }, (_x, i) => (b * slots + 1) * width + i).some(i => before!.data[i] !== first!.data[i]);
    for (let b = 0; b < B; b++) expect(differs(b), `item ${b}`).toBe(true);
  });
});

/** DDPG (arXiv 1509.02971): an actor of what is seen now, and shared weights, which are one agent's own. */
const lone = derive(iddpg, 'lone', (g, { ep }) => {
  g.replace('actor', deterministic({ hidden: [64, 64] }), { obs: ep.obs });
  g.rewire('targetActor', { obs: ep.obs });
  g.remove('targetEncoder', 'encoder', 'agentInput');
  g.set('tdTarget', { gamma: 0.95 });
});
describe('one agent', () => {
  it('MADDPG for continuous actions is DDPG: losses and gradients', async () => {
    const one = { agent: 1, id: 1, time: 1 }, a = plain(maddpgContinuous as Definition), b = plain(lone as Definition), c = draw(a, one), single = (x: Arrays): Arrays => Object.fromEntries(Object.entries(x).map(([k, w]) => [k, { shape: w.shape.slice(1), data: w.data }]));
    // the reward of the one agent is that of the team
    const batch = { ...c.batch, 'data.agentReward': { shape: [...c.batch['data.reward']!.shape, 1], data: c.batch['data.reward']!.data } }, [x, y] = [await evaluateStep(a, { ...c, batch }), await evaluateStep(b, { ...c, batch, weights: single(c.weights) })];
    for (const [rule, loss] of Object.entries(y.losses)) expect(Math.abs(x.losses[rule]! - loss), rule).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)));
    for (const [name, g] of Object.entries(single(x.gradients))) expect(off(g, y.gradients[name]), name).toBeLessThan(1e-5);
  });
  it('FACMAC that mixes by a sum is independent DDPG; two agents and it is not', async () => {
    const sum = plain(swap(facmac, 'mixer', sumMixer(), { name: 'sum' }) as Definition), alone = plain(iddpg as Definition);
    for (const agents of [1, 2]) {
      const c = draw(alone, { agent: agents, id: agents }), [x, y] = [await evaluateStep(sum, c), await evaluateStep(alone, c)];
      expect(Math.abs(x.losses['critic']! / y.losses['critic']! - 1) < 1e-5).toBe(agents === 1);
      for (const [name, g] of Object.entries(y.gradients)) expect(off(x.gradients[name], g) < 1e-5, name).toBe(agents === 1);
    }
  });
});

describe('FACMAC', () => {
  const mixers = { monotonic: facmac, sum: swap(facmac, 'mixer', sumMixer(), { name: 'sum' }), free: swap(facmac, 'mixer', freeMixer({ hidden: 8 }), { name: 'free' }) } as const;
  it.each(Object.entries(mixers))('%s: the actor\'s gradient is the slope of the joint value along all actions at once', async (_, page) => {
    const d = plain(page as Definition), c = draw(d), { gradients } = await evaluateStep(d, c), names = Object.keys(gradients).filter(k => /^(actor|encoder)\//.test(k));
    const loss = async (way: Arrays, h: number) => (await evaluateStep(d, { ...c, weights: { ...c.weights, ...Object.fromEntries(names.map(k => [k, { shape: way[k]!.shape, data: c.weights[k]!.data.map((x, i) => x + h * way[k]!.data[i]!) } as NamedArray])) } })).losses['actor']!;
    for (const seed of [1, 2, 3]) {
      const way = Object.fromEntries(names.map(k => [k, normals(seed, k, gradients[k]!.shape, 0.2)])), want = names.reduce((sum, k) => sum + numbers(gradients[k]).reduce((s, g, i) => s + g * way[k]!.data[i]!, 0), 0);
      const slopes: number[] = [], near = () => slopes.some(slope => Math.abs(slope - want) < 1e-3 + 1e-2 * Math.abs(want));
      for (const h of [1e-2, 3e-3, 1e-3, 5e-4]) if (!near()) slopes.push((await loss(way, h) - await loss(way, -h)) / (2 * h));        // a wide step rounds less, a narrow one crosses fewer kinks
      expect(near(), `slopes ${slopes.join(', ')}, gradient ${want}`).toBe(true);
    }
  });
  it('mixing by a sum, what an agent learns does not depend on what the others see; mixing by a network, it does', async () => {
    // an actor of its own for each agent, so that whose gradient it is can be told
    const ownActors = (page: typeof facmac) => plain(derive(page, 'ownActors', g => { g.swap('encoder', per('agent', recurrentEncoder({ hidden: 64 }))); g.swap('actor', per('agent', deterministic({ hidden: [] }))); }) as Definition);
    for (const [name, separates] of [['sum', true], ['monotonic', false]] as const) {
      const d = ownActors(mixers[name]), c = draw(d), obs = c.batch['data.obs']!, width = obs.shape[3]!, seen = { shape: obs.shape, data: obs.data.map((x, i) => (Math.floor(i / width) % 3 === 2 ? x + 0.7 : x)) } as NamedArray;
      const [a, b] = [await evaluateStep(d, c), await evaluateStep(d, { ...c, batch: { ...c.batch, 'data.obs': seen } })];
      const differ = Object.keys(a.gradients).filter(k => /^(actor|encoder)\//.test(k)).map(k => Math.max(...[0, 1].map(i => apart(a.gradients[k]!, b.gradients[k]!, i))));
      if (separates) expect(Math.max(...differ)).toBeLessThan(1e-6); else expect(Math.min(...differ)).toBeGreaterThan(1e-5);
    }
  });
  it('a joint value that falls where an agent\'s value rises is climbed, too: the mixer need not be monotonic', async () => {
    const d = plain(mixers.free as Definition), c = draw(d), { taps, gradients, failed } = await evaluateStep(d, { ...c, taps: ['judgedMixer.qTot'] });
    expect(failed).toBeUndefined();
    expect(norm(Object.entries(gradients).filter(([k]) => k.startsWith('actor/')).flatMap(([, g]) => numbers(g)))).toBeGreaterThan(0);
    expect(numbers(taps['judgedMixer.qTot']).length).toBe(12);
  });
});
