import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const [NONE, NORTH, SOUTH, WEST, EAST, LOAD] = [0, 1, 2, 3, 4, 5] as const;
type Placed = readonly [row: number, col: number, level: number];

const make = async (task: string, copies = 1, seed = 0): Promise<VectorEnvironment> => makeEnvironment(`lbf/${task}`, families, { copies, seed });
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, x) => total + x, 0);
/** A game at a moment written down by hand. */
async function scene(task: string, players: readonly Placed[], food: readonly Placed[]): Promise<VectorEnvironment> {
  const env = await make(task);
  env.setState(0, { players, food, foodSpawned: sum(food.map(([, , level]) => level)), step: 0, agentReward: players.map(() => 0), reward: 0,
    terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 } });
  return env;
}
const read = (env: VectorEnvironment) => env.getState(0) as { readonly players: readonly Placed[]; readonly food: readonly Placed[] };
const places = (env: VectorEnvironment) => read(env).players.map(([row, col]) => [row, col]);
const step = (env: VectorEnvironment, ...actions: readonly number[]) => env.step(Int32Array.from(actions));
const numbers = (env: VectorEnvironment, name: string) => [...env.fields[name]!];

describe('moving', () => {
  it('swaps, follows, and lets nobody enter a contested cell', async () => {
    const swap = await scene('5x5-2p-1f', [[0, 0, 1], [0, 1, 1]], [[3, 3, 1]]);
    await step(swap, EAST, WEST);
    expect(places(swap)).toEqual([[0, 1], [0, 0]]);
    const follow = await scene('5x5-2p-1f', [[0, 0, 1], [0, 1, 1]], [[3, 3, 1]]);
    await step(follow, EAST, EAST);
    expect(places(follow)).toEqual([[0, 1], [0, 2]]);
    const contest = await scene('5x5-2p-1f', [[0, 0, 1], [0, 2, 1]], [[3, 3, 1]]);
    await step(contest, EAST, WEST);
    expect(places(contest)).toEqual([[0, 0], [0, 2]]);
    const standing = await scene('5x5-2p-1f', [[0, 0, 1], [0, 1, 1]], [[3, 3, 1]]);
    await step(standing, EAST, NONE);
    expect(places(standing)).toEqual([[0, 0], [0, 1]]);
  });
  it('puts a player on top of one whose own move failed, as the original does', async () => {
    const env = await scene('5x5-3p-1f', [[0, 0, 1], [0, 1, 1], [0, 3, 1]], [[3, 3, 1]]);
    await step(env, EAST, EAST, WEST);
    expect(places(env)).toEqual([[0, 1], [0, 1], [0, 3]]);
  });
  it('is stopped by the border and by food, on a field that is not square', async () => {
    const env = await scene('4x7-2p-1f', [[3, 6, 1], [2, 4, 1]], [[2, 5, 1]]);
    expect(numbers(env, 'avail')).toEqual([1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 1]);
    await step(env, EAST, EAST);
    expect(places(env)).toEqual([[3, 6], [2, 4]]);
    await step(env, NORTH, SOUTH);
    expect(places(env)).toEqual([[2, 6], [3, 4]]);
  });
});

