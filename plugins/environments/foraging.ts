/** Level-based foraging as an environment: its world, what is seen of it, when it ends. */
import { z } from 'zod';
import type { EnvironmentSpec, RandomFactory, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { checkActionIndices, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { EpisodeDraws, savedDraws } from './episode-draws.ts';
import { observationSize, observe, observeActions, type Sight } from './foraging-observation.ts';
import { ACTIONS, ForagingWorld, UNPLACED, type ForagingRules } from './foraging-world.ts';

export interface ForagingGame extends ForagingRules, Sight {
  /** Every action is offered; one that is not valid does nothing, as always. */
  readonly offerAll: boolean;
  readonly steps: number;
  readonly timeoutAs: 'terminated' | 'truncated';
}

const savedForaging = z.strictObject({
  players: z.array(z.tuple([z.int().min(UNPLACED), z.int().min(UNPLACED), z.int().nonnegative()])),
  food: z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative(), z.int().positive()])),
  foodSpawned: z.int().nonnegative(),
  agentReward: z.array(z.number()), reward: z.number(),
  /** What each player did in the last step, -1 before the first; states saved before there was this lack it. */
  did: z.array(z.int().min(-1).max(ACTIONS - 1)).optional(),
  step: z.int().nonnegative(), terminated: z.boolean(), truncated: z.boolean(), draws: savedDraws,
});
type SavedForaging = z.infer<typeof savedForaging>;

/** A saved state of this game and no other. */
const savedOf = ({ rows, cols, playerLevels, foodLevels }: ForagingGame) => {
  const inside = ([row, col]: readonly [number, number, number]) => row >= 0 && col >= 0 && row < rows && col < cols;
  return savedForaging
    .refine(s => s.players.length === playerLevels.length && s.agentReward.length === playerLevels.length && (s.did ?? s.players).length === playerLevels.length, 'another number of players')
    .refine(s => s.food.length <= foodLevels.length, 'too much food')
    .refine(s => s.players.every(inside) || (s.terminated && s.players.every(([row]) => row === UNPLACED)), 'a player outside the field')
    .refine(s => s.food.every(inside), 'food outside the field');
};

/**
 * obs [copies agent obs] in cells and levels (`foraging-observation.ts`); state [copies state]: all observations of the copy, one after
 * another; avail [copies agent action]; agentReward [copies agent]; reward [copies]: their sum. With two players or more, seenAction and seen
 * [copies agent other]: what each other did in the last step, in their order, and whether it was near enough to be seen.
 */
