/** Level-based foraging as an environment: its world, what is seen of it, when it ends. */
import { z } from 'zod';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { checkActionIndices, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { eachAgent, episodeFields, Episodes, savedEpisode, type EpisodeSetting } from './episodes.ts';
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
  /** What each player did in the last step, -1 before the first; states saved before there was this lack it. */
  did: z.array(z.int().min(-1).max(ACTIONS - 1)).optional(),
  ...savedEpisode,
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
  readonly #episodes: Episodes;
  readonly #world: ForagingWorld;
  readonly #obs: Float32Array;
  readonly #obsSize: number;
  readonly #state: Float32Array;
  readonly #did: Int32Array;
  readonly #seenAction: Int32Array;
  readonly #seen: Uint8Array;
  /** [agent] what each earned in the step of one copy. */
  readonly #earned: Float64Array;

  constructor(id: string, game: ForagingGame, setting: EpisodeSetting) {
    const { copies } = setting, agents = game.playerLevels.length, obs = observationSize(game), byAgent = eachAgent(agents);
    this.spec = {
      id, sizes: { agent: agents, action: ACTIONS, obs, state: agents * obs, ...agents > 1 ? { other: agents - 1 } : {} }, actions: 'discrete', limit: game.steps, reward: 'sum',
      ...game.normalise ? { returns: { least: 0 - game.penalty * agents * game.steps, most: 1 } } : {},
      fields: {
        obs: { dtype: 'f32', dims: byAgent('obs') }, state: { dtype: 'f32', dims: 'state' }, avail: { dtype: 'bool', dims: byAgent('action') },
        ...agents > 1 ? { seenAction: { dtype: 'i32' as const, dims: 'agent other' }, seen: { dtype: 'bool' as const, dims: 'agent other' } } : {},
        ...episodeFields(agents),
      },
    };
    this.copies = copies;
    this.#game = game;
    this.#saved = savedOf(game);
    this.#episodes = new Episodes(agents, setting);
    this.#world = new ForagingWorld(game, copies);
    this.#obs = new Float32Array(copies * agents * obs);
    this.#obsSize = obs;
    this.#state = new Float32Array(copies * agents * obs);
    this.#did = new Int32Array(copies * agents).fill(-1);
    this.#seenAction = new Int32Array(copies * agents * (agents - 1));
    this.#seen = new Uint8Array(copies * agents * (agents - 1));
    this.#earned = new Float64Array(agents);
    this.fields = {
      obs: this.#obs, state: this.#state, avail: game.offerAll ? new Uint8Array(copies * agents * ACTIONS).fill(1) : this.#world.valid,
      ...agents > 1 ? { seenAction: this.#seenAction, seen: this.#seen } : {},
      ...this.#episodes.fields,
    };
  }

  step(actions: TypedArray): void {
    const { terminated, truncated } = this.#episodes.fields;
    checkActionIndices(this.spec, actions, terminated, truncated);
    for (let copy = 0; copy < this.copies; copy++) {
      if (this.#episodes.over(copy)) continue;
      this.#world.act(copy, actions, this.#earned);
      for (let i = copy * this.#earned.length; i < (copy + 1) * this.#earned.length; i++) this.#did[i] = actions[i]!;
      this.#episodes.pay(copy, this.#earned);
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
      this.#world.spawn(copy, this.#episodes.draws(copy, seeds?.[copy]));
      this.#episodes.begin(copy);
      this.#did.fill(-1, copy * this.#earned.length, (copy + 1) * this.#earned.length);
      this.#observe(copy);
    }
    this.#state.set(this.#obs);
  }

  getState(copy: number): SavedForaging {
    checkCopy(this.spec.id, this.copies, copy);
    const { players, food, foodSpawned } = this.#world.scene(copy), agents = this.#earned.length;
    return { players: players.map(p => [...p]), food: food.map(f => [...f]), foodSpawned, did: [...this.#did.subarray(copy * agents, (copy + 1) * agents)], ...this.#episodes.save(copy) };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const { players, food, foodSpawned, did = players.map(() => -1), ...episode } = readSaved(this.spec.id, this.#saved, state);
    this.#episodes.restore(copy, episode);
    this.#world.setScene(copy, { players, food, foodSpawned });
    this.#did.set(did, copy * did.length);
    this.#observe(copy);
    this.#state.set(this.#obs);
  }
  close(): void {}

  #observe(copy: number): void {
    observe(this.#world, this.#game, copy, this.#obsSize, this.#obs);
    observeActions(this.#world, this.#game.sight, copy, this.#did, this.#seenAction, this.#seen);
  }

  #end(copy: number): void {
    const { step } = this.#episodes, { steps, timeoutAs } = this.#game, eaten = this.#world.foodLeft[copy] === 0, timeout = (step[copy] = step[copy]! + 1) >= steps;
    this.#episodes.end(copy, eaten || (timeout && timeoutAs === 'terminated'), !eaten && timeout && timeoutAs === 'truncated');
  }
}
