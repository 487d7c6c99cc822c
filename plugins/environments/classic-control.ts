/** Classic control: many copies of one small mechanical system, whose state is a row of float64 numbers. */
import { z } from 'zod';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import type { RandomSource } from '../../core/random.ts';
import type { RandomFactory } from '../factories.ts';
import { checkActionIndices, checkActionNumbers, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { EpisodeDraws, savedDraws } from './episode-draws.ts';

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

const EPISODE = { step: z.int().nonnegative(), reward: z.number(), terminated: z.boolean(), truncated: z.boolean(), draws: savedDraws };

type Saved = z.infer<z.ZodObject<typeof EPISODE>> & Readonly<Record<string, unknown>>;

/** Copies of a system. Truncated at the limit; a step may set both flags, as in Gymnasium. obs [copies obs], rounded from the float64 state. */
export class ClassicControl implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #system: System;
  readonly #saved: z.ZodType<Saved>;
  readonly #draws: EpisodeDraws;
  readonly #obs: Float32Array;
  readonly #reward: Float32Array;
  readonly #terminated: Uint8Array;
  readonly #truncated: Uint8Array;
  readonly #state: Float64Array;
  readonly #step: Int32Array;

  constructor(id: string, system: System, steps: number, setting: { readonly copies: number; readonly seed: number; readonly random?: RandomFactory }) {
    const { copies } = setting, { state, obs, action, actions } = system;
    this.copies = copies;
    this.spec = {
      id, sizes: { agent: 1, action, obs }, actions, limit: steps, reward: 'common', returns: system.returns(steps),
      fields: {
        obs: { dtype: 'f32', dims: 'obs' }, reward: { dtype: 'f32', dims: '' },
        terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' },
      },
    };
    this.#system = system;
    this.#saved = z.strictObject({ ...EPISODE, ...Object.fromEntries(state.map(name => [name, z.number()])) });
    this.#draws = new EpisodeDraws(setting);
    this.#obs = new Float32Array(copies * obs);
    this.#reward = new Float32Array(copies);
    this.#terminated = new Uint8Array(copies).fill(1);                 // until its first reset a copy counts as ended
    this.#truncated = new Uint8Array(copies);
    this.fields = { obs: this.#obs, reward: this.#reward, terminated: this.#terminated, truncated: this.#truncated };
    this.#state = new Float64Array(copies * state.length);
    this.#step = new Int32Array(copies);
  }

  step(actions: TypedArray): void {
    if (this.spec.actions === 'discrete') checkActionIndices(this.spec, actions, this.#terminated, this.#truncated);
    else checkActionNumbers(this.spec, actions, this.#terminated, this.#truncated);
    const system = this.#system, x = this.#state, width = system.state.length;
    for (let copy = 0, at = 0; copy < this.copies; copy++, at += width) {
      if (this.#terminated[copy] === 1 || this.#truncated[copy] === 1) continue;
      const done = this.#step[copy]!;
      this.#reward[copy] = system.step(x, at, actions[copy]!, done);
      this.#step[copy] = done + 1;
      this.#terminated[copy] = system.terminated(x, at) ? 1 : 0;
      this.#truncated[copy] = done + 1 >= this.spec.limit ? 1 : 0;
      this.#observe(copy);
    }
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      this.#system.start(this.#state, copy * this.#system.state.length, this.#draws.begin(copy, seeds?.[copy]));
      this.#step[copy] = this.#reward[copy] = this.#terminated[copy] = this.#truncated[copy] = 0;
      this.#observe(copy);
    }
  }

  getState(copy: number): Saved {
    checkCopy(this.spec.id, this.copies, copy);
    const names = this.#system.state, row = names.map((name, i) => [name, this.#state[copy * names.length + i]!] as const);
    return { ...Object.fromEntries(row), step: this.#step[copy]!, reward: this.#reward[copy]!,
      terminated: this.#terminated[copy] === 1, truncated: this.#truncated[copy] === 1, draws: this.#draws.save(copy) };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const saved = readSaved(this.spec.id, this.#saved, state), names = this.#system.state;
    this.#draws.restore(copy, saved.draws);
    names.forEach((name, i) => { this.#state[copy * names.length + i] = saved[name] as number; });
    this.#step[copy] = saved.step;
    this.#reward[copy] = saved.reward;
    this.#terminated[copy] = saved.terminated ? 1 : 0;
    this.#truncated[copy] = saved.truncated ? 1 : 0;
    this.#observe(copy);
  }
  close(): void {}

  #observe(copy: number): void { this.#system.observe(this.#state, copy * this.#system.state.length, this.#obs, copy * this.#system.obs); }
}
