import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const [STAY, , DOWN, LEFT, RIGHT] = [0, 1, 2, 3, 4] as const;
type Place = readonly [row: number, col: number];
const make = (task: string, seed = 0): VectorEnvironment => makeEnvironment(`pogema/${task}`, families, { copies: 1, seed }) as VectorEnvironment;
/** A game at a moment written down by hand. */
function scene(options: string, map: readonly string[], agents: readonly Place[], targets: readonly Place[], more: object = {}): VectorEnvironment {
  const env = make(`${map.length}x${map[0]!.length}?agents=${agents.length}&sight=2&${options}`), zeros = agents.map(() => 0);
  env.setState(0, { scene: { map, agents, targets, alive: agents.map(() => true), unseen: [], key: 1, given: zeros }, agentReward: zeros, reward: 0, won: false, step: 0, terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 }, ...more });
  return env;
}
const read = (env: VectorEnvironment) => (env.getState(0) as { scene: { agents: readonly Place[]; targets: readonly Place[]; map: readonly string[] } }).scene;
const step = (env: VectorEnvironment, ...actions: readonly number[]) => { void env.step(Int32Array.from(actions)); return read(env).agents; };
const far = (n: number): Place[] => Array.from({ length: n }, (_, i): Place => [1, i]), PAIR = ['......', '......'];

describe('two agents in one row', () => {
  it.each([
    ['priority', [LEFT, LEFT], [[0, 0], [0, 1]]],                        // the lower index leaves first
    ['priority', [RIGHT, RIGHT], [[0, 1], [0, 3]]],                      // it may not follow the higher
    ['blockBoth', [LEFT, LEFT], [[0, 0], [0, 2]]],
    ['soft', [RIGHT, RIGHT], [[0, 2], [0, 3]]],
    ['soft', [RIGHT, LEFT], [[0, 1], [0, 2]]],                           // a swap
  ] as const)('%s %j', (system, actions, after) => {
    expect(step(scene(`collisionSystem=${system}`, PAIR, [[0, 1], [0, 2]], far(2)), ...actions)).toEqual(after);
  });
  it.each([['priority', [[0, 2], [0, 3]]], ['blockBoth', [[0, 1], [0, 3]]], ['soft', [[0, 2], [0, 3]]]] as const)('%s: both want the cell between', (system, after) => {
    expect(step(scene(`collisionSystem=${system}`, PAIR, [[0, 1], [0, 3]], far(2)), RIGHT, LEFT)).toEqual(after);
  });
});

it('soft takes back a whole queue behind one that meets a wall', () => {
  const env = scene('collisionSystem=soft', PAIR, [[0, 5], [0, 4], [0, 3]], far(3));
  expect(step(env, RIGHT, RIGHT, RIGHT)).toEqual([[0, 5], [0, 4], [0, 3]]);
  expect(step(env, DOWN, RIGHT, RIGHT)).toEqual([[1, 5], [0, 5], [0, 4]]);
});
it('an agent that follows a higher index is left out of the agents layer for that step, unless it is exact', () => {
  const shown = (options: string) => { const env = scene(`collisionSystem=soft${options}`, PAIR, [[0, 1], [0, 2]], far(2)), sums: number[] = []; for (let t = 0; t < 2; t++) { step(env, t ? STAY : RIGHT, t ? STAY : RIGHT); sums.push([...env.fields['obs']!.subarray(25, 50)].reduce((a, b) => a + b)); } return sums; };
  expect(shown('')).toEqual([1, 2]);
  expect(shown('&agentsChannel=exact')).toEqual([2, 2]);
});

