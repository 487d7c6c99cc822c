/**
 * Positions on a line with the least weighted stretch.
 *
 *   minimise sum of weight (x_to - x_from)   subject to   x_to - x_from >= length,   all whole numbers
 *
 * Paper: Gansner, Koutsofios, North, Vo 1993, "A technique for drawing directed graphs", section 2.3.
 */
export interface Spring { readonly from: number; readonly to: number; readonly length: number; readonly weight: number }

/** `count` points, connected by the springs; undefined where more than `most` exchanges would be needed. */
export function positions(count: number, springs: readonly Spring[], most: number): Int32Array | undefined {
  const x = start(count, springs), tree = new Tree(count, springs, x);
  for (let i = 0; i < most; i++) {
    const leaving = tree.leaving();
    if (leaving < 0) return x;
    tree.exchange(leaving);
  }
  return undefined;
}

/** Every point as early as its springs allow. */
function start(count: number, springs: readonly Spring[]): Int32Array {
  const x = new Int32Array(count), waits = new Int32Array(count), out: number[][] = Array.from({ length: count }, () => []);
  springs.forEach((s, i) => { waits[s.to]!++; out[s.from]!.push(i); });
  const order: number[] = [];
  for (let n = 0; n < count; n++) if (!waits[n]) order.push(n);
  for (const n of order) for (const i of out[n]!) {
    const s = springs[i]!;
    x[s.to] = Math.max(x[s.to]!, x[n]! + s.length);
    if (--waits[s.to]! === 0) order.push(s.to);
  }
  return x;
}

/** A spanning tree of tight springs, and which of them pull the wrong way. */
class Tree {
  readonly #in: Uint8Array;
  readonly #near: readonly number[][];
  readonly #parent: Int32Array; readonly #low: Int32Array; readonly #end: Int32Array; readonly #cut: Float64Array;
  readonly #order: number[] = [];
  #next = 0;
  constructor(readonly count: number, readonly springs: readonly Spring[], readonly x: Int32Array) {
    this.#in = new Uint8Array(springs.length);
    this.#near = Array.from({ length: count }, () => []);
    springs.forEach((s, i) => { this.#near[s.from]!.push(i); this.#near[s.to]!.push(i); });
    this.#parent = new Int32Array(count); this.#low = new Int32Array(count); this.#end = new Int32Array(count); this.#cut = new Float64Array(springs.length);
    this.#grow();
    this.#number();
  }
  #slack(i: number): number { const s = this.springs[i]!; return this.x[s.to]! - this.x[s.from]! - s.length; }
  /** Grows a tree over tight springs, pulling the whole of it to the nearest point outside whenever none is left. */
  #grow(): void {
    const inside = new Uint8Array(this.count), reached: number[] = [], take = (n: number) => { inside[n] = 1; reached.push(n); };
    take(0);
    for (let done = 0; reached.length < this.count;) {
      for (; done < reached.length; done++) for (const i of this.#near[reached[done]!]!) {
        const { from, to } = this.springs[i]!, other = inside[from] ? to : from;
        if (inside[from] && inside[to]) continue;
        if (this.#slack(i) === 0) { this.#in[i] = 1; take(other); }
      }
      if (reached.length === this.count) break;
      let best = -1, least = Infinity;
      this.springs.forEach((s, i) => { if (inside[s.from] !== inside[s.to] && this.#slack(i) < least) { least = this.#slack(i); best = i; } });
      if (best < 0) throw new Error('the points are not connected');
      const by = inside[this.springs[best]!.to] ? -least : least;
      for (const n of reached) this.x[n]! += by;
      done = 0;
    }
  }
  /** Numbers of the points from the leaves on, and the cut value of every spring of the tree. */
  #number(): void {
    const { springs } = this, order = this.#order;
    order.length = 0;
    this.#parent.fill(-1);
    const stack: number[] = [0], seen = new Uint8Array(this.count), pre: number[] = [];
    seen[0] = 1;
    for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
      pre.push(n);
      for (const i of this.#near[n]!) if (this.#in[i]) {
        const s = springs[i]!, other = s.from === n ? s.to : s.from;
        if (!seen[other]) { seen[other] = 1; this.#parent[other] = i; stack.push(other); }
      }
    }
    // a subtree is a run of this order, since it is depth first
    const size = new Int32Array(this.count).fill(1);
    for (let k = pre.length - 1; k > 0; k--) { const n = pre[k]!, s = springs[this.#parent[n]!]!; size[s.from === n ? s.to : s.from]! += size[n]!; }
    pre.forEach((n, k) => { this.#low[n] = k; this.#end[n] = k + size[n]!; });
    order.push(...pre);
    // weight that leaves minus weight that enters, summed over each subtree
    const flow = new Float64Array(this.count);
    springs.forEach(s => { flow[s.from]! += s.weight; flow[s.to]! -= s.weight; });
    for (let k = pre.length - 1; k > 0; k--) {
      const n = pre[k]!, i = this.#parent[n]!, s = springs[i]!;
      this.#cut[i] = s.from === n ? flow[n]! : -flow[n]!;
      flow[s.from === n ? s.to : s.from]! += flow[n]!;
    }
  }
  /** A spring of the tree whose ends had better be further apart; -1 where none is. */
  leaving(): number {
    const { length } = this.springs;
    let best = -1, least = -1e-9;
    for (let k = 0, seen = 0; k < length; k++) {
      const i = (this.#next + k) % length;
      if (!this.#in[i] || this.#cut[i]! >= -1e-9) continue;
      if (this.#cut[i]! < least) { least = this.#cut[i]!; best = i; }
      if (++seen >= 30) break;
    }
    if (best >= 0) this.#next = (best + 1) % length;
    return best;
  }
  exchange(leaving: number): void {
    const { springs, x } = this, out = springs[leaving]!, child = this.#parent[out.from] === leaving ? out.from : out.to, tail = child === out.from;
    const inside = (n: number) => this.#low[n]! >= this.#low[child]! && this.#low[n]! < this.#end[child]!;
    let entering = -1, least = Infinity;
    springs.forEach((s, i) => {
      if (this.#in[i]) return;
      const a = inside(s.from), b = inside(s.to);
      if (a === b || a === tail) return;                               // only those that cross the cut the other way
      const slack = this.#slack(i);
      if (slack < least) { least = slack; entering = i; }
    });
    if (entering < 0) throw new Error('a stretch without an end');
    const by = tail ? -least : least;
    for (let k = this.#low[child]!; k < this.#end[child]!; k++) x[this.#order[k]!]! += by;
    this.#in[leaving] = 0; this.#in[entering] = 1;
    this.#number();
  }
}
