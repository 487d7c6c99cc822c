/** Shortest ways over a map, by breadth-first search; walls and some cells are closed. */
import type { GridLayout, Walls } from './grid-map.ts';

/** Searches one map after another without making anything new. */
export class GridPaths {
  readonly #width: number;
  readonly #open: Int32Array;
  readonly #from: Int32Array;
  readonly #steps: Int32Array;
  /** [area] number of the search that saw a cell last. */
  readonly #seen: Int32Array;
  #search = 0;

  constructor({ area, width }: GridLayout) {
    this.#width = width;
    this.#open = new Int32Array(area);
    this.#from = new Int32Array(area);
    this.#steps = new Int32Array(area);
    this.#seen = new Int32Array(area);
  }

  /**
   * Steps of a shortest way; -1 where there is none. `closed` [area] is not 0 in cells that nobody enters, of which `but`, where given, is open all
   * the same; all cells around the map must be walled.
   */
  length(walls: Walls, closed: ArrayLike<number>, from: number, to: number, but = -1): number {
    if (from === to) return 0;
    if (closed[to] !== 0 && to !== but) return -1;
    const search = ++this.#search, width = this.#width;
    let first = 0, last = 1;
    this.#open[0] = from; this.#seen[from] = search; this.#steps[from] = 0;
    while (first < last) {
      const here = this.#open[first++]!, steps = this.#steps[here]! + 1;
      for (let side = 0; side < 4; side++) {
        const there = side === 0 ? here - width : side === 1 ? here + width : side === 2 ? here - 1 : here + 1;
        if (this.#seen[there] === search || walls[there] !== 0 || (closed[there] !== 0 && there !== but)) continue;
        this.#seen[there] = search; this.#from[there] = here; this.#steps[there] = steps;
        if (there === to) return steps;
        this.#open[last++] = there;
      }
    }
    return -1;
  }
  /** Does the way that was found last, to this cell, go through that one? */
  passes(to: number, through: number): boolean {
    for (let here = to, left = this.#steps[to]!; left > 0; left--) {
      if (here === through) return true;
      here = this.#from[here]!;
    }
    return false;
  }
}
