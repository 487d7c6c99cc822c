/** Every page of the book builds, checks, survives JSON, learns one step and acts. */
import { describe, expect, it } from 'vitest';
import { check } from '../../core/check.ts';
import { fromJson, toJson, type Definition } from '../../core/definition.ts';
import { derive, each, next, now, stop, type Wire } from '../../core/graph.ts';
import { defineNode, per } from '../../core/node.ts';
import { plan } from '../../core/plan.ts';
import { f32 } from '../../core/port.ts';
import type { NamedArray } from '../../core/store.ts';
import { reach } from '../../core/topology.ts';
import type { World } from '../../core/world.ts';
import { freshState, view } from '../../core/weights.ts';
import { ddpg, dqn, facmac, happo, ippo, mappo, mat, ppo, prioritisedDqn, sac, td3, vdn } from '../../graphs/index.ts';
import { actionValue, gae, maskedMse, plusOrnsteinUhlenbeck } from '../../nodes/index.ts';
import { evaluateAct, evaluateNode, evaluateStep, type StepCase } from '../../plugins/testing.ts';
import { allPages, CHANGES, registry } from './index.ts';
import { batchOf, BATCH, passing, presentOf, SIZES, sizesOf, slot, stepsOf } from './lab.ts';

type Arrays = Readonly<Record<string, NamedArray>>;
const step = (page: Definition, more: Partial<StepCase> = {}) => evaluateStep(page, { sizes: sizesOf(page), batch: batchOf(page), seed: 1, ...more });
const act = (page: Definition, more: Partial<Parameters<typeof evaluateAct>[1]> = {}) => evaluateAct(page, { sizes: { ...SIZES, batch: BATCH }, fields: presentOf(page), seed: 1, ...more });
const fresh = (page: Definition): Arrays => {
  const p = plan(page, sizesOf(page)), { weights } = freshState(p, 1);
  return Object.fromEntries(p.slices.map(s => [s.name, { shape: s.shape, data: view(weights, s) }]));
};
const moved = (before: Arrays, after: Arrays) => Object.keys(before).filter(k => after[k]!.data.some((x, i) => x !== before[k]!.data[i]));
const nodesOf = (tensors: readonly string[]) => [...new Set(tensors.map(k => k.split('/')[0]!))].sort().join(' ');
const close = (got: ArrayLike<number>, want: ArrayLike<number>, digits = 5) => {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) expect(got[i]!).toBeCloseTo(want[i]!, digits);
};

/** Updates until every rule was due once. */
const UPDATES: Readonly<Record<string, number>> = { td3: 2 };
/** Pages whose lagged weights follow in those updates; the others' wait for a clock. */
const FOLLOW = new Set(['ia2c', 'maa2c', 'ddpg', 'td3', 'sac', 'dgn', 'maddpg', 'maddpgContinuous', 'iddpg', 'facmac']);

describe('every page', () => {
  it('is in the table', () => expect(Object.keys(allPages).sort()).toEqual(Object.keys(CHANGES).sort()));
  for (const [name, page] of Object.entries(allPages)) {
    it(`${name}: builds without an issue and survives JSON`, () => {
      expect(page.page.name).toBe(name);
      expect(check(page)).toEqual([]);
      const back = fromJson(JSON.parse(JSON.stringify(toJson(page))), registry);
      expect(toJson(back)).toEqual(toJson(page));
      expect(check(back)).toEqual([]);
    });
    it(`${name}: one step is finite and changes exactly the intended nodes`, async () => {
      const quick = passing(page, 2), before = fresh(quick), after = await step(quick, { updates: UPDATES[name] ?? 1 });
      expect(after.failed).toBeUndefined();
      expect(Object.keys(after.losses).length).toBeGreaterThan(0);
      for (const x of [...Object.values(after.losses), ...Object.values(after.gradientNorms)]) expect(Number.isFinite(x)).toBe(true);
      const changed = moved(before, after.weights), trained = CHANGES[name]!.split(' ');
      expect(nodesOf(changed)).toBe(CHANGES[name]);
      expect(Object.keys(before).filter(k => trained.includes(k.split('/')[0]!) && !changed.includes(k))).toEqual([]);
      expect(nodesOf(moved(before, after.targets))).toBe(FOLLOW.has(name) ? CHANGES[name] : '');
    }, 60_000);
    it(`${name}: acts, to explore and at its best, and carries on`, async () => {
      const { spec, dtype } = page.page.world['action']!, avail = presentOf(page)['avail']?.data, shape = [BATCH, 1, ...spec.split(' ').filter(Boolean).map(dim => SIZES[dim as keyof typeof SIZES])];
      for (const best of [false, true]) {
        const first = await act(page, { best }), second = await act(page, { best, carry: first.carry });
        for (const { action } of [first, second]) {
          expect(action.shape).toEqual(shape);
          expect([...action.data].every(Number.isFinite)).toBe(true);
          if (dtype === 'i32') action.data.forEach((a, i) => { expect(avail![i * SIZES.action + a]).toBe(1); });
        }
        expect(Object.keys(second.carry)).toEqual(Object.keys(first.carry));
      }
    });
  }
});

