/** Greedy episodes: as many as asked for, of every copy its share, closed afterwards; and scores worked by hand. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../core/engine.ts';
import { derive } from '../../core/graph.ts';
import { plan } from '../../core/plan.ts';
import type { Episode } from '../../core/run.ts';
import { Learner } from '../../core/step.ts';
import { freshState } from '../../core/weights.ts';
import { dqn, iql } from '../../graphs/index.ts';
import { evaluateEpisodes, scoreOf, seedFor, type EvaluationSetting } from '../../plugins/evaluation.ts';
import { sizesOf } from '../../plugins/rollout.ts';
import { engineOn } from './engines/on.ts';
import type { EpisodePlan } from './replay/streams.ts';
import { Scripted, type Script } from './rollout/scripted.ts';

let engine: Engine;
beforeAll(async () => { engine = await engineOn('wasm'); });

const small = derive(iql, 'small', g => { g.set('agentQ', { hidden: 3 }); }), one = derive(dqn, 'one', g => { g.set('q', { hidden: [3] }); });
/** Plays a page in scripted copies: copy c has episodes of plans[c]. */
async function play(setting: EvaluationSetting, { d = small, script = {}, plans = (copy: number): EpisodePlan[] => [{ length: 1 + copy % 3, end: 'terminated' }] }: { d?: typeof small | typeof one; script?: Partial<Script>; plans?: (copy: number) => EpisodePlan[] } = {}) {
  const made: Scripted[] = [], agents = d === small ? { agents: 2 } : {}, make = ({ copies }: { copies: number }) => { const env = new Scripted({ plans: Array.from({ length: copies }, (_, c) => plans(c)), ...agents, ...script }); made.push(env); return Promise.resolve(env); };
  const learner = new Learner(plan(d, sizesOf(d, new Scripted({ plans: [[{ length: 1, end: 'terminated' }]], ...agents }))), engine), state = freshState(learner.plan, 1), before = structuredClone(state);
  const run = evaluateEpisodes(d, learner, state, make, setting);
  return { episodes: await run.finally(() => { expect(made[0]!.closed).toBe(true); expect(state).toEqual(before); }), env: made[0]!, made };
}

describe('an evaluation', () => {
  it('plays as many episodes as it was asked for, in at most 32 copies', async () => {
    for (const [episodes, copies] of [[1, 1], [5, 5], [32, 32], [40, 32]] as const) { const { episodes: got, env, made } = await play({ episodes, seed: 1 }); expect([got.length, env.copies, made.length]).toEqual([episodes, copies, 1]); }
  });
  it('gives every copy its share, so that short episodes do not count for more', async () => {
    const { episodes } = await play({ episodes: 40, seed: 1 }, { plans: copy => [{ length: copy === 0 ? 1 : 6, end: 'truncated' }] }), counts = new Map<number, number>();
    for (const e of episodes) counts.set(e.copy, (counts.get(e.copy) ?? 0) + 1);
    expect([...counts.values()].sort()).toEqual([...Array<number>(24).fill(1), ...Array<number>(8).fill(2)]);
    expect(counts.get(0)).toBe(2);
    expect(episodes.filter(e => e.copy > 0).every(e => e.length === 6)).toBe(true);
  });
  it('plays the best actions, not those that explore', async () => {
    const best = await play({ episodes: 4, seed: 1 }, { d: one, plans: () => [{ length: 6, end: 'terminated' }] }), other = await play({ episodes: 4, seed: 2 }, { d: one, plans: () => [{ length: 6, end: 'terminated' }] });
    // epsilon is 1 at the start of a run: exploring, two seeds would differ
    expect(other.env.steps).toEqual(best.env.steps);
  });
  it('at random plays allowed actions of any kind, the same for the same seed', async () => {
    const go = (seed: number) => play({ episodes: 8, seed, policy: 'random' }, { plans: () => [{ length: 6, end: 'terminated' }], script: { avail: (_, agent, a) => a !== agent } }), [a, b, c] = [await go(1), await go(1), await go(2)];
    expect(b.env.steps).toEqual(a.env.steps);
    expect(c.env.steps).not.toEqual(a.env.steps);
    const kinds = new Set(a.env.steps.flat().map((x, i) => `${i % 2} ${x}`));
    expect([...kinds].sort()).toEqual(['0 1', '0 2', '1 0', '1 2']);
  });
  it('closes its environment also where that fails', async () => { await expect(play({ episodes: 2, seed: 1 }, { script: { spoil: at => { if (at.t === 1) throw new Error('crashed'); } } })).rejects.toThrow('crashed'); });
  it('ends with an error where a policy never ends an episode, and closes its environment', async () => {
    await expect(play({ episodes: 1, seed: 1, longest: 50 }, { plans: () => [{ length: 1e9, end: 'terminated' }] })).rejects.toThrow(/an evaluation took 51 steps a copy and 0 of 1 episodes ended/);
    for (const episodes of [2, 40]) expect((await play({ episodes, seed: 1, longest: 6 }, { plans: () => [{ length: 6, end: 'terminated' }] })).episodes).toHaveLength(episodes);
  });
  it('plays episodes of any length where the environment has a limit', async () => {
    expect((await play({ episodes: 2, seed: 1, longest: 6 }, { plans: () => [{ length: 20, end: 'truncated' }], script: { limit: 20 } })).episodes.map(e => e.length)).toEqual([20, 20]);
    await expect(play({ episodes: 1, seed: 1, longest: 6 }, { plans: () => [{ length: 1e9, end: 'truncated' }], script: { limit: 20 } })).rejects.toThrow(/0 of 1 episodes ended/);
  });
  it('leaves no tensors', async () => {
    await play({ episodes: 2, seed: 1 });
    const before = engine.alive();
    await play({ episodes: 4, seed: 1 });
    expect(engine.alive()).toBe(before);
  });
});

