/** Arithmetic, bounds and ends of classic control, by hand. That the systems are Gymnasium's is held by recorded games beside this. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../core/error.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const make = async (id: string, copies = 1) => makeEnvironment(`classic/${id}`, families, { copies, seed: 3 });
const fresh = { step: 0, reward: 0, terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 } };
/** Reward and flags after one action from a state. */
async function shown(id: string, state: Readonly<Record<string, number>>, action: number) {
  const env = await make(id);
  env.setState(0, { ...fresh, ...state });
  await env.step(env.spec.actions === 'discrete' ? Int32Array.of(action) : Float32Array.of(action));
  const { reward, terminated, truncated, obs } = env.fields;
  return { state: env.getState(0) as Readonly<Record<string, number>>, obs: [...obs!], reward: reward![0]!, terminated: terminated![0], truncated: truncated![0] };
}

describe('cartpole', () => {
  const still = { ...fresh, position: 0, velocity: 0, angle: 0, spin: 0 };

  it('starts with all four numbers uniform within 0.05', async () => {
    const env = await make('cartpole', 500), { obs } = env.fields;
    await env.reset(new Uint8Array(500).fill(1));
    for (let i = 0; i < 4; i++) {
      const column = [...obs!].filter((_, at) => at % 4 === i);
      expect(Math.min(...column)).toBeGreaterThanOrEqual(-0.05);
      expect(Math.max(...column)).toBeLessThanOrEqual(0.05);
      expect(Math.max(...column) - Math.min(...column)).toBeGreaterThan(0.095);
      expect(column.reduce((sum, x) => sum + x, 0) / 500).toBeCloseTo(0, 2);
    }
  });

  it('equals a calculation by hand: a push from rest', async () => {
    const env = await make('cartpole');
    env.setState(0, still);
    await env.step(Int32Array.of(1));
    // push = 10 / 1.1; spin rate = -push / (0.5 (4/3 - 0.1/1.1)); acceleration = push - 0.05 spin rate / 1.1; each times 0.02 s
    const push = 10 / 1.1, spinRate = -push / (0.5 * (4 / 3 - 0.1 / 1.1));
    expect(env.getState(0)).toMatchObject({ position: 0, velocity: expect.closeTo(0.02 * (push - 0.05 * spinRate / 1.1), 14) as number,
      angle: 0, spin: expect.closeTo(0.02 * spinRate, 14) as number, step: 1, reward: 1 });
  });

  it.each([['position', 2.41], ['position', -2.41], ['angle', 0.21], ['angle', -0.21]])('ends where %s is %d', async (name, value) => {
    const env = await make('cartpole');
    env.setState(0, { ...still, [name]: value });
    await env.step(Int32Array.of(0));
    expect([env.fields['terminated']![0], env.fields['truncated']![0], env.fields['reward']![0]]).toEqual([1, 0, 1]);
  });

  it('is truncated at its limit, by option that of v0, and may end in the same step', async () => {
    const env = await make('cartpole?steps=200');
    env.setState(0, { ...still, step: 199 });
    await env.step(Int32Array.of(0));
    expect([env.fields['terminated']![0], env.fields['truncated']![0]]).toEqual([0, 1]);
    env.setState(0, { ...still, step: 199, angle: 0.3 });
    await env.step(Int32Array.of(0));
    expect([env.fields['terminated']![0], env.fields['truncated']![0]]).toEqual([1, 1]);
  });
});

