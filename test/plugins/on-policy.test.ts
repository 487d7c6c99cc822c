/** Runs of pages that learn from what their own policy just did: what they use, what they leave, and what they refuse. */
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import type { EnvironmentFamily } from '../../plugins/factories.ts';
import { InputError, RunError } from '../../core/error.ts';
import { a2c, ppo, ppoContinuous, reinforce, reinforceBaseline } from '../../graphs/index.ts';
import { derive } from '../../core/graph.ts';
import { nodeTypes, recurrentEncoder } from '../../nodes/index.ts';
import { Catalogue } from '../../plugins/catalogue.ts';
import { tfjs } from '../../plugins/engines/tfjs.ts';
import { episodes } from '../../plugins/replay/episodes.ts';
import { rollouts } from '../../plugins/replay/rollouts.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { Training, type Prepared, type TrainOptions } from '../../plugins/training.ts';
import { numbers } from '../nodes/arrays.ts';
import { Scripted, type Script } from './rollout/scripted.ts';

/** A run in an environment that plays a script: episodes of 3 steps with an end and of 5 with a limit, in turn. */
function prepare(d: Definition, { copies = 1, ...more }: Partial<TrainOptions> = {}, script: Omit<Script, 'plans'> = {}, continuous = false): Promise<Prepared> {
  const plans = (n: number): Script['plans'] => Array.from({ length: n }, () => [{ length: 3, end: 'terminated' as const }, { length: 5, end: 'truncated' as const }]);
  const family: EnvironmentFamily = { family: 'scripted', about: 'plays a script', tasks: { play: 'as written' }, options: {}, make: (_, __, o) => {
    const env = new Scripted({ plans: plans(o.copies), ...script });
    if (continuous) Object.assign(env, { spec: { ...env.spec, actions: 'continuous' } });
    return env;
  } };
  return new Training(new Catalogue([], nodeTypes, [family], [tfjs], [episodes, rollouts], [])).prepare(d, { environment: 'scripted/play', steps: 50, seed: 1, engine: 'tfjs:wasm', copies, evaluate: { episodes: 1, every: 1000 }, logEvery: 8, out: false, ...more });
}
const narrow = (d: Definition, more: Readonly<Record<string, unknown>> = {}) => applySettings(d, { 'encoder.hidden': [4], ...('critic' in d.page.nodes ? { 'critic.hidden': [4] } : {}), ...more });

describe('REINFORCE', () => {
  it('learns once from every batch of whole episodes, rewards to go among them', async () => {
    const { run, begin } = await prepare(narrow(reinforce, { 'data.batch': 2 })), returns: number[][] = [];
    run.tap$('weight.returns').subscribe(({ data }) => { returns.push(numbers({ shape: [], data: Float32Array.from(data) })); });
    const { state } = await begin();
    expect(state.counters).toMatchObject({ steps: 50, updates: 6, episodes: 12 });
    // episode n pays n + t / 2 at step t: the first two, of three steps and of five, and padding behind the first
    expect(returns[0]).toEqual([3, 2.5, 1.5, 0, 0, 12.5, 11, 9, 6.5, 3.5]);
    expect(returns).toHaveLength(6);
  });
  it('uses no episode twice, and each once, in several copies', async () => {
    const { run, begin } = await prepare(narrow(reinforceBaseline, { 'data.batch': 4 }), { copies: 2 }), used: number[] = [];
    run.tap$('policyLoss.loss').subscribe(({ update }) => { used.push(update); });
    const { state } = await begin();
    expect(state.counters.episodes).toBe(12);
    expect(used).toEqual([1, 2, 3]);
  });
  it('is refused where actions are continuous, before anything runs', async () => {
    await expect(prepare(reinforce, {}, {}, true)).rejects.toThrow(new InputError('reinforce chooses discrete actions, and those of scripted/play are continuous', 'an environment with discrete actions, or another page: skein list'));
  });
  it('stops where an agent has no allowed action, with copy and step', async () => {
    const { begin } = await prepare(narrow(reinforce), {}, { avail: ({ episode, t }) => !(episode === 1 && t === 2) });
    await expect(begin()).rejects.toThrow(new RunError('scripted/play: copy 0, step 2 of its episode, agent 0: avail allows no action', 'an environment allows at least one action to every agent at every step'));
  });
});

