/**
 * ROMA's roles where agents must take different parts: `linear` pays most, 5, where the first agent takes the third action and the second agent the second.
 * Both see the same and tell each other apart by their identity alone. The batch is every joint action; roles are drawn anew at each update.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { derive, weigh } from '../../core/graph.ts';
import type { Definition } from '../../core/definition.ts';
import { plan } from '../../core/plan.ts';
import { Learner } from '../../core/step.ts';
import { freshState } from '../../core/weights.ts';
import { roma } from '../../graphs/index.ts';
import { compose, type Composition } from '../../plugins/compose.ts';
import { evaluateEpisodes } from '../../plugins/evaluation.ts';
import { sizesOf } from '../../plugins/rollout.ts';
import { rmsprop } from '../../core/optimiser.ts';
import { joint, playAll } from './payoff.ts';
import { Table } from './table.ts';

const GAME = 'matrix/linear?steps=1', UPDATES = 1500, WINDOW = 100, table = new Table('ROMA on linear, one step');
afterAll(() => { table.print(); });
const ALL = joint(3).map(a => [a]);
/** The page with its targets as in the other small games, and with other weights of the role losses. */
const page = (identify: number, differ: number): Definition => derive(roma, 'roma', (g, { td, identify: i, differ: d }) => {
  g.targets({ everyUpdates: 100 });
  g.train('q', [td.loss, weigh(identify, i.loss), weigh(differ, d.loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
}) as Definition;

interface Means { readonly td: number; readonly identify: number; readonly differ: number; readonly apart: number }
let made: Promise<Composition> | undefined;
/** Means over the first and the last hundred updates, and what greedy play gets. `apart`: the distance between the agents' mean roles over the spread of a role. */
async function learn(d: Definition, seed: number): Promise<{ readonly early: Means; readonly late: Means; readonly greedy: number; readonly seconds: number }> {
  const { catalogue } = await (made ??= compose()), env = await catalogue.environment(GAME, { copies: ALL.length, seed: 1 }), learner = new Learner(plan(d, sizesOf(d, env)), await catalogue.engine('tfjs:wasm')), batch = await playAll(d, env, ALL);
  const rows: Means[] = [], from = performance.now(), taps = ['agentQ.roleMean', 'agentQ.roleVar'];
  let state = freshState(learner.plan, seed);
  for (let i = 0; i < UPDATES; i++) {
    const watched = i < WINDOW || i >= UPDATES - WINDOW, done = await learner.update(state, batch, { seed, ...(watched ? { taps } : {}) });
    if (done.failed !== undefined) throw new Error(done.failed);
    state = done.state;
    if (watched) rows.push({ td: done.losses['q/tdLoss']!, identify: done.losses['q/roleIdentifiability']!, differ: done.losses['q/roleDifference']!, apart: apart(done.taps[taps[0]!]!, done.taps[taps[1]!]!) });
  }
  const episodes = await evaluateEpisodes(d, learner, state, s => catalogue.environment(GAME, s), { episodes: 50, seed: 1 }), mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
  const over = (list: readonly Means[]): Means => ({ td: mean(list.map(r => r.td)), identify: mean(list.map(r => r.identify)), differ: mean(list.map(r => r.differ)), apart: mean(list.map(r => r.apart)) });
  return { early: over(rows.slice(0, WINDOW)), late: over(rows.slice(WINDOW)), greedy: mean(episodes.map(e => e.return)), seconds: Math.round((performance.now() - from) / 1000) };
}
type Values = { readonly shape: readonly number[]; readonly data: ArrayLike<number> };
/** |mu_1 - mu_2| over the root of the mean variance, [batch, time, 2, role], averaged over the slots of the batch. */
function apart(mean: Values, variance: Values): number {
  const role = mean.shape[3]!, slots = mean.data.length / (2 * role);
  let sum = 0;
  for (let s = 0; s < slots; s++) {
    let distance = 0, spread = 0;
    for (let k = 0; k < role; k++) { const i = s * 2 * role + k, j = i + role; distance += (mean.data[i]! - mean.data[j]!) ** 2; spread += (variance.data[i]! + variance.data[j]!) / 2; }
    sum += Math.sqrt(distance / spread);
  }
  return sum / slots;
}

describe('roles', () => {
  it.each([1, 2, 3])('the role losses fall, the agents\' roles move apart and they take different parts (seed %i)', async seed => {
    const { early, late, greedy, seconds } = await learn(page(1e-4, 1e-3), seed), both = (key: keyof Means, digits: number) => `${early[key].toFixed(digits)} -> ${late[key].toFixed(digits)}`;
    table.add({ seed, 'TD loss': both('td', 2), 'identifiability, nats': both('identify', 4), difference: both('differ', 3), 'roles apart, in spreads': both('apart', 2), 'greedy return': greedy.toFixed(1), seconds });
    expect(late.identify).toBeLessThan(early.identify / 2);
    expect(late.differ).toBeLessThan(early.differ);
    expect(late.apart).toBeGreaterThan(early.apart);
    expect(greedy).toBeGreaterThanOrEqual(4.5);              // uniform play gets 21 / 9
  });
});
