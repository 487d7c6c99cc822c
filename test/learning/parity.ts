/** What is learned of `parity/line`, with and without a word from the neighbours: for the rows of docs/reproductions.md and the figure there. */
import type { Definition } from '../../core/definition.ts';
import { derive, each, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { linear } from '../../core/schedule.ts';
import { dgn, iql } from '../../graphs/index.ts';
import type { Composition } from '../../plugins/compose.ts';

export const AGENTS = 4, STEPS = 8000, SEEDS = [1, 2, 3, 4, 5];
const epsilon = linear({ from: 1, to: 0.05, steps: STEPS / 2 });

/** A narrower network and a larger step than those of a game with images: the observation has three numbers. */
const graphs = derive(dgn, 'dgn', (g, { td, steady }) => {
  g.transitions({ keep: 5000, batch: 64, start: 500, every: 4 });
  g.set('agentQ', { encoder: [64, 64], heads: 4, embed: 16 });
  g.train('q', [td.loss, weigh(0.03, steady.loss)], { optimiser: adam({ lr: 1e-3 }) });
  g.set('explore', { epsilon });
});
/** IQL learns from the team's reward; here each agent has its own, as in DGN. */
const alone = derive(iql, 'iql', (g, { ep }) => {
  g.episodes({ keep: 5000, batch: 64, every: 4 });
  g.rewire('tdTarget', { ...each('agent', ep.outcome), reward: ep.agentReward });
  g.train('q', g.at('tdLoss').loss, { optimiser: adam({ lr: 1e-3 }), clipNorm: 10 });
  g.set('explore', { epsilon });
});
export const PAGES = { DGN: graphs as unknown as Definition, IQL: alone as unknown as Definition };

export interface Curve { readonly seconds: number; readonly points: readonly { readonly step: number; readonly right: number }[] }
/** Shares of right answers in greedy play, over training. */
export async function curveOf({ training }: Composition, page: Definition, seed: number): Promise<Curve> {
  const prepared = await training.prepare(page, { environment: `parity/line?agents=${AGENTS}`, steps: STEPS, copies: 8, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: STEPS / 20, episodes: 250 }, logEvery: STEPS });
  const points: { step: number; right: number }[] = [];
  prepared.run.metrics$.subscribe(({ step, values }) => { const x = values['eval/return']; if (x !== undefined) points.push({ step, right: x / AGENTS }); });
  const { seconds } = await prepared.begin();
  return { seconds, points };
}
