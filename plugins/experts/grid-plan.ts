/**
 * Ways for many agents over a grid that do not meet: conflict-based search (Sharon et al. 2015, Artificial Intelligence 219), which finds plans
 * of the least sum of costs, and, where that takes too long, prioritised planning (Silver 2005).
 *
 * A plan keeps two rules beside the walls. Nobody is where another is, nor enters a cell where another was one step before, so that no order of moves
 * matters. And nobody takes back its last action, but it may wait in between.
 */

/** Cells are numbered 0 .. cells-1; `next[4 cell + d]` is the neighbour in direction d, -1 where there is none; direction d is taken back by d + 2. */
export interface GridProblem {
  readonly next: Int32Array;
  readonly starts: readonly number[];
  readonly goals: readonly number[];
  /** Direction of each agent's last move, -1 if it did not move. */
  readonly last: readonly number[];
  /** Most steps of a plan. */
  readonly limit: number;
}
/** Cells of each agent from its start to where it stays on its goal for good. */
export type GridPlan = readonly (readonly number[])[];
export interface GridBudget {
  /** Nodes of the tree of constraints, and states of one agent's search; more, and the search gives up. */
  readonly nodes: number; readonly states: number;
}
const BUDGET: GridBudget = { nodes: 200, states: 40_000 };

export const costOf = (plan: GridPlan): number => plan.reduce((sum, path) => sum + path.length - 1, 0);
/** Where an agent is at a time; after its last step it stays. */
const at = (path: readonly number[], time: number): number => path[Math.min(time, path.length - 1)]!;

/** Undefined where none is found. With an unlimited budget the plan has the least sum of costs, or there is none. */
export function planPaths(problem: GridProblem, budget: GridBudget = BUDGET): GridPlan | undefined {
  const far = problem.goals.map(goal => distances(problem.next, goal));
  if (problem.starts.some((start, i) => far[i]![start]! < 0)) return undefined;
  return searched(problem, far, budget) ?? prioritised(problem, far, budget);
}

/** Steps to a cell from every cell; -1 where there is no way. */
function distances(next: Int32Array, goal: number): Int32Array {
  const far = new Int32Array(next.length / 4).fill(-1), open = [goal];
  far[goal] = 0;
  for (const cell of open) for (let d = 0; d < 4; d++) {
    const there = next[4 * cell + d]!;
    if (there < 0 || far[there]! >= 0) continue;
    far[there] = far[cell]! + 1;
    open.push(there);
  }
  return far;
}

/** Which cells an agent may not be in at which times, and from when on it may not rest where. */
interface Closed { at(cell: number, time: number): boolean; readonly restsFrom: number }
/** How many agents a step would meet. */
type Meets = (cell: number, time: number) => number;

/** A shortest way of one agent; of several the one that meets the fewest others. States are a cell, the last move and the time. */
function wayOf({ next, starts, goals, last, limit }: GridProblem, agent: number, far: Int32Array, closed: Closed, meets: Meets, most: number): number[] | undefined {
  const cells = next.length / 4, goal = goals[agent]!, seen = new Set<number>(), cellOf: number[] = [], lastOf: number[] = [], timeOf: number[] = [], metOf: number[] = [], from: number[] = [];
  /** Open states by estimated cost and by meetings; of equal ones the newest first. */
  const open: number[][][] = [];
  const put = (cell: number, move: number, time: number, met: number, before: number) => {
    const cost = time + far[cell]!, row = open[cost] ??= [];
    (row[met] ??= []).push(cellOf.length);
    cellOf.push(cell); lastOf.push(move); timeOf.push(time); metOf.push(met); from.push(before);
  };
  put(starts[agent]!, last[agent]!, 0, 0, -1);
  for (let cost = 0, states = 0; cost < open.length; cost++) {
    const row = open[cost];
    for (let met = 0; row && met < row.length;) {
      const node = row[met]?.pop();
      if (node === undefined) { met++; continue; }
      const cell = cellOf[node]!, move = lastOf[node]!, time = timeOf[node]!, key = (time * cells + cell) * 5 + move + 1;
      if (seen.has(key)) continue;
      seen.add(key);
      if (cell === goal && time >= closed.restsFrom) {
        const path: number[] = [];
        for (let n = node; n >= 0; n = from[n]!) path.push(cellOf[n]!);
        return path.reverse();
      }
      if (++states > most) return undefined;
      if (time === limit) continue;
      for (let d = -1; d < 4; d++) {
        const there = d < 0 ? cell : next[4 * cell + d]!;
        if (there < 0 || (d >= 0 && move >= 0 && d === (move + 2) % 4) || closed.at(there, time + 1)) continue;
        put(there, d, time + 1, metOf[node]! + meets(there, time + 1), node);
      }
    }
  }
  return undefined;
}

