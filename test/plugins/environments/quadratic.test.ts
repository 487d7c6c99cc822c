import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const make = async (task: string, copies = 1): Promise<VectorEnvironment> => {
  const env = await makeEnvironment(`quadratic/${task}`, families, { copies, seed: 0 });
  await env.reset(new Uint8Array(copies).fill(1));
  return env;
};
/** Payoff of every pair of actions, each in a copy of its own. */
async function pay(task: string, pairs: readonly (readonly [number, number])[]): Promise<number[]> {
  const env = await make(task, pairs.length);
  await env.step(Float32Array.from(pairs.flat()));
  return [...env.fields['reward']!];
}
const close = (got: readonly number[], want: readonly number[]) => { expect(got).toHaveLength(want.length); got.forEach((x, i) => { expect(x).toBeCloseTo(want[i]!, 6); }); };

describe('payoffs, by hand', () => {
  it('of aim are -(a - 0.5)^2 - (b + 0.3)^2', async () => close(await pay('aim', [[0.5, -0.3], [0, 0], [1, 1], [-1, 1], [0.5, 0.7]]), [0, -0.34, -1.94, -3.94, -1]));
  it('of product are -(a b - 0.25)^2 - 0.01 (a^2 + b^2)', async () => close(await pay('product', [[0, 0], [0.5, 0.5], [-0.5, -0.5], [1, -1], [1, 0.25]]), [-0.0625, -0.005, -0.005, -1.5825, -0.010625]));
});

describe('bounds', () => {
  const action = fc.double({ min: -1, max: 1, noNaN: true });
  it.each([['aim', [[0.5, -0.3]], [[-1, 1]]], ['product', [[Math.sqrt(0.24), Math.sqrt(0.24)], [-Math.sqrt(0.24), -Math.sqrt(0.24)]], [[1, -1], [-1, 1]]]] as const)(
    '%s pays what the spec calls the most and the least where calculus finds them, and everywhere between', async (task, best, worst) => {
      const { returns } = (await make(task)).spec;
      for (const x of await pay(task, best)) expect(x).toBeCloseTo(returns!.most, 7);
      for (const x of await pay(task, worst)) expect(x).toBeCloseTo(returns!.least, 6);
      await fc.assert(fc.asyncProperty(fc.array(fc.tuple(action, action), { minLength: 50, maxLength: 50 }), async pairs => {
        for (const x of await pay(task, pairs)) { expect(x).toBeLessThanOrEqual(returns!.most + 1e-7); expect(x).toBeGreaterThanOrEqual(returns!.least - 1e-6); }
      }), { numRuns: 20 });
    });
  it('product has a saddle at 0: better along a = b, worse along a = -b', async () => {
    const [middle, along, across] = await pay('product', [[0, 0], [0.1, 0.1], [0.1, -0.1]]) as [number, number, number];
    expect(along).toBeGreaterThan(middle);
    expect(across).toBeLessThan(middle);
  });
});

it('an episode is one step, of which both agents get the reward; an agent sees which it is, and the state is a constant 1', async () => {
  const env = await make('aim', 2), { obs, state, reward, agentReward, terminated, truncated } = env.fields;
  expect(env.spec).toMatchObject({ id: 'quadratic/aim', sizes: { agent: 2, action: 1, obs: 2, state: 1 }, actions: 'continuous', limit: 1, reward: 'common' });
  await env.step(Float32Array.of(0, 0, 0.5, -0.3));
  expect([[...obs!], [...state!], [...terminated!], [...truncated!]]).toEqual([[1, 0, 0, 1, 1, 0, 0, 1], [1, 1], [1, 1], [0, 0]]);
  expect([...agentReward!]).toEqual([reward![0], reward![0], reward![1], reward![1]]);
});
it('refuses actions beyond -1 and 1, unknown tasks and options', async () => {
  const env = await make('aim');
  expect(() => env.step(Float32Array.of(0, 1.5))).toThrow('quadratic/aim: action 1.5 of agent 1 in copy 0 is not within -1 .. 1');
  await expect(make('bowl')).rejects.toThrow('no task "bowl"');
  await expect(make('aim?steps=3')).rejects.toThrow('it has no options');
});