describe('mountain-car', () => {
  it('starts at rest, uniform in -0.6 .. -0.4', async () => {
    for (const id of ['mountain-car', 'mountain-car-continuous']) {
      const env = await make(id, 500), { obs } = env.fields;
      await env.reset(new Uint8Array(500).fill(1));
      const position = [...obs!].filter((_, i) => i % 2 === 0), velocity = [...obs!].filter((_, i) => i % 2 === 1);
      expect(Math.min(...position)).toBeGreaterThanOrEqual(Math.fround(-0.6));
      expect(Math.max(...position)).toBeLessThanOrEqual(Math.fround(-0.4));
      expect(Math.max(...position) - Math.min(...position)).toBeGreaterThan(0.195);
      expect(position.reduce((sum, x) => sum + x, 0) / 500).toBeCloseTo(-0.5, 2);
      expect(velocity.every(v => v === 0)).toBe(true);
    }
  });

  it('equals a calculation by hand: a push at the bottom, where the hill does not pull', async () => {
    const { state, reward } = await shown('mountain-car', { position: -Math.PI / 6, velocity: 0.01 }, 2);
    expect(state).toMatchObject({ velocity: expect.closeTo(0.011, 15) as number, position: expect.closeTo(-Math.PI / 6 + 0.011, 15) as number });
    expect(reward).toBe(-1);
  });

  it('is no faster than 0.07, and stops at the wall', async () => {
    expect((await shown('mountain-car', { position: -0.5, velocity: 0.07 }, 2)).state['velocity']).toBe(0.07);
    expect((await shown('mountain-car', { position: -0.5, velocity: -0.07 }, 0)).state['velocity']).toBe(-0.07);
    expect((await shown('mountain-car', { position: -1.19, velocity: -0.05 }, 0)).state).toMatchObject({ position: -1.2, velocity: 0 });
  });

  it.each([['mountain-car', 0.49, 0.02, 1], ['mountain-car', 0.49, 0.005, 0], ['mountain-car?goalVelocity=0.03', 0.49, 0.02, 0], ['mountain-car?goalVelocity=0.03', 0.49, 0.04, 1],
    ['mountain-car-continuous', 0.44, 0.02, 1], ['mountain-car-continuous?goalVelocity=0.03', 0.44, 0.02, 0]])('%s at %d with velocity %d: terminated %d', async (id, position, velocity, terminated) => {
    expect(await shown(id, { position, velocity, step: 5 }, 1)).toMatchObject({ terminated, truncated: 0 });
  });

  it('pays the continuous push, and 100 at the flag', async () => {
    expect((await shown('mountain-car-continuous', { position: -0.5, velocity: 0 }, 0.5)).reward).toBe(Math.fround(-0.025));
    expect((await shown('mountain-car-continuous', { position: 0.44, velocity: 0.03 }, -1)).reward).toBe(Math.fround(99.9));
  });
});

describe('acrobot', () => {
  it('starts with all four numbers within 0.1, and shows them', async () => {
    const env = await make('acrobot', 200), { obs } = env.fields;
    await env.reset(new Uint8Array(200).fill(1));
    for (let copy = 0; copy < 200; copy++) {
      const { angle1, angle2, spin1, spin2 } = env.getState(copy) as Record<'angle1' | 'angle2' | 'spin1' | 'spin2', number>;
      for (const x of [angle1, angle2, spin1, spin2]) expect(Math.abs(x)).toBeLessThanOrEqual(Math.fround(0.1));
      expect([...obs!.subarray(copy * 6, copy * 6 + 6)]).toEqual([Math.cos(angle1), Math.sin(angle1), Math.cos(angle2), Math.sin(angle2), spin1, spin2].map(Math.fround));
    }
  });

  it('hangs still without torque, and mirrored torques mirror it', async () => {
    const hanging = { angle1: 0, angle2: 0, spin1: 0, spin2: 0 };
    for (const x of Object.values((await shown('acrobot', hanging, 1)).state).slice(0, 4)) expect(Math.abs(x)).toBeLessThan(1e-15);
    const left = (await shown('acrobot', hanging, 0)).state, right = (await shown('acrobot', hanging, 2)).state;
    for (const name of Object.keys(hanging)) {
      expect(Math.abs(right[name]!)).toBeGreaterThan(1e-3);
      expect(right[name]).toBeCloseTo(-left[name]!, 14);
    }
  });

  it('bounds both angular velocities and keeps angles within half a turn', async () => {
    const { state } = await shown('acrobot', { angle1: 3, angle2: -3, spin1: 60, spin2: -90 }, 1);
    expect([Math.abs(state['spin1']!), Math.abs(state['spin2']!)]).toEqual([4 * Math.PI, 9 * Math.PI]);
    for (const name of ['angle1', 'angle2']) expect(Math.abs(state[name]!)).toBeLessThanOrEqual(Math.PI);
  });

  it('ends, at no cost, one link above the joint', async () => {
    expect(await shown('acrobot', { angle1: Math.PI, angle2: 0, spin1: 0, spin2: 0 }, 1)).toMatchObject({ reward: 0, terminated: 1, truncated: 0 });
    expect(await shown('acrobot', { angle1: 2, angle2: 0, spin1: 0, spin2: 0, step: 499 }, 1)).toMatchObject({ reward: -1, terminated: 0, truncated: 1 });
  });
});

