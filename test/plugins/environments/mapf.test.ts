import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { Random } from '../../../core/random.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { triangular } from '../../../plugins/environments/mapf-world.ts';

const [STAY, RIGHT, DOWN, LEFT, UP] = [0, 1, 2, 3, 4] as const;
type Place = readonly [row: number, col: number];
const make = (task: string, seed = 0, copies = 1): VectorEnvironment => makeEnvironment(`mapf/${task}`, families, { copies, seed }) as VectorEnvironment;
function scene(map: readonly string[], agents: readonly Place[], goals: readonly Place[], options = '', last = agents.map(() => 0)): VectorEnvironment {
  const env = make(`${map.length}x${map[0]!.length}?agents=${agents.length}&density=0&${options}`), zeros = agents.map(() => 0);
  env.setState(0, { scene: { map, agents, goals, last, key: 1 }, blocking: zeros, agentReward: zeros, reward: 0, step: 0, terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 } });
  return env;
}
const read = (env: VectorEnvironment, copy = 0) => (env.getState(copy) as { scene: { agents: readonly Place[]; goals: readonly Place[]; map: readonly string[]; last: readonly number[] } }).scene;
const step = (env: VectorEnvironment, ...actions: readonly number[]) => { void env.step(Int32Array.from(actions)); return read(env).agents; };
const rewards = (env: VectorEnvironment) => [...env.fields['agentReward']!].map(x => Math.round(x * 100) / 100);
const avail = (env: VectorEnvironment, agent = 0) => [...env.fields['avail']!.subarray(5 * agent, 5 * agent + 5)];
const layer = (env: VectorEnvironment, channel: number, agent = 0) => [...env.fields['grid']!.subarray((4 * agent + channel) * 100, (4 * agent + channel + 1) * 100)];
const marks = (cells: readonly number[]) => cells.flatMap((x, i) => (x ? [[Math.floor(i / 10), i % 10]] : []));

describe('moving', () => {
  it('is one after another: a cell that a lower index leaves can be entered, one that a higher leaves not', () => {
    const env = scene(['....'], [[0, 1], [0, 2]], [[0, 3], [0, 0]]);
    expect(step(env, LEFT, LEFT)).toEqual([[0, 0], [0, 1]]);
    const other = scene(['....'], [[0, 1], [0, 2]], [[0, 3], [0, 0]]);
    expect(step(other, RIGHT, RIGHT)).toEqual([[0, 1], [0, 3]]);
    expect(rewards(other)).toEqual([-2, -0.3]);
  });
  it('pays -0.3 for a move, -0.5 for standing off the goal, 0 on it and for arriving, -2 for walls, borders and agents', () => {
    const env = scene(['...', '.#.', '...'], [[0, 0], [1, 0], [1, 2], [2, 1]], [[0, 1], [2, 0], [1, 2], [2, 2]]);
    expect(step(env, LEFT, RIGHT, STAY, STAY)).toEqual([[0, 0], [1, 0], [1, 2], [2, 1]]);
    expect(rewards(env)).toEqual([-2, -2, 0, -0.5]);
    step(env, RIGHT, UP, UP, RIGHT);
    expect(rewards(env)).toEqual([0, -0.3, -0.3, 0]);
  });
  it('moves in an order drawn for each step, if asked to', () => {
    const firsts = new Set<string>();
    for (let t = 0; t < 30; t++) {
      const env = scene(['...', '...'], [[0, 0], [0, 2]], [[1, 0], [1, 2]], 'moveOrder=shuffled');
      env.setState(0, { ...env.getState(0) as object, step: t });
      firsts.add(String(step(env, RIGHT, LEFT)));
    }
    expect([...firsts].sort()).toEqual(['0,0,0,1', '0,1,0,2']);
  });
  it('offers staying and moves into free cells, and never the way back', () => {
    const env = scene(['...', '.#.', '...'], [[0, 1], [0, 2]], [[2, 2], [2, 0]]);
    expect([avail(env), avail(env, 1)]).toEqual([[1, 0, 0, 1, 0], [1, 0, 1, 0, 0]]);
    step(env, LEFT, STAY);
    expect(avail(env)).toEqual([1, 0, 1, 0, 0]);                                     // not right again
    step(env, STAY, STAY);
    expect(avail(env)).toEqual([1, 1, 1, 0, 0]);                                     // staying takes nothing back
  });
});

