/** MAPPO and IPPO: whole updates against the authors' code (fixtures/mappo/README.md), and what holds of them by their definition. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, each, now, swap, type Graph, type Wire } from '../../core/graph.ts';
import { per } from '../../core/node.ts';
import { adam } from '../../core/optimiser.ts';
import { f32 } from '../../core/port.ts';
import type { Snapshot } from '../../core/store.ts';
import { central, team, type World } from '../../core/world.ts';
import { ippo, mappo, mappoPopArt } from '../../graphs/index.ts';
import { categorical, denormalise, gaeLimitsAsEnds, join, jointInput, layerNormEncoder, localInput, monteCarlo, normalise, stateInput, subtract } from '../../nodes/index.ts';
import { evaluateNode, evaluateStep, importTorch, layerTable, type StepResult, type TorchTensor } from '../../plugins/testing.ts';
import { live, part, put } from '../core/live.ts';
import { drawWeights, floats, near, numbers, off, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf, type Sizes } from '../properties/batch.ts';
import { arrayOf, batchOf, type Encoded, type State } from './policy-fixture.ts';

interface Case {
  readonly case: string; readonly central: boolean; readonly recurrent: boolean; readonly length: number | null;
  readonly config: { readonly lr: number; readonly eps: number; readonly clip: number; readonly huber: number; readonly epochs: number; readonly minibatches: number; readonly clipNorm: number; readonly entropy: number };
  readonly slots: readonly (readonly number[])[]; readonly batch: State; readonly carry: State | null; readonly orders: readonly (readonly number[])[];
  readonly weights: State; readonly updated: State; readonly valueNorm: { readonly before: readonly number[]; readonly after: readonly number[] } | null;
  readonly values: Encoded; readonly logProbs: Encoded; readonly returns: Encoded; readonly advantages: Encoded;
  readonly losses: Readonly<Record<string, number>>; readonly norms: Readonly<Record<string, number>>; readonly lastGradients: State; readonly firstRatios: readonly number[]; readonly clipped: readonly number[];
}
const { learners } = JSON.parse(readFileSync(new URL('../fixtures/mappo/learners.json', import.meta.url), 'utf8')) as { readonly learners: readonly Case[] };

/** The page with the inputs, sizes and numbers of a case; the authors' agents do not know who they are. */
function pageOf({ central, recurrent, length, slots, valueNorm, batch, config: c }: Case): Definition {
  const width = 8, edit = (parent: typeof ippo) => derive(parent, 'fixture', (g, { ro }) => {
    const [copies, steps] = batch['reward']!.shape as [number, number];
    g.rollout({ steps, copies, epochs: c.epochs, minibatches: c.minibatches, ...(length !== null && length < slots[0]!.length ? { length } : {}) });
    g.replace('agentInput', join(), { obs: ro.obs });
    if (!central) g.replace('criticInput', join(), { obs: ro.obs });
    for (const slot of ['encoder', 'criticEncoder']) if (recurrent) g.set(slot, { hidden: [width, width] }); else g.swap(slot, layerNormEncoder({ hidden: [width, width] }));
    g.set('policyLoss', { clip: c.clip });
    g.set('valueLoss', { clip: c.clip, huber: c.huber });
    for (const rule of ['actor', 'critic']) { const { losses } = parent.page.train[rule]!; g.train(rule, losses.map(({ loss, weight }) => ({ loss: { text: loss } as never, weight })), { optimiser: adam({ lr: c.lr, eps: c.eps }), clipNorm: c.clipNorm }); }
  });
  return edit((valueNorm ? mappo : ippo) as typeof ippo) as Definition;
}
/** Theirs to ours: a LayerNorm, two layers each with one behind it, the GRU with another, and the head. */
function oursOf(state: State): Arrays {
  const linear = (to: string, from: string, i: number | '' = ''): [string, TorchTensor][] => [[`${to}/kernel${i}`, { from: `${from}.weight`, transpose: true }], [`${to}/bias${i}`, { from: `${from}.bias` }]];
  const norm = (to: string, from: string, i: number | '' = ''): [string, TorchTensor][] => [[`${to}/scale${i}`, { from: `${from}.weight` }], [`${to}/shift${i}`, { from: `${from}.bias` }]];
  const net = (to: string, from: string): [string, TorchTensor][] => [
    ...norm(`${to}/trunk`, `${from}.base.feature_norm`), ...[0, 1].flatMap(i => { const layer = `${from}.base.mlp.${i === 0 ? 'fc1' : 'fc2.0'}`; return [...linear(`${to}/trunk`, `${layer}.0`, i), ...norm(`${to}/trunk`, `${layer}.2`, i)]; }),
    ...(`${from}.rnn.norm.weight` in state ? [
      ...(['ih', 'hh'] as const).flatMap((way): [string, TorchTensor][] => [[`${to}/cell/${way === 'ih' ? 'kernel' : 'recurrent'}`, { from: `${from}.rnn.rnn.weight_${way}_l0`, transpose: true, gates: 3 }], [`${to}/cell/${way === 'ih' ? 'bias' : 'recurrentBias'}`, { from: `${from}.rnn.rnn.bias_${way}_l0`, gates: 3 }]]),
      ...norm(`${to}/norm`, `${from}.rnn.norm`)] : []),
  ];
  return importTorch(Object.fromEntries(Object.entries(state).map(([k, x]) => [k, arrayOf(x)])), Object.fromEntries([...net('encoder', 'actor'), ...net('criticEncoder', 'critic'), ...linear('policy/head', 'actor.act.action_out.linear'), ...linear('critic/v', 'critic.v_out')]));
}
const NORM = ['mean', 'square', 'weight'] as const;

