/**
 * The last `keep` environment steps of all copies; batches are pieces of `length` steps, drawn with a probability that grows with the priority of their beginning.
 *
 *   P(i) = p_i^alpha / sum_k p_k^alpha          w_i = (N P(i))^-beta / max_k (N P(k))^-beta = (min_k p_k^alpha / p_i^alpha)^beta
 *
 * p_i is what the page last gave back for i (`g.prioritise`), above 0; of one for which nothing was given yet the greatest that ever was, now and not when it
 * came, and 1 at first. So each is likely to be drawn soon, and it does not matter what came in while an update was made. The maximum is over all that can be drawn, so a weight is 1 for the rarest and never above. A batch of k takes one from each of k equal
 * stretches of the sum. Schaul et al. 2015 (arXiv 1511.05952): section 3.3, algorithm 1, appendix B.2.1.
 */
import { InputError, RunError } from '../../core/error.ts';
import { Random } from '../../core/random.ts';
import type { Replay, Row, Sample } from '../../core/replay.ts';
import { valueAt } from '../../core/schedule.ts';
import type { NamedArray, Snapshot } from '../../core/store.ts';
import type { ReplayFactory, ReplaySetting } from '../factories.ts';
import { empty } from './empty.ts';
import { Pieces } from './pieces.ts';
import { SumTree } from './sum-tree.ts';

/** Rounds of a place that the name of an item tells apart: what an update gives back late is not taken for what has come there since. */
const ROUNDS = 4;
/** Powers of priorities stay where sums of millions are finite and above 0. */
const [LEAST, MOST] = [1e-200, 1e200];

/** Transition n of a copy (counted from its first) has the place n modulo the most that a copy holds; the leaf of a place has copies side by side. */
class PrioritisedReplay implements Replay {
  readonly #setting: ReplaySetting;
  readonly #pieces: Pieces;
  /** Powers of given priorities; and a 1 for each that can be drawn and has none yet. */
  readonly #given: SumTree; readonly #fresh: SumTree;
  readonly #priorities: Float32Array;
  /** By leaf: the slot of the copy, counted from the first that it ever had; and the slots that each has forgotten. */
  readonly #slots: Float64Array; readonly #gone: Float64Array;
  /** Transitions of each copy that ever came, and those of them that ever could be drawn. */
  readonly #came: Float64Array; readonly #ripe: Float64Array;
  #greatest = 1;
  #episodes = 0;
  constructor(setting: ReplaySetting) {
    const { source: { cut, prioritised }, copies } = setting;
    if (cut !== 'transitions' || !prioritised) throw new InputError(`prioritised replay is of transitions, and the source is ${prioritised ? `cut into ${cut}` : 'not prioritised'}`, 'g.transitions({ keep, batch, prioritised: { alpha, beta } }), or a source without priorities');
    this.#setting = setting;
    this.#pieces = new Pieces(setting);
    const leaves = this.#pieces.most * copies, counts = () => new Float64Array(copies);
    this.#given = new SumTree(leaves); this.#fresh = new SumTree(leaves);
    this.#priorities = new Float32Array(leaves); this.#slots = new Float64Array(leaves);
    this.#gone = counts(); this.#came = counts(); this.#ripe = counts();
  }
  get inserted(): number { return this.#pieces.inserted; }
  get stored(): number { return this.#ripe.reduce((a, n, c) => a + n - this.#first(c), 0); }
  /** The oldest transition that a copy holds. */
  #first(copy: number): number { return this.#came[copy]! - this.#pieces.held[copy]!; }
  #leaf(copy: number, n: number): number { return n % this.#pieces.most * this.#setting.copies + copy; }

  slot(copy: number, row: Row, start: boolean): void {
    this.#pieces.slot(copy, row, start);
    this.#ripen(copy);
  }
  step(copy: number, row: Row, valid: boolean): void {
    const at = this.#gone[copy]! + this.#pieces.closed(copy);
    if (valid) {
      const leaf = this.#leaf(copy, this.#came[copy]!++);                 // of the one that is forgotten for it, where it is full
      this.#slots[leaf] = at;
      this.#clear(leaf);
      if (row['terminated']![copy] || row['truncated']![copy]) this.#episodes++;
    }
    this.#gone[copy]! += this.#pieces.step(copy, row, valid);
    this.#ripen(copy);
  }
  /** Those whose piece is complete can be drawn from now on. */
  #ripen(copy: number): void {
    const ready = this.#gone[copy]! + this.#pieces.ready(copy);
    this.#ripe[copy] = Math.max(this.#ripe[copy]!, this.#first(copy));
    for (; this.#ripe[copy]! < this.#came[copy]!; this.#ripe[copy]!++) {
      const leaf = this.#leaf(copy, this.#ripe[copy]!);
      if (this.#slots[leaf]! >= ready) return;
      this.#fresh.set(leaf, 1);
    }
  }
  #power(priority: number): number { return Math.min(MOST, Math.max(LEAST, priority ** this.#setting.source.prioritised!.alpha)); }
  #put(leaf: number, priority: number): void {
    this.#priorities[leaf] = priority;
    this.#given.set(leaf, this.#power(priority));
    this.#fresh.set(leaf, 0);
  }
  #clear(leaf: number): void {
    this.#priorities[leaf] = 0;
    this.#given.set(leaf, 0);
    this.#fresh.set(leaf, 0);
  }

