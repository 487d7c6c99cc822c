/** The rows of docs/reproductions.md for actor-critics of several agents that learn from a replay. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose, type Composition } from '../../plugins/compose.ts';
import { CONTINUOUS, learn, STEPS } from './team-actor-critics.ts';
import { Table } from './table.ts';

const table = new Table('quadratic games'), SEEDS = [1, 2, 3];
let made: Composition;
beforeAll(async () => { made = await compose(); });
afterAll(() => { table.print(); });

describe.each(CONTINUOUS)('%s on %s', (row, environment, page, optima, least) => {
  it.each(SEEDS)('plays within 0.05 of the optimum, or is paid nearly as much (seed %i)', async seed => {
    const { actions, return: paid, seconds } = await learn(made, page, environment, STEPS, seed);
    table.add({ algorithm: row, game: environment, seed, 'greedy actions': actions.map(x => x.toFixed(3)).join(' '), 'greedy return': paid.toFixed(4), seconds: Math.round(seconds) });
    for (const [agent, a] of (optima[0] ?? []).entries()) expect(Math.abs(actions[agent]! - a)).toBeLessThanOrEqual(0.05);
    expect(paid).toBeGreaterThan(least);
  });
});