/** Where and when the paths stand or come too near: who at which time. */
interface Conflict { readonly a: number; readonly b: number; readonly cell: number; readonly timeA: number; readonly timeB: number }
function conflictsOf(plan: GridPlan): { readonly first: Conflict | undefined; readonly count: number } {
  const end = Math.max(...plan.map(path => path.length)), n = plan.length;
  let first: Conflict | undefined, count = 0;
  for (let time = 1; time < end; time++) for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) {
    if (a === b) continue;
    const cell = at(plan[a]!, time), meets = a < b && cell === at(plan[b]!, time), follows = cell === at(plan[b]!, time - 1);
    if (!meets && !follows) continue;
    count++;
    first ??= { a, b, cell, timeA: time, timeB: meets ? time : time - 1 };
  }
  return { first, count };
}

interface Constraint { readonly agent: number; readonly cell: number; readonly time: number; readonly before: Constraint | undefined }
interface TreeNode { readonly plan: GridPlan; readonly cost: number; readonly count: number; readonly first: Conflict | undefined; readonly constraints: Constraint | undefined; readonly born: number }

/** Constraints of an agent; it may rest on its goal when no later one forbids that. */
function closedBy(constraints: Constraint | undefined, agent: number, goal: number, cells: number): Closed {
  const places = new Set<number>();
  let restsFrom = 0;
  for (let c = constraints; c; c = c.before) if (c.agent === agent) {
    places.add(c.time * cells + c.cell);
    if (c.cell === goal) restsFrom = Math.max(restsFrom, c.time + 1);
  }
  return { at: (cell, time) => places.has(time * cells + cell), restsFrom };
}
/** Other agents that are in a cell at a time, were there a step before, or will be one after. */
const meetings = (plan: readonly (readonly number[] | undefined)[], agent: number): Meets => (cell, time) => {
  let sum = 0;
  plan.forEach((path, other) => { if (path && other !== agent) for (let t = time - 1; t <= time + 1; t++) if (at(path, t) === cell) sum++; });
  return sum;
};

function searched(problem: GridProblem, far: readonly Int32Array[], { nodes, states }: GridBudget): GridPlan | undefined {
  const cells = problem.next.length / 4, root: number[][] = [];
  for (const i of problem.starts.keys()) {
    const path = wayOf(problem, i, far[i]!, closedBy(undefined, i, problem.goals[i]!, cells), meetings(root, i), states);
    if (!path) return undefined;
    root.push(path);
  }
  const made = (plan: GridPlan, constraints: Constraint | undefined, born: number): TreeNode => ({ plan, cost: costOf(plan), ...conflictsOf(plan), constraints, born });
  const open = [made(root, undefined, 0)];
  for (let born = 1, opened = 0; open.length && opened < nodes; opened++) {
    let best = 0;
    for (let k = 1; k < open.length; k++) if (earlier(open[k]!, open[best]!)) best = k;
    const [node] = open.splice(best, 1) as [TreeNode], { first: conflict } = node;
    if (!conflict) return node.plan;
    for (const [agent, time] of [[conflict.a, conflict.timeA], [conflict.b, conflict.timeB]] as const) {
      if (time === 0) continue;                                            // where it starts it is
      const constraints: Constraint = { agent, cell: conflict.cell, time, before: node.constraints };
      const path = wayOf(problem, agent, far[agent]!, closedBy(constraints, agent, problem.goals[agent]!, cells), meetings(node.plan, agent), states);
      if (path) open.push(made(node.plan.map((old, i) => (i === agent ? path : old)), constraints, born++));
    }
  }
  return undefined;
}
const earlier = (a: TreeNode, b: TreeNode): boolean => a.cost - b.cost < 0 || (a.cost === b.cost && (a.count < b.count || (a.count === b.count && a.born < b.born)));

/** One agent after another, around those before it; one that finds no way is the first of the next attempt. */
function prioritised(problem: GridProblem, far: readonly Int32Array[], { states }: GridBudget): GridPlan | undefined {
  const n = problem.starts.length, order = [...problem.starts.keys()].sort((a, b) => far[b]![problem.starts[b]!]! - far[a]![problem.starts[a]!]! || a - b);
  for (let attempt = 0; attempt < 2 * n; attempt++) {
    const plan: (readonly number[] | undefined)[] = problem.starts.map(() => undefined), stuck = order.findIndex(agent => {
      const meets = meetings(plan, agent), goal = problem.goals[agent]!, restsFrom = plan.reduce((latest, path) => Math.max(latest, path?.includes(goal) ? path.lastIndexOf(goal) + 2 : 0), 0);
      return !(plan[agent] = wayOf(problem, agent, far[agent]!, { at: (cell, time) => meets(cell, time) > 0 || (time === 1 && problem.starts.some((start, other) => start === cell && other !== agent)), restsFrom }, () => 0, states));
    });
    if (stuck < 0) return plan as GridPlan;
    order.unshift(...order.splice(stuck, 1));
  }
  return undefined;
}
