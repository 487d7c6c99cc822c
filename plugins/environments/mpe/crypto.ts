/** Crypto: Alice tells Bob a secret that Eve, who hears her, must not learn; Alice and Bob share a key. */
import { agentBody, anywhere, landmarkBody, several, type Scenario } from './scenario.ts';
import type { ParticleWorld } from './world.ts';

const EVE = 0, BOB = 1, ALICE = 2, AGENTS = 3, WORDS = 4, SECRETS = 2;
/** Which chosen number of an episode is which. */
const GOAL = 0, KEY = 1;

/** Squared distance of what an agent said to the one-hot secret; 0 while it said nothing. */
function missed(world: ParticleWorld, copy: number, agent: number): number {
  const goal = world.chosen(copy, GOAL);
  let sum = 0, said = false;
  for (let w = 0, at = (copy * AGENTS + agent) * WORDS; w < WORDS; w++) {
    const word = world.speech[at + w]!, error = word - (w === goal ? 1 : 0);
    if (word !== 0) said = true;
    sum += error * error;
  }
  return said ? sum : 0;
}
const oneHot = (which: number, into: Float32Array, at: number): number => {
  for (let w = 0; w < WORDS; w++) into[at + w] = w === which ? 1 : 0;
  return at + WORDS;
};

/**
 * Eve, Bob, Alice. Secret and key are one of two, as one-hot of four. Eve earns minus what she missed; Alice and Bob earn what Eve missed minus
 * what Bob missed. Nobody moves, and every word is an action.
 *
 * obs of Alice: secret, key; of Bob: key, Alice's last word; of Eve: Alice's last word. Source: MPE2 1.1.1 `simple_crypto_v3`.
 */
export const crypto = (): Scenario => ({
  agents: several(AGENTS, agentBody({ collides: false, moves: false, speaks: true })), landmarks: several(SECRETS, landmarkBody()), words: WORDS,
  ...anywhere([SECRETS, SECRETS]), players: { adversaries: [EVE], good: [BOB, ALICE] }, obs: [WORDS, 2 * WORDS, 2 * WORDS],
  observe(world, copy, agent, into, at) {
    if (agent === ALICE) oneHot(world.chosen(copy, KEY), into, oneHot(world.chosen(copy, GOAL), into, at));
    else world.showSpeech(copy, ALICE, into, agent === BOB ? oneHot(world.chosen(copy, KEY), into, at) : at);
  },
  reward(world, copy, earned) {
    const eve = missed(world, copy, EVE);
    earned[EVE] = 0 - eve;
    earned[BOB] = earned[ALICE] = eve - missed(world, copy, BOB);
  },
});
