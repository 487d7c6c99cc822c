/** Runs with continuous actions on Pendulum: noise exchanged while they go on, actions beyond their range, statistics that move. */
import { mul } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive, swap } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import type { World } from '../../core/world.ts';
import { ddpg, pages, ppoContinuous } from '../../graphs/index.ts';
import { plusGaussian, plusOrnsteinUhlenbeck } from '../../nodes/index.ts';
import { compose } from '../../plugins/compose.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import type { Prepared } from '../../plugins/training.ts';
import { TINY_RUNS } from './tiny-runs.ts';

async function prepare(d: Definition, name: string): Promise<Prepared> {
  const { environment, steps, copies, set } = TINY_RUNS[name]!, { training } = await compose();
  return training.prepare(applySettings(d, set), { environment, steps, copies, out: false, engine: 'tfjs:cpu', seed: 3, evaluate: { episodes: 3, every: steps }, logEvery: 20 });
}

describe('noise of exploration', () => {
  it('is exchanged in a run that goes on, for one that carries something and back; networks, lagged weights and moments stay', async () => {
    const { run, begin } = await prepare(ddpg, 'ddpg'), edits: (readonly string[])[] = [], kinds = [plusOrnsteinUhlenbeck({ std: 0.3 }), plusGaussian({ std: 0.2 })];
    const at = new Map([[100, 0], [200, 1]]), done: Promise<unknown>[] = [];
    run.metrics$.subscribe(({ step }) => {
      for (const [when, i] of at) if (step >= when) { at.delete(when); done.push(run.edit((d: Definition) => swap(d, 'explore', kinds[i]!)).then(made => { edits.push([...made.kept].sort(), made.fresh); })); }
    });
    const { state, reason } = await begin();
    await Promise.all(done);
    expect(reason).toBe('finished');
    expect(edits).toEqual([['actor', 'critic'], [], ['actor', 'critic'], []]);
    expect(state.slots['actor']!.count).toBe(state.counters.updates);
  }, 60_000);
});

describe('an action beyond [-1, 1]', () => {
  const loud = defineNode({ type: 'loud', in: { action: f32('... action') }, out: { action: f32('... action'), best: f32('... action') }, forward: ({ action }) => ({ action: mul(action, 1000), best: action }) });
  const shouting = derive(ddpg, 'shouting', g => { g.swap('explore', loud()); });
  it('is refused with its place and the remedy', async () => {
    await expect((await prepare(shouting, 'ddpg')).begin()).rejects.toThrow(/^classic\/pendulum\?steps=30: action -?\d+(\.\d+)? of agent 0 in copy 0 is not within -1 \.\. 1\n {2}fix: clip it there, or act clipped: g\.act\(explore, \{ clipped: true \}\); nothing was stepped$/);
  }, 60_000);
  it('is done as the nearest one where the page acts clipped', async () => {
    const page = derive(shouting as typeof ddpg, 'clipped', g => { const { action, best } = g.at('explore') as Parameters<typeof g.act>[0]; g.act({ action, best: best! }, { clipped: true }); });
    expect((await (await prepare(page, 'ddpg')).begin()).reason).toBe('finished');
  }, 60_000);
});

it('statistics of observations and returns move once a rollout, by all of its slots', async () => {
  const { state } = await (await prepare(ppoContinuous, 'ppoContinuous')).begin(), { seen, paid } = state.memory as Readonly<Record<string, Readonly<Record<string, number | readonly number[]>>>>, slots = 8 * 2 * state.counters.updates;
  expect(seen!['count']).toBeCloseTo(slots + 1e-4, 1);
  expect((seen!['mean'] as number[]).length).toBe(3);
  expect((paid!['sofar'] as number[]).length).toBe(2);
  expect(paid!['count'] as number).toBeLessThan(slots);                       // slots that wait earn nothing
  expect(paid!['variance'] as number).toBeGreaterThan(1);
}, 60_000);

it.each(['ddpg', 'td3', 'sac', 'ppoContinuous'])('%s is refused where actions are numbered, and sacDiscrete where they are not', async name => {
  const { training } = await compose();
  await expect(training.prepare(pages[name] as Definition<unknown, World>, { environment: 'classic/cartpole', steps: 10, out: false })).rejects.toThrow(`${name} chooses continuous actions, and those of classic/cartpole are discrete\n  fix: an environment with continuous actions`);
  await expect(training.prepare(pages['sacDiscrete'] as Definition<unknown, World>, { environment: 'classic/pendulum', steps: 10, out: false })).rejects.toThrow('sacDiscrete chooses discrete actions, and those of classic/pendulum are continuous');
});
