/**
 * The world of PRIMAL: agents on a grid, each with a goal, that move one after another. Rules of the authors' `mapf_gym.py` with its defects
 * corrected (Sartoretti et al. 2019, arXiv 1809.03531): the finish reward is paid, blocking costs what the paper says, and the agent with the
 * highest number can be blocked too.
 */
import type { TypedArray } from '../../core/environment.ts';
import { RunError } from '../../core/error.ts';
import { Random, type RandomSource } from '../../core/random.ts';
import { drawWalls, GridLayout, readMap, regionsOf, writeMap } from './grid-map.ts';
import { GridPaths } from './grid-path.ts';

export interface MapfRules {
  /** Rows and columns of a map; of several one is drawn for each episode. */
  readonly sizes: readonly { readonly rows: number; readonly cols: number }[];
  readonly agents: number;
  /** Chance of a wall in a cell; with `most` above `least` drawn for each episode from a triangle whose tip lies at .33 least + .66 most. */
  readonly density: { readonly least: number; readonly most: number };
  /** Side of the square window that an agent sees. */
  readonly sight: number;
  readonly moveOrder: 'index' | 'shuffled';
  /** What it costs to stay on the goal, for every agent that has no way, or a much longer one, because of it. */
  readonly blockingCost: number;
  /** What every agent gets when all stand on their goals. */
  readonly finishReward: number;
}

type Place = readonly [row: number, col: number];
export interface MapfScene {
  readonly map: readonly string[];
  readonly agents: readonly Place[];
  readonly goals: readonly Place[];
  /** Last actions, whose opposites are not allowed; 0 in the beginning. */
  readonly last: readonly number[];
  readonly key: number;
}

export const ACTIONS = 5;
const STAY = 0, ATTEMPTS = 1000, KEYS = 2 ** 31;
/** Rewards of the paper's table 1. */
const MOVES = -0.3, IDLES = -0.5, COLLIDES = -2;
/** A way that is more than so many steps longer counts as blocked. */
const DETOUR = 10;
/** What takes a move back; nothing takes back staying. */
const OPPOSITE = [-1, 3, 4, 1, 2] as const;

/** All copies in arrays. Actions: 0 stay, 1 right (column + 1), 2 down (row + 1), 3 left, 4 up. */
export class MapfWorld {
  readonly layout: GridLayout;
  readonly agents: number;
  /** [copies area] 1 for a wall; everything around a map is walled. */
  readonly walls: Uint8Array;
  /** [copies area] number of the agent in a cell, from 1 on; 0 where there is none. */
  readonly occupant: Int16Array;
  /** [copies agent] cells */
  readonly cell: Int32Array;
  readonly goal: Int32Array;
  /** [copies agent action] */
  readonly avail: Uint8Array;
  /** [copies agent] 1 where an agent stayed on its goal in another's way in the last step. */
  readonly blocking: Float32Array;
  /** [copies] rows and columns of the map; 0 before the first. */
  readonly rows: Int32Array;
  readonly cols: Int32Array;

  readonly #rules: MapfRules;
  readonly #move: Int32Array;
  readonly #last: Int8Array;
  readonly #key: Int32Array;
  readonly #paths: GridPaths;

  constructor(rules: MapfRules, copies: number) {
    const { sizes, agents, sight } = rules, layout = this.layout = new GridLayout(Math.max(...sizes.map(s => s.rows)), Math.max(...sizes.map(s => s.cols)), Math.max(1, Math.floor(sight / 2))), { area, width } = layout;
    this.#rules = rules; this.agents = agents;
    this.walls = new Uint8Array(copies * area).fill(1);
    this.occupant = new Int16Array(copies * area);
    this.cell = new Int32Array(copies * agents);
    this.goal = new Int32Array(copies * agents);
    this.avail = new Uint8Array(copies * agents * ACTIONS).fill(1);
    this.blocking = new Float32Array(copies * agents);
    this.rows = new Int32Array(copies);
    this.cols = new Int32Array(copies);
    this.#move = Int32Array.of(0, 1, width, -1, -width);
    this.#last = new Int8Array(copies * agents);
    this.#key = new Int32Array(copies);
    this.#paths = new GridPaths(layout);
  }