describe('loading', () => {
  it('shares the food by level over all food of the episode', async () => {
    const env = await scene('6x6-3p-2f', [[2, 1, 2], [1, 2, 1], [5, 5, 2]], [[2, 2, 3], [4, 4, 2]]);
    await step(env, LOAD, LOAD, WEST);
    expect(numbers(env, 'agentReward')).toEqual([2 * 3 / (3 * 5), 1 * 3 / (3 * 5), 0].map(Math.fround));
    expect(env.fields['reward']![0]).toBe(Math.fround(3 / 5));
    expect(read(env).food).toEqual([[4, 4, 2]]);
    await step(env, NONE, NONE, LOAD);                                              // at (5,4), south of the last food
    expect([env.fields['reward']![0], env.fields['terminated']![0]]).toEqual([Math.fround(2 / 5), 1]);
  });
  it('fails below the level of the food and costs each participant the penalty', async () => {
    const env = await scene('6x6-3p-1f?penalty=0.25', [[2, 1, 1], [1, 2, 1], [2, 3, 2]], [[2, 2, 3]]);
    await step(env, LOAD, LOAD, NONE);
    expect(numbers(env, 'agentReward')).toEqual([-0.25, -0.25, 0]);
    expect(read(env).food).toHaveLength(1);
    expect(env.spec.returns).toEqual({ least: -0.25 * 3 * 50, most: 1 });
  });
  it('pays level times food where rewards are not normalised', async () => {
    const env = await scene('6x6-2p-1f?normalise=false', [[2, 1, 2], [1, 2, 1]], [[2, 2, 3]]);
    await step(env, LOAD, LOAD);
    expect(numbers(env, 'agentReward')).toEqual([6, 3]);
    expect(env.spec.returns).toBeUndefined();
  });
});

describe('the end', () => {
  it.each([['8x8-2p-1f?steps=2', [1, 0]], ['8x8-2p-1f?steps=2&timeoutAs=truncated', [0, 1]]] as const)('by the limit of %s', async (task, flags) => {
    const env = await scene(task, [[0, 0, 1], [7, 7, 1]], [[3, 3, 1]]), ends = () => [env.fields['terminated']![0], env.fields['truncated']![0]];
    await step(env, NONE, NONE);
    expect(ends()).toEqual([0, 0]);
    await step(env, NONE, NONE);
    expect(ends()).toEqual(flags);
  });
  it('by the last food in the last step is no time-out', async () => {
    const env = await scene('8x8-2p-1f?steps=1&timeoutAs=truncated', [[3, 2, 1], [7, 7, 1]], [[3, 3, 1]]);
    await step(env, LOAD, NONE);
    expect([env.fields['terminated']![0], env.fields['truncated']![0]]).toEqual([1, 0]);
  });
});