describe.each(learners.map(c => [c.case, c] as const))('%s, as the authors compute it', (_, c) => {
  const [batch, time, agent] = c.batch['action']!.shape as [number, number, number], norm = c.valueNorm, page = pageOf(c);
  const common = {
    sizes: { batch, time, agent, id: agent, obs: 5, action: 3, state: 1 }, weights: oursOf(c.weights), ...(norm ? { memory: Object.fromEntries(NORM.map((k, i) => [`valueNorm.${k}`, norm.before[i]!])) } : {}),
    batch: { ...batchOf(c.batch), 'data.start': arrayOf(c.batch['start']!, Uint8Array) }, ...(c.carry ? { carry: Object.fromEntries(Object.entries(c.carry).map(([k, x]) => [k, arrayOf(x)])) } : {}),
  };
  const inSteps = (x: Arrays[string] | undefined, slots: number) => { const all = numbers(x); return { shape: [], data: Float32Array.from(c.slots.flatMap((own, e) => own.flatMap(t => all.slice((e * slots + t) * agent, (e * slots + t + 1) * agent)))) }; };
  let whole: StepResult, done: StepResult;
  beforeAll(async () => {
    const once = derive(page as Definition<unknown, World>, 'once', g => { g.rollout({ steps: time, copies: batch }); });
    whole = await evaluateStep(once, { ...common, taps: ['critic.value', 'logProb.logProb', 'advantage.returns', 'standardAdvantage.x', 'policyLoss.ratio'] });
    done = await evaluateStep(page, { ...common, ...(c.config.minibatches > 1 ? { order: { epochs: c.orders.map(x => Int32Array.from(x)) } } : {}) });
  });
  it('has the same values, log-probabilities, returns and advantages', () => {
    for (const [wire, want, slots] of [['critic.value', c.values, time + 1], ['logProb.logProb', c.logProbs, time], ['advantage.returns', c.returns, time], ['standardAdvantage.x', c.advantages, time]] as const) {
      const alive = wire === 'standardAdvantage.x' ? inSteps({ shape: [], data: arrayOf(c.batch['alive']!).data }, time + 1).data : undefined, theirs = arrayOf(want);
      // of the dead theirs has an advantage, which nothing reads
      expect(off(inSteps(whole.taps[wire], slots), alive ? { shape: [], data: Float32Array.from(theirs.data, (x, i) => (alive[i] ? x : 0)) } : theirs), wire).toBeLessThan(1e-5);
    }
    for (const r of [...numbers(whole.taps['policyLoss.ratio']), ...c.firstRatios]) expect(Math.abs(r - 1)).toBeLessThan(1e-5);
  });
  it('has the same losses, last gradients and norms, statistics, and weights after all steps', () => {
    expect(done.failed).toBeUndefined();
    for (const rule of ['actor', 'critic']) { expect(done.slots[rule]!.count).toBe(c.config.epochs * c.config.minibatches); expect(Math.abs(done.gradientNorms[rule]! / c.norms[rule]! - 1), rule).toBeLessThan(1e-5); }
    for (const [name, want] of Object.entries(c.losses)) expect(Math.abs(done.losses[name]! - want), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(want)));
    if (norm) NORM.forEach((k, i) => { expect(Math.abs(Number(done.memory[`valueNorm.${k}`]) / norm.after[i]! - 1), k).toBeLessThan(1e-5); });
    for (const [got, want] of [[done.gradients, oursOf(c.lastGradients)], [done.weights, oursOf(c.updated)]] as const) {
      expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
      for (const [name, x] of Object.entries(want)) expect(off(got[name], x), name).toBeLessThan(1e-5);
    }
  });
});

