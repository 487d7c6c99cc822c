/** Classic control: many copies of one small mechanical system, whose state is a row of float64 numbers. */
import { z } from 'zod';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import type { RandomSource } from '../../core/random.ts';
import { checkActionIndices, checkActionNumbers, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { episodeFields, Episodes, savedEpisode, type EpisodeSetting } from './episodes.ts';

/**
 * A mechanical system, one action at a time. `x` holds the states of all copies, one row after another; `at` is where the row begins.
 * Its arithmetic is written as Gymnasium computes it, since sums and products of doubles depend on their order.
 */
export interface System {
  /** Names of the numbers in a row, in their order; a saved state has them. */
  readonly state: readonly string[];
  /** Numbers of an observation. */
  readonly obs: number;
  /** How many actions there are; one force in [-1, 1] where they are continuous. */
  readonly action: number;
  readonly actions: EnvironmentSpec['actions'];
  /** Steps after which Gymnasium truncates an episode. */
  readonly limit: number;
  /** Bounds of what an episode of so many steps at most returns. */
  returns(steps: number): { readonly least: number; readonly most: number };
  /** The state that an episode starts with. */
  start(x: Float64Array, at: number, random: RandomSource): void;
  /** The next state, and the reward of the step; `done` steps of the episode lie behind it. */
  step(x: Float64Array, at: number, action: number, done: number): number;
  terminated(x: Float64Array, at: number): boolean;
  observe(x: Float64Array, at: number, obs: Float32Array, to: number): void;
}

/** Uniform in [low, high). */
export const between = (low: number, high: number, random: RandomSource, what: string): number => low + (high - low) * random.uniform(what);

/** One agent earns what is earned, so neither fields nor states say it twice. */
const { agentReward: _saved, ...EPISODE } = savedEpisode, { agentReward: _shown, ...SHOWN } = episodeFields(1);
type Saved = z.infer<z.ZodObject<typeof EPISODE>> & Readonly<Record<string, unknown>>;

/** Copies of a system. Truncated at the limit; a step may set both flags, as in Gymnasium. obs [copies obs], rounded from the float64 state. */
export class ClassicControl implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #system: System;
  readonly #saved: z.ZodType<Saved>;
  readonly #episodes: Episodes;
  readonly #obs: Float32Array;
  readonly #state: Float64Array;

  constructor(id: string, system: System, steps: number, setting: EpisodeSetting) {
    const { copies } = setting, { state, obs, action, actions } = system;
    this.copies = copies;
    this.spec = {
      id, sizes: { agent: 1, action, obs }, actions, limit: steps, reward: 'common', returns: system.returns(steps),
      fields: { obs: { dtype: 'f32', dims: 'obs' }, ...SHOWN },
    };
    this.#system = system;
    this.#saved = z.strictObject({ ...EPISODE, ...Object.fromEntries(state.map(name => [name, z.number()])) });
    this.#episodes = new Episodes(1, setting);
    const { agentReward: _, ...shown } = this.#episodes.fields;
    this.#obs = new Float32Array(copies * obs);
    this.fields = { obs: this.#obs, ...shown };
    this.#state = new Float64Array(copies * state.length);
  }

  step(actions: TypedArray): void {
    const episodes = this.#episodes, { terminated, truncated, agentReward } = episodes.fields, system = this.#system, x = this.#state, width = system.state.length;
    if (this.spec.actions === 'discrete') checkActionIndices(this.spec, actions, terminated, truncated);
    else checkActionNumbers(this.spec, actions, terminated, truncated);
    for (let copy = 0, at = 0; copy < this.copies; copy++, at += width) {
      if (episodes.over(copy)) continue;
      const done = episodes.step[copy]!;
      agentReward[copy] = system.step(x, at, actions[copy]!, done);
      episodes.pay(copy);
      episodes.step[copy] = done + 1;
      episodes.end(copy, system.terminated(x, at), done + 1 >= this.spec.limit);
      this.#observe(copy);
    }
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      this.#system.start(this.#state, copy * this.#system.state.length, this.#episodes.draws(copy, seeds?.[copy]));
      this.#episodes.begin(copy);
      this.#observe(copy);
    }
  }

  getState(copy: number): Saved {
    checkCopy(this.spec.id, this.copies, copy);
    const names = this.#system.state, row = names.map((name, i) => [name, this.#state[copy * names.length + i]!] as const);
    const { agentReward: _, ...episode } = this.#episodes.save(copy);
    return { ...Object.fromEntries(row), ...episode };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const saved = readSaved(this.spec.id, this.#saved, state), names = this.#system.state;
    this.#episodes.restore(copy, { ...saved, agentReward: [saved.reward] });
    names.forEach((name, i) => { this.#state[copy * names.length + i] = saved[name] as number; });
    this.#observe(copy);
  }
  close(): void {}

  #observe(copy: number): void { this.#system.observe(this.#state, copy * this.#system.state.length, this.#obs, copy * this.#system.obs); }
}