  sample(update: number): Sample {
    const { source: { batch = 1, length = 1, prioritised }, seed, copies } = this.#setting, { stored } = this;
    if (!stored) throw empty('prioritised');
    const most = this.#power(this.#greatest), { sum } = this.#given, all = sum + most * this.#fresh.sum, least = Math.min(this.#given.least, this.#fresh.sum ? most : Infinity);
    const draw = Random.of(seed, 'sample', update), found = (place: number) => (!this.#fresh.sum || (place < sum && sum > 0) ? this.#given.find(place) : this.#fresh.find((place - sum) / most));
    const leaves = Array.from({ length: batch }, (_, i) => found((i + draw.uniform()) / batch * all));
    const beta = valueAt(prioritised!.beta, { steps: this.inserted, updates: update, episodes: this.#episodes }), weight = new Float32Array(batch * length);
    leaves.forEach((leaf, i) => { weight.fill((least / (this.#given.at(leaf) || most)) ** beta, i * length, (i + 1) * length); });
    const { cut, fields } = this.#pieces.cut(leaves.map(leaf => { const copy = leaf % copies; return [copy, this.#slots[leaf]! - this.#gone[copy]!]; }));
    return { cut, fields: { ...fields, weight }, items: Int32Array.from(leaves, leaf => this.#nameOf(leaf)) };
  }
  /** The transition that has this leaf now, in a number with the round in which it came there. */
  #nameOf(leaf: number): number { return leaf * ROUNDS + Math.floor(this.#holds(leaf) / this.#pieces.most) % ROUNDS; }
  #holds(leaf: number): number {
    const { most } = this.#pieces, { copies } = this.#setting, newest = this.#ripe[leaf % copies]! - 1, place = Math.floor(leaf / copies);
    return newest - ((newest - place) % most + most) % most;
  }

  prioritise(items: Int32Array, priorities: Float32Array): void {
    const many = priorities.length / items.length, { copies } = this.#setting, found = Array.from(items, (item, i) => ({ leaf: Math.floor(item / ROUNDS), item, priority: priorities.subarray(i * many, (i + 1) * many).reduce((a, b) => Math.max(a, b)) }));
    for (const { leaf, priority } of found) if (!(priority > 0 && priority < Infinity)) throw new RunError(`prioritised replay: the priority of transition ${this.#holds(leaf)} of copy ${leaf % copies} is ${priority}`, 'give g.prioritise finite numbers above 0: the priority of weightedMse, or |error| + 1e-6');
    for (const { leaf, item, priority } of found) {
      this.#greatest = Math.max(this.#greatest, priority);
      if (this.#given.at(leaf) + this.#fresh.at(leaf) > 0 && this.#nameOf(leaf) === item) this.#put(leaf, priority);      // else forgotten since it was drawn
    }
  }

  snapshot(): Snapshot {
    const { arrays, meta } = this.#pieces.snapshot(), priorities: Record<string, NamedArray> = {};
    for (let c = 0; c < this.#setting.copies; c++) {
      const first = this.#first(c), data = Float32Array.from({ length: this.#ripe[c]! - first }, (_, i) => this.#priorities[this.#leaf(c, first + i)]!);
      priorities[`priority/${c}`] = { shape: [data.length], data };
    }
    return { arrays: { ...arrays, ...priorities }, meta: { pieces: meta, came: [...this.#came], greatest: this.#greatest, episodes: this.#episodes } };
  }
  restore({ arrays, meta }: Snapshot): void {
    const m = meta as { pieces: unknown; came: number[]; greatest: number; episodes: number };
    this.#pieces.restore({ arrays: Object.fromEntries(Object.entries(arrays).filter(([name]) => !name.startsWith('priority/'))), meta: m.pieces });
    this.#came.set(m.came); this.#gone.fill(0);
    this.#greatest = m.greatest; this.#episodes = m.episodes;
    for (let leaf = 0; leaf < this.#slots.length; leaf++) this.#clear(leaf);
    for (let c = 0; c < this.#setting.copies; c++) {
      let n = this.#first(c);
      for (let slot = 0; slot < this.#pieces.closed(c); slot++) if (this.#pieces.valid(c, slot)) this.#slots[this.#leaf(c, n++)] = slot;
      const { data } = arrays[`priority/${c}`]!, first = this.#first(c);
      data.forEach((priority, i) => { const leaf = this.#leaf(c, first + i); if (priority > 0) this.#put(leaf, priority); else this.#fresh.set(leaf, 1); });
      this.#ripe[c] = first + data.length;
    }
  }
}
export const prioritised: ReplayFactory = { cut: 'prioritised', make: setting => new PrioritisedReplay(setting) };
