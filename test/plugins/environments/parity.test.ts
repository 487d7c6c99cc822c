import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';

const make = async (task: string, copies = 1, seed = 0): Promise<VectorEnvironment> => {
  const env = await makeEnvironment(`parity/${task}`, families, { copies, seed });
  await env.reset(new Uint8Array(copies).fill(1));
  return env;
};
/** A copy whose bits are these. */
async function holding(task: string, bits: readonly number[]): Promise<VectorEnvironment> {
  const env = await make(task), state = env.getState(0) as { readonly bits: readonly number[] };
  env.setState(0, { ...state, bits: [...bits, ...state.bits.slice(bits.length)] });
  return env;
}
const chunks = (x: ArrayLike<number>, n: number) => Array.from({ length: x.length / n }, (_, i) => Array.from(x).slice(i * n, (i + 1) * n));

describe('parity', () => {
  it('pays an agent for the parity of its bit and its neighbours\', and the team the sum: by hand', async () => {
    for (const [task, bits, parities] of [
      ['line', [1, 0, 1, 1], [1, 0, 0, 0]],                            // 1+0, 1+0+1, 0+1+1, 1+1
      ['line?agents=2', [0, 1], [1, 1]],
      ['ring', [1, 0, 1, 1], [0, 0, 0, 1]],                            // 1+1+0, 1+0+1, 0+1+1, 1+1+1
      ['ring?agents=3', [1, 1, 1], [1, 1, 1]],
    ] as const) {
      for (const actions of [parities, parities.map(p => 1 - p), parities.map((p, i) => (i === 0 ? p : 1 - p))]) {
        const env = await holding(task, bits), paid = actions.map((a, i) => (a === parities[i] ? 1 : 0));
        await env.step(Int32Array.from(actions));
        expect([...env.fields['agentReward']!]).toEqual(paid);
        expect([...env.fields['reward']!]).toEqual([paid.reduce<number>((a, b) => a + b, 0)]);
      }
    }
  });
  it('shows an agent its own bit and whether it stands between two, and who its neighbours are', async () => {
    const line = await holding('line', [1, 0, 1, 1]), ring = await holding('ring', [0, 0, 1, 0]);
    expect(chunks(line.fields['obs']!, 3)).toEqual([[0, 1, 0], [1, 0, 1], [0, 1, 1], [0, 1, 0]]);
    expect(chunks(ring.fields['obs']!, 3)).toEqual([[1, 0, 1], [1, 0, 1], [0, 1, 1], [1, 0, 1]]);
    expect(chunks(line.fields['adjacency']!, 4)).toEqual([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]);
    expect(chunks(ring.fields['adjacency']!, 4)).toEqual([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]);
  });
  it('ends after its steps, each with bits of its own that no action changes', async () => {
    const env = await make('line?steps=40'), twin = await make('line?steps=40'), seen = new Set<string>();
    expect(env.spec).toMatchObject({ limit: 40, reward: 'sum', returns: { least: 0, most: 160 } });
    for (let step = 1; step <= 40; step++) {
      expect(env.fields['terminated']![0]).toBe(0);
      seen.add([...env.fields['obs']!].join());
      await env.step(Int32Array.of(0, 0, 0, 0));
      await twin.step(Int32Array.of(1, 0, 1, 1));
      expect(env.fields['obs']).toEqual(twin.fields['obs']);
    }
    expect([env.fields['terminated']![0], env.fields['truncated']![0]]).toEqual([1, 0]);
    expect(seen.size).toBeGreaterThan(8);                              // of 16 there are
  });
  it('leaves an agent without communication at chance: given its own bit, either answer is right half of the time', async () => {
    const copies = 4000, env = await make('line', copies), obs = env.fields['obs']!.slice(), agents = 4, right = Array.from({ length: agents }, () => [[0, 0], [0, 0]]);
    await env.step(new Int32Array(copies * agents));
    env.fields['agentReward']!.forEach((paid, i) => { right[i % agents]![obs[i * 3 + 1]!]![paid]!++; });
    for (const byBit of right) for (const [wrong, paid] of byBit as [number, number][]) {
      expect(wrong + paid).toBeGreaterThan(1800);
      expect(Math.abs(paid / (wrong + paid) - 0.5)).toBeLessThan(0.05);  // 4.4 standard errors
    }
  });
  it('refuses a ring of two and a saved state of another game', async () => {
    await expect(make('ring?agents=2')).rejects.toThrowErrorMatchingInlineSnapshot(`
      [InputError: environment parity/ring?agents=2: two agents are no ring
        fix: agents=3 or more, or parity/line]
    `);
    const env = await make('line'), other = await make('line?agents=5');
    expect(() => { env.setState(0, other.getState(0)); }).toThrow(/not a saved state of it.*another number of agents or steps/);
  });
});
