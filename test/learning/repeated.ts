/** Actor-critics of several agents on repeated matrix games: 25 identical steps, a constant observation, the same reward for all. */
import type { Definition } from '../../core/definition.ts';
import { coma, ia2c, maa2c } from '../../graphs/index.ts';
import type { Composition } from '../../plugins/compose.ts';

export const SEEDS = [1, 2, 3, 4, 5];
export const PAGES = { coma, ia2c, maa2c } as unknown as Readonly<Record<string, Definition>>;
/** The return that exact policy gradients end at when all actions are equally likely at first, and what EPyMARL's authors report of COMA, IA2C and MAA2C. */
export const GAMES = [
  { game: 'climbing', environment: 'matrix/climbing', steps: 250_000, derived: 175, published: { coma: '185', ia2c: '175', maa2c: '175' } },
  { game: 'penalty, k = 0', environment: 'matrix/penalty?k=0', steps: 250_000, derived: 250, published: { coma: '250', ia2c: '250', maa2c: '250' } },
  { game: 'penalty, k = 100', environment: 'matrix/penalty?k=100', steps: 250_000, derived: 50, published: { coma: '50', ia2c: '50', maa2c: '50' } },
] as const;

/** Greedy returns over training (the game is not random, so one episode says it), and the mean return of the episodes of the last tenth, as they were played. */
export async function curveOf({ catalogue, training }: Composition, page: Definition, seed: number, environment: string, steps: number): Promise<{ readonly seconds: number; readonly greedy: readonly number[]; readonly played: number }> {
  const prepared = await training.prepare(page, { environment, steps, copies: page.page.sources['data']!.batch!, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps / 20, episodes: 1 }, logEvery: steps / 10 }), greedy: number[] = [];
  let played = NaN;
  void catalogue;
  prepared.run.metrics$.subscribe(({ values }) => { const x = values['eval/return'], y = values['train/return']; if (x !== undefined) greedy.push(x); if (y !== undefined) played = y; });
  const { seconds } = await prepared.begin();
  return { seconds, greedy, played };
}
