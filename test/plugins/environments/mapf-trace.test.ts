import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { Random } from '../../../core/random.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { readBits, readFixture } from './fixture.ts';

interface Episode {
  readonly map: readonly string[]; readonly goals: readonly (readonly number[])[]; readonly moments: readonly { readonly agents: readonly (readonly number[])[]; readonly valid: readonly number[] }[];
  readonly obs: readonly string[]; readonly goal: readonly (readonly (readonly number[])[])[]; readonly order: readonly (readonly number[])[]; readonly actions: readonly (readonly number[])[];
  readonly rewards: readonly (readonly number[])[]; readonly authors: readonly (readonly number[])[]; readonly blocking: readonly (readonly number[])[]; readonly done: readonly number[];
}
interface Recording { readonly game: string; readonly agents: number; readonly episodes: readonly Episode[] }
const { configs, counts } = readFixture('primal') as { readonly configs: readonly Recording[]; readonly counts: Readonly<Record<string, number>> };

/** What the authors' code pays. */
const AUTHORS = 'finishReward=0&blockingCost=1';
const make = (game: string, more: string): VectorEnvironment => makeEnvironment(`${game}${game.includes('?') ? '&' : '?'}${more}`, families, { copies: 1, seed: 0 }) as VectorEnvironment;
const identity = (order: readonly number[]) => order.every((agent, turn) => agent === turn);

/** A key with which the environment draws this order in this step; it has one number for all that is drawn on the way. */
function keyFor(order: readonly number[], step: number): number {
  for (let key = 0; ; key++) if (Random.of(key, 'mapf.order', step).permutation(order.length).every((agent, turn) => agent === order[turn])) return key;
}
const stateAt = ({ map, goals, moments, actions }: Episode, t: number, key = 0) => {
  const { agents } = moments[t]!, none = agents.map(() => 0);
  return { scene: { map, agents, goals, last: actions[t - 1] ?? none, key }, blocking: none, agentReward: none, reward: 0, step: t, terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 } };
};

/** What differs from the recorded moment `t`, as text; nothing where all is equal. `before` leaves out what only a step tells. */
function differences(env: VectorEnvironment, episode: Episode, t: number, before = false): readonly string[] {
  const { grid, goal, obs, avail, agentReward, reward, blocking, terminated, won } = env.fields, found: string[] = [], { agent: n, channel, row, column } = env.spec.sizes;
  const compare = (name: string, got: ArrayLike<number>, expected: ArrayLike<number>) => {
    if (got.length !== expected.length) found.push(`step ${t}: ${name} has ${got.length} numbers, recorded ${expected.length}`);
    for (let i = 0; i < got.length; i++) if (got[i] !== expected[i]) found.push(`step ${t}: ${name}[${i}] is ${got[i]}, recorded ${expected[i]}`);
  };
  const { agents, valid } = episode.moments[t]!, at = (env.getState(0) as { scene: { agents: unknown } }).scene.agents, layers = channel! * row! * column!;
  if (JSON.stringify(at) !== JSON.stringify(agents)) found.push(`step ${t}: agents ${JSON.stringify(at)}, recorded ${JSON.stringify(agents)}`);
  compare('grid', grid!, readBits(episode.obs[t]!, grid!.length));
  compare('goal', goal!, Float32Array.from(episode.goal[t]!.flat()));
  for (let i = 0; i < n!; i++) compare('obs', obs!.subarray(i * (layers + 3), (i + 1) * (layers + 3)), [...grid!.subarray(i * layers, (i + 1) * layers), ...goal!.subarray(3 * i, 3 * i + 3)]);
  compare('avail', avail!, valid.flatMap(bits => [0, 1, 2, 3, 4].map(action => bits >> action & 1)));
  if (t === 0 || before) return found;
  const earned = episode.rewards[t - 1]!;
  compare('agentReward', agentReward!, Float32Array.from(earned));
  compare('blocking', blocking!, episode.blocking[t - 1]!);
  compare('terminated', terminated!, [episode.done[t - 1]!]);
  compare('won', won!, [episode.done[t - 1]!]);
  const sum = earned.reduce((a, b) => a + b, 0);
  if (Math.abs(reward![0]! - sum) > 1e-5) found.push(`step ${t}: reward ${reward![0]}, recorded ${sum}`);
  return found;
}

describe.each(configs)('PRIMAL\'s environment: $game', ({ game, episodes }) => {
  it('follows every episode in which agents move in their order', () => {
    const env = make(game, AUTHORS), found: string[] = [];
    episodes.forEach((episode, e) => {
      if (!episode.order.every(identity)) return;
      env.setState(0, stateAt(episode, 0));
      found.push(...differences(env, episode, 0));
      episode.actions.forEach((actions, t) => {
        env.step(Int32Array.from(actions));
        found.push(...differences(env, episode, t + 1).map(text => `episode ${e}, ${text}`));
      });
    });
    expect(found.slice(0, 5)).toEqual([]);
  });

  it('makes every single step from the recorded moment, in the order recorded', () => {
    const inOrder = make(game, AUTHORS), shuffled = make(game, `${AUTHORS}&moveOrder=shuffled`), found: string[] = [];
    let steps = 0;
    episodes.forEach((episode, e) => episode.actions.forEach((actions, t) => {
      const order = episode.order[t]!, mine = identity(order);
      if (!mine && order.length > 5) return;                              // a key of such an order is not to be found
      const env = mine ? inOrder : shuffled;
      env.setState(0, stateAt(episode, t, mine ? 0 : keyFor(order, t + 1)));
      found.push(...differences(env, episode, t, true));
      env.step(Int32Array.from(actions));
      steps++;
      found.push(...differences(env, episode, t + 1).map(text => `episode ${e}, ${text}`));
    }));
    expect(found.slice(0, 5)).toEqual([]);
    expect(steps).toBeGreaterThan(900);
  });

  it('pays for blocking and for the end what the paper says', () => {
    const env = make(game, 'steps=256'), found: string[] = [];
    for (const episode of episodes) episode.actions.forEach((actions, t) => {
      if (!identity(episode.order[t]!)) return;
      env.setState(0, stateAt(episode, t));
      env.step(Int32Array.from(actions));
      episode.rewards[t]!.forEach((earned, i) => {
        const paper = (episode.blocking[t]![i] ? 2 * earned : earned) + 20 * episode.done[t]!, paid = env.fields['agentReward']![i]!;
        if (Math.abs(paid - paper) > 1e-5) found.push(`step ${t + 1}: agent ${i} is paid ${paid}, the paper says ${paper}`);
      });
    });
    expect(found.slice(0, 5)).toEqual([]);
  });
});

it('compares enough: steps, and every rule at work', () => { expect(counts).toMatchInlineSnapshot(`
  {
    "agents that block": 1361,
    "agents that follow another": 670,
    "arrivals": 2118,
    "collisions": 21760,
    "ends with all on their goals": 129,
    "episodes": 277,
    "episodes that were complete in the middle of a step only": 0,
    "penalties that the authors' loop leaves out": 637,
    "steps": 10646,
  }
`); });

it('lets the agent with the highest number be blocked, which the authors\' loop never asks', () => {
  const left = configs.flatMap(({ episodes }) => episodes.flatMap(({ rewards, authors }) => rewards.flatMap((earned, t) => earned.filter((reward, i) => reward !== authors[t]![i]))));
  expect(left.length).toBe(counts['penalties that the authors\' loop leaves out']);
  expect(left.length).toBeGreaterThan(0);
});
