/** What agents of POGEMA see, kept up to date: a window moves with its agent, and only marks that come or go are written anew. */
import type { PogemaWorld } from './pogema-world.ts';

/** Three layers of (2 sight + 1)^2 cells with the agent in the middle: walls, agents (itself too), its target or the border cell nearest to it. */
export const viewSize = (sight: number): number => 3 * (2 * sight + 1) ** 2;

/** Looking for a mark in a window takes as long as writing so many of its cells. */
const MARK = 6;

/** Writes obs [copies agent obs] and state [copies state]: see `stateSize`. */
export class PogemaView {
  readonly obs: Float32Array;
  readonly state: Float32Array;
  readonly #world: PogemaWorld;
  readonly #sight: number;
  readonly #layer: number;
  readonly #stateSize: number;
  /** [copies agent] where an agent stood and was marked (-1: nowhere) when its view was written, its target, and which cell of its window shows that. */
  readonly #at: Int32Array;
  readonly #mark: Int32Array;
  readonly #goal: Int32Array;
  readonly #aim: Int32Array;
  /** Within a step of one copy: upper left corners of the windows, [agent], and cells whose marks go and come. */
  readonly #top: Int32Array;
  readonly #left: Int32Array;
  readonly #gone: Int32Array;
  readonly #come: Int32Array;

