/** What a player of level-based foraging sees. `i` counts agents over all copies; `at` is where its numbers begin in `into`. */
import { UNPLACED, type ForagingRules, type ForagingWorld } from './foraging-world.ts';

export interface Sight {
  /** How many cells a player sees in each direction. */
  readonly sight: number;
  readonly observe: 'vector' | 'grid';
  readonly observeAgentLevels: boolean;
}

/** Numbers in one player's observation. */
export function observationSize({ playerLevels, foodLevels, observe, observeAgentLevels, sight }: ForagingRules & Sight): number {
  return observe === 'grid' ? 3 * (2 * sight + 1) ** 2 : 3 * foodLevels.length + (observeAgentLevels ? 3 : 2) * playerLevels.length;
}

/** Observations of all players of a copy, one after another; zeros before its first episode. */
export function observe(world: ForagingWorld, rules: ForagingRules & Sight, copy: number, size: number, into: Float32Array): void {
  for (let i = copy * world.agents; i < (copy + 1) * world.agents; i++) {
    if (world.cell[i] === UNPLACED) into.fill(0, i * size, (i + 1) * size);
    else if (rules.observe === 'grid') observeGrid(world, rules, copy, i, into, i * size);
    else observeVector(world, rules, copy, i, into, i * size);
  }
}

/**
 * Row, column, level of each visible food in reading order, missing ones (-1, -1, 0); then the same of the player itself and of the other
 * visible players in their order. Rows and columns count from the corner of the window, which the border of the field clips.
 */
function observeVector(world: ForagingWorld, { sight, observeAgentLevels }: Sight, copy: number, i: number, into: Float32Array, at: number): void {
  const { rowOf, colOf, cell, level, agents, foods } = world, row = rowOf[cell[i]!]!, col = colOf[cell[i]!]!;
  const top = row - Math.min(sight, row), left = col - Math.min(sight, col), players = at + 3 * foods, end = players + (observeAgentLevels ? 3 : 2) * agents;
  for (let f = copy * foods; f < copy * foods + world.foodCount[copy]!; f++) {
    const place = world.foodCell[f]!, food = world.field[copy * world.area + place]!, r = rowOf[place]!, c = colOf[place]!;
    if (food === 0 || Math.abs(r - row) > sight || Math.abs(c - col) > sight) continue;
    into[at++] = r - top; into[at++] = c - left; into[at++] = food;
  }
  while (at < players) { into[at++] = -1; into[at++] = -1; into[at++] = 0; }

  into[at++] = row - top; into[at++] = col - left;
  if (observeAgentLevels) into[at++] = level[i]!;
  for (let j = copy * agents; j < (copy + 1) * agents; j++) {
    const down = rowOf[cell[j]!]! - top, right = colOf[cell[j]!]! - left;
    // As in the original: where the border clips the window, players are seen farther away than food.
    if (j === i || down < 0 || right < 0 || down > 2 * sight || right > 2 * sight) continue;
    into[at++] = down; into[at++] = right;
    if (observeAgentLevels) into[at++] = level[j]!;
  }
  while (at < end) {
    into[at++] = -1; into[at++] = -1;
    if (observeAgentLevels) into[at++] = 0;
  }
}

/** Three layers of (2 sight + 1)^2 cells with the player in the middle: player levels (or 1), food levels, 1 where a player may go. */
function observeGrid(world: ForagingWorld, rules: ForagingRules & Sight, copy: number, i: number, into: Float32Array, at: number): void {
  const { rows, cols, sight, observeAgentLevels } = rules;
  const { rowOf, colOf, cell, level, agents, width } = world, ground = copy * world.area, side = 2 * sight + 1;
  const players = at, food = players + side * side, free = food + side * side, top = rowOf[cell[i]!]! - sight, left = colOf[cell[i]!]! - sight;
  for (let down = 0, n = 0; down < side; down++) for (let right = 0; right < side; right++, n++) {
    const row = top + down, col = left + right, inside = row >= 0 && col >= 0 && row < rows && col < cols;
    const there = inside ? world.field[ground + (row + 1) * width + col + 1]! : 0;
    into[players + n] = 0;
    into[food + n] = there;
    into[free + n] = inside && there === 0 ? 1 : 0;
  }
  for (let j = copy * agents; j < (copy + 1) * agents; j++) {
    const down = rowOf[cell[j]!]! - top, right = colOf[cell[j]!]! - left;
    if (down < 0 || right < 0 || down >= side || right >= side) continue;
    into[players + down * side + right] = observeAgentLevels ? level[j]! : 1;             // of players that overlap the last one shows
    into[free + down * side + right] = 0;
  }
}

/**
 * What the players of a copy see of the others' actions: `did` [copies agent], -1 before the first step; `seenAction` and `seen` [copies agent other]. An action is seen by whom
 * its player stands near after the step, no farther than `sight` in rows and in columns; 0 stands for one that is not.
 */
export function observeActions({ agents, rowOf, colOf, cell }: ForagingWorld, sight: number, copy: number, did: Int32Array, seenAction: Int32Array, seen: Uint8Array): void {
  const first = copy * agents;
  for (let i = first, at = first * (agents - 1); i < first + agents; i++) for (let j = first; j < first + agents; j++) {
    if (j === i) continue;
    const near = did[j]! >= 0 && Math.abs(rowOf[cell[i]!]! - rowOf[cell[j]!]!) <= sight && Math.abs(colOf[cell[i]!]! - colOf[cell[j]!]!) <= sight;
    seen[at] = near ? 1 : 0;
    seenAction[at++] = near ? did[j]! : 0;
  }
}