describe('mappo', () => {
  const narrow = (d: Definition): Definition => derive(d as Definition<unknown, World>, 'narrow', g => { for (const n of ['encoder', 'criticEncoder']) g.set(n, { hidden: [6, 5] }); }) as Definition;
  const draw = (d: Definition, more: Sizes = {}) => { const sizes = sizesOf(d, more); return { sizes, batch: drawBatch(d, sizes), weights: drawWeights(1, layerTable(d, sizes)) }; };
  const small = narrow(mappo as Definition), TAPS = ['criticInput.x', 'deathMask.x', 'critic.value', 'policyLoss.ratio'];

  it('whose critic sees what the agent sees, and whose statistics are 0 and 1, is IPPO: the same losses, gradients and weights', async () => {
    const local = swap(small, 'criticInput', localInput()), c = draw(local), neutral = { 'valueNorm.mean': 0, 'valueNorm.square': 1, 'valueNorm.weight': 1 };
    const [ours, theirs] = [await evaluateStep(local, { ...c, memory: neutral, knobs: { 'returnMoments.rate': 0 } }), await evaluateStep(narrow(ippo as Definition), c)];
    for (const [k, x] of Object.entries(theirs.losses)) expect(Math.abs(ours.losses[k]! - x), k).toBeLessThan(1e-6 * Math.max(1, Math.abs(x)));
    for (const what of ['gradients', 'weights'] as const) { expect(Object.keys(ours[what])).toEqual(Object.keys(theirs[what])); for (const [k, x] of Object.entries(theirs[what])) expect(off(ours[what][k], x), k).toBeLessThan(1e-6); }
    expect(ours.memory).toEqual(neutral);
  });

  // as on-policy and EPyMARL name them: CL, what the agent sees itself, EP, all of it; sizes: 5 observed, 6 of the state, 2 agents, 3 actions
  it.each([['jointInput', jointInput, 10], ['localInput', localInput, 7], ['stateInput', stateInput, 8], ['join', join, 10 + 6 + 5 + 6 + 2]] as const)('takes %s as what its critic sees, %# of %i numbers, and learns', async (type, node, width) => {
    const d = swap(small, 'criticInput', node() as ReturnType<typeof localInput>), c = draw(d), done = await evaluateStep(d, { ...c, taps: TAPS }), x = done.taps['criticInput.x']!;
    expect([d.page.nodes['criticInput']!.type, x.shape.at(-1)]).toEqual([type, width]);
    expect(done.failed).toBeUndefined();
    expect(numbers(done.gradients['criticEncoder/trunk/kernel0']).some(g => g !== 0)).toBe(true);
    const value = numbers(done.taps['critic.value']), same = value.every((v, i) => v === value[i - i % 2]);
    expect(same).toBe(type === 'jointInput');                             // all agents' critic sees the same there, and nowhere else
  });
  it('takes a state of every agent where the environment offers one, by another wire', async () => {
    const world = { ...team, agentState: central(f32('agent feature')) }, d = derive(mappo as never as Definition<{ readonly ro: unknown }, typeof world>, 'pruned', g => { g.replace('criticInput', join(), { own: g.data().agentState }); }, world) as Definition;
    const own = narrow(d), c = draw(own, { feature: 4 }), { taps, failed } = await evaluateStep(own, { ...c, taps: TAPS });
    expect(failed).toBeUndefined();
    expect(numbers(taps['criticInput.x'])).toEqual(numbers(c.batch['data.agentState']));
  });
  it('shows its critic zeros for the dead, and learns nothing from them', async () => {
    const c = draw(small), alive = { shape: c.batch['data.alive']!.shape, data: c.batch['data.alive']!.data.map((_, i) => Number(i % 2 === 0)) };
    const { taps } = await evaluateStep(small, { ...c, batch: { ...c.batch, 'data.alive': alive }, taps: TAPS }), x = numbers(taps['deathMask.x']), width = taps['deathMask.x']!.shape.at(-1)!;
    for (const [i, v] of x.entries()) expect(v + 0).toBe(Math.floor(i / width) % 2 === 0 ? numbers(taps['criticInput.x'])[i] : 0);
  });
  it('counts no value of the dead, unless it is wired so, as the authors\' SMAC scripts have it by switches that turn off what they name', async () => {
    const c = draw(small), dead = { ...c.batch, 'data.alive': { shape: c.batch['data.alive']!.shape, data: c.batch['data.alive']!.data.map((_, i) => Number(i % 2 === 0)) } }, returns = c.batch['data.reward']!;
    const counting = derive(small as Definition<unknown, World>, 'counting', g => { g.rewire('valueLoss', { mask: each('agent', g.data().valid!) }); }) as Definition;
    /** How much the loss of the critic moves with the bias of its last layer, over all agents that count. */
    const slope = async (d: Definition) => numbers((await evaluateStep(d, { ...c, batch: dead })).gradients['critic/v/bias']!)[0]!;
    expect(returns.data.length).toBeGreaterThan(0);
    expect(await slope(counting)).not.toBeCloseTo(await slope(small), 4);
    expect(numbers((await evaluateStep(small, { ...c, batch: c.batch })).gradients['critic/v/bias']!)[0]).toBeCloseTo(numbers((await evaluateStep(counting, { ...c, batch: c.batch })).gradients['critic/v/bias']!)[0]!, 6);
  });
});

