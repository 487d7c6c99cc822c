/** Simple: one agent goes to one landmark. */
import { agentBody, anywhere, landmarkBody, type Scenario } from './scenario.ts';

/** The agent earns minus the squared distance to the landmark. obs: velocity, offset of the landmark. Source: MPE2 1.1.1 `simple_v3`. */
export const simple = (): Scenario => ({
  agents: [agentBody({ collides: false })], landmarks: [landmarkBody()], words: 0, ...anywhere(), obs: [4],
  observe(world, copy, agent, into, at) { world.showOffset(copy, agent, 1, into, world.showVelocity(copy, agent, into, at)); },
  reward(world, copy, earned) { earned[0] = 0 - world.squared(copy, 0, 1); },
});
