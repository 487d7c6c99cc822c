/** What an agent of PRIMAL sees: four layers of its window, and where its goal lies. */
import type { MapfWorld } from './mapf-world.ts';

export const CHANNELS = 4, GOAL = 3;

/**
 * Writes the views of all agents of a copy, `i` counting agents over all copies: grid [i channel row column] and goal [i 3], and both side by side
 * as obs [i obs].
 *
 * channels  agents (itself and others), the own goal if it is in the window, goals of the other agents in the window (those outside it on the
 *           border cell that is nearest row by row and column by column), walls and everything outside the map
 * goal      unit vector to the goal in rows and columns, and the distance in cells; 0, 0, 0 on it
 */
export function viewMapf(world: MapfWorld, copy: number, sight: number, grid: Float32Array, goal: Float32Array, obs: Float32Array): void {
  const { agents, layout: { rowOf, colOf, width, area }, cell, goal: goals, walls } = world, half = Math.floor(sight / 2), layer = sight * sight, first = copy * agents;
  for (let i = first; i < first + agents; i++) {
    const here = cell[i]!, top = rowOf[here]! - half, left = colOf[here]! - half, from = i * CHANNELS * layer, own = from + layer, others = own + layer, blocks = others + layer;
    grid.fill(0, from, blocks);
    for (let down = 0, to = blocks, at = copy * area + here - half * width - half; down < sight; down++, at += width) for (let right = 0; right < sight; right++) grid[to++] = walls[at + right]!;
    for (let j = first; j < first + agents; j++) {
      const down = rowOf[cell[j]!]! - top, right = colOf[cell[j]!]! - left;
      if (down < 0 || right < 0 || down >= sight || right >= sight) continue;
      grid[from + down * sight + right] = 1;
      if (j !== i) grid[others + clamped(rowOf[goals[j]!]! - top, sight) * sight + clamped(colOf[goals[j]!]! - left, sight)] = 1;
    }
    const down = rowOf[goals[i]!]! - top, right = colOf[goals[i]!]! - left;
    if (down >= 0 && right >= 0 && down < sight && right < sight) grid[own + down * sight + right] = 1;
    const dx = down - half, dy = right - half, distance = Math.sqrt(dx * dx + dy * dy), to = i * GOAL;
    goal[to] = distance && dx / distance;
    goal[to + 1] = distance && dy / distance;
    goal[to + 2] = distance;
    const size = CHANNELS * layer + GOAL;
    obs.set(grid.subarray(from, from + CHANNELS * layer), i * size);
    obs.set(goal.subarray(to, to + GOAL), i * size + CHANNELS * layer);
  }
}
const clamped = (at: number, sight: number): number => Math.max(0, Math.min(sight - 1, at));