const small = narrow(ppo, { 'data.steps': 6, 'data.copies': 2, 'data.epochs': 2, 'data.minibatches': 3 });
describe('A2C and PPO', () => {
  it('learn from every rollout once, the final observations in it, and the next goes on where it ended', async () => {
    const { run, begin } = await prepare(narrow(a2c, { 'data.steps': 6 })), seen: { valid: number[]; reward: number[] }[] = [], rows: number[][] = [];
    run.tap$('data.valid').subscribe(({ data }) => { rows.push([...data]); });
    run.tap$('data.reward').subscribe(({ data, update }) => { seen.push({ valid: rows[update - 1]!, reward: [...data] }); });
    await begin();
    // three steps and a final observation, five and one: ten slots for eight steps; behind a final observation stands the reward of the last step, which is not used
    const paid = seen.flatMap(({ valid, reward }) => reward.filter((_, t) => valid[t]));
    expect(seen.flatMap(({ valid }) => valid).slice(0, 12)).toEqual([1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1]);
    expect(paid.slice(0, 10)).toEqual([0.5, 1, 1.5, 1.5, 2, 2.5, 3, 3.5, 2.5, 3]);
  });
  it('PPO begins an update at ratios of 1: the policy that learns is the one that acted; and its learning rate falls with the steps', async () => {
    const { run, begin } = await prepare(applySettings(small, { 'data.epochs': 1, 'data.minibatches': 1 }), { copies: 2 }), ratios: number[][] = [], rates: (number | undefined)[] = [];
    run.tap$('policyLoss.ratio').subscribe(({ data }) => { ratios.push([...data]); });
    run.metrics$.subscribe(({ step, values }) => { if ('knob/all.lr' in values) rates.push(values['knob/all.lr']! - 2.5e-4 * (1 - step / 500_000)); });
    const { state } = await begin();
    expect(state.slots['all']!.count).toBe(state.counters.updates);
    expect(ratios.length).toBe(state.counters.updates);
    for (const ratio of ratios) for (const r of ratio) expect(r).toBeCloseTo(1, 5);
    expect(rates.length).toBeGreaterThan(3);
    for (const apart of rates) expect(apart).toBeCloseTo(0, 12);
  });
  it('are refused where the rollout cannot be cut into equal minibatches, with numbers that can', async () => {
    await expect(prepare(applySettings(small, { 'data.minibatches': 5 }), { copies: 2 })).rejects.toThrow(new InputError('source data of ppo: 6 steps of 2 copies are 12 transitions, and 5 minibatches cannot share them equally', '--set data.minibatches=4 or 6, or another number of steps or copies'));
    await expect(prepare(applySettings(small, { 'data.minibatches': 13 }), { copies: 2 })).rejects.toThrow('--set data.minibatches=12, or another');
    const recurrent = derive(small as typeof ppo, 'memory', g => { g.swap('encoder', recurrentEncoder({ hidden: 3 })); });
    await expect(prepare(recurrent, { copies: 2 })).rejects.toThrow(new InputError('source data of memory: 2 copies are 2 sequences, which a page that goes through time does not cut, and 3 minibatches cannot share them equally', '--set data.minibatches=2, or another number of copies'));
    await expect(prepare(recurrent, { copies: 3 })).resolves.toBeDefined();
  });
  it('are refused where actions are continuous, and stop where an agent has no allowed action', async () => {
    for (const d of [a2c, ppo]) await expect(prepare(d, { copies: 4 }, {}, true)).rejects.toThrow(`${d.page.name} chooses discrete actions, and those of scripted/play are continuous\n  fix: an environment with discrete actions`);
    await expect(prepare(ppoContinuous, { copies: 4 })).rejects.toThrow('ppoContinuous chooses continuous actions, and those of scripted/play are discrete\n  fix: an environment with continuous actions');
    const { begin } = await prepare(small, { copies: 2 }, { avail: ({ copy, episode, t }) => !(copy === 1 && episode === 1 && t === 4) });
    await expect(begin()).rejects.toThrow('scripted/play: copy 1, step 4 of its episode, agent 0: avail allows no action');
  });
});
