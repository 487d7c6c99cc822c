import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { TypedArray, VectorEnvironment } from '../../../core/environment.ts';
import type { RandomSource } from '../../../core/random.ts';
import type { RandomFactory } from '../../../plugins/factories.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { readFixture } from './fixture.ts';

interface Outcome { readonly policy: string; readonly choices: readonly number[]; readonly steps: number; readonly terminated: boolean; readonly truncated: boolean; readonly full: boolean; readonly chosen?: readonly number[]; readonly memory?: readonly (readonly number[])[] }
/** Of an episode that is not full: its observations, its rewards, and the places and velocities at its end, each as one number, and a checksum of the last. */
interface Told { readonly seen?: number; readonly earned?: number; readonly end?: number; readonly crc?: number }
interface Packed extends Outcome, Told { readonly uniforms: string; readonly actions: string; readonly places?: string; readonly velocities?: string; readonly rewards?: string; readonly speech?: string; readonly obs?: string }
interface Episode extends Outcome, Told {
  readonly uniforms: Float64Array; readonly actions: TypedArray; readonly places: Float64Array; readonly velocities: Float64Array; readonly speech: Float64Array;
  readonly obs: Float32Array; readonly rewards: Float64Array;
}
interface Recording { readonly id: string; readonly original: string; readonly obs: readonly number[]; readonly sizes: readonly number[]; readonly entities: number; readonly episodes: readonly Packed[] }
interface Fixture { readonly counts: unknown; readonly configs: readonly Recording[] }

const fixtures = { 'mpe2 1.1.1': readFixture('mpe') as Fixture, 'pettingzoo 1.22.4': readFixture('mpe-velocity-first') as Fixture };
const recordings = Object.entries(fixtures).flatMap(([original, { configs }]) => configs.map(recording => ({ original, id: recording.id, recording })));

const bytes = (text: string): ArrayBuffer => new Uint8Array(Buffer.from(text, 'base64')).buffer;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';
const unpacked = (episode: Packed, continuous: boolean): Episode => {
  const floats = (text = '') => new Float64Array(bytes(text)), indices = Int32Array.from(episode.actions, c => ALPHABET.indexOf(c));
  return {
    ...episode, uniforms: episode.full ? floats(episode.uniforms) : Float64Array.from(new Uint16Array(bytes(episode.uniforms)), x => x / 65536), actions: continuous ? Float32Array.from(indices, i => (i - 10) / 10) : indices,
    places: floats(episode.places), velocities: floats(episode.velocities), speech: floats(episode.speech), rewards: floats(episode.rewards), obs: new Float32Array(bytes(episode.obs ?? '')),
  };
};

/** Answers with the draws of the original, from a place in them on: steps draw a choice for every two numbers. */
function recordedDraws({ choices, uniforms }: Episode, chosen = 0, next = 0): RandomSource {
  return {
    uniform: () => uniforms[next++]!,
    integer: below => { const choice = choices[chosen++]!; expect(choice).toBeLessThan(below); return choice; },
    permutation: () => { throw new Error('the original shuffles nothing'); }, state: () => [next],
  };
}
const make = async (id: string, random: RandomFactory): Promise<VectorEnvironment> => makeEnvironment(id, families, { copies: 1, seed: 0, random });

interface Saved { readonly places: readonly number[][]; readonly velocities: readonly number[][]; readonly speech: readonly number[][]; readonly choices: readonly number[] }
const total = (xs: TypedArray) => [...xs].reduce((a, b) => a + b, 0);
/** The number that the recording has in place of many. */
function marked(xs: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < xs.length; i++) sum += xs[i]! * Math.cos(i);
  return sum;
}
/** How far numbers are from recorded ones, relative to those above 1. */
const far = (got: ArrayLike<number>, expected: ArrayLike<number>): number => {
  if (got.length !== expected.length) return Infinity;
  let most = 0;
  for (let i = 0; i < got.length; i++) most = Math.max(most, Math.abs(got[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!)));
  return most;
};
const pairs = (flat: Float64Array): readonly number[][] => Array.from({ length: flat.length / 2 }, (_, i) => [...flat.subarray(2 * i, 2 * i + 2)]);
/** Numbers that one agent executes of padded actions. */
function padded({ actions }: Episode, env: VectorEnvironment, sizes: readonly number[], t: number): TypedArray {
  const agents = sizes.length, width = env.spec.sizes['action']!, all = sizes.reduce((a, b) => a + b, 0);
  if (env.spec.actions === 'discrete') return actions.slice(t * agents, (t + 1) * agents);
  const into = new Float32Array(agents * width).fill(0.7);                    // what stands behind an agent's own numbers must not matter
  for (let agent = 0, from = t * all; agent < agents; from += sizes[agent++]!) into.set(actions.subarray(from, from + sizes[agent]!), agent * width);
  return into;
}
/** Observations without their padding, which must be 0. */
function seen(env: VectorEnvironment, sizes: readonly number[]): readonly number[] {
  const { obs, state } = env.fields as { obs: Float32Array; state: Float32Array }, width = env.spec.sizes['obs']!;
  const own = sizes.flatMap((size, agent) => { expect(obs.subarray(agent * width + size, (agent + 1) * width).every(x => x === 0)).toBe(true); return [...obs.subarray(agent * width, agent * width + size)]; });
  expect(own).toEqual([...state]);
  return own;
}