describe('observations', () => {
  it('count from the corner of the window that the border clips', async () => {
    const env = await scene('4x7-2p-2f?sight=2', [[1, 5, 1], [3, 3, 2]], [[2, 4, 3], [1, 1, 2]]);
    expect(numbers(env, 'obs')).toEqual([
      2, 1, 3, -1, -1, 0, 1, 2, 1, 3, 0, 2,                                          // player 0 sees rows 0-3, columns 3-6
      0, 0, 2, 1, 3, 3, 2, 2, 2, 0, 4, 1]);                                          // player 1: rows 1-3, columns 1-5
    expect(numbers(env, 'state')).toEqual(numbers(env, 'obs'));
  });
  it('show players farther away than food where the window is clipped, as the original does', async () => {
    const env = await scene('8x8-2p-1f?sight=2', [[0, 0, 1], [4, 4, 2]], [[3, 3, 1]]);
    expect(numbers(env, 'obs').slice(0, 9)).toEqual([-1, -1, 0, 0, 0, 1, 4, 4, 2]);
  });
  it('tell what others did who stand near after the step, at the same distance in every direction', async () => {
    const env = await scene('8x8-3p-1f?sight=2', [[0, 0, 1], [0, 3, 1], [3, 1, 1]], [[6, 6, 1]]);
    expect([...numbers(env, 'seen'), ...numbers(env, 'seenAction')]).toEqual(new Array<number>(12).fill(0));       // nobody has done anything
    await step(env, SOUTH, WEST, NONE);                                // to rows and columns 1 0, 0 2, 3 1
    expect(numbers(env, 'seen')).toEqual([1, 1, 1, 0, 1, 0]);          // 0 sees 1 and 2, 1 sees 0 and not 2, three rows away
    expect(numbers(env, 'seenAction')).toEqual([WEST, NONE, SOUTH, 0, SOUTH, 0]);
    const twin = await make('8x8-3p-1f?sight=2');
    twin.setState(0, env.getState(0));
    expect(numbers(twin, 'seenAction')).toEqual(numbers(env, 'seenAction'));
    await env.reset(Uint8Array.of(1));
    expect(numbers(env, 'seen')).toEqual([0, 0, 0, 0, 0, 0]);
    expect((await make('5x5-1p-1f')).spec.fields).not.toHaveProperty('seen');
  });
  it('as a grid are three layers around the player: levels of players, food, free cells', async () => {
    const env = await scene('3x4-2p-1f?sight=1&grid=true', [[0, 1, 2], [1, 2, 3]], [[1, 1, 5]]);
    expect(env.spec.sizes).toEqual({ agent: 2, other: 1, action: 6, obs: 27, state: 54 });
    expect(numbers(env, 'obs')).toEqual([
      0, 0, 0, 0, 2, 0, 0, 0, 3,
      0, 0, 0, 0, 0, 0, 0, 5, 0,
      0, 0, 0, 1, 0, 1, 1, 0, 0,
      2, 0, 0, 0, 3, 0, 0, 0, 0,
      0, 0, 0, 5, 0, 0, 0, 0, 0,
      0, 1, 1, 0, 0, 1, 1, 1, 1]);
  });
  it('as a grid without agent levels show 1', async () => {
    const env = await scene('3x4-2p-1f?sight=1&grid=true&observeAgentLevels=false', [[0, 1, 2], [1, 2, 3]], [[1, 1, 5]]);
    expect(numbers(env, 'obs').slice(0, 9)).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 1]);
  });
  it('offer every action where avail is off, and an invalid one does nothing', async () => {
    const env = await scene('5x5-2p-1f?avail=false', [[0, 0, 1], [4, 4, 1]], [[2, 2, 1]]);
    expect(numbers(env, 'avail')).toEqual(new Array(12).fill(1));
    await step(env, NORTH, LOAD);
    expect([places(env), numbers(env, 'agentReward')]).toEqual([[[0, 0], [4, 4]], [0, 0]]);
  });
  it('leave `agent` out of the dims where there is one', async () => {
    const { fields, sizes } = (await make('5x5-1p-1f')).spec;
    expect([sizes['agent'], fields['obs']!.dims, fields['avail']!.dims, fields['agentReward']!.dims]).toEqual([1, 'obs', 'action', '']);
  });
});

describe('a reset', () => {
  const games = fc.record({ rows: fc.integer({ min: 4, max: 12 }), cols: fc.integer({ min: 4, max: 12 }), players: fc.integer({ min: 1, max: 6 }),
    foods: fc.integer({ min: 1, max: 5 }), coop: fc.boolean(), seed: fc.nat() });
  it('keeps levels in their bounds, players apart, food off the border, off players and two steps from other food', async () => {
    await fc.assert(fc.asyncProperty(games, async ({ rows, cols, players, foods, coop, seed }) => {
      const env = await make(`${rows}x${cols}-${players}p-${foods}f${coop ? '-coop' : ''}`, 1, seed);
      for (let episode = 0; episode < 3; episode++) {
        await env.reset(Uint8Array.of(1));
        const { players: people, food } = read(env), all = [...people, ...food];
        const lowest = sum(people.map(([, , level]) => level).sort().slice(0, 3));
        expect(new Set(all.map(([row, col]) => row * cols + col)).size).toBe(all.length);
        for (const [, , level] of people) expect([1, 2]).toContain(level);
        for (const [row, col, level] of food) {
          expect(row > 0 && col > 0 && row < rows - 1 && col < cols - 1).toBe(true);
          expect(level >= (coop ? lowest : 1) && level <= lowest).toBe(true);
          for (const [r, c] of food) expect(r === row && c === col ? 3 : Math.abs(r - row) + Math.abs(c - col)).toBeGreaterThan(2);
        }
        expect(food.length).toBeGreaterThan(0);
      }
    }), { numRuns: 60 });
  });
  it('draws all levels of players and food evenly', async () => {
    const env = await make('8x8-2p-1f', 64), counts = { player: [0, 0, 0], food: [0, 0, 0, 0, 0] };
    for (let round = 0; round < 30; round++) {
      await env.reset(new Uint8Array(64).fill(1));
      for (let copy = 0; copy < 64; copy++) {
        const { players, food } = env.getState(copy) as ReturnType<typeof read>;
        for (const [, , level] of players) counts.player[level]!++;
        counts.food[food[0]![2]]!++;
      }
    }
    // Food is uniform on 1 .. sum of the two levels, which is 2, 3, 4 with 1/4, 1/2, 1/4: level 1 has 1/8 + 1/6 + 1/16.
    expect(counts.player[1]! / 3840).toBeCloseTo(1 / 2, 1);
    expect(counts.food[1]! / 1920).toBeCloseTo(17 / 48, 1);
    expect(counts.food[4]! / 1920).toBeCloseTo(1 / 16, 1);
  });
  it('with a seed does not depend on what was played before', async () => {
    const env = await make('4x4-3p-1f'), seeds = Uint32Array.of(5);
    await env.reset(Uint8Array.of(1), seeds);
    const first = read(env);
    for (let i = 0; i < 20; i++) {
      await env.reset(Uint8Array.of(1));
      await env.reset(Uint8Array.of(1), seeds);
      expect(read(env)).toEqual(first);
    }
  });
});

