/** Games that nobody can play alone: `parity/line`, `parity/ring`. */
import { z } from 'zod';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { InputError } from '../../core/error.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { checkActionIndices, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { savedDraws } from './episode-draws.ts';
import { episodeFields, Episodes, type EpisodeSetting } from './episodes.ts';
import { environmentId, unknownTask } from './id.ts';
import { completeOptions, type DeclaredOptions } from './options.ts';

const OPTIONS = {
  agents: { about: 'how many agents; a ring has 3 at least', default: 4, least: 2, most: 100, whole: true },
  steps: { about: 'steps of an episode, each with new bits', default: 1, least: 1, most: 1000, whole: true },
} as const satisfies DeclaredOptions;

/** Neighbours of each agent. */
const GRAPHS: Readonly<Record<string, (agents: number) => readonly (readonly number[])[]>> = {
  line: n => Array.from({ length: n }, (_, i) => [i - 1, i + 1].filter(j => j >= 0 && j < n)),
  ring: n => Array.from({ length: n }, (_, i) => [(i + n - 1) % n, (i + 1) % n]),
};
const bit = z.int().min(0).max(1);
const savedParity = z.strictObject({
  bits: z.array(bit), step: z.int().nonnegative(), agentReward: z.array(bit), terminated: z.boolean(), draws: savedDraws,
});
type Saved = z.infer<typeof savedParity>;

/**
 * Every agent holds a random bit that the others do not see, and chooses 0 or 1. An agent is paid 1 if its choice is the parity of its own
 * bit and those of its neighbours. Without a word from them it is right half of the time, whatever it does; told their bits, always.
 *
 * obs [copies agent obs]: one-hot of the own bit, and 1 where there are two neighbours. adjacency [copies agent neighbour]: 1 for a
 * neighbour, 0 for itself. agentReward [copies agent], and reward [copies] their sum. Bits are new every step; choices change nothing.
 */
class Parity implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #neighbours: readonly (readonly number[])[];
  readonly #episodes: Episodes;
  readonly #obs: Float32Array;
  /** [copies steps+1 agent]: those of a whole episode, the last for the observation after it. */
  readonly #bits: Uint8Array;

  constructor(id: string, neighbours: readonly (readonly number[])[], steps: number, setting: EpisodeSetting) {
    const { copies } = setting, agents = neighbours.length;
    this.#neighbours = neighbours; this.copies = copies;
    this.spec = {
      id, sizes: { agent: agents, neighbour: agents, action: 2, obs: 3 }, actions: 'discrete', limit: steps, reward: 'sum', returns: { least: 0, most: agents * steps },
      fields: {
        obs: { dtype: 'f32', dims: 'agent obs' }, adjacency: { dtype: 'bool', dims: 'agent neighbour' }, ...episodeFields(agents),
      },
    };
    const adjacency = Uint8Array.from({ length: copies * agents * agents }, (_, i) => (neighbours[Math.floor(i / agents) % agents]!.includes(i % agents) ? 1 : 0));
    this.#episodes = new Episodes(agents, setting);
    this.#obs = new Float32Array(copies * agents * 3);
    this.fields = { obs: this.#obs, adjacency, ...this.#episodes.fields };
    this.#bits = new Uint8Array(copies * (steps + 1) * agents);
  }

  step(actions: TypedArray): void {
    const agents = this.#neighbours.length, episodes = this.#episodes, { terminated, truncated, agentReward } = episodes.fields;
    checkActionIndices(this.spec, actions, terminated, truncated);
    for (let copy = 0; copy < this.copies; copy++) {
      if (episodes.over(copy)) continue;
      const bits = this.#now(copy);
      this.#neighbours.forEach((near, i) => { agentReward[copy * agents + i] = actions[copy * agents + i] === near.reduce((odd, j) => odd ^ bits[j]!, bits[i]!) ? 1 : 0; });
      episodes.pay(copy);
      const step = episodes.step[copy] = episodes.step[copy]! + 1;
      episodes.end(copy, step >= this.spec.limit, false);
      this.#observe(copy);
    }
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      const random = this.#episodes.draws(copy, seeds?.[copy]), bits = this.#episode(copy);
      for (let i = 0; i < bits.length; i++) bits[i] = random.integer(2, 'parity.bit');
      this.#episodes.begin(copy);
      this.#observe(copy);
    }
  }

  getState(copy: number): Saved {
    checkCopy(this.spec.id, this.copies, copy);
    const { step, agentReward, terminated, draws } = this.#episodes.save(copy);
    return { bits: [...this.#episode(copy)], step, agentReward, terminated, draws };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const agents = this.#neighbours.length, mine = savedParity.refine(s => s.bits.length === (this.spec.limit + 1) * agents && s.agentReward.length === agents && s.step <= this.spec.limit, 'another number of agents or steps');
    const saved = readSaved(this.spec.id, mine, state);
    this.#episodes.restore(copy, { ...saved, reward: 0, truncated: false });
    this.#episodes.pay(copy);
    this.#episode(copy).set(saved.bits);
    this.#observe(copy);
  }
  close(): void {}

  /** Bits of the copy's whole episode, and those of its step. */
  #episode(copy: number): Uint8Array {
    const size = (this.spec.limit + 1) * this.#neighbours.length;
    return this.#bits.subarray(copy * size, (copy + 1) * size);
  }
  #now(copy: number): Uint8Array {
    const agents = this.#neighbours.length, from = this.#episodes.step[copy]! * agents;
    return this.#episode(copy).subarray(from, from + agents);
  }
  #observe(copy: number): void {
    const agents = this.#neighbours.length;
    this.#now(copy).forEach((own, i) => { this.#obs.set([1 - own, own, this.#neighbours[i]!.length === 2 ? 1 : 0], (copy * agents + i) * 3); });
  }
}

export const parity: EnvironmentFamily = {
  family: 'parity',
  about: 'Private bits whose parity with the neighbours\' is asked for: at chance without communication.',
  tasks: { line: 'agents in a row: two neighbours, one at the ends', ring: 'agents in a circle: two neighbours each' },
  options: OPTIONS,
  make(task, options, setting) {
    if (!Object.hasOwn(GRAPHS, task)) throw unknownTask(parity, task);
    const id = environmentId(parity, task, options), { agents, steps } = completeOptions(`environment ${id}`, OPTIONS, options);
    if (task === 'ring' && agents < 3) throw new InputError(`environment ${id}: two agents are no ring`, 'agents=3 or more, or parity/line');
    return new Parity(id, GRAPHS[task]!(agents), steps, setting);
  },
};
