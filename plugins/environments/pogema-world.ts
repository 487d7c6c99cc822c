/**
 * The world of POGEMA: agents on a grid, each with a target to reach. Rules of pogema 1.4.0 (`grid.py`, `envs.py`, `generator.py`;
 * Skrynnik et al. 2022, arXiv 2206.10944), quirks included.
 */
import type { TypedArray } from '../../core/environment.ts';
import { RunError } from '../../core/error.ts';
import { Random, type RandomSource } from '../../core/random.ts';
import { drawWalls, GridLayout, readMap, regionsOf, writeMap, type Regions } from './grid-map.ts';

export interface PogemaRules {
  readonly rows: number;
  readonly cols: number;
  readonly agents: number;
  /** Chance of a wall in a cell. */
  readonly density: number;
  /** How many cells an agent sees in each direction. */
  readonly sight: number;
  /**
   * priority: one after another into free cells. blockBoth: nobody enters a cell where somebody stands or that two want. soft: moves that
   * meet in a cell or swap are taken back, and with them those that they free no cell for; what is left happens at once.
   */
  readonly collisionSystem: 'priority' | 'blockBoth' | 'soft';
  /** finish: an agent that arrives is gone. nothing: all must stand on their targets at the same time. restart: a new target. */
  readonly onTarget: 'finish' | 'nothing' | 'restart';
  readonly moveOrder: 'index' | 'shuffled';
  readonly agentsChannel: 'original' | 'exact';
}

type Place = readonly [row: number, col: number];
export interface PogemaScene {
  readonly map: readonly string[];
  readonly agents: readonly Place[];
  readonly targets: readonly Place[];
  readonly alive: readonly boolean[];
  /** Agents that the agents channel leaves out. */
  readonly unseen: readonly number[];
  /** Key of what is drawn on the way, and how many targets each agent was given on it. */
  readonly key: number;
  readonly given: readonly number[];
}

export const ACTIONS = 5;
const STAY = 0, ATTEMPTS = 1000, KEYS = 2 ** 31;

/** All copies in arrays. Actions: 0 stay, 1 up (row - 1), 2 down, 3 left (column - 1), 4 right. */
export class PogemaWorld {
  readonly layout: GridLayout;
  readonly agents: number;
  /** [copies area] 1 for a wall: those of the map and a ring around it. Beyond the ring it is empty, as in the original. */
  readonly walls: Float32Array;
  /** [copies area] 1 where an agent is marked. */
  readonly taken: Float32Array;
  /** [copies agent] cells */
  readonly cell: Int32Array;
  readonly target: Int32Array;
  readonly alive: Float32Array;
  /** [copies] 1 once a scene is set */
  readonly set: Uint8Array;

  readonly #rules: PogemaRules;
  readonly #cells: Int32Array;
  readonly #move: Int32Array;
  readonly #key: Int32Array;
  readonly #given: Int32Array;
  readonly #regions: (Regions | undefined)[];
  // Within the step of one copy, by agent: what it still means to do, the cell that leads to, and when it came to want it.
  readonly #action: Int32Array;
  readonly #want: Int32Array;
  readonly #since: Int32Array;
  /** [area] agents that want a cell; a block counts as two. Zero between steps. */
  readonly #wanted: Int32Array;

  constructor(rules: PogemaRules, copies: number) {
    const { rows, cols, agents, sight } = rules, layout = this.layout = new GridLayout(rows, cols, sight), { area, width } = layout;
    this.#rules = rules; this.agents = agents;
    this.walls = new Float32Array(copies * area);
    this.taken = new Float32Array(copies * area);
    this.cell = new Int32Array(copies * agents);
    this.target = new Int32Array(copies * agents);
    this.alive = new Float32Array(copies * agents);
    this.set = new Uint8Array(copies);
    this.#cells = layout.cells();
    this.#move = Int32Array.of(0, -width, width, -1, 1);
    this.#key = new Int32Array(copies);
    this.#given = new Int32Array(copies * agents);
    this.#regions = Array.from({ length: copies }, () => undefined);
    this.#action = new Int32Array(agents);
    this.#want = new Int32Array(agents);
    this.#since = new Int32Array(agents);
    this.#wanted = new Int32Array(area);
  }