describe('blocking', () => {
  // agent 0 stands on its goal in the only passage; agent 1 is behind it
  const corridor = (options = '') => scene(['...', '#.#', '...'], [[1, 1], [0, 0]], [[1, 1], [2, 2]], options);
  it('costs 2 for each agent that finds no way, and is told', () => {
    const env = corridor();
    step(env, STAY, STAY);
    expect([rewards(env), [...env.fields['blocking']!]]).toEqual([[-2, -0.5], [1, 0]]);
  });
  it('counts the agent with the highest number, which the authors\' loop leaves out', () => {
    const three = scene(['....', '....', '##.#', '....'], [[2, 2], [0, 0], [1, 1]], [[2, 2], [3, 0], [3, 1]]);
    step(three, STAY, STAY, STAY);
    expect(rewards(three)[0]).toBe(-4);
  });
  it('does not count one that finds no way anyhow, nor a detour of ten steps; eleven count', () => {
    const none = scene(['....', '#.##', '####', '....'], [[1, 1], [0, 0]], [[1, 1], [3, 3]]);
    step(none, STAY, STAY);
    expect(rewards(none)).toEqual([0, -0.5]);
    /** A wall in the middle column, passages above and below: from one side of the upper to the other it takes 2 steps, by the lower 2 rows more than those above it. */
    const ring = (rows: number) => scene(Array.from({ length: rows }, (_, row) => (row % (rows - 1) ? '.#.' : '...')), [[0, 1], [0, 0]], [[0, 1], [0, 2]]);
    for (const [rows, blocks] of [[6, 0], [7, 1]] as const) {                    // around: 2 (rows - 1) steps more
      const env = ring(rows);
      step(env, STAY, STAY);
      expect([...env.fields['blocking']!]).toEqual([blocks, 0]);
    }
  });
  it('sees only its window, and other agents outside it do not stand in the way', () => {
    const row = '.'.repeat(20), env = scene([row], [[0, 2], [0, 12]], [[0, 2], [0, 0]]);
    step(env, STAY, STAY);
    expect([...env.fields['blocking']!]).toEqual([0, 0]);                              // ten cells off
    const near = scene([row], [[0, 2], [0, 6]], [[0, 2], [0, 0]]);
    step(near, STAY, STAY);
    expect([...near.fields['blocking']!]).toEqual([1, 0]);
  });
  it('is 0 for an agent alone, whatever it does', () => {
    fc.assert(fc.property(fc.nat(), seed => {
      const env = make('5x5?agents=1&density=0', seed), random = Random.of(seed, 'test');
      void env.reset(Uint8Array.of(1));
      for (let t = 0; t < 30; t++) { step(env, random.integer(5)); if (env.fields['terminated']![0]) break; expect(env.fields['blocking']![0]).toBe(0); }
    }), { numRuns: 20 });
  });
});

describe('the end', () => {
  it('comes when all stand on their goals, and pays each 20, which the authors\' code defines and never pays', () => {
    const env = scene(['...'], [[0, 0], [0, 2]], [[0, 1], [0, 2]]);
    step(env, RIGHT, STAY);
    expect([rewards(env), env.fields['reward']![0], env.fields['terminated']![0], env.fields['won']![0], env.fields['truncated']![0]]).toEqual([[20, 20], 40, 1, 1, 0]);
    const unpaid = scene(['...'], [[0, 0], [0, 2]], [[0, 1], [0, 2]], 'finishReward=0');
    step(unpaid, RIGHT, STAY);
    expect(rewards(unpaid)).toEqual([0, 0]);
  });
  it('does not come when they have all been there only in the middle of a step', () => {
    const env = scene(['....'], [[0, 0], [0, 3]], [[0, 1], [0, 3]]);
    step(env, RIGHT, LEFT);                                                           // agent 1 leaves after agent 0 has arrived
    expect([env.fields['terminated']![0], env.fields['won']![0]]).toEqual([0, 0]);
  });
  it('comes by the limit', () => {
    const env = scene(['...'], [[0, 0]], [[0, 2]], 'steps=2');
    step(env, STAY); step(env, STAY);
    expect([env.fields['terminated']![0], env.fields['truncated']![0]]).toEqual([0, 1]);
  });
});

