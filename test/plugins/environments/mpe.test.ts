/** Particle environments by hand and by their symmetries. That they are MPE's is held by recorded games beside this. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const make = async (task: string, copies = 1, seed = 0): Promise<VectorEnvironment> => makeEnvironment(`mpe/${task}`, families, { copies, seed });
type Point = readonly [number, number];
interface Moment { readonly places: readonly Point[]; readonly velocities: readonly Point[]; readonly speech: readonly (readonly number[])[]; readonly choices: readonly number[] }
const read = (env: VectorEnvironment) => env.getState(0) as Moment;
const still = { reward: 0, step: 0, terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 } };
/** A game at a moment written down by hand: places of the agents and landmarks, all at rest unless velocities are given, nothing said. */
async function scene(task: string, places: readonly Point[], { velocities, choices = [] }: Partial<Moment> = {}): Promise<VectorEnvironment> {
  const env = await make(task);
  await env.reset(Uint8Array.of(1));
  const { speech } = read(env);
  env.setState(0, { ...still, places, velocities: velocities ?? speech.map((): Point => [0, 0]), speech, choices, agentReward: speech.map(() => 0) });
  return env;
}
const step = (env: VectorEnvironment, ...actions: readonly number[]) => env.step(env.spec.actions === 'discrete' ? Int32Array.from(actions) : Float32Array.from(actions));
const numbers = (env: VectorEnvironment, name: string) => [...env.fields[name]!];
const rounded = (...xs: readonly number[]) => xs.map(Math.fround);

describe('motion', () => {
  it('by the old velocity, or by the new one', async () => {
    const position = await scene('simple', [[0, 0], [1, 1]]), velocity = await scene('simple?integration=velocity-first', [[0, 0], [1, 1]]);
    for (const env of [position, velocity]) { await step(env, 2); expect(read(env).velocities).toEqual([[0.5, 0]]); }       // 5 x 0.1 s
    expect([read(position).places[0], read(velocity).places[0]]).toEqual([[0, 0], [0.05, 0]]);
    for (const env of [position, velocity]) { await step(env, 3); expect(read(env).velocities).toEqual([[0.375, -0.5]]); }  // 3/4 of it is kept
    expect([read(position).places[0], read(velocity).places[0]]).toEqual([[0.05, 0], [0.05 + 0.375 * 0.1, -0.05]]);
    expect(numbers(position, 'reward')).toEqual(rounded(-(0.95 * 0.95 + 1)));
  });
  it('is bounded by the top speed, whatever its direction', async () => {
    const env = await scene('tag?adversaries=1&obstacles=0', [[0, 0], [3, 3]], { velocities: [[0.9, 1.2], [0.1, 0]] });
    await step(env, 2, 2);
    const [x, y] = [0.9 * 0.75 + 0.3, 1.2 * 0.75], speed = Math.hypot(x, y);
    expect(speed).toBeGreaterThan(1);
    expect(read(env).velocities[0]).toEqual([expect.closeTo(x / speed, 12), expect.closeTo(y / speed, 12)]);
    expect(read(env).velocities[1]).toEqual([0.1 * 0.75 + 0.4, 0]);
  });
  it('at contact is 100 x 0.001 ln(1 + e^(overlap / 0.001)) apart, and nothing where bodies are in one place', async () => {
    const touch = await scene('push', [[0, 0], [0.1, 0], [1, 1], [1, 1]], { choices: [0] });                  // radii of 0.05 each: just touching
    await step(touch, 0, 0);
    expect(read(touch).velocities).toEqual([[expect.closeTo(-0.01 * Math.LN2, 15), 0], [expect.closeTo(0.01 * Math.LN2, 15), 0]]);
    const deep = await scene('push', [[0, 0], [0, 0.06], [1, 1], [1, 1]], { choices: [0] });
    await step(deep, 0, 0);
    expect(read(deep).velocities[1]).toEqual([0, expect.closeTo(0.01 * 40, 12)]);
    const same = await scene('push', [[0.5, 0.5], [0.5, 0.5], [1, 1], [1, 1]], { choices: [0] });
    await step(same, 0, 4);
    expect(read(same).velocities).toEqual([[0, 0], [0, 0.5]]);
  });
  it('does not move what stands: obstacles push, and are not pushed', async () => {
    const env = await scene('tag?adversaries=1&obstacles=1', [[0, 0], [3, 3], [0, 0.2]]);
    await step(env, 0, 0);
    expect(read(env).places[2]).toEqual([0, 0.2]);
    expect(read(env).velocities[0]).toEqual([0, expect.closeTo(-0.01 * 75, 12)]);                             // overlap 0.275 - 0.2
  });
});