  /** A new map with agents and targets, each pair in one region. */
  spawn(copy: number, random: RandomSource): void {
    const { agents, density } = this.#rules, { area } = this.layout, walls = this.walls.subarray(copy * area, (copy + 1) * area);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      this.#clear(copy);
      drawWalls(walls, this.#cells, density, random, 'pogema.wall');
      const placed = this.#placed(regionsOf(walls, this.#cells, this.layout), walls, random);
      if (!placed) continue;
      this.#begin(copy, placed.starts, placed.targets, random.integer(KEYS, 'pogema.key'));
      return;
    }
    throw new RunError(`no map in ${ATTEMPTS} has room for ${agents} agents and their targets`, 'fewer agents, a larger map, or a lower density');
  }
  /** Cells in random order: one that nobody waits for is a start, if its region has room for two more; the next of that region is its target. */
  #placed({ of, sizes }: Regions, walls: Float32Array, random: RandomSource): { readonly starts: number[]; readonly targets: number[] } | undefined {
    const { agents } = this.#rules, free = this.#cells.filter(cell => walls[cell] === 0), room = [...sizes], waiting: number[][] = room.map(() => []), starts: number[] = [], targets: number[] = [];
    let arrived = 0;
    for (const i of random.permutation(free.length, 'pogema.cells')) {
      const cell = free[i]!, region = of[cell]!, agent = waiting[region]!.pop();
      if (agent !== undefined) { targets[agent] = cell; arrived++; } else if (starts.length >= agents) { if (arrived >= agents) break; } else if (room[region]! >= 2) {
        room[region]! -= 2;
        waiting[region]!.push(starts.length);
        starts.push(cell);
      }
    }
    return starts.length === agents ? { starts, targets } : undefined;
  }

  #clear(copy: number): void {
    const { rows, cols } = this.#rules, { area } = this.layout, ground = copy * area;
    this.walls.fill(0, ground, ground + area);
    this.taken.fill(0, ground, ground + area);
    for (let row = -1; row <= rows; row++) for (const col of [-1, cols]) this.walls[ground + this.layout.at(row, col)] = 1;
    for (let col = -1; col <= cols; col++) for (const row of [-1, rows]) this.walls[ground + this.layout.at(row, col)] = 1;
  }
  #begin(copy: number, starts: readonly number[], targets: readonly number[], key: number): void {
    const { agents } = this, ground = copy * this.layout.area;
    this.cell.set(starts, copy * agents);
    this.target.set(targets, copy * agents);
    this.alive.fill(1, copy * agents, (copy + 1) * agents);
    for (const cell of starts) this.taken[ground + cell] = 1;
    this.#given.fill(0, copy * agents, (copy + 1) * agents);
    this.#key[copy] = key;
    this.#regions[copy] = undefined;
    this.set[copy] = 1;
  }

  scene(copy: number): PogemaScene | null {
    if (this.set[copy] === 0) return null;
    const { agents, layout } = this, ground = copy * layout.area, all = Array.from({ length: agents }, (_, i) => copy * agents + i), place = (cell: number): Place => [layout.rowOf[cell]!, layout.colOf[cell]!];
    return {
      map: writeMap(this.walls.subarray(ground, ground + layout.area), layout), agents: all.map(i => place(this.cell[i]!)), targets: all.map(i => place(this.target[i]!)),
      alive: all.map(i => this.alive[i] === 1), unseen: all.flatMap((i, agent) => (this.alive[i] === 1 && this.taken[ground + this.cell[i]!] === 0 ? [agent] : [])),
      key: this.#key[copy]!, given: all.map(i => this.#given[i]!),
    };
  }
  setScene(copy: number, scene: PogemaScene | null): void {
    const { agents, layout } = this, ground = copy * layout.area;
    this.#clear(copy);
    this.alive.fill(0, copy * agents, (copy + 1) * agents);
    this.set[copy] = 0;
    if (!scene) return;
    readMap(scene.map, this.walls.subarray(ground, ground + layout.area), layout);
    this.#begin(copy, scene.agents.map(([row, col]) => layout.at(row, col)), scene.targets.map(([row, col]) => layout.at(row, col)), scene.key);
    for (let agent = 0, i = copy * agents; agent < agents; agent++, i++) {
      this.#given[i] = scene.given[agent]!;
      this.alive[i] = scene.alive[agent] ? 1 : 0;
    }
    // one that is gone may lie below one that stands there, so marks are set anew
    for (let i = copy * agents; i < (copy + 1) * agents; i++) this.taken[ground + this.cell[i]!] = 0;
    for (let agent = 0, i = copy * agents; agent < agents; agent++, i++) if (this.alive[i] === 1 && !scene.unseen.includes(agent)) this.taken[ground + this.cell[i]!] = 1;
  }

  /** One step of a copy, its `step`th; actions [copies agent]. What each agent earns is written to `earned` [copies agent]. True where all have arrived for good. */
  act(copy: number, actions: TypedArray, step: number, earned: Float32Array): boolean {
    const { collisionSystem, onTarget } = this.#rules, first = copy * this.agents, ground = copy * this.layout.area;
    if (collisionSystem === 'priority') this.#oneByOne(first, ground, actions, this.#order(copy, step));
    else if (collisionSystem === 'blockBoth') this.#blocking(first, ground, actions);
    else this.#softly(first, ground, actions);
    if (onTarget === 'finish') return this.#finish(first, ground, earned);
    return onTarget === 'nothing' ? this.#meet(first, earned) : this.#restart(copy, earned);
  }
  /** Undefined: that of the agents. */
  #order(copy: number, step: number): Int32Array | undefined {
    return this.#rules.moveOrder === 'shuffled' ? Random.of(this.#key[copy]!, 'pogema.order', step).permutation(this.agents) : undefined;
  }
  #oneByOne(first: number, ground: number, actions: TypedArray, order: Int32Array | undefined): void {
    for (let turn = 0; turn < this.agents; turn++) {
      const i = first + (order ? order[turn]! : turn);
      if (this.alive[i] === 1) this.#enter(i, ground, this.cell[i]! + this.#move[actions[i]!]!);
    }
  }
  #enter(i: number, ground: number, to: number): void {
    if (this.walls[ground + to] !== 0 || this.taken[ground + to] !== 0) return;
    this.taken[ground + this.cell[i]!] = 0;
    this.taken[ground + to] = 1;
    this.cell[i] = to;
  }
  /** Who follows another stands still, since somebody stands in the cell ahead when the step begins. */
  #blocking(first: number, ground: number, actions: TypedArray): void {
    for (let agent = 0, i = first; agent < this.agents; agent++, i++) {
      if (this.alive[i] !== 1) continue;
      const want = this.#want[agent] = this.cell[i]! + this.#move[actions[i]!]!;
      this.#wanted[want]!++;
      this.#wanted[this.cell[i]!]! += 2;
    }
    for (let agent = 0, i = first; agent < this.agents; agent++, i++) {
      if (this.alive[i] !== 1) continue;
      // cells of before the step: those that are left stay blocked
      this.#action[agent] = this.cell[i]!;
      if (this.#wanted[this.#want[agent]!]! === 1) this.#enter(i, ground, this.#want[agent]!);
    }
    for (let agent = 0, i = first; agent < this.agents; agent++, i++) if (this.alive[i] === 1) this.#wanted[this.#want[agent]!] = this.#wanted[this.#action[agent]!] = 0;
  }
  #softly(first: number, ground: number, actions: TypedArray): void {
    const n = this.agents;
    let time = 0;
    for (let agent = 0, i = first; agent < n; agent++, i++) {
      if (this.alive[i] !== 1) continue;
      this.#action[agent] = actions[i]!;
      this.#wanted[this.#want[agent] = this.cell[i]! + this.#move[actions[i]!]!]!++;
      this.#since[agent] = time++;
    }
    // of two that swap the lower index stands still here, the other below, where the first now stands in its way
    for (let agent = 0, i = first; agent < n; agent++, i++) {
      if (this.alive[i] !== 1 || this.#action[agent] === STAY) continue;
      for (let other = agent + 1, j = i + 1; other < n; other++, j++) if (this.alive[j] === 1 && this.cell[j] === this.#want[agent] && this.cell[j]! + this.#move[actions[j]!]! === this.cell[i]) {
        this.#wanted[this.#want[agent]!]!--;
        this.#stand(agent, i, time++);
        break;
      }
    }
    for (let agent = n - 1; agent >= 0; agent--) {
      if (this.alive[first + agent] !== 1) continue;
      const to = this.#want[agent]!;
      if (this.#wanted[to]! > 1 || this.walls[ground + to] === 1) time = this.#revert(first, agent, time);
    }
    for (let agent = 0, i = first; agent < n; agent++, i++) {
      if (this.alive[i] !== 1) continue;
      const to = this.#want[agent]!;
      this.#wanted[to] = 0;
      this.taken[ground + this.cell[i]!] = 0;                             // in turn, so one that follows a higher index is wiped out again
      this.taken[ground + to] = 1;
      this.cell[i] = to;
    }
    if (this.#rules.agentsChannel === 'exact') for (let i = first; i < first + n; i++) if (this.alive[i] === 1) this.taken[ground + this.cell[i]!] = 1;
  }
  #stand(agent: number, i: number, time: number): void {
    this.#action[agent] = STAY;
    this.#wanted[this.#want[agent] = this.cell[i]!]!++;
    this.#since[agent] = time;
  }
  /** Takes a move back; whoever has wanted the cell that is not left now for longest is the next. */
  #revert(first: number, agent: number, time: number): number {
    for (let who = agent; ;) {
      this.#wanted[this.#want[who]!]!--;
      const home = this.cell[first + who]!, contested = this.#wanted[home]! > 0;
      let next = -1;
      if (contested) for (let other = 0; other < this.agents; other++) if (other !== who && this.alive[first + other] === 1 && this.#want[other] === home && (next < 0 || this.#since[other]! < this.#since[next]!)) next = other;
      this.#stand(who, first + who, time++);
      if (next < 0) return time;
      who = next;
    }
  }

  #finish(first: number, ground: number, earned: Float32Array): boolean {
    let all = true;
    for (let i = first; i < first + this.agents; i++) {
      const arrives = this.alive[i] === 1 && this.cell[i] === this.target[i];
      earned[i] = arrives ? 1 : 0;
      if (!arrives) { if (this.alive[i] === 1) all = false; continue; }
      this.alive[i] = 0;
      this.taken[ground + this.cell[i]!] = 0;
    }
    return all;
  }
  #meet(first: number, earned: Float32Array): boolean {
    let all = true;
    for (let i = first; i < first + this.agents; i++) if (this.cell[i] !== this.target[i]) all = false;
    earned.fill(all ? 1 : 0, first, first + this.agents);
    return all;
  }
  #restart(copy: number, earned: Float32Array): boolean {
    const first = copy * this.agents;
    for (let i = first; i < first + this.agents; i++) {
      earned[i] = this.cell[i] === this.target[i] ? 1 : 0;
      if (earned[i] === 1) this.target[i] = this.#newTarget(copy, i);
    }
    return false;
  }
  /** Any other cell of the agent's region. */
  #newTarget(copy: number, i: number): number {
    const { area } = this.layout, here = this.cell[i]!, { of, sizes } = this.#regions[copy] ??= regionsOf(this.walls.subarray(copy * area, (copy + 1) * area), this.#cells, this.layout), region = of[here]!;
    let left = Random.of(this.#key[copy]!, 'pogema.target', i - copy * this.agents, this.#given[i]!++).integer(sizes[region]! - 1);
    for (const cell of this.#cells) if (of[cell] === region && cell !== here && left-- === 0) return cell;
    return here;                                                          // a region of one cell, where nobody can have arrived
  }
}
