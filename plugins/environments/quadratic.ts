/** Games of one step with a continuous action for each of two agents, and optima by hand: `quadratic/aim`, `quadratic/product`. Nothing is random. */
import { z } from 'zod';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { checkActionNumbers, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { environmentId, unknownTask } from './id.ts';

interface Game {
  readonly about: string;
  /** Payoff of the actions of the first and the second agent. */
  pay(a: number, b: number): number;
  /** Bounds of the payoff. */
  readonly returns: { readonly least: number; readonly most: number };
}
const AGENTS = 2;
const GAMES: Readonly<Record<string, Game>> = {
  aim: {
    about: 'each agent has a point of its own to hit, 0.5 and -0.3: the payoff is a sum over the agents, 0 at best',
    pay: (a, b) => -((a - 0.5) ** 2) - (b + 0.3) ** 2,
    returns: { least: -(1.5 ** 2) - 1.3 ** 2, most: 0 },
  },
  product: {
    about: 'the product of the actions is to be 0.25, by small ones: -0.0049 at best, where both are 0.49 or both -0.49, and a saddle of -0.0625 at 0',
    pay: (a, b) => -((a * b - 0.25) ** 2) - 0.01 * (a ** 2 + b ** 2),
    returns: { least: -(1.25 ** 2) - 0.02, most: -0.0049 },        // at a = -b = 1, and where a^2 = b^2 = 0.24
  },
};

const savedGame = z.strictObject({ reward: z.number(), terminated: z.boolean() });

/** Copies of a game. obs [copies agent obs] is which agent it is, one-hot, state [copies state] a constant 1, reward [copies], agentReward [copies agent] each the reward. */
class Quadratic implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #game: Game;
  readonly #reward: Float32Array;
  readonly #agentReward: Float32Array;
  readonly #terminated: Uint8Array;
  readonly #truncated: Uint8Array;

  constructor(id: string, game: Game, copies: number) {
    this.#game = game; this.copies = copies;
    this.spec = {
      id, sizes: { agent: AGENTS, action: 1, obs: AGENTS, state: 1 }, actions: 'continuous', limit: 1, reward: 'common', returns: game.returns,
      fields: {
        obs: { dtype: 'f32', dims: 'agent obs' }, state: { dtype: 'f32', dims: 'state' }, reward: { dtype: 'f32', dims: '' }, agentReward: { dtype: 'f32', dims: 'agent' },
        terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' },
      },
    };
    this.#reward = new Float32Array(copies);
    this.#agentReward = new Float32Array(copies * AGENTS);
    this.#terminated = new Uint8Array(copies).fill(1);                 // until its first reset a copy counts as ended
    this.#truncated = new Uint8Array(copies);
    this.fields = {
      obs: Float32Array.from({ length: copies * AGENTS * AGENTS }, (_, i) => (Math.floor(i / AGENTS) % AGENTS === i % AGENTS ? 1 : 0)), state: new Float32Array(copies).fill(1), reward: this.#reward, agentReward: this.#agentReward,
      terminated: this.#terminated, truncated: this.#truncated,
    };
  }

  step(actions: TypedArray): void {
    checkActionNumbers(this.spec, actions, this.#terminated, this.#truncated);
    for (let copy = 0; copy < this.copies; copy++)
      if (this.#terminated[copy] === 0) this.#place(copy, { reward: this.#game.pay(actions[copy * AGENTS]!, actions[copy * AGENTS + 1]!), terminated: true });
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++) if (mask[copy] === 1) this.#place(copy, { reward: 0, terminated: false });
  }

  getState(copy: number): z.infer<typeof savedGame> {
    checkCopy(this.spec.id, this.copies, copy);
    return { reward: this.#reward[copy]!, terminated: this.#terminated[copy] === 1 };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    this.#place(copy, readSaved(this.spec.id, savedGame, state));
  }
  close(): void {}

  #place(copy: number, { reward, terminated }: z.infer<typeof savedGame>): void {
    this.#reward[copy] = reward;
    this.#agentReward.fill(reward, copy * AGENTS, (copy + 1) * AGENTS);
    this.#terminated[copy] = terminated ? 1 : 0;
  }
}

export const quadratic: EnvironmentFamily = {
  family: 'quadratic',
  about: 'Continuous actions of two agents in one step, with known optima.',
  tasks: Object.fromEntries(Object.entries(GAMES).map(([task, { about }]) => [task, about])),
  options: {},
  make(task, options, { copies }) {
    if (!Object.hasOwn(GAMES, task)) throw unknownTask(quadratic, task);
    return new Quadratic(environmentId(quadratic, task, options), GAMES[task]!, copies);
  },
};
