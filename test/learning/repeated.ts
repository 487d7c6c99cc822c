/** Actor-critics of several agents on repeated matrix games: 25 identical steps, a constant observation, the same reward for all. */
import type { Definition } from '../../core/definition.ts';
import { derive, weigh } from '../../core/graph.ts';
import { adam, rmsprop } from '../../core/optimiser.ts';
import { linear } from '../../core/schedule.ts';
import { coma, ia2c, maa2c, maddpg } from '../../graphs/index.ts';
import { entropyLoss } from '../../nodes/index.ts';
import type { Composition } from '../../plugins/compose.ts';

export const SEEDS = [1, 2, 3, 4, 5];
const plain = (d: unknown): Definition => d as Definition;
/** In ten copies, with an update every 50 steps from the 2,000th on, a replay of the last 10,000, steps of 3e-3, and logits whose size counts 0.1: with the page's 1e-3 its actors settle where one of them would leave. */
const maddpgHere = plain(derive(maddpg, 'maddpg', g => {
  g.transitions({ keep: 10_000, batch: 1024, start: 2000, every: 50 });
  g.train('critic', g.at('criticLoss').loss, { optimiser: adam({ lr: 3e-3 }), clipEach: 0.5 });
  g.train('actor', [g.at('actorLoss').loss, weigh(0.1, g.at('actorSize').loss)], { optimiser: adam({ lr: 3e-3 }), clipEach: 0.5, after: 'critic' });
}));
const COPIES = 10;
/** As the pages are, but MADDPG. MAA2C sees of these games what IA2C sees, a 1 and who the agent is, so that they differ in the weight of the entropy alone. */
export const PAGES = { coma: plain(coma), ia2c: plain(ia2c), maa2c: plain(maa2c), maddpg: maddpgHere } as const;
/** With an entropy that keeps actors from settling at the first cell that only one of them would leave: of weight 0.1, and in COMA, which has none and whose rewards are as they are, 4 falling to 0. */
export const UNDECIDED = {
  coma: plain(derive(coma, 'coma', (g, { p, mask, policyLoss }) => { g.train('actor', [policyLoss.loss, weigh(linear({ from: 4, to: 0, steps: 150_000 }), g.add('entropy', entropyLoss(), { entropy: p.entropy, mask }).loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 }); })),
  ia2c: plain(derive(ia2c, 'ia2c', (g, { policyLoss, entropy }) => { g.train('actor', [policyLoss.loss, weigh(0.1, entropy.loss)], { optimiser: adam({ lr: 5e-4 }), clipNorm: 10 }); })),
  maa2c: plain(derive(maa2c, 'maa2c', (g, { policyLoss, entropy }) => { g.train('actor', [policyLoss.loss, weigh(0.1, entropy.loss)], { optimiser: adam({ lr: 5e-4 }), clipNorm: 10 }); })),
  maddpg: maddpgHere,
} as const;

/** Greedy returns over training (nothing in these games is random, so one episode says it), and the mean return of the episodes of the last tenth as they were played. */
export async function curveOf({ training }: Composition, page: Definition, seed: number, environment: string, steps: number): Promise<{ readonly seconds: number; readonly greedy: readonly { readonly step: number; readonly return: number }[]; readonly played: number }> {
  const prepared = await training.prepare(page, { environment, steps, copies: page === maddpgHere ? COPIES : page.page.sources['data']!.batch!, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps / 20, episodes: 1 }, logEvery: steps / 10 }), greedy: { step: number; return: number }[] = [];
  let played = NaN;
  prepared.run.metrics$.subscribe(({ step, values }) => { const x = values['eval/return'], y = values['train/return']; if (x !== undefined) greedy.push({ step, return: x }); if (y !== undefined) played = y; });
  const { seconds } = await prepared.begin();
  return { seconds, greedy, played };
}
