/** In which order the elements of each column stand, one above another, so that few lines cross. */
import type { Layers } from './layers.ts';

export type Order = readonly (readonly number[])[];
export interface Ordered { readonly order: Order; readonly crossings: number; readonly penalty: number }

/** Numbers that look random and are the same everywhere. */
const drawer = (seed: number) => () => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return seed / 2 ** 32; };
/** Further tries for each start. */
const AGAIN = 12;
/** What a pair in the wrong order counts, in crossings. */
const UNHAPPY = 6;
/** Pairs that stand in one column in a wanted order, the first above. */
export type Pairs = readonly (readonly [above: number, below: number])[];

class Search {
  readonly #position: Float64Array;
  readonly #left: readonly (readonly number[])[];
  readonly #right: readonly (readonly number[])[];
  readonly #above = new Map<number, Set<number>>();
  readonly columns: number[][];
  constructor(readonly layers: Layers, pairs: Pairs) {
    const left: number[][] = layers.elements.map(() => []), right: number[][] = layers.elements.map(() => []);
    for (const s of layers.segments) { left[s.to]!.push(s.from); right[s.from]!.push(s.to); }
    this.#left = left; this.#right = right;
    this.#position = new Float64Array(layers.elements.length);
    this.columns = layers.columns.map(c => [...c]);
    for (const [a, b] of pairs) { const set = this.#above.get(b); if (set) set.add(a); else this.#above.set(b, new Set([a])); }
  }
  start(columns: Order): void { this.columns.forEach((c, i) => { c.splice(0, c.length, ...columns[i]!); this.#number(c); }); }
  #number(column: readonly number[]): void { column.forEach((e, i) => { this.#position[e] = i; }); }
  /** Crossings of the lines of two neighbours in a column, if u stands above v. */
  #between(u: number, v: number): number {
    let n = 0;
    for (const side of [this.#left, this.#right]) for (const a of side[u]!) for (const b of side[v]!) if (this.#position[a]! > this.#position[b]!) n++;
    return n;
  }
  #unhappy(above: number, below: number): number { return this.#above.get(above)?.has(below) ? UNHAPPY : 0; }
  /** Every element in the middle of those that it is wired to on one side. */
  sweep(forward: boolean): void {
    const side = forward ? this.#left : this.#right, middle = (e: number) => { const near = side[e]!; return near.length ? near.reduce((sum, x) => sum + this.#position[x]!, 0) / near.length : this.#position[e]!; };
    for (let k = 1; k < this.columns.length; k++) {
      const column = this.columns[forward ? k : this.columns.length - 1 - k]!, want = new Map(column.map(e => [e, middle(e)]));
      column.sort((a, b) => want.get(a)! - want.get(b)! || this.#position[a]! - this.#position[b]!);
      this.#number(column);
    }
  }
  /** Swaps neighbours as long as that helps. */
  settle(rounds: number): void {
    for (let better = true, round = 0; better && round < rounds; round++) {
      better = false;
      for (const column of this.columns) for (let i = 0; i + 1 < column.length; i++) {
        const [u, v] = [column[i]!, column[i + 1]!];
        if (this.#between(v, u) + this.#unhappy(v, u) < this.#between(u, v) + this.#unhappy(u, v)) {
          column[i] = v; column[i + 1] = u;
          this.#position[v] = i; this.#position[u] = i + 1;
          better = true;
        }
      }
    }
  }
  /** Each element to the place of its column where it costs least, as long as that helps. */
  sift(rounds: number): void {
    for (let better = true, round = 0; better && round < rounds; round++) {
      better = false;
      for (const column of this.columns) for (const e of [...column]) {
        const at = column.indexOf(e), rest = column.filter(x => x !== e);
        let here = 0, least = 0, best = 0, now = 0;
        rest.forEach((x, k) => {
          here += this.#between(x, e) + this.#unhappy(x, e) - this.#between(e, x) - this.#unhappy(e, x);
          if (k + 1 === at) now = here;
          if (here < least) { least = here; best = k + 1; }
        });
        if (least >= now) continue;
        rest.splice(best, 0, e);
        column.splice(0, column.length, ...rest);
        this.#number(column);
        better = true;
      }
    }
  }
  result(): Ordered {
    let crossings = 0, penalty = 0;
    for (const column of this.columns) for (let i = 0; i < column.length; i++) for (let j = i + 1; j < column.length; j++) {
      for (const a of this.#right[column[i]!]!) for (const b of this.#right[column[j]!]!) if (this.#position[a]! > this.#position[b]!) crossings++;
      penalty += this.#unhappy(column[i]!, column[j]!);
    }
    return { order: this.columns.map(c => [...c]), crossings, penalty };
  }
}

/** The best few orders that were found: from shuffled starts, and where those still cross, from the best of them with one or two columns shuffled anew. */
export function orders(layers: Layers, pairs: Pairs, { starts, keep, rounds }: { readonly starts: number; readonly keep: number; readonly rounds: number }): Ordered[] {
  const search = new Search(layers, pairs), found = new Map<string, Ordered>(), draw = drawer(7), weight = (o: Ordered) => o.crossings + o.penalty;
  const shuffled = (c: readonly number[]) => c.map(e => ({ e, at: draw() })).sort((a, b) => a.at - b.at).map(x => x.e), wide = layers.columns.flatMap((c, i) => (c.length > 1 ? [i] : []));
  let best: Ordered | undefined;
  const from = (order: Order, sweeps: number) => {
    search.start(order);
    for (let i = 0; i < sweeps; i++) search.sweep(i % 2 === 0);
    search.settle(rounds * 2);
    search.sift(rounds);
    const result = search.result(), key = result.order.map(c => c.join()).join(';');
    if (!found.has(key)) found.set(key, result);
    if (!best || weight(result) < weight(best)) best = result;
  };
  for (let s = 0; s < starts; s++) from(layers.columns.map(c => (s === 0 ? c : s === 1 ? [...c].reverse() : shuffled(c))), rounds);
  const column = () => wide[Math.floor(draw() * wide.length)]!;
  for (let s = 0; s < AGAIN * starts && best && weight(best) > 0 && wide.length; s++) {
    const [one, other] = [column(), column()];                             // they may be the same
    from(best.order.map((c, i) => (i === one || i === other ? shuffled(c) : c)), s % 3 ? 0 : 1);
  }
  return [...found.values()].sort((a, b) => weight(a) - weight(b)).slice(0, keep);
}
