/**
 * The world of level-based foraging: players collect food whose level may ask for several of them at once. Rules of lbforaging 2.0.0
 * (`foraging/environment.py`; Albrecht and Ramamoorthy 2013, Papoudakis et al. 2021), quirks included.
 */
import type { TypedArray } from '../../core/environment.ts';
import type { RandomSource } from '../../core/random.ts';

export interface ForagingRules {
  readonly rows: number;
  readonly cols: number;
  /** Bounds of the levels, one a player; a fresh permutation deals them out at every reset. */
  readonly playerLevels: readonly { readonly least: number; readonly most: number }[];
  /** The same, one a food. `most` null: the sum of the three lowest player levels of the episode. */
  readonly foodLevels: readonly { readonly least: number; readonly most: number | null }[];
  /** Every food has its highest level. */
  readonly coop: boolean;
  /** What each participant of a failed load loses. */
  readonly penalty: number;
  /** Rewards are shares of all food, so that a perfect episode returns 1. */
  readonly normalise: boolean;
}

/** Row, column, level. */
export type Placed = readonly [row: number, col: number, level: number];
/** Players in their order (row and column UNPLACED before the first reset), food in reading order. */
export interface Scene { readonly players: readonly Placed[]; readonly food: readonly Placed[]; readonly foodSpawned: number }

export const ACTIONS = 6;
export const UNPLACED = -1;
const NONE = 0, LOAD = 5;
const WALL = -1, ATTEMPTS = 1000;

/** All copies in arrays. Actions: 0 none, 1 north (row - 1), 2 south, 3 west (column - 1), 4 east, 5 load. */
export class ForagingWorld {
  readonly agents: number;
  readonly foods: number;

  // Cells are numbered over a field with a ring of walls, so a neighbour is one addition away and never outside.
  readonly width: number;
  readonly area: number;
  readonly rowOf: Int32Array;
  readonly colOf: Int32Array;
  /** [copies area] level of the food in a cell, 0 where there is none, WALL around the field. */
  readonly field: Int32Array;
  /** [copies agent] cells */
  readonly cell: Int32Array;
  /** [copies agent] */
  readonly level: Int32Array;
  /** [copies food] cells that held food when the scene was set, in reading order; the first `foodCount` of a copy count. */
  readonly foodCell: Int32Array;
  readonly foodCount: Int32Array;
  readonly foodLeft: Int32Array;
  /** [copies] sum of the levels at the start of the episode */
  readonly foodSpawned: Int32Array;
  /** [copies agent action] what the rules allow now */
  readonly valid: Uint8Array;

  readonly #rules: ForagingRules;
  /** What an action adds to a cell, by action. */
  readonly #move: Int32Array;
  // Within the step of one copy, by agent.
  readonly #target: Int32Array;
  readonly #loading: Uint8Array;

  constructor(rules: ForagingRules, copies: number) {
    const { rows, cols, playerLevels: { length: agents }, foodLevels: { length: foods } } = rules, width = cols + 2, area = (rows + 2) * width;
    this.#rules = rules; this.agents = agents; this.foods = foods; this.width = width; this.area = area;
    this.rowOf = Int32Array.from({ length: area }, (_, cell) => Math.floor(cell / width) - 1);
    this.colOf = Int32Array.from({ length: area }, (_, cell) => cell % width - 1);
    this.field = new Int32Array(copies * area);
    this.cell = new Int32Array(copies * agents).fill(UNPLACED);
    this.level = new Int32Array(copies * agents);
    this.foodCell = new Int32Array(copies * foods);
    this.foodCount = new Int32Array(copies);
    this.foodLeft = new Int32Array(copies);
    this.foodSpawned = new Int32Array(copies);
    this.valid = new Uint8Array(copies * agents * ACTIONS).fill(1);
    this.#move = Int32Array.of(0, -width, width, -1, 1, 0);
    this.#target = new Int32Array(agents);
    this.#loading = new Uint8Array(agents);
  }

  /** Forgets where the players stand, so that the next episode is that of a new world. */
  unplace(copy: number): void { this.cell.fill(UNPLACED, copy * this.agents, (copy + 1) * this.agents); }

