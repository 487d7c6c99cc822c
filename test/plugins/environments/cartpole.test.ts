import { expect, it } from 'vitest';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const make = async (id: string, copies = 1) => makeEnvironment(`classic/${id}`, families, { copies, seed: 3 });
const still = { position: 0, velocity: 0, angle: 0, spin: 0, step: 0, reward: 0, terminated: false, truncated: false, draws: { seed: 0, copy: 0, episode: 0 } };

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