/** An ulp of a float32 near 1, and a few in the sum over an episode. */
const ROUNDED = 2 ** -23, SUM = 2 ** -20;
/** Most that a step from a recorded moment may differ, and an episode: contacts alone take exp and log1p, of which NumPy and V8 may round the last bit otherwise. */
const STEP = 1e-12, EPISODE = (id: string) => (/spread|push|tag|world|formation|line/.test(id) ? 1e-9 : 0);

describe.each(recordings)('$original: $id', ({ id, recording }) => {
  const { obs: obsSizes, sizes, entities } = recording, agents = sizes.length, episodes = recording.episodes.map(e => unpacked(e, id.includes('continuous')));

  it('starts every episode as the original, given its draws, and follows it', async () => {
    const env = await make(id, (_, episode) => recordedDraws(episodes[episode]!)), most = { start: 0, end: 0, obs: 0, rewards: 0, team: 0, seen: 0 };
    const note = (what: keyof typeof most, x: number) => { most[what] = Math.max(most[what], x); };
    const { obs: shown, agentReward, reward, terminated, truncated } = env.fields as Record<'obs' | 'agentReward' | 'reward' | 'terminated' | 'truncated', TypedArray>;
    for (const episode of episodes) {
      await env.reset(Uint8Array.of(1));
      const all = obsSizes.reduce((a, b) => a + b, 0), row = (t: number) => episode.obs.subarray(t * all, (t + 1) * all), shownSoFar = [...seen(env, obsSizes)], paid: number[] = [];
      expect(shown.length).toBe(agents * env.spec.sizes['obs']!);
      if (episode.full) note('start', Math.max(far(shownSoFar, row(0)), far((env.getState(0) as Saved).places.flat(), episode.places.subarray(0, 2 * entities))));
      for (let t = 0; t < episode.steps; t++) {
        expect([terminated[0], truncated[0]]).toEqual([0, 0]);
        await env.step(padded(episode, env, sizes, t));
        paid.push(...agentReward);
        note('team', Math.abs(reward[0]! - total(agentReward)) / Math.max(1, total(agentReward.map(Math.abs))));
        const now = seen(env, obsSizes);
        shownSoFar.push(...now);
        if (!episode.full) continue;
        note('rewards', far(agentReward, episode.rewards.subarray(t * agents, (t + 1) * agents)));
        note('obs', far(now, row(t + 1)));
      }
      expect([terminated[0], truncated[0]]).toEqual([Number(episode.terminated), Number(episode.truncated)]);
      const { places, velocities } = env.getState(0) as Saved, end = Float64Array.from([...places.flat(), ...velocities.flat()], x => x + 0), { length } = places.flat();
      if (episode.full) note('end', Math.max(far(end.subarray(0, length), episode.places.slice(-2 * entities)), far(end.subarray(length), episode.velocities.slice(-2 * agents))));
      else {
        note('end', crc32(new Uint8Array(end.buffer)) === episode.crc ? 0 : Math.max(Number.MIN_VALUE, far([marked(end)], [episode.end!])));
        note('seen', Math.abs(marked(shownSoFar) - episode.seen!));
        note('rewards', Math.abs(marked(paid) - episode.earned!) / Math.max(1, paid.reduce((sum, x) => sum + Math.abs(x), 0)));
      }
    }
    expect(most.start).toBeLessThanOrEqual(id.includes('line') ? 2 ** -53 : 0);                // a cosine decides where the line leads
    expect(most.end).toBeLessThanOrEqual(EPISODE(id));
    expect(Math.max(most.obs, most.rewards, most.team)).toBeLessThanOrEqual(ROUNDED + EPISODE(id));
    expect(most.seen).toBeLessThanOrEqual(SUM);
  });

  it('makes every single step from the recorded moment', async () => {
    let draws: RandomSource;
    const env = await make(id, () => draws), spoken = episodes[0]!.speech.length / (episodes[0]!.steps + 1) / agents, words = (env.getState(0) as Saved).speech[0]!.length;
    const most = { shown: 0, moved: 0, obs: 0, rewards: 0 }, all = obsSizes.reduce((a, b) => a + b, 0);
    for (const episode of episodes.filter(({ full }) => full)) {
      const placesAt = (t: number) => episode.places.subarray(2 * t * entities, 2 * (t + 1) * entities), later = (episode.chosen ?? []).reduce((sum_, n) => sum_ + n, 0);
      for (let t = 0, chosen = episode.choices.length - later, drawn = episode.uniforms.length - 2 * later; t < episode.steps; chosen += episode.chosen?.[t] ?? 0, drawn += 2 * (episode.chosen?.[t] ?? 0), t++) {
        const said = episode.speech.subarray(t * agents * spoken, (t + 1) * agents * spoken);
        if (words === 0) expect(said.every(x => x === 0)).toBe(true);
        draws = recordedDraws(episode, chosen, drawn);
        env.setState(0, {
          places: pairs(placesAt(t)), velocities: pairs(episode.velocities.subarray(2 * t * agents, 2 * (t + 1) * agents)),
          speech: Array.from({ length: agents }, (_, i) => [...said.subarray(i * spoken, i * spoken + words)]), choices: episode.memory?.[t] ?? episode.choices, ...episode.chosen ? { stream: [] } : {},
          agentReward: sizes.map(() => 0), reward: 0, step: t, terminated: false, truncated: false, draws: { seed: null, copy: 0, episode: 0 },
        });
        most.shown = Math.max(most.shown, far(seen(env, obsSizes), episode.obs.subarray(t * all, (t + 1) * all)));
        await env.step(padded(episode, env, sizes, t));
        const { places, velocities, choices } = env.getState(0) as Saved;
        expect(choices).toEqual(episode.memory?.[t + 1] ?? episode.choices);
        most.moved = Math.max(most.moved, far(places.flat(), placesAt(t + 1)), far(velocities.flat(), episode.velocities.subarray(2 * (t + 1) * agents, 2 * (t + 2) * agents)));
        most.obs = Math.max(most.obs, far(seen(env, obsSizes), episode.obs.subarray((t + 1) * all, (t + 2) * all)));
        most.rewards = Math.max(most.rewards, far(env.fields['agentReward']!, episode.rewards.subarray(t * agents, (t + 1) * agents)));
        expect([env.fields['terminated']![0], env.fields['truncated']![0]]).toEqual([Number(episode.terminated && t + 1 === episode.steps), Number(episode.truncated && t + 1 === episode.steps)]);
      }
    }
    expect(most.shown).toBe(0);
    expect(most.moved).toBeLessThanOrEqual(STEP);
    expect(Math.max(most.obs, most.rewards)).toBeLessThanOrEqual(ROUNDED);
  });

  it('has as many actions as the original for every agent', async () => {
    const env = await make(id, () => { throw new Error('nothing is drawn'); }), width = env.spec.sizes['action']!, mask = env.fields['avail'] ?? env.fields['actionMask'];
    expect(width).toBe(Math.max(...sizes));
    expect(mask === undefined).toBe(sizes.every(size => size === width));
    if (mask) expect([...mask]).toEqual(sizes.flatMap(size => Array.from({ length: width }, (_, i) => (i < size ? 1 : 0))));
  });
});