describe('mappoPopArt: a last layer in units of return, which the statistics do not move, and a loss that normalises what it says and what it learns alike', () => {
  const width = { hidden: [6, 5] }, sized = (d: Definition) => derive(d as Definition<unknown, World>, d.page.name, g => { g.rollout({ steps: 4, copies: 3 }); for (const n of ['encoder', 'criticEncoder']) g.set(n, width); }) as Definition, plain = sized(mappo as Definition);
  const popArt = sized(mappoPopArt as Definition);
  const sums = { mean: 0.5, square: 2.5, weight: 0.5 }, memory = Object.fromEntries(Object.entries(sums).map(([k, x]) => [`valueNorm.${k}`, x])), mu = 1, sigma = 2, still = { 'returnMoments.rate': 0 };
  const sizes = sizesOf(plain), batch = drawBatch(plain, sizes), weights = drawWeights(1, layerTable(plain, sizes)), times = (x: Arrays[string], by: number, more = 0): Arrays[string] => ({ shape: x.shape, data: Float32Array.from(x.data, v => by * v + more) });
  /** The same network with its last layer in units of return. */
  const inReturns = { ...weights, 'critic/v/kernel': times(weights['critic/v/kernel']!, sigma), 'critic/v/bias': times(weights['critic/v/bias']!, sigma, mu) };

  it('says the same whatever the statistics are, to every bit; ValueNorm, which the code of HAPPO calls PopArt, does not', async () => {
    const said = async (more: Readonly<Record<string, number>>, d = popArt) => numbers((await evaluateStep(d, { sizes, batch, weights, memory: more, taps: ['advantage.returns'] })).taps['advantage.returns']);
    const moved = { 'valueNorm.mean': 50, 'valueNorm.square': 9000, 'valueNorm.weight': 0.9 };
    expect(await said(moved)).toEqual(await said({}));
    expect(await said(moved, plain)).not.toEqual(await said({}, plain));
  });
  it('has the last layer of the paper: W = 0.7 and b = 0.2 at (1, 2) are 2.8 and -3.2 at (3, 0.5), and 1.5 is worth 3.5 at both', async () => {
    const law = (m: number, s: number) => ({ mean: floats(m), square: floats(s * s + m * m), weight: floats(1) }), at = async (x: number[], node: typeof normalise, m: number, s: number) => numbers((await evaluateNode(node, { sizes: {}, inputs: { x: floats([x]), ...law(m, s) } })).outputs['x']);
    const worth = (x: number) => 0.7 * x + 0.2, said = await at([worth(0), worth(1), worth(1.5)], denormalise, 1, 2), [zero, one] = await at(said, normalise, 3, 0.5);      // what the layer says, in units of return: it stays
    near(floats([one! - zero!, zero!, said[2]!]), [2.8, -3.2, 3.5], 1e-5);
  });
  it('learns as ValueNorm does where statistics stand still: the same losses and gradients, those of the last layer by 1 / sigma', async () => {
    const [ours, theirs] = [await evaluateStep(popArt, { sizes, batch, weights: inReturns, memory, knobs: still }), await evaluateStep(plain, { sizes, batch, weights, memory, knobs: still })];
    for (const [k, x] of Object.entries(theirs.losses)) expect(Math.abs(ours.losses[k]! - x), k).toBeLessThan(1e-5 * Math.max(1, Math.abs(x)));
    for (const [k, g] of Object.entries(theirs.gradients)) expect(off(ours.gradients[k], k.startsWith('critic/') ? times(g, 1 / sigma) : g), k).toBeLessThan(1e-4);
  });
});

