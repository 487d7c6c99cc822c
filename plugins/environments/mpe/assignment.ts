/** Which of as many places each agent takes, so that they walk least together. */

/**
 * The assignment of n rows to n columns of least total cost: shortest augmenting paths with potentials, O(n^3)
 * (Kuhn 1955, Jonker and Volgenant 1987). All arrays are made once.
 */
export class Assignment {
  /** [row n column] */
  readonly cost: Float64Array;
  /** By row, after `solve`. */
  readonly column: Int32Array;
  readonly #n: number;
  // Rows and columns count from 1 here; column 0 is the row that is being assigned.
  readonly #rowPotential: Float64Array;
  readonly #columnPotential: Float64Array;
  readonly #rowOf: Int32Array;
  readonly #before: Int32Array;
  readonly #slack: Float64Array;
  readonly #done: Uint8Array;

  constructor(n: number) {
    this.#n = n;
    this.cost = new Float64Array(n * n);
    this.column = new Int32Array(n);
    this.#rowPotential = new Float64Array(n + 1);
    this.#columnPotential = new Float64Array(n + 1);
    this.#rowOf = new Int32Array(n + 1);
    this.#before = new Int32Array(n + 1);
    this.#slack = new Float64Array(n + 1);
    this.#done = new Uint8Array(n + 1);
  }

  solve(): void {
    const n = this.#n, u = this.#rowPotential, v = this.#columnPotential, rowOf = this.#rowOf;
    u.fill(0); v.fill(0); rowOf.fill(0);
    for (let row = 1; row <= n; row++) this.#assign(row);
    for (let column = 1; column <= n; column++) this.column[rowOf[column]! - 1] = column - 1;
  }

  #assign(row: number): void {
    const n = this.#n, u = this.#rowPotential, v = this.#columnPotential, rowOf = this.#rowOf, before = this.#before, slack = this.#slack, done = this.#done;
    rowOf[0] = row;
    slack.fill(Infinity); done.fill(0);
    let at = 0;
    do {
      done[at] = 1;
      const from = rowOf[at]!;
      let least = Infinity, next = 0;
      for (let column = 1; column <= n; column++) {
        if (done[column] === 1) continue;
        const reduced = this.cost[(from - 1) * n + column - 1]! - u[from]! - v[column]!;
        if (reduced < slack[column]!) { slack[column] = reduced; before[column] = at; }
        if (slack[column]! < least) { least = slack[column]!; next = column; }
      }
      for (let column = 0; column <= n; column++) {
        if (done[column] === 1) { u[rowOf[column]!] = u[rowOf[column]!]! + least; v[column] = v[column]! - least; }
        else slack[column] = slack[column]! - least;
      }
      at = next;
    } while (rowOf[at] !== 0);
    for (; at !== 0; at = before[at]!) rowOf[at] = rowOf[before[at]!]!;
  }
}