it('compares enough: steps, and every rule at work', () => {
  expect(Object.fromEntries(Object.entries(fixtures).map(([original, { counts }]) => [original, counts]))).toMatchInlineSnapshot(`
    {
      "mpe2 1.1.1": {
        "agents at food": 1403,
        "agents at full speed": 11852,
        "agents beyond the border": 88906,
        "agents in a forest": 9483,
        "agents near the border": 41537,
        "ends by success": 24,
        "episodes": 4716,
        "policy away": 19761,
        "policy home": 20614,
        "policy random": 40067,
        "policy together": 40739,
        "steps": 121181,
        "touching pairs that collide": 13977,
        "treasures delivered": 234,
        "treasures found": 801,
      },
      "pettingzoo 1.22.4": {
        "agents at food": 453,
        "agents at full speed": 1569,
        "agents beyond the border": 9613,
        "agents in a forest": 1774,
        "agents near the border": 4904,
        "ends by success": 0,
        "episodes": 685,
        "policy away": 2635,
        "policy home": 3060,
        "policy random": 5470,
        "policy together": 5955,
        "steps": 17120,
        "touching pairs that collide": 4252,
        "treasures delivered": 0,
        "treasures found": 0,
      },
    }
  `);
});
it('compares 10,000 steps of every scenario', () => {
  const steps: Record<string, number> = {};
  for (const { id, episodes } of fixtures['mpe2 1.1.1'].configs) { const name = id.split('?')[0]!; steps[name] = (steps[name] ?? 0) + episodes.reduce((sum, e) => sum + e.steps, 0); }
  expect(Object.keys(steps)).toEqual(Object.keys(families.find(({ family }) => family === 'mpe')!.tasks).map(task => `mpe/${task}`));
  for (const count of Object.values(steps)) expect(count).toBeGreaterThanOrEqual(10_000);
});