describe('rules', () => {
  it('an actor rule does not reach the critic that judges it', () => {
    expect(reach(ddpg, 'actor').trained).toEqual(['actor']);
    expect([...reach(facmac, 'actor').trained].sort()).toEqual(['actor', 'encoder']);
    expect(reach(sac, 'actor').trained).toEqual(['actor']);
    expect([...reach(allPages['beliefPpo']!, 'actor').trained].sort()).toEqual(['encoder', 'policy']);
  });
  it('td3 trains the actor, and lets the lagged weights follow, every second update', async () => {
    const before = fresh(td3), one = await step(td3), two = await step(td3, { updates: 2 }), three = await step(td3, { updates: 3 });
    expect(nodesOf(moved(before, one.weights))).toBe('critic critic2');
    expect(moved(before, one.targets)).toEqual([]);
    expect(nodesOf(moved(one.weights, two.weights))).toBe('actor critic critic2');
    expect(nodesOf(moved(one.targets, two.targets))).toBe('actor critic critic2');
    expect(nodesOf(moved(two.weights, three.weights))).toBe('critic critic2');
    expect(moved(two.targets, three.targets)).toEqual([]);
  });
  it('prioritised replay gets a priority back for each item', async () => {
    const { priorities } = await step(prioritisedDqn);
    expect(priorities['data']!.length).toBe(BATCH * stepsOf(prioritisedDqn));
    expect(priorities['data']!.every(x => x > 0)).toBe(true);
  });
  it('the weight of a prioritised item weighs its loss', async () => {
    const batch = batchOf(prioritisedDqn), weight = batch['data.weight']!, taps = ['tdLoss.priority'];
    const { losses, taps: { 'tdLoss.priority': error } } = await step(prioritisedDqn, { taps });
    const want = Float32Array.from(error!.data).reduce((sum, e, i) => sum + weight.data[i]! * e * e, 0) / error!.data.length;
    expect(losses['q']).toBeCloseTo(want, 5);
  });
  it('a still port is a stopped wire', async () => {
    const through = defineNode({
      type: 'through', in: { prediction: f32('...'), target: f32('...'), mask: f32('...') }, out: { loss: f32('') },
      forward: maskedMse.spec.forward as never,
    });
    const looped = (name: string, pass: (w: Wire<'f32', 'step'>) => Wire<'f32', 'step'>, loss = maskedMse() as ReturnType<typeof through>) => derive(dqn, name, (g, { b, q, chosen, target }) => {
      const again = g.shared('again', q, { obs: b.obs });                 // no lagged weights: the target depends on what is trained
      g.remove('targetQ');
      g.rewire('nextGreedy', { q: next(again.q) });
      g.rewire('nextQ', { q: next(again.q) });
      g.replace('tdLoss', loss, { prediction: chosen.value, target: pass(target.value), mask: b.valid });
    });
    const weights = async (page: Definition) => {
      const batch = batchOf(page), ends = batch['data.terminated']!;
      return (await step(page, { batch: { ...batch, 'data.terminated': { ...ends, data: new Uint8Array(ends.data.length) } } })).weights;        // where all items end, no target depends on a value
    };
    const still = await weights(looped('still', w => w)), stopped = await weights(looped('stopped', stop)), open = await weights(looped('open', w => w, through()));
    expect(still).toEqual(stopped);
    expect(moved(still, open).length).toBeGreaterThan(0);
  });
});

