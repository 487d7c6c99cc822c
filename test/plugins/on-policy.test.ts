/** Runs of pages that learn from what their own policy just did: what they use, what they leave, and what they refuse. */
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import type { EnvironmentFamily } from '../../core/environment.ts';
import { InputError, RunError } from '../../core/error.ts';
import { reinforce, reinforceBaseline } from '../../graphs/index.ts';
import { nodeTypes } from '../../nodes/index.ts';
import { Catalogue } from '../../plugins/catalogue.ts';
import { tfjs } from '../../plugins/engines/tfjs.ts';
import { episodes } from '../../plugins/replay/episodes.ts';
import { rollouts } from '../../plugins/replay/rollouts.ts';
import { applySettings, Training, type Prepared, type TrainOptions } from '../../plugins/training.ts';
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