  /** A new map; agents in free cells, goals in other agents' cells too, each in its agent's region. */
  spawn(copy: number, random: RandomSource): void {
    const { agents, layout } = this, { sizes, density: { least, most } } = this.#rules, walls = this.#wallsOf(copy);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { rows, cols } = sizes[sizes.length > 1 ? random.integer(sizes.length, 'mapf.size') : 0]!, cells = layout.cells(rows, cols);
      this.#clear(copy);
      drawWalls(walls, cells, most > least ? triangular(least, .33 * least + .66 * most, most, random.uniform('mapf.density')) : least, random, 'mapf.wall');
      const free = [...cells].filter(cell => walls[cell] === 0);
      if (free.length < agents) continue;
      const { of } = regionsOf(walls, cells, layout), starts = drawn(free, agents, random, 'mapf.start'), goals = new Set<number>();
      for (const start of starts) {
        const left = free.filter(cell => of[cell] === of[start] && !goals.has(cell));       // never empty: a region has a goal for each of its agents
        goals.add(left[random.integer(left.length, 'mapf.goal')]!);
      }
      this.#begin(copy, rows, cols, starts, [...goals], random.integer(KEYS, 'mapf.key'));
      return;
    }
    throw new RunError(`no map in ${ATTEMPTS} has ${agents} free cells`, 'fewer agents, a larger map, or a lower density');
  }

  #wallsOf(copy: number): Uint8Array { return this.walls.subarray(copy * this.layout.area, (copy + 1) * this.layout.area); }
  #clear(copy: number): void {
    const { area } = this.layout;
    this.walls.fill(1, copy * area, (copy + 1) * area);
    this.occupant.fill(0, copy * area, (copy + 1) * area);
    this.rows[copy] = this.cols[copy] = 0;
  }
  #begin(copy: number, rows: number, cols: number, starts: readonly number[], goals: readonly number[], key: number): void {
    const first = copy * this.agents, ground = copy * this.layout.area;
    this.rows[copy] = rows; this.cols[copy] = cols;
    this.cell.set(starts, first);
    this.goal.set(goals, first);
    starts.forEach((cell, agent) => { this.occupant[ground + cell] = agent + 1; });
    this.#last.fill(STAY, first, first + this.agents);
    this.blocking.fill(0, first, first + this.agents);
    this.#key[copy] = key;
    this.#allow(copy);
  }

  /** Null before the first. */
  scene(copy: number): MapfScene | null {
    if (this.rows[copy] === 0) return null;
    const { layout } = this, first = copy * this.agents, place = (cell: number): Place => [layout.rowOf[cell]!, layout.colOf[cell]!], all = <T>(of: (i: number) => T) => Array.from({ length: this.agents }, (_, agent) => of(first + agent));
    return { map: writeMap(this.#wallsOf(copy), layout, this.rows[copy], this.cols[copy]), agents: all(i => place(this.cell[i]!)), goals: all(i => place(this.goal[i]!)), last: all(i => this.#last[i]!), key: this.#key[copy]! };
  }
  setScene(copy: number, scene: MapfScene | null): void {
    const { layout } = this, at = ([row, col]: Place) => layout.at(row, col);
    this.#clear(copy);
    this.avail.fill(1, copy * this.agents * ACTIONS, (copy + 1) * this.agents * ACTIONS);
    if (!scene) return;
    readMap(scene.map, this.#wallsOf(copy), layout);
    this.#begin(copy, scene.map.length, scene.map[0]!.length, scene.agents.map(at), scene.goals.map(at), scene.key);
    this.#last.set(scene.last, copy * this.agents);
    this.#allow(copy);
  }

  /** One step of a copy, its `step`th; actions [copies agent]. What each agent earns is written to `earned` [copies agent]. True where all stand on their goals. */
  act(copy: number, actions: TypedArray, step: number, earned: Float32Array): boolean {
    const { agents } = this, { finishReward, moveOrder } = this.#rules, first = copy * agents, order = moveOrder === 'shuffled' ? Random.of(this.#key[copy]!, 'mapf.order', step).permutation(agents) : undefined;
    for (let turn = 0; turn < agents; turn++) {
      const agent = order ? order[turn]! : turn, i = first + agent;
      this.blocking[i] = 0;
      earned[i] = this.#moved(copy, agent, actions[i]!);
      this.#last[i] = actions[i]!;
    }
    this.#allow(copy);
    for (let i = first; i < first + agents; i++) if (this.cell[i] !== this.goal[i]) return false;
    for (let i = first; i < first + agents; i++) earned[i]! += finishReward;
    return true;
  }
  #moved(copy: number, agent: number, action: number): number {
    const i = copy * this.agents + agent, ground = copy * this.layout.area, here = this.cell[i]!;
    if (action === STAY) {
      if (here !== this.goal[i]) return IDLES;
      const blocked = this.blocked(copy, agent);
      this.blocking[i] = blocked > 0 ? 1 : 0;
      return 0 - blocked * this.#rules.blockingCost;
    }
    const there = here + this.#move[action]!;
    if (this.walls[ground + there] === 1 || this.occupant[ground + there] !== 0) return COLLIDES;
    this.occupant[ground + here] = 0;
    this.occupant[ground + there] = agent + 1;
    this.cell[i] = there;
    return there === this.goal[i] ? 0 : MOVES;
  }

  /** Is a cell in the window around another? It reaches from half its side before to the rest behind: with 10 from -5 to +4. */
  sees(here: number, cell: number): boolean {
    const { rowOf, colOf } = this.layout, { sight } = this.#rules, half = Math.floor(sight / 2), down = rowOf[cell]! - rowOf[here]! + half, right = colOf[cell]! - colOf[here]! + half;
    return down >= 0 && right >= 0 && down < sight && right < sight;
  }
  /**
   * How many other agents in the window of one have no way to their goals while it stands where it does, or one that is more than 10 steps longer,
   * but would have one without it. The other agents that it sees stand in the way, those beyond its window do not.
   */
  blocked(copy: number, agent: number): number {
    const first = copy * this.agents, ground = copy * this.layout.area, here = this.cell[first + agent]!, walls = this.#wallsOf(copy), closed = this.occupant.subarray(ground, ground + this.layout.area);
    // agents out of sight are taken off the map for a moment
    for (let i = first; i < first + this.agents; i++) if (!this.sees(here, this.cell[i]!)) closed[this.cell[i]!] = 0;
    let count = 0;
    for (let j = first; j < first + this.agents; j++) {
      const from = this.cell[j]!, to = this.goal[j]!;
      if (j === first + agent || from === to || !this.sees(here, from)) continue;
      const without = this.#paths.length(walls, closed, from, to, here);
      if (without < 0 || !this.#paths.passes(to, here)) continue;
      const beside = this.#paths.length(walls, closed, from, to);
      if (beside < 0 || beside > without + DETOUR) count++;
    }
    for (let k = 0, i = first; k < this.agents; k++, i++) closed[this.cell[i]!] = k + 1;
    return count;
  }

  /** Staying, and moves into free cells that do not take back the last action. */
  #allow(copy: number): void {
    const ground = copy * this.layout.area;
    for (let i = copy * this.agents; i < (copy + 1) * this.agents; i++) {
      const back = OPPOSITE[this.#last[i]!]!;
      for (let action = 1; action < ACTIONS; action++) {
        const there = ground + this.cell[i]! + this.#move[action]!;
        this.avail[i * ACTIONS + action] = this.walls[there] === 0 && this.occupant[there] === 0 && action !== back ? 1 : 0;
      }
    }
  }
}

/** So many of these cells, one after another. */
function drawn(cells: readonly number[], count: number, random: RandomSource, what: string): number[] {
  const left = [...cells];
  return Array.from({ length: count }, () => {
    const at = random.integer(left.length, what), cell = left[at]!;
    left[at] = left.at(-1)!;
    left.pop();
    return cell;
  });
}
/** The quantile u of the triangular distribution between two bounds with its tip at `tip`, or at the bound that is nearest to it. */
export function triangular(least: number, tip: number, most: number, u: number): number {
  tip = Math.max(least, Math.min(most, tip));
  const rising = (tip - least) / (most - least);
  return u < rising ? least + Math.sqrt(u * (most - least) * (tip - least)) : most - Math.sqrt((1 - u) * (most - least) * (most - tip));
}
