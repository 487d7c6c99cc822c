import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const make = async (task: string, copies = 1): Promise<VectorEnvironment> => {
  const env = await makeEnvironment(`matrix/${task}`, families, { copies, seed: 0 });
  await env.reset(new Uint8Array(copies).fill(1));
  return env;
};
/** Reward of every joint action, row by row, each in a copy of its own. */
async function table(task: string): Promise<readonly number[]> {
  const { agent, action } = (await make(task)).spec.sizes as { agent: number; action: number }, cells = action ** agent;
  const env = await make(task, cells);
  await env.step(Int32Array.from({ length: cells * agent }, (_, i) => Math.floor(Math.floor(i / agent) / action ** (agent - 1 - i % agent)) % action));
  return [...env.fields['reward']!];
}
const play = async (env: VectorEnvironment, ...joint: readonly (readonly number[])[]): Promise<number> => {
  let total = 0;
  for (const actions of joint) {
    await env.step(Int32Array.from(actions));
    total += env.fields['reward']![0]!;
  }
  return total;
};
const f32 = (numbers: readonly number[]) => numbers.map(Math.fround);

describe('payoffs', () => {
  it.each([
    ['m1', [8, -12, -12, -12, 0, 0, -12, 0, 0]],
    ['m2', [10.4, 0, 10, 0, 10, 10, 10, 10, 10]],
    ['m3', [8, -12, -12, -12, 6, 0, -12, 0, 6]],
    ['m4', [12, -.1, -.1, -.1, 0, 0, -.1, 0, 0]],
    ['climbing', [11, -30, 0, -30, 7, 0, 0, 6, 5]],
    ['penalty?k=25', [-25, 0, 10, 0, 2, 0, 10, 0, -25]],
    ['penalty?k=0', [0, 0, 10, 0, 2, 0, 10, 0, 0]],
    ['trivial', [11, 8, 0, 8, 7, 0, 0, 0, 0]],
    ['linear', [1, 4, 2, 0, 3, 1, 2, 5, 3]],
    ['nonlinear', [0, 3, 1, 0, 0, 0, 0, 6, 2]],
    ['prisoners', [-1, -3, -3, -2]],
    ['climbing-3p', [11, -30, 0, -30, 0, 0, 0, 0, 0, -30, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 5]],
    ['parts', [0, 1, 1, 2, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0]],
    ['halves', [0, 1, 1, 0]],
    ['halves?agents=4', [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]],
    ['two-step', [0, 0, 0, 0]],
    ['mmdp?win=3', [3, 0, 0, 0]],
  ])('of %s are those of the table', async (task, payoff) => expect(await table(task)).toEqual(f32(payoff)));

  it.each([['m1', 1, 8], ['m2', 1, 10.4], ['climbing', 25, 275], ['penalty', 25, 250], ['climbing-3p', 25, 275], ['parts', 1, 2], ['halves?agents=6', 1, 1], ['halves?agents=16&steps=10000', 10_000, 10_000], ['two-step', 2, 8], ['mmdp', 100, 100]])(
    'the best episode of %s takes %i steps and returns %d', async (task, steps, most) => {
      const { limit, returns } = (await make(task)).spec;
      expect({ limit, most: returns!.most }).toEqual({ limit: steps, most: expect.closeTo(most, 9) as number });
    });
});

describe('halves', () => {
  it('pays whoever plays by one law without knowing who it is 2 / 2^agents at most', async () => {
    for (const agents of [2, 4, 6]) {
      const paid = await table(`halves?agents=${agents}`), shares = Array.from({ length: 101 }, (_, i) => i / 100), ones = (joint: number) => joint.toString(2).replaceAll('0', '').length;
      const mean = (p: number) => paid.reduce((sum, reward, joint) => sum + reward * p ** ones(joint) * (1 - p) ** (agents - ones(joint)), 0);
      expect(Math.max(...shares.map(mean))).toBeCloseTo(2 / 2 ** agents, 12);
    }
  });
  it('has an even number of agents', async () => {
    await expect(make('halves?agents=3')).rejects.toThrow('3 agents have no halves');
    await expect(make('m1?agents=4')).rejects.toThrow('option agents belongs to halves');
  });
});

describe('two-step', () => {
  it('pays 7 for anything in state 2A and [0,1],[1,8] in 2B; only the first action of agent 1 decides', async () => {
    for (const second of [0, 1]) for (const [a, b] of [[0, 0], [0, 1], [1, 0], [1, 1]] as const) {
      expect(await play(await make('two-step'), [0, second], [a, b])).toBe(7);
      expect(await play(await make('two-step'), [1, second], [a, b])).toBe([[0, 1], [1, 8]][a]![b]);
    }
  });
  it('shows both agents and the learner the state, one-hot, and ends by its own rule', async () => {
    const env = await make('two-step'), { obs, state, terminated, truncated } = env.fields;
    expect([[...obs!], [...state!]]).toEqual([[1, 0, 0, 1, 0, 0], [1, 0, 0]]);
    await env.step(Int32Array.of(1, 0));
    expect([[...obs!], [...state!], terminated![0]]).toEqual([[0, 0, 1, 0, 0, 1], [0, 0, 1], 0]);
    await env.step(Int32Array.of(1, 1));
    expect([[...state!], terminated![0], truncated![0]]).toEqual([[0, 0, 1], 1, 0]);
  });
});

