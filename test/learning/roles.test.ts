/**
 * ROMA's roles where there are parts to take: `parts` pays for pairs of an agent of the first two at its task and one of the last two at theirs. All see the same and
 * tell each other apart by their identity alone. Beside it the same page with both role losses weighted 0.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { curveOf, GAME, mean, PAGES, SEEDS, STEPS, type Page, type Point } from './roles.ts';
import { Table } from './table.ts';

const table = new Table(`${GAME}, ${STEPS} steps`), made = compose();
afterAll(() => { table.print(); });

interface Learned { readonly early: Point; readonly late: Omit<Point, 'step'> }
const learned = new Map<string, Promise<Learned>>();
/** The first point, and the means of the last four. */
async function learn(name: Page, seed: number): Promise<Learned> {
  const { points, seconds } = await curveOf(await made, PAGES[name], seed), early = points[0]!, last = points.slice(-4), of = (key: keyof Point) => mean(last.map(p => p[key]));
  expect(points).toHaveLength(20);
  const late = { td: of('td'), identify: of('identify'), differ: of('differ'), within: of('within'), between: of('between'), greedy: of('greedy') }, both = (key: keyof typeof late, digits: number) => `${early[key].toFixed(digits)} to ${late[key].toFixed(digits)}`;
  table.add({ page: name, seed, 'TD loss': both('td', 2), 'identifiability, nats': both('identify', 3), difference: both('differ', 3), 'apart, two parts': both('between', 2), 'apart, same part': both('within', 2), 'greedy return': late.greedy.toFixed(1), seconds: Math.round(seconds) });
  return { early, late };
}
function once(name: Page, seed: number): Promise<Learned> {
  const key = `${name} ${seed}`, run = learned.get(key) ?? learn(name, seed);
  learned.set(key, run);
  return run;
}

/** How many seeds it holds for. */
async function seedsWhere(holds: (roma: Learned, control: Learned) => boolean): Promise<number> {
  let n = 0;
  for (const seed of SEEDS) if (holds(await once('ROMA', seed), await once('without role losses', seed))) n++;
  return n;
}
const fall = ({ early, late }: Learned) => early.differ - late.differ;

describe('parts', () => {
  it.each(SEEDS)('ROMA: the role losses fall, the roles of two parts move apart, and all agents take their parts (seed %i)', async seed => {
    const { early, late } = await once('ROMA', seed);
    expect(late.identify).toBeLessThan(early.identify);
    expect(late.differ).toBeLessThan(early.differ);
    expect(late.between).toBeGreaterThan(2 * early.between);
    expect(late.greedy).toBeGreaterThanOrEqual(9.5);
  });
  it.each(SEEDS)('without role losses all agents take their parts as well (seed %i)', async seed => { expect((await once('without role losses', seed)).late.greedy).toBeGreaterThanOrEqual(9.5); });
  it('ROMA: identifiability falls to a fifth, on 4 of 5 seeds', async () => { expect(await seedsWhere(({ early, late }) => late.identify < early.identify / 5)).toBeGreaterThanOrEqual(4); });
  it('ROMA: the difference falls by 0.1, and without its weight by half as much at most, on 4 of 5 seeds', async () => {
    expect(await seedsWhere(roma => fall(roma) > 0.1)).toBeGreaterThanOrEqual(4);
    expect(await seedsWhere((roma, control) => fall(control) < fall(roma) / 2)).toBeGreaterThanOrEqual(4);
  });
  it('ROMA: roles of two parts are farther apart than those of the same part, on 4 of 5 seeds', async () => { expect(await seedsWhere(({ late }) => late.between > 1.2 * late.within)).toBeGreaterThanOrEqual(4); });
});
