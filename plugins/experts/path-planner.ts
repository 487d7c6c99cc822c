/** An expert for `mapf`: plans the whole episode when it begins. Stands in for PRIMAL's ODrM* (Ferner et al. 2013). */
import { z } from 'zod';
import type { Expert, ExpertFactory } from '../factories.ts';
import type { VectorEnvironment } from '../../core/environment.ts';
import { planPaths, type GridPlan, type GridProblem } from './grid-plan.ts';

/** What it reads of a state of `mapf`. */
const place = z.tuple([z.int(), z.int()]);
const readable = z.object({ scene: z.object({ map: z.array(z.string()), agents: z.array(place), goals: z.array(place), last: z.array(z.int()) }) });
/** Actions 1 .. 4 as steps in rows and columns; direction d of a plan is action d + 1. */
const STEPS = [[0, 1], [1, 0], [0, -1], [-1, 0]] as const;

function problemOf(environment: VectorEnvironment): GridProblem {
  const { map, agents, goals, last } = readable.parse(environment.getState(0)).scene, cols = map[0]!.length, cell = ([row, col]: readonly [number, number]) => row * cols + col;
  const next = Int32Array.from({ length: map.length * cols * 4 }, (_, i) => {
    const row = Math.floor(i / 4 / cols), col = Math.floor(i / 4) % cols, [down, right] = STEPS[i % 4]!;
    return map[row]![col] === '.' && map[row + down]?.[col + right] === '.' ? cell([row + down, col + right]) : -1;
  });
  return { next, starts: agents.map(cell), goals: goals.map(cell), last: last.map(action => action - 1), limit: environment.spec.limit };
}

class PathPlanner implements Expert {
  #problem: GridProblem | undefined;
  #plan: GridPlan = [];
  #time = 0;
  constructor(readonly environment: VectorEnvironment) {}
  begin(): boolean {
    this.#problem = problemOf(this.environment);
    this.#time = 0;
    const plan = planPaths(this.#problem);
    this.#plan = plan ?? [];
    return plan !== undefined;
  }
  act(): Int32Array {
    const time = this.#time++, { next } = this.#problem!;
    return Int32Array.from(this.#plan, path => {
      const here = path[Math.min(time, path.length - 1)]!, there = path[Math.min(time + 1, path.length - 1)]!;
      return here === there ? 0 : next.subarray(4 * here, 4 * here + 4).indexOf(there) + 1;
    });
  }
}

export const pathPlanner: ExpertFactory = {
  name: 'pathPlanner', about: 'Plans for all agents of mapf: conflict-based search, or prioritised planning where that takes too long',
  plays: ({ id }) => id.startsWith('mapf/'),
  make: environment => new PathPlanner(environment),
};
