/** Numbers of which one is drawn with a probability that is its share of their sum: a draw and a change visit one node of each level of a tree. */

export class SumTree {
  /** Leaves stand at `#width` and behind; the parent of i is i / 2. Every inner node is made of its children alone, so equal leaves are an equal tree. */
  readonly #width: number;
  readonly #sums: Float64Array;
  /** Of the leaves above 0; Infinity where there is none. */
  readonly #least: Float64Array;
  constructor(leaves: number) {
    this.#width = 2 ** Math.ceil(Math.log2(Math.max(1, leaves)));
    this.#sums = new Float64Array(2 * this.#width);
    this.#least = new Float64Array(2 * this.#width).fill(Infinity);
  }
  get sum(): number { return this.#sums[1]!; }
  /** The least number above 0. */
  get least(): number { return this.#least[1]!; }
  at(leaf: number): number { return this.#sums[this.#width + leaf]!; }

  /** `mass` is 0 or above; of 0 the leaf is never found. */
  set(leaf: number, mass: number): void {
    let i = this.#width + leaf;
    this.#sums[i] = mass;
    this.#least[i] = mass > 0 ? mass : Infinity;
    for (i >>= 1; i > 0; i >>= 1) {
      this.#sums[i] = this.#sums[2 * i]! + this.#sums[2 * i + 1]!;
      this.#least[i] = Math.min(this.#least[2 * i]!, this.#least[2 * i + 1]!);
    }
  }
  /** The leaf in whose stretch of 0 to `sum` a number lies, leaves side by side. Rounding leads to no leaf of 0. */
  find(place: number): number {
    let i = 1, rest = place;
    while (i < this.#width) {
      const left = this.#sums[2 * i]!, right = this.#sums[2 * i + 1]!;
      if (right === 0 || (rest < left && left > 0)) i *= 2;
      else { rest -= left; i = 2 * i + 1; }
    }
    return i - this.#width;
  }
}
