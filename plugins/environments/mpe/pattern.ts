/** What formation and line share: agents take the places of a pattern, whoever takes which. */
import { Assignment } from './assignment.ts';
import { agentBody, several, type Scenario } from './scenario.ts';
import type { Body, ParticleWorld } from './world.ts';

/** An agent nearer than this to its place stands on it. */
const ARRIVED = 0.05;
/** Farther than this from its place an agent loses no more. */
const FARTHEST = 2;

/**
 * Every agent earns minus the mean distance of the agents to places of a pattern, each at most 2; each agent counts to a place of its own, so that
 * the sum of all distances is least. obs: velocity, place, offsets of the landmarks. `places` writes the pattern of a copy, x and y of N places.
 */
export function pattern({ N, size, ends, landmarks, places, start }: {
  readonly N: number; readonly size: number; readonly ends: boolean; readonly landmarks: readonly Body[];
  places(world: ParticleWorld, copy: number, into: Float64Array): void;
} & Pick<Scenario, 'start'>): Scenario {
  const into = new Float64Array(2 * N), matched = new Assignment(N);
  /** The distance of an agent to its place, after `match`. */
  const distance = (agent: number): number => matched.cost[agent * N + matched.column[agent]!]!;
  const match = (world: ParticleWorld, copy: number): void => {
    places(world, copy, into);
    for (let agent = 0; agent < N; agent++) for (let i = 0, p = (copy * world.entities + agent) * 2; i < N; i++) {
      const dx = world.place[p]! - into[2 * i]!, dy = world.place[p + 1]! - into[2 * i + 1]!;
      matched.cost[agent * N + i] = Math.sqrt(dx * dx + dy * dy);
    }
    matched.solve();
  };
  return {
    agents: several(N, agentBody({ size })), landmarks, words: 0, choices: [], start, obs: several(N, 4 + 2 * landmarks.length),
    observe(world, copy, agent, seen, at) {
      let next = world.showPlace(copy, agent, seen, world.showVelocity(copy, agent, seen, at));
      for (let i = 0; i < landmarks.length; i++) next = world.showOffset(copy, agent, N + i, seen, next);
    },
    reward(world, copy, earned) {
      match(world, copy);
      let sum = 0;
      for (let agent = 0; agent < N; agent++) sum += Math.min(distance(agent), FARTHEST);
      earned.fill(0 - sum / N);
    },
    ...ends ? {
      succeeded(world, copy) {
        match(world, copy);
        for (let agent = 0; agent < N; agent++) if (distance(agent) >= ARRIVED) return false;
        return true;
      },
    } : {},
  };
}
