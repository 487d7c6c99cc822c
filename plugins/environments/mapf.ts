/** Multi-agent path finding as PRIMAL plays it, by name: `mapf/20x20?agents=8&density=0.2`. */
import { z } from 'zod';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { InputError } from '../../core/error.ts';
import type { EnvironmentFamily } from '../factories.ts';
import { checkActionIndices, checkCopy, checkReset, readSaved } from './call-checks.ts';
import { eachAgent, episodeFields, Episodes, savedEpisode, type EpisodeSetting } from './episodes.ts';
import { MAP_TASK, parseMapTask } from './grid-map.ts';
import { environmentId, unknownTask } from './id.ts';
import { CHANNELS, GOAL, viewMapf } from './mapf-view.ts';
import { ACTIONS, MapfWorld, type MapfRules } from './mapf-world.ts';
import { completeOptions, type DeclaredOptions } from './options.ts';

const OPTIONS = {
  agents: { about: 'how many agents', default: 8, least: 1, most: 1024, whole: true },
  density: { about: 'chance of a wall in a cell, 0 .. 0.9: one number, or two for a triangular draw each episode', default: '0-0.5' },
  sight: { about: 'side of the square window that an agent sees', default: 10, least: 1, most: 100, whole: true },
  steps: { about: 'most steps of an episode', default: 256, least: 1, most: 1_000_000, whole: true },
  moveOrder: { about: 'who moves first in a step: the lower index, or anybody, drawn for each step', default: 'index', choices: ['index', 'shuffled'] },
  blockingCost: { about: 'what it costs to stay on the goal, for every agent whose way that blocks (the authors\' code: 1)', default: 2, least: 0, most: 1000 },
  finishReward: { about: 'what each agent gets when all stand on their goals (the authors\' code pays none)', default: 20, least: 0, most: 1000 },
} as const satisfies DeclaredOptions;
/** PRIMAL's training maps, of which one is drawn for each episode. */
const TRAINING = '10x10+10x10+40x40+70x70';
const MOST_SIDE = 512, MOST_DENSITY = 0.9;