describe('on the target', () => {
  it('finish: it is paid once, is gone, and stands in nobody\'s way', () => {
    const env = scene('', ['...', '###'], [[0, 0], [0, 2]], [[0, 1], [0, 0]]);
    step(env, RIGHT, STAY);
    expect([env.fields['agentReward'], env.fields['alive'], env.fields['avail']].map(x => [...x!])).toEqual([[1, 0], [0, 1], [1, 0, 0, 0, 0, 1, 1, 1, 1, 1]]);
    expect(step(env, RIGHT, LEFT)).toEqual([[0, 1], [0, 1]]);
    step(env, STAY, LEFT);
    expect([...env.fields['agentReward']!, env.fields['terminated']![0], env.fields['won']![0]]).toEqual([0, 1, 1, 1]);
  });
  it('nothing: all are paid when all stand there at once', () => {
    const env = scene('onTarget=nothing', ['....', '####'], [[0, 0], [0, 3]], [[0, 1], [0, 2]]);
    step(env, RIGHT, STAY);
    expect([...env.fields['agentReward']!, env.fields['terminated']![0]]).toEqual([0, 0, 0]);
    step(env, STAY, LEFT);
    expect([...env.fields['agentReward']!, env.fields['terminated']![0]]).toEqual([1, 1, 1]);
  });
  it('restart: a new target elsewhere in its region, another for each agent and time', () => {
    const map = ['.....', '#####', '.....'], seen = new Set<string>();
    for (let key = 0; key < 60; key++) {
      const env = scene('onTarget=restart', map, [[0, 0]], [[0, 1]]), state = env.getState(0) as { scene: object };
      env.setState(0, { ...state, scene: { ...state.scene, key } });
      step(env, RIGHT);
      expect([...env.fields['agentReward']!]).toEqual([1]);
      const [[row, col]] = read(env).targets as [Place];
      expect([row, col === 1]).toEqual([0, false]);
      seen.add(String(col));
    }
    expect([...seen].sort()).toEqual(['0', '2', '3', '4']);
    expect(make('5x5?onTarget=restart').fields).not.toHaveProperty('won');
  });
});

it('moves in an order drawn for each step, if asked to', () => {
  const env = scene('moveOrder=shuffled', PAIR, [[0, 1], [0, 3]], far(2)), winners = new Set<number>();
  for (let t = 0; t < 30; t++) {
    env.setState(0, { ...env.getState(0) as object, step: t, scene: { ...read(env), agents: [[0, 1], [0, 3]] } });
    winners.add(step(env, RIGHT, LEFT).findIndex(([, col]) => col === 2));
  }
  expect([...winners].sort()).toEqual([0, 1]);
});

it('draws maps of the density asked for, with starts and targets in one region', () => {
  let walls = 0, cells = 0;
  const env = make('12x9?agents=6&density=0.25');
  for (let episode = 0; episode < 200; episode++) {
    void env.reset(Uint8Array.of(1));
    const { map, agents, targets } = read(env), text = map.join('');
    walls += text.split('#').length - 1; cells += text.length;
    for (const [i, [row, col]] of agents.entries()) {
      const seen = new Set([`${row},${col}`]), open: Place[] = [[row, col]];
      for (const [r, c] of open) for (const [dr, dc] of [[0, 1], [1, 0], [0, -1], [-1, 0]] as const) if (map[r + dr]?.[c + dc] === '.' && seen.size !== seen.add(`${r + dr},${c + dc}`).size) open.push([r + dr, c + dc]);
      expect(seen.has(String(targets[i]))).toBe(true);
      expect(String(targets[i])).not.toBe(`${row},${col}`);
    }
    expect(new Set(agents.map(String)).size).toBe(6);
    expect(new Set(targets.map(String)).size).toBe(6);
  }
  expect(Math.abs(walls / cells - 0.25)).toBeLessThan(0.01);                       // 21,600 cells: 3.4 standard deviations
});

describe('what cannot be', () => {
  it.each([
    ['8by8', /no task "8by8"/], ['1x8', /1 rows/], ['8x513', /513 columns/], ['4x4?agents=9', /9 agents and as many targets on 16 cells/],
    ['8x8?collisionSystem=soft&moveOrder=shuffled', /nobody moves first/], ['8x8?agentsChannel=exact', /exact with collisionSystem=priority/], ['8x8?density=1', /density=1 is not in its range/],
  ])('%s', (task, why) => { expect(() => make(task)).toThrow(why); });
  it('too many agents for the walls', () => { expect(() => make('5x5?agents=12&density=0.9').reset(Uint8Array.of(1))).toThrow(/no map in 1000 has room for 12 agents/); });
  it.each([
    ['another number of agents', { agents: [[0, 0]] }], ['another size', { map: ['.....'] }], ['outside the free cells', { targets: [[0, 0], [1, 9]] }], ['two agents in one cell', { agents: [[0, 0], [0, 0]] }],
  ])('a state with %s', (why, wrong) => {
    const env = scene('', PAIR, [[0, 1], [0, 2]], far(2)), state = env.getState(0) as { scene: object };
    expect(() => { env.setState(0, { ...state, scene: { ...state.scene, ...wrong } }); }).toThrow(new RegExp(why));
  });
});
