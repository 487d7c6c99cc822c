/** The rows of docs/reproductions.md for agents that learn one after another (HAPPO) or act so (MAT): games that agents with one policy cannot play, and games with bad equilibria. */
import { afterAll, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { PAGES, play, type Setting } from './in-turn.ts';
import { Table } from './table.ts';

const table = new Table('one after another'), SEEDS = [11, 12, 13, 14, 15];
afterAll(() => { table.print(); });
async function all(name: keyof typeof PAGES, setting: Setting, theirs: string): Promise<readonly { readonly drawn: number; readonly greedy: number }[]> {
  const composition = await compose(), out = [];
  for (const seed of SEEDS) {
    const got = await play(composition, PAGES[name](setting), setting, seed);
    table.add({ row: `${name}, ${setting.game}`, seed, drawn: got.drawn.toFixed(setting.length > 1 ? 1 : 3), greedy: got.greedy, since: `step ${got.since}`, theirs, seconds: got.seconds });
    out.push(got);
  }
  return out;
}

describe.each([2, 4])('matrix/halves with %i agents', agents => {
  const game = { game: `matrix/halves?agents=${agents}`, length: 1, copies: 64 }, bound = 2 / 2 ** agents;
  // two agents begin nearest to equal chances, where nothing tells them apart
  it('HAPPO is paid almost always', async () => {
    for (const { drawn, greedy } of await all('HAPPO', { ...game, steps: agents === 2 ? 24_000 : 16_000 }, 'derived: 1')) {
      expect(drawn).toBeGreaterThanOrEqual(0.95);
      expect(greedy).toBe(1);
    }
  });
  it(`MAT is paid ${agents === 2 ? 'almost always' : 'four times what agents with one policy can be, on four of five seeds'}`, async () => {
    // four lose the play again in batches that are all paid alike; as many copies as the authors have make those rarer, and the updates are as many
    const paid = (await all('MAT', agents === 2 ? { ...game, steps: 6000 } : { ...game, copies: 128, steps: 12_000 }, 'derived: 1')).map(({ drawn }) => drawn);
    if (agents === 2) for (const x of paid) expect(x).toBeGreaterThanOrEqual(0.95);
    else expect(paid.filter(x => x >= 4 * bound).length).toBeGreaterThanOrEqual(4);
  });
  it.each([['HAPPO with one actor', 16_000], ['MAT without a decoder', 6000]] as const)('%s is paid no more than agents with one policy can be', async (name, steps) => {
    const episodes = steps / 10, spread = Math.sqrt(bound * (1 - bound) / episodes);
    for (const { drawn, greedy } of await all(name, { ...game, steps }, `derived: ${bound} at most`)) {
      expect(drawn).toBeLessThanOrEqual(bound + 4 * spread);
      expect(greedy).toBe(0);
    }
  });
});

describe('repeated games', () => {
  const repeated = { length: 25, copies: 8 }, four = (got: readonly { readonly greedy: number }[], right: (greedy: number) => boolean) => { expect(got.filter(({ greedy }) => right(greedy)).length).toBeGreaterThanOrEqual(4); };
  it('penalty: HAPPO learns what is safe, as every policy gradient does', async () => { four(await all('HAPPO', { ...repeated, game: 'matrix/penalty?k=25', steps: 20_000 }, 'derived for independent policies: 50'), x => x === 50); });
  it('penalty: MAT finds a best cell, since its second agent knows what the first does', async () => { four(await all('MAT', { ...repeated, game: 'matrix/penalty?k=25', steps: 20_000 }, 'none; best possible 250'), x => x === 250); });
  it('climbing: HAPPO stays among the equilibria that lie on the way of independent policies', async () => { four(await all('HAPPO', { ...repeated, game: 'matrix/climbing', steps: 40_000 }, 'derived for independent policies: 175'), x => x >= 125 && x <= 175); });
  it('climbing: MAT climbs to the best cell', async () => { four(await all('MAT', { ...repeated, game: 'matrix/climbing', steps: 40_000 }, 'none; best possible 275'), x => x === 275); });
});
