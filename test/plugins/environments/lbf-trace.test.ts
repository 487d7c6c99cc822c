import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import type { RandomSource } from '../../../core/random.ts';
import type { RandomFactory } from '../../../plugins/factories.ts';
import { Foraging, type ForagingGame } from '../../../plugins/environments/foraging.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { readFixture } from './fixture.ts';

type Draw = readonly [n: number, drawn: number | readonly number[]];
interface State { readonly players: readonly (readonly number[])[]; readonly food: readonly (readonly number[])[] }
interface Episode {
  readonly draws: readonly Draw[]; readonly states: readonly State[]; readonly obs: readonly number[]; readonly valid: readonly number[];
  readonly actions: readonly number[]; readonly rewards: readonly number[]; readonly terminated: readonly number[];
}
interface Config {
  readonly players: number; readonly field_size: readonly [number, number]; readonly max_num_food: number; readonly sight: number;
  readonly min_player_level: number | readonly number[]; readonly max_player_level: number | readonly number[];
  readonly min_food_level: number | readonly number[]; readonly max_food_level: number | readonly number[] | null;
  readonly max_episode_steps: number; readonly force_coop: boolean; readonly penalty: number;
  readonly normalize_reward?: boolean; readonly observe_agent_levels?: boolean;
}
interface Recording { readonly game: string; readonly config: Config; readonly episodes: readonly Episode[] }
const { configs } = readFixture('lbf') as { readonly configs: readonly Recording[] };

