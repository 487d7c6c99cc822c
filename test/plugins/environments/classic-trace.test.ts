import { describe, expect, it } from 'vitest';
import type { TypedArray, VectorEnvironment } from '../../../core/environment.ts';
import type { RandomSource } from '../../../core/random.ts';
import type { OptionValues } from '../../../plugins/factories.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { readFixture } from './fixture.ts';

interface Packed { readonly actions: string; readonly states: string; readonly rewards: string; readonly obs?: string }
interface Outcome { readonly policy: string; readonly options: OptionValues; readonly uniforms: readonly number[]; readonly steps: number; readonly terminated: boolean; readonly truncated: boolean }
interface Episode extends Outcome { readonly actions: TypedArray; readonly states: Float64Array; readonly rewards: Float64Array; readonly obs: Float32Array }
interface Recorded { readonly counts: unknown; readonly episodes: readonly (Outcome & Packed)[] }

const bytes = (text: string): ArrayBuffer => new Uint8Array(Buffer.from(text, 'base64')).buffer;
const continuous = (task: string) => task === 'pendulum' || task === 'mountain-car-continuous';
function recordedOf(task: string): { readonly counts: unknown; readonly episodes: readonly Episode[] } {
  const { counts, episodes } = readFixture(task) as Recorded;
  return { counts, episodes: episodes.map(episode => {
    const states = new Float64Array(bytes(episode.states)), actions = bytes(episode.actions);
    return { ...episode, states, actions: continuous(task) ? new Float32Array(actions) : Int32Array.from(new Int8Array(actions)), rewards: new Float64Array(bytes(episode.rewards)),
      obs: episode.obs === undefined ? Float32Array.from(states) : new Float32Array(bytes(episode.obs)) };
  }) };
}

/** The uniform numbers of a recorded reset. */
function recordedUniforms(uniforms: readonly number[]): RandomSource {
  let next = 0;
  const never = () => { throw new Error('classic control draws only uniform numbers'); };
  return { uniform: () => uniforms[next++]!, integer: never, permutation: never, state: () => [next] };
}
const make = async (task: string, { options, uniforms }: Episode) => {
  const query = Object.entries(options).map(([name, value]) => `${name}=${value}`).join('&');
  return makeEnvironment(`classic/${task}?${query}`, families, { copies: 1, seed: 0, random: () => recordedUniforms(uniforms) });
};

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a, (x, i) => Math.abs(x - b[i]!)).reduce((most, x) => Math.max(most, x), 0);
/** What an environment shows from what was recorded after `t` steps. */
interface Difference { readonly state: number; readonly obs: number; readonly reward: number; readonly flags: number }
function difference(env: VectorEnvironment, { states, obs, rewards, steps, terminated, truncated }: Episode, names: readonly string[], t: number): Difference {
  const { obs: seen, reward, terminated: ended, truncated: cut } = env.fields as { obs: TypedArray; reward: TypedArray; terminated: TypedArray; truncated: TypedArray };
  const saved = env.getState(0) as Readonly<Record<string, number>>, last = t === steps, rewarded = rewards[t - 1] ?? 0;
  return {
    state: furthest(names.map(name => saved[name]!), states.subarray(t * names.length, (t + 1) * names.length)),
    obs: furthest(seen, obs.subarray(t * seen.length, (t + 1) * seen.length)),
    reward: Math.abs(reward[0]! - rewarded) / Math.max(1, Math.abs(rewarded)),
    flags: Number(ended[0] !== (last && terminated ? 1 : 0)) + Number(cut[0] !== (last && truncated ? 1 : 0)),
  };
}
const most = (a: Difference, b: Difference): Difference => ({ state: Math.max(a.state, b.state), obs: Math.max(a.obs, b.obs), reward: Math.max(a.reward, b.reward), flags: a.flags + b.flags });
const none: Difference = { state: 0, obs: 0, reward: 0, flags: 0 };

/** An ulp of a float32 near 1. */
const ROUNDED = 2 ** -23;
/**
 * V8 and NumPy differ in the last bit of some sines. `step`: most that one step from a recorded state may differ. `episode`: the same after
 * whole episodes of recorded actions, in which such a bit grows where the system is unstable.
 */
const TASKS = {
  'cartpole': { names: ['position', 'velocity', 'angle', 'spin'], step: 1e-15, episode: 1e-4 },
  'mountain-car': { names: ['position', 'velocity'], step: 1e-15, episode: 1e-12 },
  'mountain-car-continuous': { names: ['position', 'velocity'], step: 0, episode: 0 },
  'acrobot': { names: ['angle1', 'angle2', 'spin1', 'spin2'], step: 1e-14, episode: 1e-4 },
  'pendulum': { names: ['angle', 'spin'], step: 1e-14, episode: 1e-8 },
} as const;