describe('actions', () => {
  it('of an agent that moves and speaks are a push and a word: push + 5 word', async () => {
    const env = await scene('reference', [[0, 0], [0, 0], [1, 1], [1, 1], [1, 1]], { choices: [0, 2] });
    expect(env.spec.sizes).toMatchObject({ agent: 2, action: 50 });
    await step(env, 1 + 5 * 7, 4);
    expect(read(env).velocities).toEqual([[-0.5, 0], [0, 0.5]]);
    expect(read(env).speech.map(said => said.indexOf(1))).toEqual([7, 0]);
    expect(numbers(env, 'obs').slice(21 + 11)).toEqual(read(env).speech[0]);                                   // the second agent hears the first
  });
  it('of unlike agents are padded, and avail forbids what an agent does not have', async () => {
    const { fields, spec } = await make('speaker-listener');
    expect([spec.sizes, [...fields['avail']!]]).toEqual([{ agent: 2, action: 5, obs: 11, state: 14 }, [1, 1, 1, 0, 0, 1, 1, 1, 1, 1]]);
    expect((await make('world-comm')).spec.sizes).toEqual({ agent: 6, action: 20, obs: 34, state: 192 });
    expect((await make('spread')).fields['avail']).toBeUndefined();
  });
  it('that are numbers lie in [-1, 1], which stands for 0 .. 1, and actionMask forbids what an agent does not have', async () => {
    const env = await scene('speaker-listener?continuous=true', [[0, 0], [0, 0], [1, 1], [1, 1], [1, 1]], { choices: [1] });
    expect(numbers(env, 'actionMask')).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
    await step(env, 1, 0, -1, 0.3, 0.3, /* the listener */ 1, -0.5, 0.5, 1, -1);
    expect(read(env).speech[0]).toEqual([1, 0.5, 0]);
    expect(read(env).velocities).toEqual([[0, 0], [0.5 * 5 * 0.1, -0.5]]);                                    // (0.75 - 0.25) and (0 - 1) of a push
  });
});

