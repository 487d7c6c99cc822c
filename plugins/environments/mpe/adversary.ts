/** Adversary ("physical deception"): agents cover landmarks so that an adversary does not learn which of them is the goal. */
import { agentBody, anywhere, indices, landmarkBody, nearest, several, View, type Scenario } from './scenario.ts';

/**
 * The adversary, then `N` good agents; `N` landmarks, one of them the goal. The adversary earns minus its distance to the goal; each good agent
 * earns that distance minus the least one of a good agent.
 *
 * obs: offset of the goal (good agents only), offsets of the landmarks, offsets of the other agents. Source: MPE2 1.1.1 `simple_adversary_v3`.
 */
export function adversary({ N, nearestAgents, nearestLandmarks }: { readonly N: number; readonly nearestAgents: number; readonly nearestLandmarks: number }): Scenario {
  const agents = N + 1, landmarks = new View(nearestLandmarks, N), others = new View(nearestAgents, N), seen = 2 * landmarks.slots + 2 * others.slots;
  return {
    agents: several(agents, agentBody({ size: 0.15, collides: false })), landmarks: several(N, landmarkBody({ size: 0.08 })), words: 0, ...anywhere([N]),
    players: { adversaries: [0], good: indices(1, agents) }, obs: [seen, ...several(N, 2 + seen)],
    observe(world, copy, agent, into, at) {
      const next = agent === 0 ? at : world.showOffset(copy, agent, agents + world.chosen(copy, 0), into, at);
      others.show(world, copy, agent, 0, agents, into, landmarks.show(world, copy, agent, agents, agents + N, into, next));
    },
    reward(world, copy, earned) {
      const goal = agents + world.chosen(copy, 0), theirs = world.distance(copy, 0, goal), ours = nearest(world, copy, goal, 1, agents);
      earned[0] = 0 - theirs;
      for (let agent = 1; agent < agents; agent++) earned[agent] = theirs - ours;
    },
  };
}
