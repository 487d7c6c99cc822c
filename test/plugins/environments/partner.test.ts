import { describe, expect, it } from 'vitest';
import type { Definition } from '../../../core/definition.ts';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { derive } from '../../../core/graph.ts';
import { bool, index } from '../../../core/port.ts';
import { local, team } from '../../../core/world.ts';
import { iql } from '../../../graphs/index.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { sizesOf } from '../../../plugins/rollout.ts';

interface State { readonly types: readonly number[]; readonly partner: readonly number[]; readonly sees: readonly number[]; readonly [more: string]: unknown }
const make = async (task: string, copies = 1, seed = 0): Promise<VectorEnvironment> => {
  const env = await makeEnvironment(`partner/${task}`, families, { copies, seed });
  await env.reset(new Uint8Array(copies).fill(1));
  return env;
};
const stateOf = (env: VectorEnvironment, copy = 0) => env.getState(copy) as State;
/** An episode of two steps: a partner of type 2 that plays 2, then 0; whose sight is given, step by step and agent by agent, over the other agent and the partner. */
async function holding(task: string, sees: readonly number[]): Promise<VectorEnvironment> {
  const env = await make(`${task}?steps=2`);
  env.setState(0, { ...stateOf(env), types: [2, 2, 2], partner: [2, 0], sees });
  return env;
}
const chunks = (x: ArrayLike<number>, n: number) => Array.from({ length: x.length / n }, (_, i) => Array.from(x).slice(i * n, (i + 1) * n));
const shown = ({ fields }: VectorEnvironment) => ({ obs: chunks(fields['obs']!, 4), seenAction: chunks(fields['seenAction']!, 2), seen: chunks(fields['seen']!, 2), paid: [...fields['agentReward']!], reward: [...fields['reward']!] });