describe('pendulum', () => {
  it('starts anywhere, with an angular velocity within 1', async () => {
    const env = await make('pendulum', 500);
    await env.reset(new Uint8Array(500).fill(1));
    const states = Array.from({ length: 500 }, (_, copy) => env.getState(copy) as { angle: number; spin: number });
    for (const [name, bound] of [['angle', Math.PI], ['spin', 1]] as const) {
      const all = states.map(state => state[name]);
      expect(Math.max(...all.map(Math.abs))).toBeLessThanOrEqual(bound);
      expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(1.95 * bound);
    }
  });

  it('equals a calculation by hand: horizontal, half the torque', async () => {
    // cost = (pi/2)^2 + 0.1 2^2 + 0.001 1^2; spin = 2 + (15 sin(pi/2) + 3 1) 0.05 = 2.9; angle = pi/2 + 2.9 0.05
    const { state, reward, obs } = await shown('pendulum', { angle: Math.PI / 2, spin: 2 }, 0.5);
    expect(state).toMatchObject({ spin: expect.closeTo(2.9, 14) as number, angle: expect.closeTo(Math.PI / 2 + 0.145, 14) as number });
    expect(reward).toBeCloseTo(-((Math.PI / 2) ** 2 + 0.4 + 0.001), 6);
    expect(obs).toEqual([Math.cos(state['angle']!), Math.sin(state['angle']!), state['spin']!].map(Math.fround));
  });

  it('takes its gravity from the option, and costs the angle from upright however often it turned', async () => {
    expect((await shown('pendulum?gravity=2', { angle: Math.PI / 2, spin: 0 }, 0)).state['spin']).toBeCloseTo(0.15, 14);
    for (const turns of [-3, -1, 1, 4]) expect((await shown('pendulum', { angle: 0.5 + 2 * Math.PI * turns, spin: 0 }, 0)).reward).toBeCloseTo(-0.25, 6);
  });

  it('is no faster than 8 and is never terminated', async () => {
    expect(await shown('pendulum', { angle: 1, spin: 8, step: 198 }, 1)).toMatchObject({ state: { spin: 8 }, terminated: 0, truncated: 0 });
    expect(await shown('pendulum', { angle: 1, spin: -8, step: 199 }, -1)).toMatchObject({ terminated: 0, truncated: 1 });
  });
});

it('an option equal to what Gymnasium does is no part of the id', async () => {
  for (const [given, id] of [['cartpole?steps=500', 'cartpole'], ['cartpole?steps=200', 'cartpole?steps=200'], ['pendulum?steps=200&gravity=10', 'pendulum'], ['acrobot?steps=200', 'acrobot?steps=200']])
    expect((await make(given!)).spec.id).toBe(`classic/${id}`);
});

it.each([
  ['cartpole?gravity=5', 'environment classic/cartpole?gravity=5: option gravity belongs to pendulum', 'leave gravity out, or choose classic/pendulum'],
  ['pendulum?goalVelocity=0.01', 'environment classic/pendulum?goalVelocity=0.01: option goalVelocity belongs to mountain-car and mountain-car-continuous', 'leave goalVelocity out, or choose classic/mountain-car'],
  ['lunar', 'environment classic/lunar: no task "lunar"', 'tasks are cartpole, mountain-car, mountain-car-continuous, acrobot, pendulum'],
])('refuses %s', async (id, what, fix) => {
  const error = await make(id).catch((refused: unknown) => refused);
  expect(error).toBeInstanceOf(InputError);
  expect(String(error)).toContain(what);
  expect(String(error)).toContain(fix);
});

it('refuses options out of range', async () => {
  for (const [id, what] of [['pendulum?gravity=-1', 'gravity=-1 is not in its range: number 0 .. 1000'], ['mountain-car?goalVelocity=0.08', 'goalVelocity=0.08 is not in its range: number 0 .. 0.07'], ['acrobot?steps=1.5', 'steps=1.5 is not in its range']])
    await expect(make(id!)).rejects.toThrow(what);
});

it('refuses a push beyond its bounds before anything is stepped', async () => {
  const env = await make('pendulum', 2);
  await env.reset(Uint8Array.of(1, 1));
  const before = [env.getState(0), env.getState(1)];
  for (const [push, what] of [[1.001, 'action 1.001'], [-2, 'action -2'], [NaN, 'action NaN']] as const)
    expect(() => env.step(Float32Array.of(0, push))).toThrow(new RegExp(`${what}.* of agent 0 in copy 1 is not within -1 .. 1`));
  expect(() => env.step(new Float32Array(3))).toThrow('step got 3 numbers for 2 copies x 1 agents x actions of 1');
  expect([env.getState(0), env.getState(1)]).toEqual(before);
});
