/**
 * Random numbers keyed by what they are for: (seed, stream name, counters). Nothing else holds a generator, so a step can be
 * replayed, resumed and compared bit for bit. The generator is xoroshiro128+ of pure-rand, seeded by a hash of the key.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { type xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

export type Law = 'normal' | 'uniform' | 'gumbel';

/** Draws of one stream. `what` names the draw, so that a recorded sequence can stand in for it; ordinary streams ignore it. */
export interface RandomSource {
  /** In [0, 1), 53 bits; a whole number in [0, below); a shuffled 0 .. n-1. */
  uniform(what?: string): number; integer(below: number, what?: string): number; permutation(n: number, what?: string): Int32Array;
  /** Everything that the next draw depends on, as plain data. */
  state(): readonly number[];
}

/** 32-bit FNV-1a over the text of the key from one of two beginnings, finished by murmur3's mixer: near keys give unrelated seeds. */
function hash(text: string, start: number): number {
  let h = start;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export class Random implements RandomSource {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;
  private constructor(generator: ReturnType<typeof xoroshiro128plus>) { this.#generator = generator; }

  /** The stream of a key, from its beginning. Both halves of the state come from the whole key, so 64 bits separate two streams. */
  static of(seed: number, stream: string, ...counters: readonly number[]): Random {
    const key = `${seed}/${stream}/${counters.join('/')}`;
    const [a, b] = [hash(key, 0x811c9dc5), hash(key, 0x2a65c1d3)];
    return new Random(xoroshiro128plusFromState([a ^ 0x9e3779b9, ~b, b, a | 1]));
  }
  static from(state: readonly number[]): Random { return new Random(xoroshiro128plusFromState(state)); }

  uniform(): number {
    const high = this.#generator.next() >>> 5, low = this.#generator.next() >>> 6;      // 27 + 26 bits
    return (high * 67108864 + low) / 9007199254740992;
  }
  integer(below: number): number { return uniformInt(this.#generator, 0, below - 1); }
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1), held = order[i]!;
      order[i] = order[j]!; order[j] = held;
    }
    return order;
  }
  state(): readonly number[] { return this.#generator.getState(); }

  /** Fills an array with draws of a law: standard normal (Box-Muller), uniform on [0, 1), standard Gumbel. */
  fill(law: Law, into: Float32Array): Float32Array {
    const open = () => this.uniform() + 2 ** -54;                                        // never 0: its logarithm is taken
    if (law === 'uniform') for (let i = 0; i < into.length; i++) into[i] = Math.min(this.uniform(), 1 - 2 ** -24);
    else if (law === 'gumbel') for (let i = 0; i < into.length; i++) into[i] = -Math.log(-Math.log(open()));
    else for (let i = 0; i < into.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(open())), angle = 2 * Math.PI * this.uniform();
      into[i] = radius * Math.cos(angle);
      if (i + 1 < into.length) into[i + 1] = radius * Math.sin(angle);
    }
    return into;
  }
}
