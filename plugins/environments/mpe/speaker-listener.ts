/** Speaker and listener: one knows the goal and cannot move, the other moves and does not know it. */
import { agentBody, anywhere, landmarkBody, several, type Scenario } from './scenario.ts';

const SPEAKER = 0, LISTENER = 1, LANDMARKS = 3, FIRST = 2;

/**
 * Both earn minus the squared distance of the listener to the goal, one of three landmarks.
 *
 * obs of the speaker: colour of the goal (0.65 on the channel of its landmark, else 0.15); of the listener: velocity, offsets of the landmarks,
 * the last word. Source: MPE2 1.1.1 `simple_speaker_listener_v4`.
 */
export const speakerListener = (): Scenario => ({
  agents: [agentBody({ size: 0.075, collides: false, moves: false, speaks: true }), agentBody({ size: 0.075, collides: false })],
  landmarks: several(LANDMARKS, landmarkBody({ size: 0.04 })), words: 3, ...anywhere([LANDMARKS]), obs: [3, 2 + 2 * LANDMARKS + 3],
  observe(world, copy, agent, into, at) {
    if (agent === SPEAKER) {
      for (let i = 0; i < LANDMARKS; i++) into[at + i] = i === world.chosen(copy, 0) ? 0.65 : 0.15;
      return;
    }
    let next = world.showVelocity(copy, LISTENER, into, at);
    for (let i = 0; i < LANDMARKS; i++) next = world.showOffset(copy, LISTENER, FIRST + i, into, next);
    world.showSpeech(copy, SPEAKER, into, next);
  },
  reward(world, copy, earned) {
    earned[SPEAKER] = earned[LISTENER] = 0 - world.squared(copy, LISTENER, FIRST + world.chosen(copy, 0));
  },
});