export class Foraging implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #game: ForagingGame;
  readonly #saved: ReturnType<typeof savedOf>;
  readonly #draws: EpisodeDraws;
  readonly #world: ForagingWorld;
  readonly #obs: Float32Array;
  readonly #obsSize: number;
  readonly #state: Float32Array;
  readonly #reward: Float32Array;
  readonly #agentReward: Float32Array;
  readonly #terminated: Uint8Array;
  readonly #truncated: Uint8Array;
  readonly #step: Int32Array;
  readonly #did: Int32Array;
  readonly #seenAction: Int32Array;
  readonly #seen: Uint8Array;
  /** [agent] what each earned in the step of one copy. */
  readonly #earned: Float64Array;

  constructor(id: string, game: ForagingGame, setting: { readonly copies: number; readonly seed: number; readonly random?: RandomFactory }) {
    const { copies } = setting, agents = game.playerLevels.length, obs = observationSize(game);
    const byAgent = (dims: string) => agents === 1 ? dims : `agent ${dims}`.trimEnd();
    this.spec = {
      id, sizes: { agent: agents, action: ACTIONS, obs, state: agents * obs, ...agents > 1 ? { other: agents - 1 } : {} }, actions: 'discrete', limit: game.steps, reward: 'sum',
      ...game.normalise ? { returns: { least: 0 - game.penalty * agents * game.steps, most: 1 } } : {},
      fields: {
        obs: { dtype: 'f32', dims: byAgent('obs') }, state: { dtype: 'f32', dims: 'state' }, avail: { dtype: 'bool', dims: byAgent('action') },
        ...agents > 1 ? { seenAction: { dtype: 'i32' as const, dims: 'agent other' }, seen: { dtype: 'bool' as const, dims: 'agent other' } } : {},
        reward: { dtype: 'f32', dims: '' }, agentReward: { dtype: 'f32', dims: byAgent('') },
        terminated: { dtype: 'bool', dims: '' }, truncated: { dtype: 'bool', dims: '' },
      },
    };
    this.copies = copies;
    this.#game = game;
    this.#saved = savedOf(game);
    this.#draws = new EpisodeDraws(setting);
    this.#world = new ForagingWorld(game, copies);
    this.#obs = new Float32Array(copies * agents * obs);
    this.#obsSize = obs;
    this.#state = new Float32Array(copies * agents * obs);
    this.#reward = new Float32Array(copies);
    this.#agentReward = new Float32Array(copies * agents);
    this.#terminated = new Uint8Array(copies).fill(1);                 // until its first reset a copy counts as ended
    this.#truncated = new Uint8Array(copies);
    this.#step = new Int32Array(copies);
    this.#did = new Int32Array(copies * agents).fill(-1);
    this.#seenAction = new Int32Array(copies * agents * (agents - 1));
    this.#seen = new Uint8Array(copies * agents * (agents - 1));
    this.#earned = new Float64Array(agents);
    this.fields = {
      obs: this.#obs, state: this.#state, avail: game.offerAll ? new Uint8Array(copies * agents * ACTIONS).fill(1) : this.#world.valid,
      ...agents > 1 ? { seenAction: this.#seenAction, seen: this.#seen } : {},
      reward: this.#reward, agentReward: this.#agentReward, terminated: this.#terminated, truncated: this.#truncated,
    };
  }

  step(actions: TypedArray): void {
    checkActionIndices(this.spec, actions, this.#terminated, this.#truncated);
    for (let copy = 0; copy < this.copies; copy++) {
      if (this.#terminated[copy] === 1 || this.#truncated[copy] === 1) continue;
      this.#world.act(copy, actions, this.#earned);
      for (let i = copy * this.#earned.length; i < (copy + 1) * this.#earned.length; i++) this.#did[i] = actions[i]!;
      this.#pay(copy);
      this.#end(copy);
      this.#observe(copy);
    }
    this.#state.set(this.#obs);                                        // the same numbers in the same order
  }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      if (seeds) this.#world.unplace(copy);                            // else a seeded episode would depend on the one before it, as the original's does
      this.#world.spawn(copy, this.#draws.begin(copy, seeds?.[copy]));
      this.#step[copy] = this.#terminated[copy] = this.#truncated[copy] = 0;
      this.#earned.fill(0);
      this.#did.fill(-1, copy * this.#earned.length, (copy + 1) * this.#earned.length);
      this.#pay(copy);
      this.#observe(copy);
    }
    this.#state.set(this.#obs);
  }

  getState(copy: number): SavedForaging {
    checkCopy(this.spec.id, this.copies, copy);
    const { players, food, foodSpawned } = this.#world.scene(copy);
    const agents = this.#earned.length, own = (array: Float32Array | Int32Array) => [...array.subarray(copy * agents, (copy + 1) * agents)];
    return { players: players.map(p => [...p]), food: food.map(f => [...f]), foodSpawned, agentReward: own(this.#agentReward), did: own(this.#did), reward: this.#reward[copy]!, step: this.#step[copy]!,
      terminated: this.#terminated[copy] === 1, truncated: this.#truncated[copy] === 1, draws: this.#draws.save(copy) };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const { agentReward, reward, step, terminated, truncated, draws, did = agentReward.map(() => -1), ...scene } = readSaved(this.spec.id, this.#saved, state);
    this.#draws.restore(copy, draws);
    this.#world.setScene(copy, scene);
    this.#agentReward.set(agentReward, copy * agentReward.length);
    this.#did.set(did, copy * did.length);
    this.#reward[copy] = reward;
    this.#step[copy] = step;
    this.#terminated[copy] = terminated ? 1 : 0;
    this.#truncated[copy] = truncated ? 1 : 0;
    this.#observe(copy);
    this.#state.set(this.#obs);
  }
  close(): void {}

  #observe(copy: number): void {
    observe(this.#world, this.#game, copy, this.#obsSize, this.#obs);
    observeActions(this.#world, this.#game.sight, copy, this.#did, this.#seenAction, this.#seen);
  }

  #pay(copy: number): void {
    const agents = this.#earned.length;
    let sum = 0;
    for (let i = 0; i < agents; i++) {
      this.#agentReward[copy * agents + i] = this.#earned[i]!;
      sum += this.#earned[i]!;
    }
    this.#reward[copy] = sum;
  }

  #end(copy: number): void {
    const step = this.#step[copy] = this.#step[copy]! + 1;
    const eaten = this.#world.foodLeft[copy] === 0, timeout = step >= this.#game.steps;
    this.#terminated[copy] = eaten || (timeout && this.#game.timeoutAs === 'terminated') ? 1 : 0;
    this.#truncated[copy] = !eaten && timeout && this.#game.timeoutAs === 'truncated' ? 1 : 0;
  }
}
