/** IPPO and MAPPO on repeated matrix games: 25 identical steps, a constant observation, the same reward for all. */
import type { Definition } from '../../core/definition.ts';
import { ippo, mappo } from '../../graphs/index.ts';
import type { Composition } from '../../plugins/compose.ts';
import { applySettings } from '../../plugins/training.ts';

export const SEEDS = [1, 2, 3, 4, 5], COPIES = 16, STEPS = 40_000;
/** In fewer copies than the authors' 128, since nothing in these games is random. */
const few = (page: unknown): Definition => applySettings(page as Definition, { 'data.copies': COPIES });
export const PAGES: Readonly<Record<string, Definition>> = { ippo: few(ippo), mappo: few(mappo) };
/** The return that exact policy gradients end at when all actions are equally likely at first, and what EPyMARL's authors report of IPPO and of MAPPO. */
export const GAMES = [
  { game: 'climbing', environment: 'matrix/climbing', derived: 175, published: '175' },
  { game: 'penalty, k = 0', environment: 'matrix/penalty?k=0', derived: 250, published: '250' },
  { game: 'penalty, k = 25', environment: 'matrix/penalty?k=25', derived: 50, published: '50' },
  { game: 'penalty, k = 100', environment: 'matrix/penalty?k=100', derived: 50, published: '50' },
] as const;

/** Greedy returns over training (the game is not random, so one episode says it), and the mean return of the episodes of the last tenth, as they were played. */
export async function curveOf({ training }: Composition, page: Definition, seed: number, environment: string, steps = STEPS): Promise<{ readonly seconds: number; readonly greedy: readonly number[]; readonly played: number }> {
  const prepared = await training.prepare(page, { environment, steps, copies: page.page.sources['data']!.copies!, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps / 10, episodes: 1 }, logEvery: steps / 10 }), greedy: number[] = [];
  let played = NaN;
  prepared.run.metrics$.subscribe(({ values }) => { const x = values['eval/return'], y = values['train/return']; if (x !== undefined) greedy.push(x); if (y !== undefined) played = y; });
  const { seconds } = await prepared.begin();
  return { seconds, greedy, played };
}
