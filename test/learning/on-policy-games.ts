/** IPPO and MAPPO on repeated matrix games: 25 identical steps, a constant observation, the same reward for all. */
import type { Definition } from '../../core/definition.ts';
import { derive, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { linear } from '../../core/schedule.ts';
import { ippo, mappo } from '../../graphs/index.ts';
import type { Composition } from '../../plugins/compose.ts';

export const SEEDS = [1, 2, 3, 4, 5];
const COPIES = 16, STEPS = 40_000;
/**
 * Sixteen copies in place of the authors' 128, since nothing here is random, one layer of 32 units, steps of 2e-3, and entropy that counts 0.1 at first and 0.01 in the end: with the
 * authors' 0.01 both agents are sure of the third action (125) after a few updates, and at 147 after 200,000 steps.
 */
const small = (page: typeof ippo): Definition => derive(page, page.page.name, (g, { policyLoss, entropy, valueLoss }) => {
  g.rollout({ steps: 26, copies: COPIES, epochs: 4, minibatches: 1, length: 13 });
  for (const n of ['encoder', 'criticEncoder']) g.set(n, { hidden: [32] });
  g.train('actor', [policyLoss.loss, weigh(linear({ from: 0.1, to: 0.01, steps: STEPS }), entropy.loss)], { optimiser: adam({ lr: 2e-3, eps: 1e-5 }), clipNorm: 10 });
  g.train('critic', valueLoss.loss, { optimiser: adam({ lr: 2e-3, eps: 1e-5 }), clipNorm: 10 });
});
export const PAGES: Readonly<Record<string, Definition>> = { ippo: small(ippo), mappo: small(mappo as never) };
/** The return that exact policy gradients end at when all actions are equally likely at first, and what EPyMARL's authors report of IPPO and of MAPPO. */
export const GAMES = [
  { game: 'climbing', environment: 'matrix/climbing', derived: 175, published: '175' },
  { game: 'penalty, k = 0', environment: 'matrix/penalty?k=0', derived: 250, published: '250' },
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
