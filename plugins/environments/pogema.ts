/** POGEMA by name: `pogema/8x8?agents=8&density=0.2&onTarget=nothing`. */
import { z } from 'zod';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { InputError } from '../../core/error.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { checkActionIndices, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { eachAgent, episodeFields, Episodes, savedEpisode, type EpisodeSetting } from './episodes.ts';
import { MAP_TASK, parseMapTask } from './grid-map.ts';
import { environmentId, unknownTask } from './id.ts';
import { completeOptions, type DeclaredOptions } from './options.ts';
import { PogemaView, viewSize } from './pogema-view.ts';
import { ACTIONS, PogemaWorld, type PogemaRules } from './pogema-world.ts';

const OPTIONS = {
  agents: { about: 'how many agents', default: 2, least: 1, most: 1024, whole: true },
  density: { about: 'chance of a wall in a cell', default: 0.3, least: 0, most: 0.95 },
  sight: { about: 'cells an agent sees in each direction (obs_radius)', default: 5, least: 1, most: 128, whole: true },
  steps: { about: 'most steps of an episode', default: 64, least: 1, most: 1_000_000, whole: true },
  onTarget: { about: 'an agent that arrives finishes and is gone; does nothing until all stand on their targets; restarts with a new target', default: 'finish', choices: ['finish', 'nothing', 'restart'] },
  collisionSystem: { about: 'priority: one after another into free cells; blockBoth: nobody into a cell that is taken or that two want; soft: as many moves at once as do not meet', default: 'priority', choices: ['priority', 'blockBoth', 'soft'] },
  moveOrder: { about: 'who moves first with priority: the lower index, as in the original, or anybody, drawn for each step', default: 'index', choices: ['index', 'shuffled'] },
  agentsChannel: { about: 'with soft collisions the original leaves an agent that follows a higher index out of the agents layer for that step; exact marks it', default: 'original', choices: ['original', 'exact'] },
} as const satisfies DeclaredOptions;
const MOST_SIDE = 512;

