/** What ROMA learns of `matrix/parts`, and what its page learns without the role losses: for the rows of docs/reproductions.md and the figure there. */
import type { Definition } from '../../core/definition.ts';
import { derive, weigh } from '../../core/graph.ts';
import { rmsprop } from '../../core/optimiser.ts';
import { linear } from '../../core/schedule.ts';
import { roma } from '../../graphs/index.ts';
import type { Composition } from '../../plugins/compose.ts';

export const GAME = 'matrix/parts?steps=5', STEPS = 10_000, SEEDS = [1, 2, 3, 4, 5];
/** The page with a shorter memory, faster targets and twice the step, for a run of 2,000 short episodes, and with these weights of the role losses. */
const page = (identify: number, differ: number): Definition => derive(roma, 'roma', (g, { td, identify: i, differ: d }) => {
  g.episodes({ keep: 500, batch: 32 });
  g.targets({ everyUpdates: 100 });
  g.set('explore', { epsilon: linear({ from: 1, to: 0.05, steps: STEPS / 2 }) });
  g.train('q', [td.loss, weigh(identify, i.loss), weigh(differ, d.loss)], { optimiser: rmsprop({ lr: 1e-3 }), clipNorm: 10 });
}) as unknown as Definition;
export const PAGES = { ROMA: page(1e-4, 1e-3), 'without role losses': page(0, 0) };
export type Page = keyof typeof PAGES;

/** Means over the updates since the last point; `within` and `between` are distances of roles in spreads, `greedy` is a return of 10 at most. */
export interface Point { readonly step: number; readonly td: number; readonly identify: number; readonly differ: number; readonly within: number; readonly between: number; readonly greedy: number }
export interface Curve { readonly seconds: number; readonly points: readonly Point[] }
export async function curveOf({ training }: Composition, d: Definition, seed: number): Promise<Curve> {
  const every = STEPS / 20, prepared = await training.prepare(d, { environment: GAME, steps: STEPS, copies: 8, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every, episodes: 32 }, logEvery: every });
  const points = new Map<number, Partial<Point>>(), window: Distances[] = [];
  let means: Values | undefined;
  prepared.run.tap$('agentQ.roleMean', { everyUpdates: 5 }).subscribe(tap => { means = tap; });
  prepared.run.tap$('agentQ.roleVar', { everyUpdates: 5 }).subscribe(tap => { window.push(distancesOf(means!, tap)); });
  prepared.run.metrics$.subscribe(({ step, values: v }) => {
    const own = points.get(step) ?? { step }, greedy = v['eval/return'], td = v['loss/q/tdLoss'];
    const learned = td === undefined ? {} : { td, identify: v['loss/q/roleIdentifiability']!, differ: v['loss/q/roleDifference']!, within: mean(window.map(w => w.within)), between: mean(window.map(w => w.between)) };
    if (td !== undefined) window.length = 0;
    points.set(step, { ...own, ...learned, ...(greedy === undefined ? {} : { greedy }) });
  });
  const { seconds } = await prepared.begin();
  return { seconds, points: [...points.values()].filter((p): p is Point => p.greedy !== undefined && p.td !== undefined) };
}
export const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

interface Values { readonly data: ArrayLike<number>; readonly sizes: readonly number[] }
interface Distances { readonly within: number; readonly between: number }
/**
 * |mu_i - mu_j| in spreads, sqrt(sum_k 2 (mu_ik - mu_jk)^2 / (var_ik + var_jk)), of roles [batch, slot, agent, role]: the mean over the pairs of agents that
 * have the same part, and over those that have not.
 */
function distancesOf({ data: mu, sizes }: Values, { data: variance }: Values): Distances {
  const [, , agents = 0, role = 0] = sizes, same: number[] = [], other: number[] = [];
  for (let slot = 0; slot < mu.length; slot += agents * role) for (let i = 0; i < agents; i++) for (let j = 0; j < i; j++) {
    let sum = 0;
    for (let k = 0; k < role; k++) { const a = slot + i * role + k, b = slot + j * role + k; sum += 2 * (mu[a]! - mu[b]!) ** 2 / (variance[a]! + variance[b]!); }
    ((i < agents / 2) === (j < agents / 2) ? same : other).push(Math.sqrt(sum));
  }
  return { within: mean(same), between: mean(other) };
}