  /** A new episode. Players keep their old places until they are placed again, and these block cells, as in the original. */
  spawn(copy: number, random: RandomSource): void {
    this.#clear(copy);
    this.#placePlayers(copy, random);
    this.#placeFood(copy, random);
    this.#listFood(copy);
    this.foodSpawned[copy] = this.scene(copy).food.reduce((sum, [, , level]) => sum + level, 0);
    this.#allow(copy);
  }

  scene(copy: number): Scene {
    const place = (cell: number, level: number): Placed => [this.rowOf[cell]!, this.colOf[cell]!, level];
    const players = Array.from({ length: this.agents }, (_, i): Placed => {
      const cell = this.cell[copy * this.agents + i]!;
      return cell === UNPLACED ? [UNPLACED, UNPLACED, 0] : place(cell, this.level[copy * this.agents + i]!);
    });
    const food: Placed[] = [];
    for (let f = copy * this.foods; f < copy * this.foods + this.foodCount[copy]!; f++) {
      const level = this.field[copy * this.area + this.foodCell[f]!]!;
      if (level > 0) food.push(place(this.foodCell[f]!, level));
    }
    return { players, food, foodSpawned: this.foodSpawned[copy]! };
  }

  setScene(copy: number, { players, food, foodSpawned }: Scene): void {
    this.#clear(copy);
    players.forEach(([row, col, level], i) => {
      this.cell[copy * this.agents + i] = row === UNPLACED ? UNPLACED : this.#cellAt(row, col);
      this.level[copy * this.agents + i] = level;
    });
    for (const [row, col, level] of food) this.field[copy * this.area + this.#cellAt(row, col)] = level;
    this.#listFood(copy);
    this.foodSpawned[copy] = foodSpawned;
    this.#allow(copy);
  }

  /** One step of a copy; actions [copies agent]. What each agent earns is written to `earned` [agent], in doubles. */
  act(copy: number, actions: TypedArray, earned: Float64Array): void {
    this.#moveAll(copy, actions);
    this.#loadAll(copy, earned);
    this.#allow(copy);
  }

  #cellAt(row: number, col: number): number { return (row + 1) * this.width + col + 1; }

  #clear(copy: number): void {
    const { rows, cols } = this.#rules, ground = copy * this.area;
    this.field.fill(WALL, ground, ground + this.area);
    for (let row = 0; row < rows; row++) {
      const first = ground + this.#cellAt(row, 0);
      this.field.fill(0, first, first + cols);
    }
  }