describe('mmdp', () => {
  it('pays (0,0) until (1,1) leads to the state that pays nothing', async () => {
    const env = await make('mmdp');
    expect([[...env.fields['obs']!], [...env.fields['state']!]]).toEqual([[0, 1, 0, 1], [0, 1, 0, 1]]);      // the second state is the start, and the state is both observations
    expect(await play(env, [0, 0], [0, 1], [1, 0], [0, 0])).toBe(2);
    expect([...env.fields['obs']!]).toEqual([0, 1, 0, 1]);
    expect(await play(env, [1, 1], [0, 0], [0, 0])).toBe(0);
    expect([[...env.fields['obs']!], [...env.fields['state']!]]).toEqual([[1, 0, 1, 0], [1, 0, 1, 0]]);
    expect((await make('mmdp?observe=lastAction')).spec.sizes).toMatchObject({ obs: 4, state: 4 });
  });
});

describe('repeated games', () => {
  it('show a constant, or the last joint action and nothing at the start', async () => {
    const constant = await make('climbing');
    expect([...constant.fields['obs']!]).toEqual([1, 1]);
    const env = await make('climbing?observe=lastAction'), nothing = new Array(12).fill(0);
    expect([...env.fields['obs']!]).toEqual(nothing);
    await env.step(Int32Array.of(2, 0));
    expect([...env.fields['obs']!]).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0]);
    expect([...env.fields['state']!]).toEqual([0, 0, 1, 1, 0, 0]);
    await env.reset(Uint8Array.of(1));
    expect([...env.fields['obs']!]).toEqual(nothing);
  });
  it('end at their limit with the flag that is asked for, and pay every agent the reward', async () => {
    for (const [timeoutAs, flags] of [['terminated', [1, 0]], ['truncated', [0, 1]]] as const) {
      const env = await make(`penalty?steps=3&k=50&timeoutAs=${timeoutAs}`);
      expect(await play(env, [0, 0], [0, 2])).toBe(-40);
      expect([env.fields['terminated']![0], env.fields['truncated']![0]]).toEqual([0, 0]);
      expect(await play(env, [1, 1])).toBe(2);
      expect([env.fields['terminated']![0], env.fields['truncated']![0], ...env.fields['agentReward']!]).toEqual([...flags, 2, 2]);
    }
  });
  it('never return more or less than spec.returns', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom('m2', 'climbing', 'penalty', 'climbing-3p', 'two-step', 'mmdp'), fc.infiniteStream(fc.nat(1)), async (task, draws) => {
      const env = await make(task), { agent } = env.spec.sizes as { agent: number }, { least, most } = env.spec.returns!;
      let total = 0;
      while (env.fields['terminated']![0] === 0) total += await play(env, Array.from({ length: agent }, () => draws.next().value));
      expect(total).toBeGreaterThanOrEqual(least - 1e-6);
      expect(total).toBeLessThanOrEqual(most + 1e-6);
    }), { numRuns: 50 });
  });
});

it('refuses a saved state of another game', async () => {
  const env = await make('m1');
  expect(() => env.setState(0, { state: 2, step: 0, last: -1, reward: 0, terminated: false, truncated: false })).toThrow(/not a saved state/);
  expect(() => env.setState(0, { cart: 1 })).toThrowErrorMatchingInlineSnapshot(`
    [RunError: matrix/m1: this is not a saved state of it (state: Invalid input: expected number, received undefined; step: Invalid input: expected number, received undefined; last: Invalid input: expected number, received undefined)
      fix: give what getState of the same environment returned]
  `);
  expect(() => env.setState(1, env.getState(0))).toThrow(/no copy 1/);
});

describe('what the others did', () => {
  it('is seen of everybody but oneself from the first step on', async () => {
    const env = await make('climbing-3p', 2);
    expect([...env.fields['seen']!, ...env.fields['seenAction']!]).toEqual(new Array<number>(24).fill(0));
    await env.step(Int32Array.of(0, 1, 2, 2, 2, 0));
    expect([...env.fields['seen']!]).toEqual(new Array<number>(12).fill(1));
    expect([...env.fields['seenAction']!]).toEqual([1, 2, 0, 2, 0, 1, 2, 0, 2, 0, 2, 2]);
    await env.reset(Uint8Array.of(0, 1));
    expect([...env.fields['seen']!]).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    const { spec } = await make('m1');
    expect([spec.sizes['other'], spec.fields['seenAction'], spec.fields['seen']]).toEqual([1, { dtype: 'i32', dims: 'agent other' }, { dtype: 'bool', dims: 'agent other' }]);
  });
});
