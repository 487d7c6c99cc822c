import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import type { RandomSource } from '../../../core/random.ts';
import type { RandomFactory } from '../../../plugins/factories.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { readBits, readFixture } from './fixture.ts';

interface Moment { readonly agents: readonly (readonly number[])[]; readonly targets: readonly (readonly number[])[]; readonly alive: readonly boolean[]; readonly unseen: readonly number[] }
interface Episode {
  readonly map: readonly string[]; readonly order: readonly number[]; readonly moments: readonly Moment[]; readonly obs: readonly string[]; readonly states: readonly (readonly number[])[];
  readonly actions: readonly (readonly number[])[]; readonly rewards: readonly (readonly number[])[]; readonly terminated: readonly number[]; readonly truncated: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
}
interface Recording { readonly game: string; readonly config: { readonly num_agents: number; readonly density?: number; readonly on_target?: string }; readonly episodes: readonly Episode[] }
const { configs, counts } = readFixture('pogema') as { readonly configs: readonly Recording[]; readonly counts: unknown };

/** Draws the original's map and order of free cells. */
const drawing = ({ map, order }: Episode): RandomSource => {
  const walls = [...map.join('')];
  let next = 0;
  return {
    uniform: () => (walls[next++] === '#' ? 0 : 1 - Number.EPSILON), integer: () => 0, state: () => [next],
    permutation: n => { if (next !== walls.length || n !== order.length) throw new Error(`a permutation of ${n} after ${next} walls; the original drew ${order.length} after ${walls.length}`); return Int32Array.from(order); },
  };
};
const make = async ({ game }: Recording, random?: RandomFactory): Promise<VectorEnvironment> => makeEnvironment(game, families, { copies: 1, seed: 0, ...random ? { random } : {} });
interface Saved { readonly scene: Moment & { readonly map: readonly string[]; readonly given: readonly number[] } }
const saved = (env: VectorEnvironment) => env.getState(0) as Saved;

/** What differs from the recorded moment `t`, as text; nothing where all is equal. `before` leaves out what only a step tells. */
function differences(env: VectorEnvironment, episode: Episode, t: number, before = false): readonly string[] {
  const { obs, alive, avail, agentReward, reward, terminated, truncated, won } = env.fields, found: string[] = [];
  const compare = (name: string, got: ArrayLike<number>, expected: ArrayLike<number>) => {
    if (got.length !== expected.length) found.push(`step ${t}: ${name} has ${got.length} numbers, recorded ${expected.length}`);
    for (let i = 0; i < got.length; i++) if (got[i] !== expected[i]) found.push(`step ${t}: ${name}[${i}] is ${got[i]}, recorded ${expected[i]}`);
  };
  const then = episode.moments[t]!, { agents: at, targets, alive: live, unseen } = saved(env).scene;
  if (JSON.stringify({ at, targets, live, unseen }) !== JSON.stringify({ at: then.agents, targets: then.targets, live: then.alive, unseen: then.unseen })) found.push(`step ${t}: ${JSON.stringify({ at, targets, live, unseen })}, recorded ${JSON.stringify(then)}`);
  compare('obs', obs!, readBits(episode.obs[t]!, obs!.length));
  compare('alive', alive!, then.alive.map(Number));
  compare('avail', avail!, then.alive.flatMap(a => [1, ...Array.from({ length: 4 }, () => Number(a))]));
  if (t === 0 || before) return found;
  const earned = episode.rewards[t - 1]!;
  compare('agentReward', agentReward!, earned);
  compare('reward', reward!, [earned.reduce((a, b) => a + b, 0)]);
  compare('terminated', terminated!, [episode.terminated[t - 1]!]);
  compare('truncated', truncated!, [episode.truncated[t - 1]!]);
  if (won) compare('won', won, [episode.terminated[t - 1]!]);
  return found;
}

/** New targets are draws of their own: those of the original take the place of ours, which must have come at the same steps. */
function takeTargets(env: VectorEnvironment, before: Moment, then: Moment): readonly string[] {
  const state = saved(env), fresh = state.scene.targets.flatMap((target, i) => (String(target) === String(before.targets[i]) ? [] : [i])), recorded = then.targets.flatMap((target, i) => (String(target) === String(before.targets[i]) ? [] : [i]));
  env.setState(0, { ...state, scene: { ...state.scene, targets: then.targets } });
  return String(fresh) === String(recorded) ? [] : [`agents ${fresh.join()} have new targets, recorded ${recorded.join()}`];
}

describe.each(configs)('pogema 1.4.0: $game', recording => {
  const lifelong = recording.config.on_target === 'restart';

  it('follows every episode from its reset, given the draws of the original', async () => {
    const env = await make(recording, (_, episode) => drawing(recording.episodes[episode]!)), found: string[] = [];
    recording.episodes.forEach((episode, e) => {
      const tell = (texts: readonly string[]) => found.push(...texts.map(text => `episode ${e}, ${text}`));
      const stateAt = (which: number) => { if (String([...env.fields['state']!]) !== String(Float32Array.from(episode.states[which]!))) found.push(`episode ${e}: state at its ${which ? 'end' : 'beginning'}`); };
      env.reset(Uint8Array.of(1));
      tell(differences(env, episode, 0));
      stateAt(0);
      episode.actions.forEach((actions, t) => {
        env.step(Int32Array.from(actions));
        if (lifelong) tell(takeTargets(env, episode.moments[t]!, episode.moments[t + 1]!));
        tell(differences(env, episode, t + 1));
      });
      stateAt(1);
      if ('CSR' in episode.metrics && env.fields['won']![0] !== episode.metrics['CSR']) found.push(`episode ${e}: won is not CSR`);
    });
    expect(found.slice(0, 5)).toEqual([]);
  });

  it('makes every single step from the recorded moment', async () => {
    const env = await make(recording), found: string[] = [], nothing = { agentReward: recording.episodes[0]!.moments[0]!.agents.map(() => 0), reward: 0, won: false, terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 } };
    recording.episodes.forEach((episode, e) => episode.actions.forEach((actions, t) => {
      const { map, moments } = episode, then = moments[t]!;
      env.setState(0, { ...nothing, step: t, scene: { map, ...then, key: 0, given: then.agents.map(() => 0) } });
      found.push(...differences(env, episode, t, true));
      env.step(Int32Array.from(actions));
      if (lifelong) found.push(...takeTargets(env, then, moments[t + 1]!));
      found.push(...differences(env, episode, t + 1).map(text => `episode ${e}, ${text}`));
    }));
    expect(found.slice(0, 5)).toEqual([]);
  });
});

it('compares enough: steps, and every rule at work', () => { expect(counts).toMatchInlineSnapshot(`
  {
    "agents left out of the agents layer": 689,
    "agents that finish": 308,
    "agents that follow another": 2092,
    "cells that two want": 23314,
    "ends by the limit": 186,
    "ends with all arrived": 71,
    "episodes": 256,
    "moves that fail": 48701,
    "new targets": 400,
    "steps": 12159,
    "swaps that fail": 3294,
  }
`); });
