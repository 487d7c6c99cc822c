/** What is learned of `matrix/mmdp` from uniform play: joint values over training, and greedy returns. For the rows of docs/reproductions.md. */
import type { Definition } from '../../core/definition.ts';
import { derive } from '../../core/graph.ts';
import { qmix, qplex, vdn } from '../../graphs/index.ts';
import { plan } from '../../core/plan.ts';
import { Learner } from '../../core/step.ts';
import { freshState } from '../../core/weights.ts';
import type { Composition } from '../../plugins/compose.ts';
import { evaluateEpisodes } from '../../plugins/evaluation.ts';
import { sizesOf } from '../../plugins/rollout.ts';
import { joint, plain, playAll } from './payoff.ts';

const GAME = 'matrix/mmdp', MOMENTS = 20;
export const UPDATES = 12_000, SEEDS = [1, 2, 3];
/** With gamma 0.9 forty copies of the targets, each carrying the value one step further, come near to the end: 0.9^40 = 0.015. */
const steady = (page: Definition): Definition => derive(page as Definition<unknown, never>, page.page.name, g => {
  g.set('tdTarget', { gamma: 0.9 });
  g.targets({ everyUpdates: 300 });
}) as Definition;
export const PAGES = { QPLEX: steady(plain(qplex, 'qplex', [64])), QMIX: steady(plain(qmix, 'qmix', [64])), VDN: steady(plain(vdn, 'vdn', [64])) };
/** Both agents' first two actions, all of them: what uniform play expects of the state that pays, with the one that does not behind it. */
const PLAYS = joint(2).flatMap(first => joint(2).map(second => [first, second]));

/** After so many updates: Q_tot of (0,0), (0,1), (1,0) and (1,1) at the start, the largest |Q_tot| of the batch, and the return of greedy play over 100 steps. */
export interface Point { readonly update: number; readonly q00: number; readonly q01: number; readonly q10: number; readonly q11: number; readonly largest: number; readonly greedy: number }
export async function curveOf({ catalogue }: Composition, page: Definition, seed: number): Promise<{ readonly seconds: number; readonly points: readonly Point[] }> {
  const env = await catalogue.environment(GAME, { copies: PLAYS.length, seed: 1 }), learner = new Learner(plan(page, sizesOf(page, env)), await catalogue.engine('onnx:cpu-1')), batch = await playAll(page, env, PLAYS);
  const points: Point[] = [], began = performance.now();
  let state = freshState(learner.plan, seed);
  for (let update = 1; update <= UPDATES; update++) {
    const due = update % (UPDATES / MOMENTS) === 0, done = await learner.update(state, batch, { seed, ...(due ? { taps: ['mixer.qTot'] } : {}) });
    if (done.failed !== undefined) throw new Error(done.failed);
    ({ state } = done);
    if (!due) continue;
    const q = [...done.taps['mixer.qTot']!.data], [q00, q01, q10, q11] = [0, 1, 2, 3].map(first => q[8 * first]!) as [number, number, number, number];      // [play, step]: four plays of two steps share their first actions
    const [episode] = await evaluateEpisodes(page, learner, state, s => catalogue.environment(GAME, s), { episodes: 1, seed: 1 });
    points.push({ update, q00, q01, q10, q11, largest: Math.max(...q.map(Math.abs)), greedy: episode!.return });
  }
  learner.dispose();
  return { seconds: (performance.now() - began) / 1000, points };
}