describe('scenarios', () => {
  it('spread: overlaps are an own loss, distances a common one', async () => {
    const places: readonly Point[] = [[0, 0], [0.2, 0], [-1, 0], [0, 1], [0.2, 0], [-1, -2]], common = -(1 + 0 + 2), env = await scene('spread?localRatio=0.25', places);
    await step(env, 0, 0, 0);
    expect(numbers(env, 'agentReward')).toEqual(rounded(0.75 * common - 0.25, 0.75 * common - 0.25, 0.75 * common));
    expect(numbers(env, 'reward')).toEqual(rounded(2.25 * common - 0.5));
    const easy = await scene('spread?curriculum=0', places);
    await step(easy, 0, 0, 0);
    expect(numbers(easy, 'agentReward')).toEqual([common / 2, common / 2, common / 2]);
  });
  it('spread and tag end by success where they are told to, and by their limit otherwise', async () => {
    const covered: readonly Point[] = [[0, 0], [1, 1], [0.05, 0], [1, 1.05]], caught: readonly Point[] = [[0, 0], [0.1, 0]];
    for (const [task, places, waits] of [['spread?N=2', covered, [0, 0]], ['tag?adversaries=1&obstacles=0', caught, [0, 0]]] as const) {
      const ends = await scene(`${task}&terminateOnSuccess=true`, places), goes = await scene(task, places), last = await scene(`${task}&terminateOnSuccess=true&steps=1`, places);
      for (const env of [ends, goes, last]) await step(env, ...waits);
      expect([ends, goes, last].map(env => [...numbers(env, 'terminated'), ...numbers(env, 'truncated')])).toEqual([[1, 0], [0, 0], [0, 1]]);
    }
  });
  it('adversary: both teams by distances to the goal', async () => {
    const env = await scene('adversary', [[0, 0.5], [3, 0], [0, 2], [1, 1], [0, 0]], { choices: [1] });
    await step(env, 0, 0, 0);
    expect(numbers(env, 'agentReward')).toEqual([-0.5, 0.5 - 2, 0.5 - 2]);
    expect(env.spec.players).toEqual({ adversaries: [0], good: [1, 2] });
  });
  it('push: the adversary earns by the distance of the other one', async () => {
    const env = await scene('push', [[0, 0.5], [0, 2], [1, 1], [0, 0]], { choices: [1] });
    await step(env, 0, 0);
    expect(numbers(env, 'agentReward')).toEqual([1.5, -2]);
  });
  it('tag: every adversary earns for every catch, prey lose by it and at the border', async () => {
    const env = await scene('tag?good=2&obstacles=0', [[0, 0], [0.1, 0], [5, 5], [0.05, 0], [0.95, -3]]);
    await step(env, 0, 0, 0, 0, 0);
    expect(numbers(env, 'agentReward')).toEqual(rounded(20, 20, 20, -20, -0.5 - 10));                          // e^4 > 10
    const slow = await scene('tag?curriculum=0&adversaries=1&obstacles=0', [[5, 5], [0, 0]]);
    await step(slow, 0, 2);
    expect(read(slow).velocities[1]).toEqual([0.2, 0]);                                                        // half of a force of 4
  });
  it('crypto: Eve by what she misses, the others by the difference', async () => {
    const env = await scene('crypto', [[0, 0], [0, 0], [0, 0], [0, 0], [0, 0]], { choices: [1, 0] });
    await step(env, 1, 3, 2);
    expect(numbers(env, 'agentReward')).toEqual([0, -2, -2]);                                                  // Eve is right; 2 = 1^2 + 1^2
    expect(numbers(env, 'obs')).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]);
  });
  it('world-comm: forests hide, except from the leader', async () => {
    const inForest: Point = [0, 0], out: Point = [2, 2], env = await scene('world-comm?good=1&adversaries=2&obstacles=0&food=1&forests=1', [out, out, inForest, [2, 2], [0, 0]], { velocities: [[0, 0], [0, 0], [0.25, 0]] });
    const [leader, hunter, prey] = [0, 1, 2].map(i => numbers(env, 'obs').slice(i * env.spec.sizes['obs']!));
    expect(leader!.slice(8, 14)).toEqual([0, 0, -2, -2, 0.25, 0]);                                             // the other adversary, the prey, its velocity
    expect(hunter!.slice(8, 14)).toEqual([0, 0, 0, 0, 0, 0]);
    expect([leader![14], hunter![14], prey![12]]).toEqual([-1, -1, 1]);
    await step(env, 5 * 3, 0, 0);
    expect(numbers(env, 'obs').slice(env.spec.sizes['obs']! + 15)).toEqual([0, 0, 0, 1, ...numbers(env, 'obs').slice(2 * env.spec.sizes['obs']!)]);
  });
  it('formation: the mean distance to places on a circle, the first towards the agent of the least angle', async () => {
    const env = await scene('formation', [[0, 0.7], [0.5, 0], [0, -0.4], [-0.5, 0], [0, 0]], { velocities: [[0, 0], [0, 0], [0, 0], [0, 0]] });
    await step(env, 0, 0, 0, 0);
    numbers(env, 'agentReward').forEach(r => expect(r).toBeCloseTo(-(0.2 + 0.1) / 4, 7));
  });
  it('line: nobody is bound to a place, and far agents lose 2 at most', async () => {
    const ends: readonly Point[] = [[0, 0], [0, 1.25]], there: readonly Point[] = [[0, 1.25], [0, 0], [0, 0.625]];
    for (const [places, loss, done] of [[there, 0, 1], [[[0, 1.25], [0, 0], [9, 0.625]], 2 / 3, 0], [[[0.3, 0.625], [0, 0.1], [0, 1.25]], 0.4 / 3, 0]] as const) {
      const env = await scene('line?N=3&terminateOnSuccess=true', [...places, ...ends]);
      await step(env, 0, 0, 0);
      expect(numbers(env, 'agentReward')[0]).toBeCloseTo(-loss, 6);
      expect(numbers(env, 'terminated')).toEqual([done]);
    }
  });
  it('collect-treasure: finding and bringing pay everybody, and what was found comes back elsewhere', async () => {
    const env = await make('collect-treasure?collectors=1&deposits=2&treasures=1');
    await env.reset(Uint8Array.of(1));
    const saved = env.getState(0) as object, at = async (collector: Point, choices: readonly number[]) => {
      env.setState(0, { ...saved, places: [collector, [1, 1], [0.5, 0], [0, 0]], choices });
      await step(env, 0, 0, 0);
      return numbers(env, 'agentReward');
    };
    const far = Math.hypot(1, 1), half = Math.fround(5 - 0.05);
    expect(await at([0, 0], [1, 1, 0])).toEqual(rounded(5 - 0.05, 5 - 0.1 * far, 5 - 0.05));                  // its deposit is at (0.5, 0)
    expect(read(env)).toMatchObject({ choices: [1, 0, 2], places: [[0, 0], [1, 1], [0.5, 0], [-999, -999]] });
    expect(numbers(env, 'obs').slice(4, 6)).toEqual([0, 1]);                                                  // what the collector holds
    await step(env, 0, 0, 0);
    expect(read(env).choices[1]).toBe(1);
    expect(Math.max(...read(env).places[3]!.map(Math.abs))).toBeLessThanOrEqual(0.95);
    expect(await at([0.5, 0], [0, 1, 2])).toEqual([half, Math.fround(5 - 0.1 * Math.hypot(0.5, 1)), 5]);      // brought, and the treasure is 0.5 away
    expect(read(env).choices).toEqual([0, 1, 0]);
    expect(await at([0.5, 0], [0, 1, 1])).toEqual(rounded(-0.1 * Math.hypot(0.5, 1), -0.1 * Math.hypot(0.5, 1), 0));   // another type
  });
  it('observe only the nearest where that is asked for, the nearest first', async () => {
    const env = await scene('spread?N=3&agentNeighbours=1&landmarkNeighbours=2', [[0, 0], [3, 0], [0, 2], [4, 0], [0, -1], [0, 0.5]]);
    expect(numbers(env, 'obs').slice(0, 12)).toEqual([0, 0, 0, 0, 0, 0.5, 0, -1, 0, 2, 0, 0]);
  });
});