/** By task: states, without those of the start, that are at a bound or an end. */
const EDGES: Readonly<Record<keyof typeof TASKS, Readonly<Record<string, (x: ArrayLike<number>) => boolean>>>> = {
  'cartpole': { 'off the track': x => Math.abs(x[0]!) > 2.4, fallen: x => Math.abs(x[2]!) > 12 * 2 * Math.PI / 360 },
  'mountain-car': { 'at the wall': x => x[0] === -1.2, 'at full speed': x => Math.abs(x[1]!) === 0.07, 'at the flag': x => x[0]! >= 0.5, 'at the flag, below 0.03': x => x[0]! >= 0.5 && x[1]! < 0.03 },
  'mountain-car-continuous': { 'at the wall': x => x[0] === Math.fround(-1.2), 'at full speed': x => Math.abs(x[1]!) === Math.fround(0.07), 'at the flag': x => x[0]! >= Math.fround(0.45), 'at the flag, below 0.02': x => x[0]! >= Math.fround(0.45) && x[1]! < 0.02 },
  'acrobot': { 'swung up': x => -Math.cos(x[0]!) - Math.cos(x[1]! + x[0]!) > 1, 'second link beyond half a turn': x => Math.abs(x[1]!) > 3 },
  'pendulum': { 'at full speed': x => Math.abs(x[1]!) === 8, 'near upright': x => Math.cos(x[0]!) > 0.99, 'beyond a turn': x => Math.abs(x[0]!) > 2 * Math.PI },
};

describe.each(Object.entries(TASKS))('gymnasium 1.4.0: %s', (task, { names, step, episode: whole }) => {
  const { episodes } = recordedOf(task);

  it('starts every episode as the original, given its draws, and follows it', async () => {
    let start = none, all = none;
    for (const episode of episodes) {
      const env = await make(task, episode);
      await env.reset(Uint8Array.of(1));
      start = most(start, difference(env, episode, names, 0));
      for (let t = 0; t < episode.steps; t++) {
        await env.step(episode.actions.subarray(t, t + 1));
        all = most(all, difference(env, episode, names, t + 1));
      }
    }
    expect(start).toEqual({ state: 0, obs: expect.any(Number) as number, reward: 0, flags: 0 });
    expect(start.obs).toBeLessThanOrEqual(ROUNDED);
    expect(all.flags).toBe(0);
    expect(all.state).toBeLessThanOrEqual(whole);
  });

  it('makes every single step from the recorded state', async () => {
    let all = none;
    for (const episode of episodes) {
      const env = await make(task, episode);
      for (let t = 0; t < episode.steps; t++) {
        const row = Object.fromEntries(names.map((name, i) => [name, episode.states[t * names.length + i]!]));
        env.setState(0, { ...row, step: t, reward: 0, terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 } });
        await env.step(episode.actions.subarray(t, t + 1));
        all = most(all, difference(env, episode, names, t + 1));
      }
    }
    expect(all.flags).toBe(0);
    expect(all.state).toBeLessThanOrEqual(step);
    expect(all.reward).toBeLessThanOrEqual(ROUNDED);
    expect(all.obs).toBeLessThanOrEqual(ROUNDED);
  });
});

it('compares enough: steps, ends and bounds', () => {
  const found = Object.entries(TASKS).map(([task, { names }]) => {
    const { counts, episodes } = recordedOf(task), edges = Object.entries(EDGES[task as keyof typeof TASKS]);
    const rows = episodes.flatMap(({ states, steps }) => Array.from({ length: steps }, (_, t) => states.subarray((t + 1) * names.length, (t + 2) * names.length)));
    return [task, { ...counts as object, ...Object.fromEntries(edges.map(([name, at]) => [name, rows.filter(at).length])) }];
  });
  expect(Object.fromEntries(found)).toMatchInlineSnapshot(`
    {
      "acrobot": {
        "both": 0,
        "episodes": 100,
        "second link beyond half a turn": 204,
        "steps": 15487,
        "swung up": 60,
        "terminated": 60,
        "truncated": 40,
      },
      "cartpole": {
        "both": 0,
        "episodes": 174,
        "fallen": 151,
        "off the track": 14,
        "steps": 11320,
        "terminated": 165,
        "truncated": 9,
      },
      "mountain-car": {
        "at full speed": 0,
        "at the flag": 251,
        "at the flag, below 0.03": 113,
        "at the wall": 39,
        "both": 1,
        "episodes": 90,
        "steps": 15524,
        "terminated": 52,
        "truncated": 39,
      },
      "mountain-car-continuous": {
        "at full speed": 48,
        "at the flag": 556,
        "at the flag, below 0.02": 227,
        "at the wall": 48,
        "both": 0,
        "episodes": 68,
        "steps": 20121,
        "terminated": 43,
        "truncated": 25,
      },
      "pendulum": {
        "at full speed": 2386,
        "beyond a turn": 6568,
        "both": 0,
        "episodes": 58,
        "near upright": 507,
        "steps": 12200,
        "terminated": 0,
        "truncated": 58,
      },
    }
  `);
});
