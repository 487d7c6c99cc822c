/** Push ("keep away"): an adversary pushes an agent away from a goal that only the agent knows. */
import { agentBody, anywhere, landmarkBody, several, type Scenario } from './scenario.ts';

const ADVERSARY = 0, GOOD = 1, AGENTS = 2, LANDMARKS = 2, CHANNELS = 3;

/** A colour: `ground` everywhere, `mark` on one channel. */
const colour = (ground: number, mark: number, channel: number, into: Float32Array, at: number): number => {
  for (let c = 0; c < CHANNELS; c++) into[at + c] = c === channel ? mark : ground;
  return at + CHANNELS;
};

/**
 * Two landmarks, one of them the goal. The good agent earns minus its distance to the goal; the adversary earns that distance minus its own.
 *
 * obs of the good agent: velocity, offset of the goal, own colour (0.75 on channel 1 + goal, else 0.25), offsets of the landmarks, their colours
 * (0.9 on channel 1 + landmark, else 0.1), offset of the adversary; of the adversary: velocity, offsets of the landmarks, offset of the agent.
 * Source: MPE2 1.1.1 `simple_push_v3`.
 */
export const push = (): Scenario => ({
  agents: several(AGENTS, agentBody({})), landmarks: several(LANDMARKS, landmarkBody()), words: 0, ...anywhere([LANDMARKS]),
  players: { adversaries: [ADVERSARY], good: [GOOD] }, obs: [2 + 2 * LANDMARKS + 2, 4 + CHANNELS + (2 + CHANNELS) * LANDMARKS + 2],
  observe(world, copy, agent, into, at) {
    let next = world.showVelocity(copy, agent, into, at);
    if (agent === GOOD) next = colour(0.25, 0.75, 1 + world.chosen(copy, 0), into, world.showOffset(copy, agent, AGENTS + world.chosen(copy, 0), into, next));
    for (let i = 0; i < LANDMARKS; i++) next = world.showOffset(copy, agent, AGENTS + i, into, next);
    if (agent === GOOD) for (let i = 0; i < LANDMARKS; i++) next = colour(0.1, 0.9, 1 + i, into, next);
    world.showOffset(copy, agent, 1 - agent, into, next);
  },
  reward(world, copy, earned) {
    const goal = AGENTS + world.chosen(copy, 0), far = world.distance(copy, GOOD, goal);
    earned[ADVERSARY] = far - world.distance(copy, ADVERSARY, goal);
    earned[GOOD] = 0 - far;
  },
});
