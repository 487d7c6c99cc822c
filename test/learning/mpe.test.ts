/** MAPPO, IPPO, COMA, MADDPG and IDDPG on spread, speaker-listener and tag: better than chance, by the bars of the rows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/random.ts';
import { compose } from '../../plugins/compose.ts';
import { Prey } from './hunt.ts';
import { addHunt, curveOf, EVALUATIONS, ROWS, SEEDS, TASKS } from './mpe.ts';
import { Table } from './table.ts';

const made = compose(), table = new Table('particle tasks, in the unit of the published figures');
beforeAll(async () => { await addHunt(await made); });
afterAll(() => { table.print(); });

it.each(Object.values(TASKS))('random play of $name gets what is written', async ({ environment, published, random }) => {
  const copies = 2000, env = await (await made).catalogue.environment(environment, { copies, seed: 1 }), { agent = 1, action = 1 } = env.spec.sizes, { avail } = env.fields, draws = Random.of(1, 'play');
  const actions = new Int32Array(copies * agent), returns = new Float64Array(copies);
  await env.reset(new Uint8Array(copies).fill(1));
  for (let step = 0; step < env.spec.limit; step++) {
    for (let i = 0; i < actions.length; i++) do actions[i] = draws.integer(action); while (avail && avail[i * action + actions[i]!] === 0);
    await env.step(actions);
    for (let c = 0; c < copies; c++) returns[c]! += env.fields['reward']![c]!;
  }
  expect(published(returns.reduce((a, x) => a + x, 0) / copies)).toBeCloseTo(random, 1);
});
it('the prey values pushes as its authors\' network does', () => {
  // by plain loops in Python over the authors' file
  const expected = [1.8626710, -0.2053325, -0.5200696, -1.2792853, 0.5148876], values = new Prey().values(Array.from({ length: 14 }, (_, i) => 0.1 * (i - 6)), 0);
  for (const [i, x] of expected.entries()) expect(values[i]).toBeCloseTo(x, 6);
});
describe.each(Object.values(ROWS))('$algorithm on $task', row => {
  it.each(SEEDS)(row.bar === undefined ? 'seed %i is trained' : `seed %i ends at ${row.bar} or above`, async seed => {
    const { seconds, points } = await curveOf(await made, row, seed), returns = points.map(p => p.return), late = returns.slice(-3).reduce((a, x) => a + x, 0) / 3;
    expect(points).toHaveLength(EVALUATIONS);
    table.add({ algorithm: row.algorithm, task: row.task, steps: row.steps, seed, 'at the end': returns.at(-1)!.toFixed(1), 'last three': late.toFixed(1), best: Math.max(...returns).toFixed(1), random: TASKS[row.task].random, published: row.published ?? 'none', seconds: Math.round(seconds) });
    if (row.bar !== undefined) expect(late).toBeGreaterThanOrEqual(row.bar);
  });
});
