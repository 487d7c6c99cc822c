/** Eight algorithms on two tasks of level-based foraging, one of which needs cooperation: for the tables and figures of docs/reproductions.md. */
import type { Definition } from '../../core/definition.ts';
import { linear } from '../../core/schedule.ts';
import { iql, owQmix, qatten, qmix, qplex, qtranBase, shaq, vdn } from '../../graphs/index.ts';
import type { Composition } from '../../plugins/compose.ts';
import { swapped } from '../../plugins/edits.ts';
import { applySettings } from '../../plugins/page-settings.ts';

export const SEEDS = [1, 2, 3, 4, 5];
export const PAGES: Readonly<Record<string, Definition>> = Object.fromEntries(Object.entries({ iql, vdn, qmix, qplex, qatten, qtranBase, shaq, owQmix }).map(([name, page]) => [name, page as unknown as Definition]));
/** Steps of a run, and those over which exploration falls from 1 to 0.05. */
export interface Task { readonly environment: string; readonly steps: number; readonly exploring: number }
export const TASKS = {
  cooperation: { environment: 'lbf/5x5-2p-1f-coop?steps=25', steps: 60_000, exploring: 25_000 },
  foraging: { environment: 'lbf/6x6-2p-2f?steps=25', steps: 60_000, exploring: 30_000 },
} as const satisfies Readonly<Record<string, Task>>;

/** Greedy returns over training, of 100 episodes each. Agents without memory, for they see everything; numbers of `npm start`, with half its batch. */
export async function curveOf({ catalogue, training }: Composition, page: Definition, seed: number, { environment, steps, exploring }: Task): Promise<{ readonly seconds: number; readonly points: readonly { readonly step: number; readonly return: number }[] }> {
  const d = applySettings(swapped(page, [{ slot: 'agentQ', type: 'mlpAgentQ', config: {} }], catalogue), {
    'q.lr': 1e-3, 'data.every': 1, 'data.batch': 16, 'targets.polyak': 0.05, 'tdTarget.gamma': 0.9, 'explore.epsilon': linear({ from: 1, to: 0.05, steps: exploring }),
  });
  const prepared = await training.prepare(d, { environment, steps, copies: 8, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: 5000, episodes: 100 } }), points: { step: number; return: number }[] = [];
  prepared.run.metrics$.subscribe(({ step, values }) => { const x = values['eval/return']; if (x !== undefined) points.push({ step, return: x }); });
  const { seconds } = await prepared.begin();
  return { seconds, points };
}
