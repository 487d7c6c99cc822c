/** Spread: agents cover all landmarks and keep out of each other's way. */
import { agentBody, anywhere, landmarkBody, nearest, several, View, type Scenario } from './scenario.ts';

/** An agent nearer than this to a landmark covers it. */
const COVERED = 0.1;
/** What agents say, all of them silent, is observed as so many zeros each. */
const WORDS = 2;

/**
 * `N` agents, `N` landmarks. The common part of the reward is minus the sum over landmarks of the least distance of an agent; an agent's own
 * part is -1 for each agent that it overlaps. reward = localRatio own + (1 - localRatio) common.
 *
 * obs: velocity, place, offsets of landmarks, offsets of the other agents, their speech (always 0).
 * `penalty` false: nothing is lost by overlapping (stage 0 of the original's curriculum). Source: MPE2 1.1.1 `simple_spread_v3`.
 */
export function spread({ N, localRatio, penalty, ends, nearestAgents, nearestLandmarks }:
  { readonly N: number; readonly localRatio: number; readonly penalty: boolean; readonly ends: boolean; readonly nearestAgents: number; readonly nearestLandmarks: number }): Scenario {
  const landmarks = new View(nearestLandmarks, N), others = new View(nearestAgents, N - 1);
  return {
    agents: several(N, agentBody({ size: 0.15 })), landmarks: several(N, landmarkBody()), words: 0, ...anywhere(),
    obs: several(N, 4 + 2 * landmarks.slots + (2 + WORDS) * others.slots),
    observe(world, copy, agent, into, at) {
      const own = world.showPlace(copy, agent, into, world.showVelocity(copy, agent, into, at));
      others.show(world, copy, agent, 0, N, into, landmarks.show(world, copy, agent, N, 2 * N, into, own));
    },
    reward(world, copy, earned) {
      let common = 0;
      for (let landmark = N; landmark < 2 * N; landmark++) common -= nearest(world, copy, landmark, 0, N);
      for (let agent = 0; agent < N; agent++) {
        let own = 0;
        if (penalty) for (let other = 0; other < N; other++) if (other !== agent && world.touch(copy, other, agent)) own -= 1;
        earned[agent] = common * (1 - localRatio) + own * localRatio;
      }
    },
    ...ends ? {
      succeeded(world, copy) {
        for (let landmark = N; landmark < 2 * N; landmark++) if (nearest(world, copy, landmark, 0, N) >= COVERED) return false;
        return true;
      },
    } : {},
  };
}