describe('partner', () => {
  it('match pays each agent for playing what the partner plays, and shows what was done, paid and seen: by hand', async () => {
    const env = await holding('match', [1, 0, 0, 1, 1, 1, 0, 0]);
    expect(shown(env)).toEqual({ obs: [[0, 0, 0, 0], [0, 0, 0, 0]], seenAction: [[0, 0], [0, 0]], seen: [[0, 0], [0, 0]], paid: [0, 0], reward: [0] });
    await env.step(Int32Array.of(2, 1));
    expect(shown(env)).toEqual({ obs: [[0, 0, 1, 1], [0, 1, 0, 0]], seenAction: [[1, 0], [0, 2]], seen: [[1, 0], [0, 1]], paid: [1, 0], reward: [1] });
    expect(chunks(env.fields['state']!, 3)).toEqual([[0, 0, 1], [0, 0, 1], [0, 1, 0], [0, 0, 1]]);      // type; agents, partner
    expect(env.fields['terminated']![0]).toBe(0);
    await env.step(Int32Array.of(0, 0));
    expect(shown(env)).toEqual({ obs: [[1, 0, 0, 1], [1, 0, 0, 1]], seenAction: [[0, 0], [0, 0]], seen: [[1, 1], [0, 0]], paid: [1, 1], reward: [2] });
    expect([env.fields['terminated']![0], env.fields['truncated']![0]]).toEqual([1, 0]);
  });
  it('cover pays everybody where no two play the same', async () => {
    for (const [actions, paid] of [[[0, 1], 1], [[1, 0], 1], [[1, 1], 0], [[2, 0], 0], [[0, 2], 0]] as const) {
      const env = await holding('cover', new Array<number>(8).fill(0));
      await env.step(Int32Array.from(actions));                        // the partner plays 2
      expect(shown(env)).toMatchObject({ paid: [paid, paid], reward: [paid] });
    }
    expect((await make('cover?agents=4&actions=6')).spec).toMatchObject({ sizes: { agent: 4, other: 4, action: 6, obs: 7, state: 36 }, reward: 'common', returns: { least: 0, most: 20 } });
  });
  it('tells of others in their order, without the agent itself, and of the partner last', async () => {
    const env = await make('match?agents=3&actions=4&visible=1&noise=0');
    await env.step(Int32Array.of(1, 2, 3));
    const { partner: [b] } = stateOf(env);
    expect(chunks(env.fields['seenAction']!, 3)).toEqual([[2, 3, b], [1, 3, b], [1, 2, b]]);
    expect([...env.fields['seen']!].every(x => x === 1)).toBe(true);
  });
  it('draws types, noise, changes and sight as often as its options say', async () => {
    const copies = 3000, steps = 10, env = await make(`match?actions=4&noise=0.4&change=0.3&visible=0.25&steps=${steps}`, copies), share = { type: [0, 0, 0, 0], own: 0, same: 0, sees: 0 };
    for (let copy = 0; copy < copies; copy++) {
      const { types, partner, sees } = stateOf(env, copy);
      share.type[types[0]!]! += 1 / copies;
      partner.forEach((b, t) => { if (b === types[t]) share.own += 1 / copies / steps; if (types[t + 1] === types[t]) share.same += 1 / copies / steps; });
      share.sees += sees.reduce((a, x) => a + x, 0) / sees.length / copies;
    }
    for (const x of share.type) expect(Math.abs(x - 0.25)).toBeLessThan(0.035);      // 4.4 standard errors
    expect(Math.abs(share.own - 0.7)).toBeLessThan(0.012);             // 0.6 + 0.4 / 4; 30,000 draws: 4.5
    expect(Math.abs(share.same - 0.775)).toBeLessThan(0.012);          // 0.7 + 0.3 / 4
    expect(Math.abs(share.sees - 0.25)).toBeLessThan(0.006);           // 120,000 draws: 4.8
  });
  it('keeps its type through an episode unless it changes, and then plays nothing else without noise', async () => {
    for (let copy = 0, env = await make('match?noise=0', 20); copy < 20; copy++) expect(new Set([...stateOf(env, copy).types, ...stateOf(env, copy).partner]).size).toBe(1);
  });
  it('plays on whatever anybody does, and shows it to the same', async () => {
    const [env, twin] = [await make('match', 4), await make('match', 4)], own = (x: VectorEnvironment) => ({ seen: x.fields['seen'], partner: [...x.fields['seenAction']!].filter((_, i) => i % 2 === 1) });
    for (let step = 1; step <= 20; step++) {
      await env.step(new Int32Array(8));
      await twin.step(Int32Array.from({ length: 8 }, (_, i) => (step + i) % 3));
      expect(own(env)).toEqual(own(twin));
    }
    expect([...env.fields['terminated']!]).toEqual([1, 1, 1, 1]);
  });
  it('counts its partner among the others of a page', async () => {
    const world = { ...team, seenAction: local(index('agent other', 'action')), seen: local(bool('agent other')) }, page = derive(iql as never, 'watching', () => undefined, world) as Definition;
    expect(sizesOf(page, await make('match?agents=3'))).toMatchObject({ agent: 3, other: 3, id: 3 });
    expect(sizesOf(page, await makeEnvironment('matrix/climbing', families, { copies: 1, seed: 0 }))).toMatchObject({ agent: 2, other: 1 });
  });
  it('is a world of one agent, too', async () => {
    const env = await make('match?agents=1');
    expect(env.spec.fields).toMatchObject({ obs: { dims: 'obs' }, seenAction: { dims: 'other' }, seen: { dims: 'other' }, agentReward: { dims: '' } });
    expect(env.spec.sizes).toMatchObject({ agent: 1, other: 1 });
  });
  it('refuses a cover of too few actions, and a saved state of another game', async () => {
    await expect(make('cover?agents=3')).rejects.toThrowErrorMatchingInlineSnapshot(`
      [InputError: environment partner/cover?agents=3: 4 players never all differ in 3 actions
        fix: actions=4 or more, or agents=2 or fewer]
    `);
    const env = await make('match'), other = await make('match?agents=3');
    expect(() => { env.setState(0, other.getState(0)); }).toThrow(/not a saved state of it/);
    expect(() => { env.setState(0, { ...stateOf(env), last: [0, 1, 2] }); }).toThrow(/actions before the first step, or none after it/);
  });
});