/** Answers with the draws of the original and refuses a question that the original did not ask. */
class RecordedDraws implements RandomSource {
  #next = 0;
  constructor(readonly draws: readonly Draw[]) {}
  #draw(n: number, what: string): Draw[1] {
    const [asked, drawn] = this.draws[this.#next++] ?? [NaN, NaN];
    if (asked !== n) throw new Error(`draw ${this.#next}: ${what} of ${n}, but the original drew one of ${asked}`);
    return drawn;
  }
  uniform(): number { throw new Error('the original draws no floats'); }
  integer(below: number, what = ''): number { return this.#draw(below, what) as number; }
  permutation(n: number, what = ''): Int32Array { return Int32Array.from(this.#draw(n, what) as readonly number[]); }
  state(): readonly number[] { return [this.#next]; }
  get left(): number { return this.draws.length - this.#next; }
}

const each = <T>(value: T | readonly T[], i: number): T => Array.isArray(value) ? (value as readonly T[])[i]! : value as T;
function rulesOf(c: Config): ForagingGame {
  const [rows, cols] = c.field_size;
  return {
    rows, cols, sight: c.sight, coop: c.force_coop, penalty: c.penalty, steps: c.max_episode_steps, normalise: c.normalize_reward ?? true,
    observeAgentLevels: c.observe_agent_levels ?? true, observe: 'vector', offerAll: false, timeoutAs: 'terminated',
    playerLevels: Array.from({ length: c.players }, (_, i) => ({ least: each(c.min_player_level, i), most: each(c.max_player_level, i) })),
    foodLevels: Array.from({ length: c.max_num_food }, (_, i) => ({ least: each(c.min_food_level, i), most: each(c.max_food_level, i) })),
  };
}
async function make({ game, config }: Recording, random: RandomFactory): Promise<VectorEnvironment> {
  const setting = { copies: 1, seed: 0, random };
  return game.startsWith('lbf/') ? makeEnvironment(game, families, setting) : new Foraging(game, rulesOf(config), setting);
}

/** Everything that differs from the recorded moment `t`, as text; nothing where all is equal. */
function differences(env: VectorEnvironment, episode: Episode, t: number): readonly string[] {
  const agents = env.spec.sizes['agent']!, size = env.spec.sizes['obs']!, found: string[] = [];
  const compare = (name: string, length: number, got: (i: number) => number, expected: (i: number) => number) => {
    for (let i = 0; i < length; i++) if (got(i) !== expected(i)) found.push(`step ${t}: ${name}[${i}] is ${got(i)}, recorded ${expected(i)}`);
  };
  const { obs, state, avail, agentReward, reward, terminated, truncated } = env.fields;
  compare('obs', agents * size, i => obs![i]!, i => episode.obs[t * agents * size + i]!);
  compare('state', agents * size, i => state![i]!, i => episode.obs[t * agents * size + i]!);
  compare('avail', agents * 6, i => avail![i]!, i => episode.valid[t * agents + Math.floor(i / 6)]! >> i % 6 & 1);
  const { players, food } = env.getState(0) as State;
  if (JSON.stringify({ players, food }) !== JSON.stringify(episode.states[t])) found.push(`step ${t}: ${JSON.stringify({ players, food })}`);
  if (t === 0) return found;
  const earned = episode.rewards.slice((t - 1) * agents, t * agents);
  compare('agentReward', agents, i => agentReward![i]!, i => Math.fround(earned[i]!));
  compare('reward', 1, () => reward![0]!, () => Math.fround(earned.reduce((sum, r) => sum + r, 0)));
  compare('terminated', 1, () => terminated![0]!, () => episode.terminated[t - 1]!);
  compare('truncated', 1, () => truncated![0]!, () => 0);
  return found;
}

const actionsOf = (episode: Episode, agents: number, t: number) => Int32Array.from(episode.actions.slice(t * agents, (t + 1) * agents));
const start = Uint8Array.of(1);
const idle = (agents: number) => ({ agentReward: Array.from({ length: agents }, () => 0), reward: 0, terminated: false, truncated: false });

describe.each(configs)('lbforaging 2.0.0: $game', recording => {
  const agents = recording.config.players;

  it('follows every episode from its reset, given the draws of the original', async () => {
    const sources: RecordedDraws[] = [];
    const env = await make(recording, (_, episode) => sources[episode] = new RecordedDraws(recording.episodes[episode]!.draws));
    const found: string[] = [];
    recording.episodes.forEach((episode, e) => {
      env.reset(start);
      if (sources[e]!.left) found.push(`episode ${e}: ${sources[e]!.left} draws were not asked for`);
      found.push(...differences(env, episode, 0));
      for (let t = 0; t < episode.terminated.length; t++) {
        env.step(actionsOf(episode, agents, t));
        found.push(...differences(env, episode, t + 1));
      }
    });
    expect(found.slice(0, 5)).toEqual([]);
  });

  it('makes every single step from the recorded state', async () => {
    const env = await make(recording, () => { throw new Error('a step draws nothing'); });
    const found: string[] = [];
    for (const episode of recording.episodes) {
      const foodSpawned = episode.states[0]!.food.reduce((sum, [, , level]) => sum + level!, 0);
      for (let t = 0; t < episode.terminated.length; t++) {
        env.setState(0, { ...episode.states[t]!, foodSpawned, step: t, ...idle(agents), draws: { seed: 0, copy: 0, episode: 0 } });
        found.push(...differences(env, { ...episode, rewards: [], terminated: [] }, t).filter(text => !/reward|terminated/i.test(text)));
        env.step(actionsOf(episode, agents, t));
        found.push(...differences(env, episode, t + 1));
      }
    }
    expect(found.slice(0, 5)).toEqual([]);
  });
});

it('compares enough: steps, and every rule at work', () => {
  expect((readFixture('lbf') as { readonly counts: unknown }).counts).toMatchInlineSnapshot(`
    {
      "contested moves": 5129,
      "cooperative loads": 537,
      "ends by the last food": 538,
      "ends by the limit": 184,
      "episodes": 722,
      "failed loads": 5853,
      "food eaten": 884,
      "invalid actions": 8382,
      "resets with food missing": 210,
      "steps": 12832,
      "steps with overlapping players": 937,
      "swaps": 168,
      "two foods in one step": 15,
    }
  `);
});