const place = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
const savedMapf = z.strictObject({
  scene: z.strictObject({ map: z.array(z.string().regex(/^[.#]+$/)), agents: z.array(place), goals: z.array(place), last: z.array(z.int().min(0).max(ACTIONS - 1)), key: z.int().nonnegative() }).nullable(),
  blocking: z.array(z.int().min(0).max(1)), ...savedEpisode,
});
type SavedMapf = z.infer<typeof savedMapf>;
/** A saved state of this game and no other. */
const savedOf = ({ sizes, agents }: MapfRules) => {
  const free = (map: readonly string[], cells: readonly (readonly [number, number])[]) => cells.every(([row, col]) => map[row]?.[col] === '.') && new Set(cells.map(String)).size === cells.length;
  return savedMapf
    .refine(({ scene: s, agentReward, blocking }) => agentReward.length === agents && blocking.length === agents && (!s || [s.agents, s.goals, s.last].every(x => x.length === agents)), 'another number of agents')
    .refine(({ scene: s }) => !s || sizes.some(({ rows, cols }) => s.map.length === rows && s.map.every(line => line.length === cols)), 'a map of another size')
    .refine(({ scene: s }) => !s || (free(s.map, s.agents) && free(s.map, s.goals)), 'two in one cell, or one outside the free cells');
};

/**
 * grid [copies agent channel row column] and goal [copies agent goal] (`mapf-view.ts`), and both side by side as obs [copies agent obs]. avail
 * [copies agent action]: staying, and moves into cells that are free as the step begins and that do not take back the last action.
 *
 * agentReward [copies agent] is -0.3 for a move, -0.5 for staying off the goal, 0 for arriving or staying on it, -2 for a collision (the agent
 * stays); blocking [copies agent] is 1 where an agent stayed on its goal in the way of others, each of which it pays for. reward [copies] is their sum.
 * An episode ends, and is won, when all stand on their goals at the end of a step; the limit truncates.
 */
class Mapf implements VectorEnvironment {
  readonly spec: EnvironmentSpec;
  readonly copies: number;
  readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #saved: ReturnType<typeof savedOf>;
  readonly #episodes: Episodes;
  readonly #world: MapfWorld;
  readonly #sight: number;
  readonly #grid: Float32Array;
  readonly #goal: Float32Array;
  readonly #obs: Float32Array;
  readonly #won: Uint8Array;

  constructor(id: string, rules: MapfRules & { readonly steps: number }, setting: EpisodeSetting) {
    const { copies } = setting, { agents, sight, steps, blockingCost, finishReward } = rules, byAgent = eachAgent(agents), obs = CHANNELS * sight * sight + GOAL;
    this.copies = copies;
    this.#saved = savedOf(rules);
    this.#episodes = new Episodes(agents, setting);
    this.#world = new MapfWorld(rules, copies);
    this.#sight = sight;
    this.spec = {
      id, sizes: { agent: agents, action: ACTIONS, obs, channel: CHANNELS, row: sight, column: sight, goal: GOAL }, actions: 'discrete', limit: steps, reward: 'sum',
      returns: { least: 0 - agents * steps * Math.max(2, blockingCost * (agents - 1)), most: agents * finishReward },
      fields: {
        obs: { dtype: 'f32', dims: byAgent('obs') }, grid: { dtype: 'f32', dims: byAgent('channel row column') }, goal: { dtype: 'f32', dims: byAgent('goal') }, avail: { dtype: 'bool', dims: byAgent('action') },
        blocking: { dtype: 'f32', dims: byAgent('') }, ...episodeFields(agents), won: { dtype: 'bool', dims: '' },
      },
    };
    this.#grid = new Float32Array(copies * agents * CHANNELS * sight * sight);
    this.#goal = new Float32Array(copies * agents * GOAL);
    this.#obs = new Float32Array(copies * agents * obs);
    this.#won = new Uint8Array(copies);
    this.fields = { obs: this.#obs, grid: this.#grid, goal: this.#goal, avail: this.#world.avail, blocking: this.#world.blocking, ...this.#episodes.fields, won: this.#won };
  }

  step(actions: TypedArray): void {
    const episodes = this.#episodes, { terminated, truncated, agentReward } = episodes.fields;
    checkActionIndices(this.spec, actions, terminated, truncated);
    for (let copy = 0; copy < this.copies; copy++) {
      if (episodes.over(copy)) continue;
      const step = episodes.step[copy] = episodes.step[copy]! + 1, solved = this.#world.act(copy, actions, step, agentReward);
      this.#won[copy] = solved ? 1 : 0;
      episodes.end(copy, solved, !solved && step >= this.spec.limit);
      episodes.pay(copy);
      this.#observe(copy);
    }
  }
  #observe(copy: number): void { viewMapf(this.#world, copy, this.#sight, this.#grid, this.#goal, this.#obs); }

  reset(mask: Uint8Array, seeds?: Uint32Array): void {
    checkReset(this.spec.id, this.copies, mask, seeds);
    for (let copy = 0; copy < this.copies; copy++) {
      if (mask[copy] !== 1) continue;
      this.#world.spawn(copy, this.#episodes.draws(copy, seeds?.[copy]));
      this.#episodes.begin(copy);
      this.#won[copy] = 0;
      this.#observe(copy);
    }
  }

  getState(copy: number): SavedMapf {
    checkCopy(this.spec.id, this.copies, copy);
    const { agents, blocking } = this.#world;
    return { scene: structuredClone(this.#world.scene(copy)) as SavedMapf['scene'], blocking: [...blocking.subarray(copy * agents, (copy + 1) * agents)], ...this.#episodes.save(copy) };
  }
  setState(copy: number, state: unknown): void {
    checkCopy(this.spec.id, this.copies, copy);
    const { agents, blocking: blocks } = this.#world, { scene, blocking, ...episode } = readSaved(this.spec.id, this.#saved, state);
    this.#episodes.restore(copy, episode);
    this.#world.setScene(copy, scene);
    blocks.set(blocking, copy * agents);
    this.#won[copy] = episode.terminated && scene ? 1 : 0;
    if (scene) this.#observe(copy); else for (const field of [this.#grid, this.#goal, this.#obs]) field.fill(0, copy * field.length / this.copies, (copy + 1) * field.length / this.copies);
  }
  close(): void {}
}

/** `0.2` or `0-0.5`. */
function densityOf(text: string): MapfRules['density'] | undefined {
  const [, least, most = least] = /^(\d*\.?\d+)(?:-(\d*\.?\d+))?$/.exec(text) ?? [];
  return least === undefined || Number(most) > MOST_DENSITY || Number(least) > Number(most) ? undefined : { least: Number(least), most: Number(most) };
}

const refuseTask = (task: string): never => { throw unknownTask(mapf, task, `${MAP_TASK}, or several with + between`); };

export const mapf: EnvironmentFamily = {
  family: 'mapf',
  about: 'Multi-agent path finding as PRIMAL plays it: each agent finds its way to its goal and sees only what is near. Any task of the grammar rows x cols, or several with + between: one is drawn for each episode.',
  tasks: {
    '10x10': 'the smallest maps that PRIMAL trains and is tested on', '20x20': 'larger ones', '40x40': 'large ones',
    'primal': 'as PRIMAL trains: sides of 10 (every second map), 40 or 70',
  },
  options: OPTIONS,
  make(task, given, setting) {
    const sizes = (task === 'primal' ? TRAINING : task).split('+').map(size => parseMapTask(size) ?? refuseTask(task));
    const id = environmentId(mapf, task === 'primal' ? task : sizes.map(({ rows, cols }) => `${rows}x${cols}`).join('+'), given), options = completeOptions(`environment mapf/${task}`, OPTIONS, given), density = densityOf(options.density);
    const refuse = (what: string, fix: string): never => { throw new InputError(`environment ${id}: ${what}`, fix); };
    for (const [name, side] of sizes.flatMap(size => Object.entries(size))) if (side < 1 || side > MOST_SIDE) refuse(`${side} ${name}`, `${name} are 1 .. ${MOST_SIDE}`);
    if (!density) return refuse(`density=${options.density} is no chance of a wall`, `a number 0 .. ${MOST_DENSITY}, or two with a dash between: 0-0.5`);
    const cells = Math.min(...sizes.map(s => s.rows * s.cols));
    if (options.agents > cells * (1 - density.most)) refuse(`${options.agents} agents on ${cells} cells, of which ${density.most} may be walled`, 'fewer agents, a larger map, or a lower density');
    return new Mapf(id, { ...options, sizes, density }, setting);
  },
};