const place = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
const savedPogema = z.strictObject({
  scene: z.strictObject({ map: z.array(z.string().regex(/^[.#]+$/)), agents: z.array(place), targets: z.array(place), alive: z.array(z.boolean()), unseen: z.array(z.int().nonnegative()), key: z.int().nonnegative(), given: z.array(z.int().nonnegative()) }).nullable(),
  won: z.boolean(), ...savedEpisode,
});
type SavedPogema = z.infer<typeof savedPogema>;
/** A saved state of this game and no other. */
const savedOf = ({ rows, cols, agents }: PogemaRules) => {
  const inside = (map: readonly string[], cells: readonly (readonly [number, number])[]) => cells.every(([row, col]) => map[row]?.[col] === '.');
  return savedPogema
    .refine(({ scene: s, agentReward }) => agentReward.length === agents && (!s || [s.agents, s.targets, s.alive, s.given].every(x => x.length === agents)), 'another number of agents')
    .refine(({ scene: s }) => !s || (s.map.length === rows && s.map.every(line => line.length === cols)), 'a map of another size')
    .refine(({ scene: s }) => !s || (inside(s.map, s.agents) && inside(s.map, s.targets)), 'an agent or a target outside the free cells')
    .refine(({ scene: s }) => !s || new Set(s.agents.filter((_, i) => s.alive[i]).map(String)).size === s.alive.filter(Boolean).length, 'two agents in one cell');
};

/**
 * obs [copies agent obs]: three layers of (2 sight + 1)^2 cells, flat: walls, agents, target. state [copies state]: POGEMA's own (`pogema-view.ts`).
 * agentReward [copies agent] is 1 for arriving (onTarget=nothing: for all standing there at once), reward [copies] the sum. alive [copies agent] is 0
 * once an agent has finished. avail [copies agent action] is everything, since a move that cannot be made does nothing; of one that is gone it is staying.
 * won [copies]: all have arrived. The last step truncates, also where it ends the episode by itself, as in the original.
 */
class Pogema implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #saved: ReturnType<typeof savedOf>;
  readonly #episodes: Episodes;
  readonly #world: PogemaWorld;
  readonly #view: PogemaView;
  readonly #avail: Uint8Array;
  readonly #won: Uint8Array;

  constructor(id: string, rules: PogemaRules & { readonly steps: number }, setting: EpisodeSetting) {
    const { copies } = setting, { agents, sight, steps, onTarget } = rules, byAgent = eachAgent(agents), lifelong = onTarget === 'restart';
    this.copies = copies;
    this.#saved = savedOf(rules);
    this.#episodes = new Episodes(agents, setting);
    this.#world = new PogemaWorld(rules, copies);
    this.#view = new PogemaView(this.#world, sight, copies);
    this.spec = {
      id, sizes: { agent: agents, action: ACTIONS, obs: viewSize(sight), state: PogemaView.stateSize(this.#world) }, actions: 'discrete', limit: steps, reward: 'sum',
      returns: { least: 0, most: lifelong ? agents * steps : agents },
      fields: {
        obs: { dtype: 'f32', dims: byAgent('obs') }, state: { dtype: 'f32', dims: 'state' }, avail: { dtype: 'bool', dims: byAgent('action') }, alive: { dtype: 'f32', dims: byAgent('') },
        ...episodeFields(agents), ...lifelong ? {} : { won: { dtype: 'bool', dims: '' } },
      },
    };
    this.#avail = new Uint8Array(copies * agents * ACTIONS).fill(1);
    for (let copy = 0; copy < copies; copy++) this.#allowAll(copy);
    this.#won = new Uint8Array(copies);
    this.fields = { obs: this.#view.obs, state: this.#view.state, avail: this.#avail, alive: this.#world.alive, ...this.#episodes.fields, ...lifelong ? {} : { won: this.#won } };
  }

  step(actions: TypedArray): void {
    const episodes = this.#episodes, { terminated, truncated, agentReward } = episodes.fields, { agents, alive } = this.#world;
    checkActionIndices(this.spec, actions, terminated, truncated);
    for (let copy = 0; copy < this.copies; copy++) {
      if (episodes.over(copy)) continue;
      const step = episodes.step[copy] = episodes.step[copy]! + 1, arrived = this.#world.act(copy, actions, step, agentReward);
      for (let i = copy * agents; i < (copy + 1) * agents; i++) if (alive[i] === 0) this.#allow(i);
      episodes.pay(copy);
      this.#won[copy] = arrived ? 1 : 0;
      episodes.end(copy, arrived, step >= this.spec.limit);
      this.#view.follow(copy);
    }
  }
  #allow(i: number): void { this.#avail.fill(this.#world.alive[i]!, i * ACTIONS + 1, (i + 1) * ACTIONS); }
  #allowAll(copy: number): void { for (let i = copy * this.#world.agents; i < (copy + 1) * this.#world.agents; i++) this.#allow(i); }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      this.#world.spawn(copy, this.#episodes.draws(copy, seeds?.[copy]));
      this.#episodes.begin(copy);
      this.#won[copy] = 0;
      this.#allowAll(copy);
      this.#view.show(copy);
    }
  }

  getState(copy: number): SavedPogema {
    checkCopy(this.spec.id, this.copies, copy);
    const scene = this.#world.scene(copy);
    return { scene: scene && structuredClone(scene) as NonNullable<SavedPogema['scene']>, won: this.#won[copy] === 1, ...this.#episodes.save(copy) };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const { scene, won, ...episode } = readSaved(this.spec.id, this.#saved, state);
    this.#episodes.restore(copy, episode);
    this.#world.setScene(copy, scene);
    this.#won[copy] = won ? 1 : 0;
    this.#allowAll(copy);
    this.#view.show(copy);
  }
  close(): void {}
}

export const pogema: EnvironmentFamily = {
  family: 'pogema',
  about: 'POGEMA: agents find their ways over a grid and see only what is near. Any task of the grammar rows x cols.',
  tasks: { '8x8': 'as the original starts', '16x16': 'a larger map', '32x32': 'for many agents' },
  options: OPTIONS,
  make(task, given, setting) {
    const parsed = parseMapTask(task);
    if (!parsed) throw unknownTask(pogema, task, MAP_TASK);
    const { rows, cols } = parsed, id = environmentId(pogema, `${rows}x${cols}`, given), options = completeOptions(`environment pogema/${task}`, OPTIONS, given);
    const refuse = (what: string, fix: string): never => { throw new InputError(`environment ${id}: ${what}`, fix); };
    for (const [name, side] of [['rows', rows], ['columns', cols]] as const) if (side < 2 || side > MOST_SIDE) refuse(`${side} ${name}`, `${name} are 2 .. ${MOST_SIDE}`);
    if (2 * options.agents > rows * cols) refuse(`${options.agents} agents and as many targets on ${rows * cols} cells`, `at most ${Math.floor(rows * cols / 2)} agents, fewer where there are walls`);
    if (options.moveOrder === 'shuffled' && options.collisionSystem !== 'priority') refuse(`nobody moves first with collisionSystem=${options.collisionSystem}`, 'moveOrder belongs to collisionSystem=priority');
    if (options.agentsChannel === 'exact' && options.collisionSystem !== 'soft') refuse(`the agents layer is exact with collisionSystem=${options.collisionSystem}`, 'agentsChannel belongs to collisionSystem=soft');
    return new Pogema(id, { ...options, rows, cols }, setting);
  },
};