  #isEmpty(copy: number, cell: number): boolean {
    if (this.field[copy * this.area + cell] !== 0) return false;
    for (let i = copy * this.agents; i < (copy + 1) * this.agents; i++) if (this.cell[i] === cell) return false;
    return true;
  }

  /** A player that finds no empty cell keeps the place and level of the last episode. */
  #placePlayers(copy: number, random: RandomSource): void {
    const { rows, cols, playerLevels } = this.#rules, order = random.permutation(this.agents, 'lbf.playerOrder');
    for (let i = 0; i < this.agents; i++) {
      const { least, most } = playerLevels[order[i]!]!;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const row = random.integer(rows, 'lbf.playerRow'), cell = this.#cellAt(row, random.integer(cols, 'lbf.playerCol'));
        if (!this.#isEmpty(copy, cell)) continue;
        this.cell[copy * this.agents + i] = cell;
        this.level[copy * this.agents + i] = least + random.integer(most - least + 1, 'lbf.playerLevel');
        break;
      }
    }
  }

  /** Food keeps off the border and two steps away from other food. Where no room is found there is less of it. */
  #placeFood(copy: number, random: RandomSource): void {
    const { rows, cols, foodLevels, coop } = this.#rules, order = random.permutation(this.foods, 'lbf.foodOrder');
    const lowest = this.level.slice(copy * this.agents, (copy + 1) * this.agents).sort().subarray(0, 3).reduce((sum, level) => sum + level, 0);
    for (let attempt = 0, placed = 0; attempt < ATTEMPTS && placed < this.foods; attempt++) {
      const row = 1 + random.integer(rows - 2, 'lbf.foodRow'), cell = this.#cellAt(row, 1 + random.integer(cols - 2, 'lbf.foodCol'));
      if (this.#foodWithinTwo(copy, cell) || !this.#isEmpty(copy, cell)) continue;
      const bounds = foodLevels[order[placed]!]!, most = bounds.most ?? lowest, least = coop ? most : bounds.least;
      this.field[copy * this.area + cell] = least === most ? most : least + random.integer(most - least + 1, 'lbf.foodLevel');
      placed++;
    }
  }

  /** The 3 x 3 cells around and two cells along row and column: all that two steps reach. */
  #foodWithinTwo(copy: number, cell: number): boolean {
    for (let down = -2; down <= 2; down++) {
      const across = 2 - Math.abs(down), middle = copy * this.area + cell + down * this.width;
      for (let right = -across; right <= across; right++) if (this.field[middle + right]! > 0) return true;
    }
    return false;
  }

  #listFood(copy: number): void {
    const first = copy * this.foods, ground = copy * this.area;
    let count = 0;
    for (let cell = 0; cell < this.area; cell++) if (this.field[ground + cell]! > 0) this.foodCell[first + count++] = cell;
    this.foodCount[copy] = this.foodLeft[copy] = count;
  }

  /** Everybody votes for a cell; one with a single vote is taken. So swaps succeed, and a player may enter the cell of one whose own move fails. */
  #moveAll(copy: number, actions: TypedArray): void {
    const first = copy * this.agents;
    for (let i = 0; i < this.agents; i++) {
      const chosen = actions[first + i]!, action = this.valid[(first + i) * ACTIONS + chosen] === 1 ? chosen : NONE;
      this.#target[i] = this.cell[first + i]! + this.#move[action]!;
      this.#loading[i] = action === LOAD ? 1 : 0;
    }
    for (let i = 0; i < this.agents; i++) {
      let votes = 0;
      for (let j = 0; j < this.agents; j++) if (this.#target[j] === this.#target[i]) votes++;
      if (votes === 1) this.cell[first + i] = this.#target[i]!;
    }
  }

  /** The loaders around one food act together. Spacing gives every loader exactly one food, so the order of the foods does not matter. */
  #loadAll(copy: number, earned: Float64Array): void {
    const { penalty, normalise } = this.#rules, first = copy * this.agents, ground = copy * this.area;
    earned.fill(0);
    for (let i = 0; i < this.agents; i++) {
      if (this.#loading[i] === 0) continue;
      const food = this.#foodBeside(ground, this.cell[first + i]!), level = this.field[ground + food]!;
      let levels = 0;
      for (let j = i; j < this.agents; j++) if (this.#loadsAt(first, j, food)) levels += this.level[first + j]!;
      const loaded = levels >= level, whole = normalise ? levels * this.foodSpawned[copy]! : 1;
      for (let j = i; j < this.agents; j++) {
        if (!this.#loadsAt(first, j, food)) continue;
        earned[j] = loaded ? this.level[first + j]! * level / whole : 0 - penalty;
        this.#loading[j] = 0;
      }
      if (!loaded) continue;
      this.field[ground + food] = 0;
      this.foodLeft[copy] = this.foodLeft[copy]! - 1;
    }
  }

  /** Cell of the food north, south, west or east of a cell, the first in this order. Only for players whose load is valid. */
  #foodBeside(ground: number, cell: number): number {
    let action = 1;
    while (action < 4 && this.field[ground + cell + this.#move[action]!]! <= 0) action++;
    return cell + this.#move[action]!;
  }

  #loadsAt(first: number, agent: number, food: number): boolean {
    const distance = Math.abs(this.cell[first + agent]! - food);
    return this.#loading[agent] === 1 && (distance === 1 || distance === this.width);
  }

  /** Other players do not stand in the way of a move: they contest it. */
  #allow(copy: number): void {
    const ground = copy * this.area;
    for (let i = copy * this.agents; i < (copy + 1) * this.agents; i++) {
      const cell = this.cell[i]!;
      let besideFood = 0;
      for (let action = 1; action <= 4; action++) {
        const there = this.field[ground + cell + this.#move[action]!]!;
        this.valid[i * ACTIONS + action] = there === 0 ? 1 : 0;
        if (there > 0) besideFood = 1;
      }
      this.valid[i * ACTIONS + LOAD] = besideFood;
    }
  }
}