/** Every task in which something moves, by agents of one form, with what it needs. */
const MOVING = ['simple', 'spread', 'spread?N=5&localRatio=0.1', 'reference', 'adversary?N=3', 'push', 'tag', 'tag?good=2&adversaries=2&integration=velocity-first', 'world-comm', 'speaker-listener', 'spread?integration=velocity-first', 'line'];
/** A moment after some steps towards each other, in which contacts are frequent, and actions for the next step. */
async function crowded(task: string, seed: number): Promise<readonly [moment: Moment & Record<string, unknown>, actions: readonly number[]]> {
  const env = await make(task, 1, seed);
  await env.reset(Uint8Array.of(1));
  const { sizes } = env.spec, agents = sizes['agent']!, saved = env.getState(0) as Moment & Record<string, unknown>, avail = env.fields['avail'];
  env.setState(0, { ...saved, places: saved.places.map(([x, y]): Point => [x / 4, y / 4]) });
  const actions = (t: number) => Array.from({ length: agents }, (_, i) => { const n = sizes['action']!, has = avail ? avail.subarray(i * n, (i + 1) * n).lastIndexOf(1) + 1 : n; return (seed * 7 + t * 3 + i * 5) % has; });
  for (let t = 0; t < 4; t++) await step(env, ...actions(t));
  return [env.getState(0) as Moment & Record<string, unknown>, actions(4)];
}
const turned = (moment: Moment, turn: (p: Point) => Point) => ({ ...moment, places: moment.places.map(turn), velocities: moment.velocities.map(turn) });
const pushed = (env: VectorEnvironment, actions: readonly number[], pushes: readonly number[]) => {
  const moves = (i: number) => !env.spec.id.includes('speaker') || i === 1;
  return actions.map((a, i) => (moves(i) ? a - a % 5 + pushes[a % 5]! : a));
};

