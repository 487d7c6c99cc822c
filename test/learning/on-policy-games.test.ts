/** IPPO and MAPPO on climbing and penalty: the returns that exact policy gradients end at, by four seeds of five. */
import { afterAll, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { curveOf, GAMES, PAGES, SEEDS } from './on-policy-games.ts';
import { Table } from './table.ts';

const table = new Table('IPPO and MAPPO on repeated matrix games');
afterAll(() => { table.print(); });

describe.each(Object.entries(PAGES))('%s', (name, page) => {
  it.each(GAMES)(`on $game ends at $derived or above`, async ({ game, environment, derived, published }) => {
    const ends: number[] = [];
    for (const seed of SEEDS) {
      const { seconds, greedy, played } = await curveOf(await compose(), page, seed, environment);
      ends.push(greedy.at(-1)!);
      table.add({ algorithm: name, game, seed, 'greedy at the end': greedy.at(-1)!, 'greedy on the way': greedy.join(' '), 'played at the end': played.toFixed(1), derived, EPyMARL: published, seconds: Math.round(seconds) });
    }
    expect(ends.filter(x => x >= derived - 1).length).toBeGreaterThanOrEqual(4);
  }, 1_800_000);
});
