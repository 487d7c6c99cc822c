/** What agents of POGEMA see, kept up to date: walls move with the window of an agent, and marks are taken out of a window and put into it one by one. */
import type { PogemaWorld } from './pogema-world.ts';

/** Three layers of (2 sight + 1)^2 cells with the agent in the middle: walls, agents (itself too), its target or the border cell nearest to it. */
export const viewSize = (sight: number): number => 3 * (2 * sight + 1) ** 2;

/** Writes obs [copies agent obs] and state [copies state]: see `stateSize`. */
export class PogemaView {
  readonly obs: Float32Array;
  readonly state: Float32Array;
  readonly #world: PogemaWorld;
  readonly #sight: number;
  readonly #layer: number;
  readonly #stateSize: number;
  /** [copies agent] where an agent stood when its view was written, its target, and which cell of its window shows that. */
  readonly #at: Int32Array;
  readonly #goal: Int32Array;
  readonly #aim: Int32Array;
  /** [copies agent most] cells of a window with marks, with room for one more, and [copies agent] how many. */
  readonly #seen: Int32Array;
  readonly #many: Int32Array;
  readonly #most: number;
  /** Within a step of one copy, rows and columns of all marks, and where these stand by row, [row] how many there are up to and with that row. */
  readonly #row: Int32Array;
  readonly #col: Int32Array;
  readonly #upTo: Int32Array;

  constructor(world: PogemaWorld, sight: number, copies: number) {
    const agents = copies * world.agents;
    this.#world = world; this.#sight = sight; this.#layer = (2 * sight + 1) ** 2; this.#stateSize = PogemaView.stateSize(world);
    this.#most = Math.min(world.agents, this.#layer) + 1;
    this.obs = new Float32Array(agents * 3 * this.#layer);
    this.state = new Float32Array(copies * this.#stateSize);
    this.#at = new Int32Array(agents);
    this.#goal = new Int32Array(agents);
    this.#aim = new Int32Array(agents);
    this.#seen = new Int32Array(agents * this.#most);
    this.#many = new Int32Array(agents);
    this.#row = new Int32Array(world.agents);
    this.#col = new Int32Array(world.agents);
    this.#upTo = new Int32Array(world.layout.rows);
  }
  /** POGEMA's own state: row and column of the agents, then of their targets, each over its greatest value; then the walls with their margin. */
  static stateSize({ agents, layout }: PogemaWorld): number { return 4 * agents + layout.area; }

  /** Everything of a copy, anew. */
  show(copy: number): void {
    const { agents, layout: { area }, walls } = this.#world, first = copy * agents, state = copy * this.#stateSize;
    this.state.fill(0, state, state + this.#stateSize);
    this.obs.fill(0, first * 3 * this.#layer, (first + agents) * 3 * this.#layer);
    this.#aim.fill(0, first, first + agents);
    this.#many.fill(0, first, first + agents);
    if (this.#world.set[copy] === 0) return;
    this.state.set(walls.subarray(copy * area, (copy + 1) * area), state + 4 * agents);
    for (let agent = 0, i = first; agent < agents; agent++, i++) this.#write(copy, agent, i);
    this.#mark(copy);
  }
  /** After a step. */
  follow(copy: number): void {
    const { agents, cell, target } = this.#world, first = copy * agents, at = this.#at, goal = this.#goal;
    for (let agent = 0, i = first; agent < agents; agent++, i++) {
      const here = cell[i]!;
      if (here !== at[i]) { this.#shift(copy, i, here - at[i]!); at[i] = here; } else if (target[i] === goal[i]) continue;
      this.#aimAt(i);
      this.#place(copy, agent, i);
    }
    this.#mark(copy);
  }
  /** The agents layer of all windows: each looks at all marks, or where these are many, at those from its first row to its last. */
  #mark(copy: number): void {
    const { agents, cell, alive, taken, layout: { area, rowOf, colOf } } = this.#world, first = copy * agents, ground = copy * area, sight = this.#sight, side = 2 * sight + 1, layer = this.#layer, most = this.#most;
    const obs = this.obs, seen = this.#seen, many = this.#many, rows = this.#row, cols = this.#col, upTo = this.#upTo, last = upTo.length - 1, byRow = agents > side;
    let all = 0;
    if (byRow) {
      upTo.fill(0);
      for (let i = first; i < first + agents; i++) if (alive[i] === 1 && taken[ground + cell[i]!] === 1) upTo[rowOf[cell[i]!]!]!++;
      for (let row = 0, before = 0; row <= last; row++) { const n = upTo[row]!; upTo[row] = before; before += n; }
    }
    for (let i = first; i < first + agents; i++) {
      const here = cell[i]!;
      if (alive[i] !== 1 || taken[ground + here] !== 1) continue;
      const k = byRow ? upTo[rowOf[here]!]!++ : all;
      rows[k] = rowOf[here]!;
      cols[k] = colOf[here]!;
      all++;
    }
    for (let i = first, marks = (3 * first + 1) * layer, list = first * most; i < first + agents; i++, marks += 3 * layer, list += most) {
      const top = rowOf[cell[i]!]! - sight, left = colOf[cell[i]!]! - sight, begin = byRow && top > 0 ? upTo[top - 1]! : 0, end = byRow && top + side <= last ? upTo[top + side - 1]! : all;
      for (let k = list, over = list + many[i]!; k < over; k++) obs[marks + seen[k]!] = 0;
      let to = list;
      for (let k = begin; k < end; k++) {
        const down = rows[k]! - top, right = cols[k]! - left;
        seen[to] = down * side + right;
        to += ((down - side) & ~down & (right - side) & ~right) >>> 31;          // 1 where both are 0 .. side - 1: a branch that nobody foresees costs more
      }
      for (let k = list; k < to; k++) obs[marks + seen[k]!] = 1;
      many[i] = to - list;
    }
  }
  /** Walls of a window that moves by one cell. */
  #shift(copy: number, i: number, by: number): void {
    const { walls, cell, layout: { area, width } } = this.#world, { obs } = this, sight = this.#sight, side = 2 * sight + 1, layer = this.#layer, from = 3 * i * layer, end = from + layer, corner = copy * area + cell[i]! - sight * (width + 1);
    const down = by === width || by === -width, step = down ? side : 1;
    if (by > 0) obs.copyWithin(from, from + step, end); else obs.copyWithin(from + step, from, end - step);
    const across = down ? 1 : side, along = down ? 1 : width, last = by > 0 ? side - 1 : 0;
    for (let k = 0, to = from + last * step, source = corner + last * (down ? width : 1); k < side; k++, to += across, source += along) obs[to] = walls[source]!;
  }
  #write(copy: number, agent: number, i: number): void {
    const { walls, cell, layout: { area, width } } = this.#world, { obs } = this, sight = this.#sight, side = 2 * sight + 1, here = cell[i]!;
    let to = 3 * i * this.#layer, from = copy * area + here - sight * (width + 1);
    for (let down = 0; down < side; down++, from += width) for (let right = 0; right < side; right++, to++) obs[to] = walls[from + right]!;
    this.#at[i] = here;
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
