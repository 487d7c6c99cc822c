/** Classic control: `classic/cartpole`, Gymnasium's CartPole-v1. */
import { z } from 'zod';
import type { EnvironmentFamily, EnvironmentSpec, RandomFactory, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { checkActionIndices, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { EpisodeDraws, savedDraws } from './episode-draws.ts';
import { environmentId, unknownTask } from './id.ts';
import { completeOptions, type DeclaredOptions } from './options.ts';

const OPTIONS = {
  steps: { about: 'steps after which an episode is truncated: 500 is CartPole-v1, 200 v0', default: 500, least: 1, most: 1_000_000, whole: true },
} as const satisfies DeclaredOptions;

// Metres, kilograms, seconds, radians, newtons; written as Gymnasium computes them, since products of doubles depend on their order.
const GRAVITY = 9.8, CART = 1.0, POLE = 0.1, TOTAL = POLE + CART, HALF_LENGTH = 0.5, POLE_MOMENT = POLE * HALF_LENGTH;
const FORCE = 10.0, TIME_STEP = 0.02, TRACK = 2.4, TILT = 12 * 2 * Math.PI / 360, START = 0.05;

const savedCart = z.strictObject({
  position: z.number(), velocity: z.number(), angle: z.number(), spin: z.number(),
  step: z.int().nonnegative(), reward: z.number(), terminated: z.boolean(), truncated: z.boolean(), draws: savedDraws,
});

/**
 * A pole on a cart, pushed left (0) or right (1); reward 1 every step, the last one included. Terminated when the cart leaves the track
 * or the pole leans over 12 degrees, truncated at the limit; both flags may be set by the same step, as in Gymnasium.
 *
 * obs [copies obs]: position (m), velocity (m/s), angle (rad), angular velocity (rad/s), rounded from the float64 state.
 * Source: gymnasium 1.4.0 `envs/classic_control/cartpole.py`; Barto, Sutton and Anderson 1983. Explicit Euler.
 */
class CartPole implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #draws: EpisodeDraws;
  readonly #obs: Float32Array;
  readonly #reward: Float32Array;
  readonly #terminated: Uint8Array;
  readonly #truncated: Uint8Array;
  readonly #position: Float64Array;
  readonly #velocity: Float64Array;
  readonly #angle: Float64Array;
  readonly #spin: Float64Array;
  readonly #step: Int32Array;

  constructor(id: string, steps: number, setting: { readonly copies: number; readonly seed: number; readonly random?: RandomFactory }) {
    const { copies } = setting;
    this.copies = copies;
    this.spec = {
      id, sizes: { agent: 1, action: 2, obs: 4 }, actions: 'discrete', limit: steps, reward: 'common', returns: { least: 1, most: steps },
      fields: {
        obs: { dtype: 'f32', dims: 'obs' }, reward: { dtype: 'f32', dims: '' },
        terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' },
      },
    };
    this.#draws = new EpisodeDraws(setting);
    this.#obs = new Float32Array(copies * 4);
    this.#reward = new Float32Array(copies);
    this.#terminated = new Uint8Array(copies).fill(1);                 // until its first reset a copy counts as ended
    this.#truncated = new Uint8Array(copies);
    this.fields = { obs: this.#obs, reward: this.#reward, terminated: this.#terminated, truncated: this.#truncated };
    this.#position = new Float64Array(copies);
    this.#velocity = new Float64Array(copies);
    this.#angle = new Float64Array(copies);
    this.#spin = new Float64Array(copies);
    this.#step = new Int32Array(copies);
  }

  step(actions: TypedArray): void {
    checkActionIndices(this.spec, actions, this.#terminated, this.#truncated);
    for (let copy = 0; copy < this.copies; copy++) {
      if (this.#terminated[copy] === 1 || this.#truncated[copy] === 1) continue;
      const velocity = this.#velocity[copy]!, angle = this.#angle[copy]!, spin = this.#spin[copy]!;
      const force = actions[copy] === 1 ? FORCE : -FORCE, sin = Math.sin(angle), cos = Math.cos(angle);
      const push = (force + POLE_MOMENT * (spin * spin) * sin) / TOTAL;
      const spinRate = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4.0 / 3.0 - POLE * (cos * cos) / TOTAL));
      const acceleration = push - POLE_MOMENT * spinRate * cos / TOTAL;
      const position = this.#position[copy]! + TIME_STEP * velocity, leaned = angle + TIME_STEP * spin;
      this.#position[copy] = position;
      this.#velocity[copy] = velocity + TIME_STEP * acceleration;
      this.#angle[copy] = leaned;
      this.#spin[copy] = spin + TIME_STEP * spinRate;
      const step = this.#step[copy] = this.#step[copy]! + 1;
      this.#reward[copy] = 1;
      this.#terminated[copy] = Math.abs(position) > TRACK || Math.abs(leaned) > TILT ? 1 : 0;
      this.#truncated[copy] = step >= this.spec.limit ? 1 : 0;
      this.#observe(copy);
    }
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      const random = this.#draws.begin(copy, seeds?.[copy]);
      const near0 = (what: string) => -START + 2 * START * random.uniform(what);
      this.#place(copy, near0('cartpole.position'), near0('cartpole.velocity'), near0('cartpole.angle'), near0('cartpole.spin'));
      this.#step[copy] = this.#reward[copy] = this.#terminated[copy] = this.#truncated[copy] = 0;
    }
  }

  getState(copy: number): z.infer<typeof savedCart> {
    checkCopy(this.spec.id, this.copies, copy);
    return { position: this.#position[copy]!, velocity: this.#velocity[copy]!, angle: this.#angle[copy]!, spin: this.#spin[copy]!,
      step: this.#step[copy]!, reward: this.#reward[copy]!, terminated: this.#terminated[copy] === 1, truncated: this.#truncated[copy] === 1,
      draws: this.#draws.save(copy) };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const { position, velocity, angle, spin, step, reward, terminated, truncated, draws } = readSaved(this.spec.id, savedCart, state);
    this.#place(copy, position, velocity, angle, spin);
    this.#step[copy] = step;
    this.#reward[copy] = reward;
    this.#terminated[copy] = terminated ? 1 : 0;
    this.#truncated[copy] = truncated ? 1 : 0;
    this.#draws.restore(copy, draws);
  }
  close(): void {}

  #place(copy: number, position: number, velocity: number, angle: number, spin: number): void {
    this.#position[copy] = position; this.#velocity[copy] = velocity; this.#angle[copy] = angle; this.#spin[copy] = spin;
    this.#observe(copy);
  }

  #observe(copy: number): void {
    this.#obs[copy * 4] = this.#position[copy]!;
    this.#obs[copy * 4 + 1] = this.#velocity[copy]!;
    this.#obs[copy * 4 + 2] = this.#angle[copy]!;
    this.#obs[copy * 4 + 3] = this.#spin[copy]!;
  }
}

export const classic: EnvironmentFamily = {
  family: 'classic',
  about: 'Gymnasium\'s classic control.',
  tasks: { cartpole: 'CartPole-v1: keep a pole upright by pushing its cart; at most 500' },
  options: OPTIONS,
  make(task, options, setting) {
    if (task !== 'cartpole') throw unknownTask(classic, task);
    const id = environmentId(classic, task, options), { steps } = completeOptions(`environment ${id}`, OPTIONS, options);
    return new CartPole(id, steps, setting);
  },
};