describe('symmetry', () => {
  it.each([['mirrored', ([x, y]: Point): Point => [-x, y], [0, 2, 1, 3, 4]], ['with its axes exchanged', ([x, y]: Point): Point => [y, x], [0, 3, 4, 1, 2]]] as const)('the plane %s is the same world', async (_, turn, pushes) => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...MOVING), fc.nat(10_000), async (task, seed) => {
      const [moment, actions] = await crowded(task, seed), env = await make(task), other = await make(task);
      env.setState(0, moment);
      other.setState(0, turned(moment, turn));
      await step(env, ...actions);
      await step(other, ...pushed(env, actions, pushes));
      expect(turned(read(other), turn)).toMatchObject({ places: read(env).places.map(p => p.map(x => expect.closeTo(x, 13) as number)), velocities: read(env).velocities.map(p => p.map(x => expect.closeTo(x, 13) as number)) });
      numbers(env, 'agentReward').forEach((r, i) => expect(numbers(other, 'agentReward')[i]).toBeCloseTo(r, 5));
    }), { numRuns: 60 });
  });
  it('agents of spread may change places', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(10_000), fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), async (seed, order) => {
      const [moment, actions] = await crowded('spread?N=4', seed), env = await make('spread?N=4'), other = await make('spread?N=4');
      env.setState(0, moment);
      other.setState(0, { ...moment, places: [...order.map(i => moment.places[i]!), ...moment.places.slice(4)], velocities: order.map(i => moment.velocities[i]!) });
      await step(env, ...actions);
      await step(other, ...order.map(i => actions[i]!));
      order.forEach((i, at) => {
        expect(read(other).velocities[at]).toEqual(read(env).velocities[i]!.map(x => expect.closeTo(x, 12) as number));
        expect(numbers(other, 'agentReward')[at]).toBeCloseTo(numbers(env, 'agentReward')[i]!, 5);
      });
    }), { numRuns: 40 });
  });
  it('contacts of agents change no momentum', async () => {
    const near = fc.array(fc.tuple(fc.double({ min: -0.3, max: 0.3, noNaN: true }), fc.double({ min: -0.3, max: 0.3, noNaN: true })), { minLength: 5, maxLength: 5 });
    await fc.assert(fc.asyncProperty(near, near, async (places, velocities) => {
      const env = await scene('spread?N=5', [...places, ...places], { velocities });
      await step(env, 0, 0, 0, 0, 0);
      const total = (points: readonly Point[], axis: 0 | 1) => points.reduce((sum, v) => sum + v[axis], 0);
      for (const axis of [0, 1] as const) expect(total(read(env).velocities, axis)).toBeCloseTo(0.75 * total(velocities, axis), 10);
      if (places.some((p, i) => places.some((q, j) => j > i && Math.hypot(p[0] - q[0], p[1] - q[1]) < 0.29 && Math.hypot(p[0] - q[0], p[1] - q[1]) > 0.01)))
        expect(read(env).velocities).not.toEqual(velocities.map(([x, y]) => [0.75 * x, 0.75 * y]));
    }), { numRuns: 50 });
  });
});