const of = (...returns: number[]): Episode[] => returns.map((x, copy) => ({ copy, return: x, length: copy + 1 }));
describe('a score', () => {
  it('by hand: eight returns, the middle four, two of three won', () => {
    // 1 2 3 4 5 6 7 100: mean 16, middle half 3 4 5 6: 4.5; squares of differences: 225 196 169 144 121 100 81 7056 = 8092, / 8 = 1011.5
    const s = scoreOf(of(4, 1, 3, 2, 100, 6, 7, 5));
    expect(s).toMatchObject({ mean: 16, iqm: 4.5, length: 4.5, episodes: 8 });
    expect(s.std).toBeCloseTo(Math.sqrt(1011.5), 10);
    expect('win' in s).toBe(false);
    expect(scoreOf([{ copy: 0, return: 1, length: 1, won: true }, { copy: 1, return: 1, length: 1, won: false }, { copy: 2, return: 1, length: 1, won: true }]).win).toBeCloseTo(2 / 3, 10);
  });
  it('of one episode is itself, without any doubt', () => { expect(scoreOf(of(3))).toEqual({ mean: 3, iqm: 3, low: 3, high: 3, std: 0, length: 1, episodes: 1 }); });
  it('lies in its interval, which lies among the returns and is the same for the same seed', () => fc.assert(fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 30 }), returns => {
    const s = scoreOf(of(...returns));
    expect(s.low).toBeLessThanOrEqual(s.mean + 1e-9);
    expect(s.high).toBeGreaterThanOrEqual(s.mean - 1e-9);
    expect(s.low).toBeGreaterThanOrEqual(Math.min(...returns));
    expect(s.high).toBeLessThanOrEqual(Math.max(...returns));
    expect(s.iqm).toBeGreaterThanOrEqual(Math.min(...returns));
    expect(scoreOf(of(...returns).reverse())).toEqual(s);
  }), { numRuns: 30 }));
  it('has an interval about as wide as the normal one: 1.96 standard errors each way', () => {
    const s = scoreOf(of(...Array.from({ length: 100 }, (_, i) => i)));
    expect((s.high - s.low) / (2 * 1.96 * s.std / 10)).toBeGreaterThan(0.9);
    expect((s.high - s.low) / (2 * 1.96 * s.std / 10)).toBeLessThan(1.1);
  });
});

describe('a seed for something', () => {
  it('depends on the seed, what it is for and when', () => {
    const seeds = [seedFor(1, 'evaluate', 5), seedFor(2, 'evaluate', 5), seedFor(1, 'environment'), seedFor(1, 'evaluate', 6)];
    expect(new Set(seeds).size).toBe(4);
    expect(seedFor(1, 'evaluate', 5)).toBe(seeds[0]);
    for (const s of seeds) { expect(Number.isInteger(s)).toBe(true); expect(s).toBeGreaterThanOrEqual(0); expect(s).toBeLessThan(2 ** 31); }
  });
});