describe('the view', () => {
  it('has the agent in row and column 5, itself and others in layer 0, and walls where the map ends', () => {
    const env = scene(['......', '......'], [[0, 0], [1, 3]], [[0, 2], [1, 0]]);
    expect(marks(layer(env, 0))).toEqual([[5, 5], [6, 8]]);
    expect(marks(layer(env, 1))).toEqual([[5, 7]]);
    expect(marks(layer(env, 2))).toEqual([[6, 5]]);
    expect(layer(env, 3).map(x => 1 - x).reduce((a, b) => a + b)).toBe(10);           // 2 x 5 of the map's cells are in the window
    expect([...env.fields['goal']!].slice(0, 3)).toEqual([0, 1, 2]);
  });
  it('shows goals of visible agents beyond its window on the border, row by row and column by column, and no own goal beyond it', () => {
    const row = '.'.repeat(30), env = scene(Array.from({ length: 30 }, () => row), [[15, 15], [16, 18]], [[2, 3], [29, 18]]);
    expect(marks(layer(env, 2))).toEqual([[9, 8]]);
    expect(marks(layer(env, 1))).toEqual([]);
    const [dx, dy, distance] = env.fields['goal']!;
    expect([dx, dy, distance]).toEqual([-13, -12, Math.hypot(13, 12)].map((x, i) => Math.fround(i < 2 ? x / Math.hypot(13, 12) : x)));
  });
  it('is the same wherever the agents are, away from the borders', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 }), fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), { minLength: 2, maxLength: 5 }), (down, right, places) => {
      const agents = [...new Map(places.map(p => [String(p), p])).values()], goals = agents.map(([r, c]): Place => [5 - c, r]), map = Array.from({ length: 30 }, () => '.'.repeat(30));
      const at = (dr: number, dc: number) => scene(map, agents.map(([r, c]): Place => [r + 8 + dr, c + 8 + dc]), goals.map(([r, c]): Place => [r + 8 + dr, c + 8 + dc]));
      expect([...at(down, right).fields['obs']!]).toEqual([...at(0, 0).fields['obs']!]);
    }), { numRuns: 30 });
  });
});

describe('new maps', () => {
  it('have distinct agents, and distinct goals in their agents\' regions', () => {
    const env = make('9x7?agents=6&density=0.3');
    for (let episode = 0; episode < 150; episode++) {
      void env.reset(Uint8Array.of(1));
      const { map, agents, goals } = read(env);
      expect([new Set(agents.map(String)).size, new Set(goals.map(String)).size]).toEqual([6, 6]);
      for (const [i, [row, col]] of agents.entries()) {
        const seen = new Set([`${row},${col}`]), open: Place[] = [[row, col]];
        for (const [r, c] of open) for (const [dr, dc] of [[0, 1], [1, 0], [0, -1], [-1, 0]] as const) if (map[r + dr]?.[c + dc] === '.' && seen.size !== seen.add(`${r + dr},${c + dc}`).size) open.push([r + dr, c + dc]);
        expect(seen.has(String(goals[i]))).toBe(true);
      }
    }
  });
  it('have walls as often as asked for: always, or by a triangular draw with its tip at 0.33 and a mean of 0.277', () => {
    const share = (task: string, episodes: number) => {
      const env = make(task), shares: number[] = [];
      for (let e = 0; e < episodes; e++) { void env.reset(Uint8Array.of(1)); const text = read(env).map.join(''); shares.push((text.split('#').length - 1) / text.length); }
      return shares.reduce((a, b) => a + b) / episodes;
    };
    expect(Math.abs(share('20x20?agents=2&density=0.2', 60) - 0.2)).toBeLessThan(0.01);
    expect(Math.abs(share('20x20?agents=2', 800) - (0.33 + 0.5) / 3)).toBeLessThan(0.015);   // standard deviation of the density 0.103
    const quantiles = Array.from({ length: 9999 }, (_, i) => triangular(0, 0.33, 0.5, (i + 1) / 10_000));
    expect(quantiles.reduce((a, b) => a + b) / 9999).toBeCloseTo(0.83 / 3, 3);
    expect(triangular(0.3, 0.297, 0.3001, 0.5)).toBeGreaterThan(0.3);                     // a tip outside its bounds
  });
  it('of PRIMAL\'s training have sides of 10 in every second episode, else 40 or 70', () => {
    const env = make('primal?agents=2'), sides = new Map<number, number>();
    for (let e = 0; e < 400; e++) { void env.reset(Uint8Array.of(1)); const { map } = read(env); sides.set(map.length, (sides.get(map.length) ?? 0) + 1); expect(map[0]!.length).toBe(map.length); }
    expect([...sides.keys()].sort()).toEqual([10, 40, 70]);
    expect(Math.abs(sides.get(10)! / 400 - 0.5)).toBeLessThan(0.08);                      // 3.2 standard deviations
    expect(Math.abs(sides.get(40)! / 400 - 0.25)).toBeLessThan(0.08);
  });
});

