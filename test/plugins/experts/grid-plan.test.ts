import { describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../../core/environment.ts';
import { Random } from '../../../core/random.ts';
import { makeEnvironment } from '../../../plugins/environments/id.ts';
import { families } from '../../../plugins/environments/index.ts';
import { costOf, planPaths, type GridProblem } from '../../../plugins/experts/grid-plan.ts';
import { pathPlanner } from '../../../plugins/experts/path-planner.ts';

const STEPS = [[0, 1], [1, 0], [0, -1], [-1, 0]] as const;
function problem(map: readonly string[], starts: readonly (readonly [number, number])[], goals: readonly (readonly [number, number])[], limit = 30): GridProblem {
  const cols = map[0]!.length, cell = ([r, c]: readonly [number, number]) => r * cols + c;
  const next = Int32Array.from({ length: map.length * cols * 4 }, (_, i) => {
    const r = Math.floor(i / 4 / cols), c = Math.floor(i / 4) % cols, [dr, dc] = STEPS[i % 4]!;
    return map[r]![c] === '.' && map[r + dr]?.[c + dc] === '.' ? cell([r + dr, c + dc]) : -1;
  });
  return { next, starts: starts.map(cell), goals: goals.map(cell), last: starts.map(() => -1), limit };
}
/**
 * The least sum of costs over all joint plans, by Dijkstra over what all agents are doing: a cell, the last move, and whether the agent has said that it stays
 * for good, from when on it costs nothing. Written from the rules alone.
 */
function leastCost({ next, starts, goals, limit }: GridProblem): number | undefined {
  type State = readonly (readonly [cell: number, move: number, done: boolean])[];
  const key = (s: State) => s.map(a => a.join()).join(';'), first: State = starts.map(cell => [cell, -1, false]), best = new Map([[key(first), 0]]), open: State[][] = [[first]];
  for (let cost = 0; cost < open.length && cost < limit * starts.length; cost++) for (const state of open[cost] ?? []) {
    if (best.get(key(state)) !== cost) continue;
    if (state.every(([cell, , done], i) => done || cell === goals[i])) return cost;
    const each = state.map(([cell, move, done], i) => {
      const stays: [number, number, boolean][] = [[cell, -1, done]];
      if (done) return stays;
      if (cell === goals[i]) stays.push([cell, -1, true]);
      for (let d = 0; d < 4; d++) { const there = next[4 * cell + d]!; if (there >= 0 && (move < 0 || d !== (move + 2) % 4)) stays.push([there, d, false]); }
      return stays;
    });
    const joint = (i: number, chosen: State): void => {
      if (i === each.length) {
        // an agent that has said so costs nothing from the step on in which it says it
        const total = cost + chosen.filter(([, , done]) => !done).length, k = key(chosen);
        if (total < (best.get(k) ?? Infinity)) { best.set(k, total); (open[total] ??= []).push(chosen); }
        return;
      }
      for (const option of each[i]!) {
        const [there] = option, met = chosen.some(([cell]) => cell === there) || state.some(([cell], j) => j !== i && cell === there);
        if (!met) joint(i + 1, [...chosen, option]);
      }
    };
    joint(0, []);
  }
  return undefined;
}
const UNLIMITED = { nodes: 20_000, states: 1_000_000 };

describe('a plan', () => {
  it('costs as little as the best of all joint plans, on small maps', () => {
    const random = Random.of(5, 'maps');
    let solved = 0, crowded = 0;
    for (let trial = 0; trial < 60; trial++) {
      const agents = 2 + trial % 2, rows = 2 + random.integer(2), cols = 3, map = Array.from({ length: rows }, () => Array.from({ length: cols }, () => (random.uniform() < 0.15 ? '#' : '.')).join(''));
      const free = map.flatMap((row, r) => [...row].flatMap((x, c) => (x === '.' ? [[r, c] as const] : [])));
      if (free.length < agents + 1) continue;
      const drawn = () => [...random.permutation(free.length).subarray(0, agents)].map(i => free[i]!), p = problem(map, drawn(), drawn(), 16), least = leastCost(p), plan = planPaths(p, { ...UNLIMITED, nodes: 3000 });
      if (least === undefined) { if (plan) throw new Error(`a plan for ${JSON.stringify([map, p.starts, p.goals])}, which has none`); continue; }
      expect([map, p.starts, p.goals, plan && costOf(plan)]).toEqual([map, p.starts, p.goals, least]);
      solved++;
      if (plan!.some((path, i) => path.length - 1 > leastCost({ ...p, starts: [p.starts[i]!], goals: [p.goals[i]!], last: [-1] })!)) crowded++;
    }
    expect([solved > 30, crowded > 5]).toEqual([true, true]);
  }, 60_000);
  it('is none where there is none: no way, or no room to pass', () => {
    expect(planPaths(problem(['.#.'], [[0, 0]], [[0, 2]]))).toBeUndefined();
    expect(planPaths(problem(['...'], [[0, 0], [0, 2]], [[0, 2], [0, 0]], 12))).toBeUndefined();
  });
  it('lets one step aside for another, and does not turn round at once', () => {
    const plan = planPaths(problem(['.....', '##.##'], [[0, 0], [0, 4]], [[0, 4], [0, 0]]), UNLIMITED)!;
    for (const path of plan) for (let t = 2; t < path.length; t++) expect(path[t] === path[t - 2] && path[t] !== path[t - 1]).toBe(false);
    expect(costOf(plan)).toBe(leastCost(problem(['.....', '##.##'], [[0, 0], [0, 4]], [[0, 4], [0, 0]])));
  });
  it('is the same each time', () => {
    const p = problem(Array.from({ length: 8 }, () => '........'), [[0, 0], [7, 7], [0, 7], [7, 0]], [[7, 7], [0, 0], [7, 0], [0, 7]]);
    expect(planPaths(p)).toEqual(planPaths(p));
  });
  it('is found without the search, by one agent after another', () => {
    const p = problem(Array.from({ length: 6 }, () => '......'), [[0, 0], [5, 5], [0, 5], [5, 0]], [[5, 5], [0, 0], [5, 0], [0, 5]]), plan = planPaths(p, { nodes: 0, states: 40_000 })!;
    plan.forEach((path, i) => { expect([path[0], path.at(-1)]).toEqual([p.starts[i], p.goals[i]]); });
    for (let t = 1; t < 30; t++) plan.forEach((path, i) => { plan.forEach((other, j) => { if (i !== j) for (const s of [t - 1, t]) expect(path[Math.min(t, path.length - 1)]).not.toBe(other[Math.min(s, other.length - 1)]); }); });
  });
});

describe('the expert of mapf', () => {
  it.each(['mapf/10x10?density=0', 'mapf/10x10?density=0.2&moveOrder=shuffled', 'mapf/10x10?density=0.3&agents=4', 'mapf/20x20?density=0.2'])('brings all to their goals in %s, by allowed actions and without a collision', id => {
    const env = makeEnvironment(id, families, { copies: 1, seed: 3 }) as VectorEnvironment, expert = pathPlanner.make(env), { avail, agentReward, won, terminated } = env.fields as Record<string, Uint8Array>;
    let played = 0;
    for (let episode = 0; episode < 12; episode++) {
      void env.reset(Uint8Array.of(1));
      if (!expert.begin()) continue;
      played++;
      for (let t = 0; !terminated![0]; t++) {
        const actions = expert.act() as Int32Array;
        actions.forEach((action, i) => { expect(avail![5 * i + action], `episode ${episode}, step ${t}, agent ${i}: ${action}`).toBe(1); });
        void env.step(actions);
        actions.forEach((action, i) => { if (action) expect(agentReward![i], `episode ${episode}, step ${t}`).toBeGreaterThan(-2); });
        expect(t).toBeLessThan(255);
      }
      expect(won![0]).toBe(1);
    }
    expect(played).toBeGreaterThan(4);
  });
});
