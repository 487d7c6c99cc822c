/** Eight algorithms on two tasks of level-based foraging: all learn both, in one number of steps and with one setting. */
import { afterAll, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { iqm } from '../../plugins/statistics.ts';
import { curveOf, PAGES, SEEDS, TASKS } from './foraging.ts';
import { Table } from './table.ts';

const made = compose(), LEAST = { cooperation: 0.95, foraging: 0.6 } as const;
describe.each(Object.entries(TASKS))('%s', (name, task) => {
  const table = new Table(task.environment);
  afterAll(() => { table.print(); });
  it.each(Object.entries(PAGES))(`%s: the IQM of the last evaluations is ${LEAST[name as keyof typeof TASKS]} at least`, async (algorithm, page) => {
    const last: number[] = [];
    for (const seed of SEEDS) {
      const { points, seconds } = await curveOf(await made, page, seed, task), end = points.at(-1)!;
      expect(end.step).toBeGreaterThanOrEqual(task.steps);
      last.push(end.return);
      table.add({ algorithm, seed, 'return at the end': end.return.toFixed(3), seconds: Math.round(seconds) });
    }
    expect(iqm([last])).toBeGreaterThanOrEqual(LEAST[name as keyof typeof TASKS]);
  });
});