it('draws one of several sizes for each episode, each as often, and tells them by their names', () => {
  const env = make('3x4+5x6+3x4?agents=2&density=0'), drawn: string[] = [];
  expect(env.spec.id).toBe('mapf/3x4+5x6+3x4?agents=2&density=0');
  for (let e = 0; e < 300; e++) { void env.reset(Uint8Array.of(1)); const { map } = read(env); drawn.push(`${map.length}x${map[0]!.length}`); }
  expect([...new Set(drawn)].sort()).toEqual(['3x4', '5x6']);
  expect(Math.abs(drawn.filter(size => size === '5x6').length / 300 - 1 / 3)).toBeLessThan(0.09);   // 3.3 standard deviations
  expect(() => { env.setState(0, { ...env.getState(0) as object, scene: { ...read(env), map: ['....', '....', '....', '....'] } }); }).toThrow('a map of another size');
});

it('a valid action of the agent that moves first never collides, and nobody is ever offered the way back', () => {
  fc.assert(fc.property(fc.nat(), seed => {
    const env = make('6x6?agents=5&density=0.2&steps=40', seed), random = Random.of(seed, 'test');
    void env.reset(Uint8Array.of(1));
    for (let t = 0; t < 40 && !env.fields['terminated']![0]; t++) {
      const { last } = read(env), actions = last.map((_, i) => { const may = avail(env, i).flatMap((ok, a) => (ok ? [a] : [])); return may[random.integer(may.length)]!; });
      for (const [i, before] of last.entries()) if (before) expect(avail(env, i)[[0, LEFT, UP, RIGHT, DOWN][before]!]).toBe(0);
      step(env, ...actions);
      if (actions[0] !== STAY) expect(rewards(env)[0]).not.toBe(-2);
    }
  }), { numRuns: 40 });
});

describe('what cannot be', () => {
  it.each([
    ['10', /no task "10"/], ['9x9+10', /no task "9x9\+10"[^]*\{rows\}x\{cols\}, or several with \+ between/], ['9x9+0x5', /0 rows/], ['9x9+2x2?agents=5&density=0', /5 agents on 4 cells/], ['0x5', /0 rows/], ['5x513', /513 cols/], ['5x5?agents=20&density=0.5', /20 agents on 25 cells, of which 0.5 may be walled/],
    ['9x9?density=0.95', /density=0.95 is no chance of a wall/], ['9x9?density=0.3-0.1', /no chance/], ['9x9?density=dense', /no chance/],
  ])('%s', (task, why) => { expect(() => make(task)).toThrow(why); });
  it.each([['another number of agents', { goals: [] }], ['another size', { map: ['..'] }], ['two in one cell', { agents: [[0, 0], [0, 0]] }]])('a state with %s', (why, wrong) => {
    const env = scene(['...'], [[0, 0], [0, 2]], [[0, 1], [0, 2]]), state = env.getState(0) as { scene: object };
    expect(() => { env.setState(0, { ...state, scene: { ...state.scene, ...wrong } }); }).toThrow(new RegExp(why));
  });
});