it('an episode returns between 0 and 1, all of it where all food is eaten, and always offers an action', async () => {
  await fc.assert(fc.asyncProperty(fc.constantFrom('5x5-3p-2f', '5x5-4p-1f-coop', '6x4-2p-2f'), fc.nat(), fc.infiniteStream(fc.nat(5)), async (task, seed, draws) => {
    const env = await make(task, 1, seed), { avail, agentReward, reward, terminated } = env.fields;
    await env.reset(Uint8Array.of(1));
    let total = 0;
    while (terminated![0] === 0) {
      const agents = env.spec.sizes['agent']!;
      for (let agent = 0; agent < agents; agent++) expect(avail!.subarray(agent * 6, agent * 6 + 6)).toContain(1);
      // Whoever may load does: random play seldom eats everything.
      await step(env, ...Array.from({ length: agents }, (_, agent) => avail![agent * 6 + LOAD] === 1 ? LOAD : draws.next().value));
      expect(sum(agentReward!)).toBeCloseTo(reward![0]!, 6);
      total += reward![0]!;
    }
    expect(total).toBeGreaterThanOrEqual(0);
    expect(total).toBeLessThanOrEqual(1 + 1e-6);
    if (read(env).food.length === 0) expect(total).toBeCloseTo(1, 6);
  }), { numRuns: 100 });
});

it('refuses a saved state of another game', async () => {
  const env = await make('5x5-2p-1f'), other = await make('8x8-3p-2f');
  await other.reset(Uint8Array.of(1));
  expect(() => env.setState(0, other.getState(0))).toThrowErrorMatchingInlineSnapshot(`
    [RunError: lbf/5x5-2p-1f: this is not a saved state of it (state: another number of players; state: too much food; state: a player outside the field)
      fix: give what getState of the same environment returned]
  `);
});

it('levels of every player and every food of its own are dealt out, each pair of bounds once', async () => {
  const env = await make('8x8-3p-2f?minPlayerLevel=1,2,5&maxPlayerLevel=1,2,5&minFoodLevel=3,4&maxFoodLevel=3,4', 40);
  await env.reset(new Uint8Array(40).fill(1));
  const orders = new Set<string>();
  for (let copy = 0; copy < 40; copy++) {
    const { players, food } = env.getState(copy) as { players: number[][]; food: number[][] }, levels = players.map(p => p[2]!);
    expect([...levels].sort((a, b) => a - b)).toEqual([1, 2, 5]);
    expect(food.map(f => f[2]!).sort((a, b) => a - b)).toEqual([3, 4]);
    orders.add(levels.join());
  }
  expect(orders.size).toBeGreaterThan(2);
});