describe('a run', () => {
  const quick = derive(mappo as Definition<unknown, World>, 'quick', g => { g.rollout({ steps: 6, copies: 2, epochs: 2, minibatches: 3, length: 2 }); for (const n of ['encoder', 'criticEncoder']) g.set(n, { hidden: [4] }); }) as Definition;
  it.each(['ippo', 'mappo'])('of %s begins every update at ratios of 1, along what its agents remember and in pieces of it', async name => {
    const d = derive((name === 'ippo' ? ippo : mappo) as Definition<unknown, World>, 'one', g => { g.rollout({ steps: 6, copies: 2, epochs: 1, minibatches: 1, length: 2 }); for (const n of ['encoder', 'criticEncoder']) g.set(n, { hidden: [4] }); }) as Definition;
    const { run, start } = live(d, { steps: 60 }), ratios: number[] = [], kls: number[] = [];
    run.tap$('policyLoss.ratio').subscribe(({ data }) => { ratios.push(...data); });
    run.tap$('policyLoss.kl').subscribe(({ data }) => { kls.push(...data); });
    const { state } = await start();
    expect(state.counters.updates).toBeGreaterThan(4);
    expect(ratios).toHaveLength(state.counters.updates * 6 * 2 * 2);
    for (const r of ratios) expect(Math.abs(r - 1)).toBeLessThan(1e-5);
    for (const kl of kls) expect(Math.abs(kl)).toBeLessThan(1e-6);
  });
  it('takes another input of its critic, way to its advantages, head and memory while it goes on, and keeps what the edit does not touch', async () => {
    const monte = (d: Definition): Definition => derive(d as Definition<unknown, World>, d.page.name, g => {
      const { reward, terminated, truncated, valid } = each('agent', (g as never as Graph<typeof team>).data().outcome);
      const { returns } = g.replace('advantage', monteCarlo({ gamma: 0.99 }), { reward, terminated, truncated, valid });
      const above = g.add('aboveValue', subtract(), { a: returns, b: now(g.at('value').x as Wire<'f32', 'slot'>) });
      g.rewire('standardAdvantage', { x: above.x });
    }) as Definition;
    const edits: readonly [string, (d: Definition) => Definition, readonly string[]][] = [
      ['the state', put('criticInput', stateInput()), ['criticEncoder']], ['all there is, as COMA has it', put('criticInput', join()), ['criticEncoder']], ['n steps', d => derive(d as Definition<unknown, World>, d.page.name, g => { g.set('advantage', { lambda: 1 }); }) as Definition, []],
      ['limits as ends', put('advantage', gaeLimitsAsEnds()), []], ['Monte Carlo', monte, []], ['a head of every agent', put('policy', per('agent', categorical())), ['policy']], ['no memory', put('encoder', layerNormEncoder({ hidden: [5] })), ['encoder', 'policy']],
    ];
    const { run, start, store, parts } = live(quick, { steps: 50 * edits.length }), { replay } = parts, sample = replay.sample.bind(replay), left = [...edits], done: { readonly what: string; readonly fresh: readonly string[]; readonly before: Snapshot; readonly after: Snapshot }[] = [];
    let busy = Promise.resolve();
    replay.sample = update => {
      const next = update % 4 === 2 ? left.shift() : undefined;
      if (next) busy = busy.then(async () => {
        await run.checkpoint();
        const before = store.kept.at(-1)!, [what, edit, fresh] = next;
        await run.edit(edit);
        done.push({ what, fresh, before, after: store.kept.at(-1)! });
      });
      return sample(update);
    };
    const { state } = await start();
    await busy;
    expect(done.map(x => x.what)).toEqual(edits.map(([what]) => what));
    for (const { what, fresh, before, after } of done) {
      const untouched = (s: Snapshot) => Object.fromEntries(Object.entries({ ...part(s, 'weights/'), ...part(s, 'slots/') }).filter(([k]) => !fresh.some(n => k.includes(`/${n}/`))));
      expect(Object.keys(untouched(before)).length, what).toBeGreaterThan(10);
      expect(untouched(after), what).toEqual(untouched(before));
      expect((after.meta as { readonly memory: unknown }).memory, what).toEqual((before.meta as { readonly memory: unknown }).memory);
    }
    expect(Object.values(state.memory['valueNorm']!).every(Number.isFinite)).toBe(true);
    expect(state.counters.updates).toBeGreaterThan(4 * edits.length);
  }, 120_000);
});
