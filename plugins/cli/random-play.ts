/** What any allowed action scores: the number that a reader compares a score with. */
import type { Definition } from '../../core/definition.ts';
import type { EnvironmentSpec } from '../../core/environment.ts';
import type { Score } from '../evaluation.ts';
import type { Training } from '../training.ts';

/** Environment steps that are spent on it at most; a game without a limit, or with long episodes, is not played. */
const STEPS = 16_000;
export async function randomPlay(training: Pick<Training, 'random'>, page: Definition, { id, limit }: Pick<EnvironmentSpec, 'id' | 'limit'>, seed: number, engine: string | undefined): Promise<Score | undefined> {
  const episodes = Math.min(100, Math.floor(STEPS / limit));
  return episodes < 10 ? undefined : training.random(page, id, episodes, seed, engine);
}
