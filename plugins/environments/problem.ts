/** What `checkEnvironment` finds: one record for each kind of breach and place. */

const FIXES = {
  SPEC: 'describe the environment completely in `spec`, and never change it',
  FIELD: 'declare every field in spec.fields; its array is a Float32Array (f32), Int32Array (i32) or Uint8Array (bool) of copies x dims numbers',
  IDENTITY: 'allocate every field once and write into it',
  SHARED: 'give every field of every environment memory of its own',
  BOOL: 'write 0 or 1',
  FINITE: 'end the episode, or throw, before a number stops being one',
  AGENTS: 'keep the number of agents; one that is gone stays `alive` 0 until the episode ends',
  AVAIL: 'leave every agent one available action at least, a dead one its no-op',
  ACTION: 'throw an error that names the action before anything is stepped',
  ENDED: 'skip copies whose terminated or truncated is 1, and leave all their fields as they are, until `reset`',
  RESET: 'begin an episode in the copies with mask 1, flags at 0, and touch no other',
  LIMIT: 'set terminated or truncated in step number spec.limit at the latest',
  RETURNS: 'correct spec.returns or the rewards',
  REWARD: 'make `reward` the sum of `agentReward`, or say `common` in spec.reward',
  SEED: 'take every random number from streams keyed by (seed, copy, episode), or by the seed that `reset` is given',
  COPIES: 'key the streams by copy too',
  EPISODES: 'key the streams by episode too',
  SINGLE: 'let no copy read what another copy writes, its draws included',
  STATE: 'put everything into plain JSON data that the fields show and the future depends on: counters, flags, last rewards, the key of the draws',
  THROWS: 'no call that keeps to the contract may throw',
} as const;

export type ProblemCode = keyof typeof FIXES;
export interface Problem {
  readonly code: ProblemCode;
  /** One line: what is wrong, with the field, the copy and the step where it was first seen. */
  readonly what: string;
  readonly fix: string;
}

/** Keeps the first problem of each code and subject: later ones are its repetitions. */
export class Problems {
  readonly #found = new Map<string, Problem>();
  add(code: ProblemCode, subject: string, what: string): void {
    const key = `${code} ${subject}`;
    if (!this.#found.has(key)) this.#found.set(key, { code, what, fix: FIXES[code] });
  }
  has(...codes: readonly ProblemCode[]): boolean { return this.list().some(({ code }) => codes.includes(code)); }
  list(): readonly Problem[] { return [...this.#found.values()]; }
}