  constructor(world: PogemaWorld, sight: number, copies: number) {
    const agents = copies * world.agents;
    this.#world = world; this.#sight = sight; this.#layer = (2 * sight + 1) ** 2; this.#stateSize = PogemaView.stateSize(world);
    this.obs = new Float32Array(agents * 3 * this.#layer);
    this.state = new Float32Array(copies * this.#stateSize);
    this.#at = new Int32Array(agents);
    this.#mark = new Int32Array(agents);
    this.#goal = new Int32Array(agents);
    this.#aim = new Int32Array(agents);
    this.#top = new Int32Array(world.agents);
    this.#left = new Int32Array(world.agents);
    this.#gone = new Int32Array(world.agents);
    this.#come = new Int32Array(world.agents);
  }
  /** POGEMA's own state: row and column of the agents, then of their targets, each over its greatest value; then the walls with their margin. */
  static stateSize({ agents, layout }: PogemaWorld): number { return 4 * agents + layout.area; }

  /** Everything of a copy, anew. */
  show(copy: number): void {
    const { agents, layout: { area }, walls } = this.#world, first = copy * agents, state = copy * this.#stateSize;
    this.state.fill(0, state, state + this.#stateSize);
    this.obs.fill(0, first * 3 * this.#layer, (first + agents) * 3 * this.#layer);
    if (this.#world.set[copy] === 0) return;
    this.state.set(walls.subarray(copy * area, (copy + 1) * area), state + 4 * agents);
    for (let i = first; i < first + agents; i++) this.#aim[i] = 0;
    for (let agent = 0, i = first; agent < agents; agent++, i++) this.#write(copy, agent, i);
  }
  /** After a step. */
  follow(copy: number): void {
    const { agents, cell, target, alive, taken, layout: { area, rowOf, colOf } } = this.#world, first = copy * agents, ground = copy * area, sight = this.#sight;
    const at = this.#at, marks = this.#mark, goal = this.#goal, top = this.#top, left = this.#left, gone = this.#gone, come = this.#come;
    let going = 0, coming = 0;
    for (let agent = 0, i = first; agent < agents; agent++, i++) {
      const here = cell[i]!, mark = alive[i] === 1 && taken[ground + here] === 1 ? here : -1;
      if (mark !== marks[i]) {
        if (marks[i]! >= 0) gone[going++] = marks[i]!;
        if (mark >= 0) come[coming++] = mark;
        marks[i] = mark;
      }
      if (here !== at[i]) { this.#shift(copy, i, here - at[i]!); at[i] = here; this.#aimAt(i); this.#place(copy, agent, i); } else if (target[i] !== goal[i]) { this.#aimAt(i); this.#place(copy, agent, i); }
      top[agent] = rowOf[here]! - sight;
      left[agent] = colOf[here]! - sight;
    }
    if ((going + coming) * MARK > this.#layer) {
      for (let i = first; i < first + agents; i++) this.#agents(copy, i);
      return;
    }
    for (let k = 0; k < going; k++) this.#marked(first, gone[k]!, 0);
    for (let k = 0; k < coming; k++) this.#marked(first, come[k]!, 1);
  }
  /** The agents layer of a window, anew. */
  #agents(copy: number, i: number): void {
    const { taken, cell, layout: { area, width } } = this.#world, { obs } = this, sight = this.#sight, side = 2 * sight + 1;
    let to = (3 * i + 1) * this.#layer, from = copy * area + cell[i]! - sight * (width + 1);
    for (let down = 0; down < side; down++, from += width) for (let right = 0; right < side; right++, to++) obs[to] = taken[from + right]!;
  }

  /** A mark in the agents layer of all agents whose windows have that cell. */
  #marked(first: number, cell: number, mark: number): void {
    const { rowOf, colOf } = this.#world.layout, row = rowOf[cell]!, col = colOf[cell]!, layer = this.#layer, side = 2 * this.#sight + 1, top = this.#top, left = this.#left, obs = this.obs, n = top.length;
    for (let agent = 0, from = (3 * first + 1) * layer; agent < n; agent++, from += 3 * layer) {
      const down = row - top[agent]!, right = col - left[agent]!;
      if (down >= 0 && down < side && right >= 0 && right < side) obs[from + down * side + right] = mark;
    }
  }
  /** Walls and agents of a window that moves by one cell; what comes into sight is as it is now. */
  #shift(copy: number, i: number, by: number): void {
    const { walls, taken, cell, layout: { area, width } } = this.#world, { obs } = this, sight = this.#sight, side = 2 * sight + 1, layer = this.#layer, from = 3 * i * layer, end = from + 2 * layer, corner = copy * area + cell[i]! - sight * (width + 1);
    const down = by === width || by === -width, step = down ? side : 1;
    if (by > 0) obs.copyWithin(from, from + step, end); else obs.copyWithin(from + step, from, end - step);
    const across = down ? 1 : side, along = down ? 1 : width, last = by > 0 ? side - 1 : 0;
    for (let k = 0, to = from + last * step, source = corner + last * (down ? width : 1); k < side; k++, to += across, source += along) {
      obs[to] = walls[source]!;
      obs[to + layer] = taken[source]!;
    }
  }
  #write(copy: number, agent: number, i: number): void {
    const { walls, taken, cell, alive, layout: { area, width } } = this.#world, { obs } = this, sight = this.#sight, side = 2 * sight + 1, layer = this.#layer, here = cell[i]!;
    let to = 3 * i * layer, from = copy * area + here - sight * (width + 1);
    for (let down = 0; down < side; down++, from += width) for (let right = 0; right < side; right++, to++) {
      obs[to] = walls[from + right]!;
      obs[to + layer] = taken[from + right]!;
    }
    this.#at[i] = here;
    this.#mark[i] = alive[i] === 1 && taken[copy * area + here] === 1 ? here : -1;
    this.#aimAt(i);
    this.#place(copy, agent, i);
  }
  #aimAt(i: number): void {
    const { target, layout: { rowOf, colOf } } = this.#world, sight = this.#sight, here = this.#at[i]!, goal = this.#goal[i] = target[i]!, from = (3 * i + 2) * this.#layer;
    const down = rowOf[goal]! - rowOf[here]!, right = colOf[goal]! - colOf[here]!;
    this.obs[from + this.#aim[i]!] = 0;
    this.#aim[i] = ((down < -sight ? -sight : down > sight ? sight : down) + sight) * (2 * sight + 1) + (right < -sight ? -sight : right > sight ? sight : right) + sight;
    this.obs[from + this.#aim[i]!] = 1;
  }
  #place(copy: number, agent: number, i: number): void {
    const { agents, cell, target, layout: { rows, cols, rowOf, colOf } } = this.#world, at = copy * this.#stateSize + 2 * agent, goals = at + 2 * agents;
    this.state[at] = rowOf[cell[i]!]! / (rows - 1); this.state[at + 1] = colOf[cell[i]!]! / (cols - 1);
    this.state[goals] = rowOf[target[i]!]! / (rows - 1); this.state[goals + 1] = colOf[target[i]!]! / (cols - 1);
  }
}
