/** Reference: two agents, each of which knows only where the other one should go. */
import { agentBody, anywhere, landmarkBody, several, type Scenario } from './scenario.ts';

const AGENTS = 2, LANDMARKS = 3, WORDS = 10;

/**
 * An agent's own part of the reward is minus the distance of the other agent to its goal, which the first one knows; the common part is the mean
 * of both. reward = localRatio own + (1 - localRatio) common.
 *
 * obs: velocity, offsets of the landmarks, colour of the goal of the other agent (0.75 on the channel of its landmark, else 0.25), the other's
 * last word. Source: MPE2 1.1.1 `simple_reference_v3`.
 */
export const reference = ({ localRatio }: { readonly localRatio: number }): Scenario => ({
  agents: several(AGENTS, agentBody({ collides: false, speaks: true })), landmarks: several(LANDMARKS, landmarkBody()), words: WORDS,
  ...anywhere(several(AGENTS, LANDMARKS)), obs: several(AGENTS, 2 + 2 * LANDMARKS + 3 + WORDS),
  observe(world, copy, agent, into, at) {
    let next = world.showVelocity(copy, agent, into, at);
    for (let i = 0; i < LANDMARKS; i++) next = world.showOffset(copy, agent, AGENTS + i, into, next);
    for (let i = 0; i < LANDMARKS; i++) into[next++] = i === world.chosen(copy, agent) ? 0.75 : 0.25;
    world.showSpeech(copy, 1 - agent, into, next);
  },
  reward(world, copy, earned) {
    const first = 0 - world.distance(copy, 1, AGENTS + world.chosen(copy, 0)), second = 0 - world.distance(copy, 0, AGENTS + world.chosen(copy, 1));
    const common = (first + second) / AGENTS;
    earned[0] = common * (1 - localRatio) + first * localRatio;
    earned[1] = common * (1 - localRatio) + second * localRatio;
  },
});