describe('time', () => {
  it('gae on a rollout with a truncation and an end inside: golden vector 1 of the policy sheet', async () => {
    const row = (...data: number[]): NamedArray => ({ shape: [1, data.length], data: Float32Array.from(data) });
    const { outputs } = await evaluateNode(gae({ gamma: 0.9, lambda: 0.8 }), { inputs: {
      reward: row(1, 0, 2, 0, -1, 0, 0.5), value: row(0.5, 0.4, 0.3, 0.7, 0.2, 9, 0.1), nextValue: row(0.4, 0.3, 0.7, 0.2, 9, 0.1, 0.6),
      valid: row(1, 1, 1, 0, 1, 0, 1), terminated: row(0, 0, 0, 0, 1, 0, 0), truncated: row(0, 0, 1, 0, 0, 0, 0),
    } });
    close(outputs['advantage']!.data, [1.974272, 1.5476, 2.33, 0, -1.2, 0, 0.94]);
  });
  it('pages without carries may shuffle transitions, recurrent ones only sequences', () => {
    expect(plan(ppo, sizesOf(ppo)).timeFree).toBe(true);
    expect(plan(ippo, sizesOf(ippo)).timeFree).toBe(false);
  });
  it('minibatches of shuffled transitions and of sequences learn', async () => {
    for (const page of [ppo, ippo] as Definition<unknown, World>[]) expect((await step(derive(page, 'cut', g => { g.rollout({ steps: 4, copies: 2, epochs: 1, minibatches: 2 }); }))).failed).toBeUndefined();
  });
  it('acting step by step equals the unrolled network', async () => {
    const batch = batchOf(vdn), { taps } = await step(vdn, { taps: ['agentQ.hidden'] }), hidden = taps['agentQ.hidden']!;
    let carry: Record<string, Float32Array> = {};
    for (let t = 0; t <= stepsOf(vdn); t++) {
      const fields = Object.fromEntries(['obs', 'lastAction', 'agentId', 'start', 'avail'].map(k => [k, slot(batch[`data.${k}`]!, t)]));
      carry = (await act(vdn, { fields, carry })).carry;
      close(carry['agentQ']!, slot(hidden, t).data);
    }
  });
  it('a recurrent critic is carried over the cut between two rollouts', async () => {
    const page = passing(mappo, 1), batch = batchOf(page), whole = (await step(page, { taps: ['critic.value'] })).taps['critic.value']!;
    let carry: Record<string, Float32Array> = {};
    for (const t of [0, 1]) carry = (await act(page, { fields: Object.fromEntries(Object.keys(page.page.world).filter(k => page.page.world[k]!.at === 'slot').map(k => [k, slot(batch[`data.${k}`]!, t)])), carry })).carry;
    expect(Object.keys(carry)).toEqual(['encoder', 'criticEncoder']);
    const rest = Object.fromEntries(Object.entries(batch).map(([k, x]) => [k, tail(x, 2)]));
    const { taps } = await step(page, { sizes: sizesOf(page, 2), batch: rest, carry, taps: ['critic.value'] });
    close(taps['critic.value']!.data, tail(whole, 2).data);
  });
});
/** All slots from `from` on, of a field over [batch, slots, ...]. */
function tail({ shape, data }: NamedArray, from: number): NamedArray {
  const [batch, slots] = shape as [number, number], width = shape.slice(2).reduce((a, b) => a * b, 1);
  const kept = data.filter((_, i) => Math.floor(i / width) % slots >= from);
  return { shape: [batch, slots - from, ...shape.slice(2)], data: kept };
}

