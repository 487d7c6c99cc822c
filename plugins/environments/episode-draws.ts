/** Where each copy's random numbers come from: one stream an episode, keyed so that a saved key gives the same episodes again. */
import { z } from 'zod';
import type { RandomFactory } from '../factories.ts';
import { RunError } from '../../core/error.ts';
import { Random, type RandomSource } from '../../core/random.ts';

/** Key of a copy's streams. `seed` null: the streams are the factory's. Episode -1: none has begun. */
export const savedDraws = z.strictObject({
  seed: z.number().nullable(), copy: z.int().nonnegative(), episode: z.int().min(-1),
});
export type SavedDraws = z.infer<typeof savedDraws>;

/** For games that draw only in `reset`: between two resets the key is all there is to save. */
export class EpisodeDraws {
  readonly #keys: SavedDraws[];
  readonly #factory: RandomFactory | undefined;

  constructor({ copies, seed, random }: { readonly copies: number; readonly seed: number; readonly random?: RandomFactory }) {
    this.#factory = random;
    this.#keys = Array.from({ length: copies }, (_, copy) => ({ seed: random ? null : seed, copy, episode: -1 }));
  }

  /** The stream of the copy's next episode. With a seed it is that of the first episode of an environment made with this seed, in copy 0. */
  begin(copy: number, seed?: number): RandomSource {
    const { episode, ...owner } = seed === undefined ? this.#keys[copy]! : { seed, copy: 0, episode: -1 };
    const key = this.#keys[copy] = { ...owner, episode: episode + 1 };
    if (key.seed !== null) return Random.of(key.seed, 'environment', key.copy, key.episode);
    return this.#factory!(key.copy, key.episode);                        // `restore` let no other null in
  }
  save(copy: number): SavedDraws { return this.#keys[copy]!; }
  restore(copy: number, saved: SavedDraws): void {
    if (saved.seed === null && !this.#factory)
      throw new RunError(`copy ${copy}: the saved draws came from a random factory and there is none here`, 'make the environment with the same `random`');
    this.#keys[copy] = saved;
  }
}