it('a reset puts agents into [-1, 1]^2, obstacles into [-0.9, 0.9]^2, and draws every goal alike', async () => {
  const copies = 1000, far = async (task: string) => {
    const env = await make(task, copies);
    await env.reset(new Uint8Array(copies).fill(1));
    const agents = env.spec.sizes['agent']!, moments = Array.from({ length: copies }, (_, copy) => env.getState(copy) as Moment);
    const most = (points: readonly Point[]) => Math.max(...points.flat().map(Math.abs)), mean = moments.flatMap(m => m.places.flat()).reduce((sum, x, _, { length }) => sum + x / length, 0);
    expect(moments.every(m => m.velocities.flat().every(x => x === 0) && m.speech.flat().every(x => x === 0))).toBe(true);
    expect(mean).toBeCloseTo(0, 1);
    return { agents: most(moments.flatMap(m => m.places.slice(0, agents))), landmarks: most(moments.flatMap(m => m.places.slice(agents))), moments };
  };
  const tag = await far('tag'), talk = await far('speaker-listener');
  expect([tag.agents, tag.landmarks, talk.agents, talk.landmarks].map(x => Math.round(100 * x) / 100)).toEqual([1, 0.9, 1, 1]);
  expect(Math.max(tag.agents, talk.landmarks)).toBeLessThanOrEqual(1);
  const goals = [0, 1, 2].map(goal => talk.moments.filter(m => m.choices[0] === goal).length / copies);
  for (const share of goals) expect(share).toBeCloseTo(1 / 3, 1);
});

describe('an id', () => {
  it('has one form', async () => {
    for (const [written, id] of [['spread?n=3', 'mpe/spread'], ['Spread?local_ratio=0.5&N=4', 'mpe/spread?N=4'], ['tag?obstacles=0&good=1', 'mpe/tag?obstacles=0'], ['world_comm?steps=30', 'mpe/world-comm?steps=30'],
      ['simple_spread_v3?N=4', 'mpe/spread?N=4'], ['simple_v3', 'mpe/simple'], ['simple_speaker_listener_v4', 'mpe/speaker-listener'], ['collect_treasure_v1', 'mpe/collect-treasure']] as const)
      expect((await make(written)).spec.id).toBe(id);
  });
  it.each([
    ['simple?N=3', 'environment mpe/simple?N=3: option N belongs to spread, adversary, formation, line\n  fix: leave N out, or choose mpe/spread'],
    ['spread?good=2', 'environment mpe/spread?good=2: option good belongs to tag, world-comm\n  fix: leave good out, or choose mpe/tag'],
    ['tag?good=0', 'environment mpe/tag?good=0: good=0\n  fix: tag needs 1 at least'],
    ['spread?curriculum=2', 'environment mpe/spread?curriculum=2: curriculum=2\n  fix: the stages of spread are 0 .. 1'],
    ['sprd', 'environment mpe/sprd: no task "sprd"; did you mean mpe/spread?\n  fix: tasks are simple, spread, speaker-listener, reference, adversary, crypto, push, tag, world-comm, formation, line, collect-treasure'],
  ])('%s is refused', async (task, text) => { await expect(make(task)).rejects.toThrow(text); });
});

it('a saved state of a game that draws in its steps has the place in its stream', async () => {
  const env = await make('collect-treasure'), other = await make('collect-treasure', 1, 5), spread = await make('spread');
  await env.reset(Uint8Array.of(1));
  await spread.reset(Uint8Array.of(1));
  const saved = env.getState(0) as { readonly stream: readonly number[] };
  expect(Object.hasOwn(spread.getState(0) as object, 'stream')).toBe(false);
  const { stream, ...without } = saved;
  expect(() => other.setState(0, without)).toThrow(/no stream of draws/);
  expect(() => other.setState(0, { ...saved, stream: stream.slice(1) })).toThrow(/no stream of draws/);
});
it('refuses a saved state of another game', async () => {
  const env = await make('spread'), other = await make('crypto');
  await other.reset(Uint8Array.of(1));
  expect(() => env.setState(0, other.getState(0))).toThrowErrorMatchingInlineSnapshot(`
    [RunError: mpe/spread: this is not a saved state of it (state: another number of agents or landmarks; state: another number of words; state: other choices)
      fix: give what getState of the same environment returned]
  `);
});