describe('policies', () => {
  for (const name of ['ppo', 'ppoContinuous', 'ippo', 'mappo', 'mappoPopArt', 'happo', 'mat', 'beliefPpo']) it(`${name}: every ratio of the first pass is 1`, async () => {
    const { taps } = await step(passing(allPages[name]!, 1), { taps: ['policyLoss.ratio'] }), { data } = taps['policyLoss.ratio']!;
    close(data, new Float32Array(data.length).fill(1));
  });
  it('happo: the factor is 1 before anybody moved', async () => {
    const { data } = (await step(passing(happo, 1), { taps: ['othersRatio.ratio'] })).taps['othersRatio.ratio']!;
    close(data, new Float32Array(BATCH * stepsOf(happo) * SIZES.agent).fill(1));
  });
  it('happo: each agent moves its own weights, one after another', async () => {
    const page = passing(happo, 1), before = fresh(page), alone = Int32Array.of(1), { weights } = await step(page, { order: { sweep: alone } });
    for (const k of Object.keys(before).filter(x => x.startsWith('policy/') || x.startsWith('encoder/'))) {
      const one = before[k]!.data.length / SIZES.agent, at = (agent: number) => moved({ [k]: { shape: [], data: before[k]!.data.subarray(agent * one, (agent + 1) * one) } }, { [k]: { shape: [], data: weights[k]!.data.subarray(agent * one, (agent + 1) * one) } }).length > 0;
      expect([at(0), at(1), at(2)]).toEqual([false, true, false]);
    }
  });
  it('mappo keeps its moments once a minibatch', async () => {
    const { memory } = await step(passing(mappo, 2));
    expect(memory['valueNorm.weight']).toBeCloseTo(1 - 0.99999 ** 2, 7);
    const { memory: later } = await step(passing(mappo, 1), { memory: { 'valueNorm.weight': 0.5 } });
    expect(later['valueNorm.weight']).toBeCloseTo(0.5 * 0.99999 + 0.00001, 6);
  });
  it('mat acts in turn as it learns', async () => {
    const page = passing(mat, 1), { action } = await act(page, { best: true }), batch = { ...batchOf(page, { steps: 1 }), 'data.action': action };
    const { taps } = await step(page, { sizes: sizesOf(page, 1), batch, taps: ['decoder.logits'] }), logits = taps['decoder.logits']!.data;
    const best = Array.from({ length: BATCH * SIZES.agent }, (_, row) => { const at = [...logits.subarray(row * SIZES.action, (row + 1) * SIZES.action)]; return at.indexOf(Math.max(...at)); });
    expect(best).toEqual([...action.data]);
  });
  it('Ornstein-Uhlenbeck noise is carried from step to step and forgotten at a start', async () => {
    const page = derive(ddpg, 'noisy', g => { g.swap('explore', plusOrnsteinUhlenbeck()); }), fields = presentOf(page), running = { ...fields, start: { shape: [BATCH, 1], data: new Uint8Array(BATCH) } };
    const first = await act(page, { fields }), second = await act(page, { fields: running, carry: first.carry }), again = await act(page, { fields, carry: first.carry });
    expect(second.carry['explore']).not.toEqual(first.carry['explore']);
    expect(again.carry['explore']).toEqual(first.carry['explore']);
    expect((await act(page, { fields: running, carry: first.carry, best: true })).action).toEqual((await act(page, { best: true })).action);
  });
});

describe('an ensemble', () => {
  it('is a dim of the page', async () => {
    const page = derive(ddpg, 'ensemble', (g, { b, actor, targetActor }) => {
      const member = g.dim('member', 5), critic = g.replace('critic', per(member, actionValue({ hidden: [8] })), { x: each(member, now(b.obs)), action: each(member, b.action) });
      g.rewire('targetCritic', { x: each(member, next(b.obs)), action: each(member, next(targetActor.action)) });
      g.rewire('judgedAction', { x: each(member, now(b.obs)), action: each(member, now(actor.action)) });
      g.rewire('tdTarget', each(member, b.outcome));
      g.rewire('criticLoss', { prediction: critic.q, mask: each(member, b.valid) });
      g.rewire('actorLoss', { mask: each(member, b.valid) });
    });
    const before = fresh(page), after = await step(page);
    expect(nodesOf(moved(before, after.weights))).toBe('actor critic');
    for (const [k, x] of Object.entries(before)) if (k.startsWith('critic/')) expect(x.shape[0]).toBe(5);
  });
});

describe('gradients', () => {
  for (const [name, rule] of [['qmix', 'q'], ['qatten', 'q'], ['coma', 'critic'], ['iddpg', 'critic'], ['facmac', 'critic'], ['reinforce', 'policy']] as const) it(`${name}: the gradient of ${rule} is the slope of its loss`, async () => {
    const page = passing(allPages[name]!, 1), weights = fresh(page), { gradients } = await step(page), own = Object.keys(gradients).filter(k => reach(page, rule).trained.includes(k.split('/')[0]!));
    const at = async (k: string, i: number, by: number) => {
      const data = Float32Array.from(weights[k]!.data);
      data[i]! += by;
      return (await step(page, { weights: { [k]: { shape: weights[k]!.shape, data } }, targets: { [k]: weights[k]! } })).losses[rule]!;
    };
    for (const k of own.filter((_, i) => i % Math.ceil(own.length / 5) === 0)) {
      const g = Float32Array.from(gradients[k]!.data), steep = g.reduce((best, x, i) => (Math.abs(x) > Math.abs(g[best]!) ? i : best), 0);
      // a step may cross a kink on one side (a ReLU that opens): the slope of the other side is the gradient there
      const here = (await at(k, steep, 0)), sides = [((await at(k, steep, 2e-3)) - here) / 2e-3, (here - (await at(k, steep, -2e-3))) / 2e-3], apart = Math.min(...sides.map(x => Math.abs(x - g[steep]!)));
      expect(apart, `${k}[${steep}]: slopes ${sides.join(' and ')}, gradient ${g[steep]}`).toBeLessThan(2e-3 + 0.03 * Math.abs(g[steep]!));
    }
  }, 60_000);
});
