import { describe, expect, it } from 'vitest';
import type { Expert, ExpertFactory } from '../../../plugins/factories.ts';
import { primal } from '../../../graphs/primal.ts';
import { Catalogue } from '../../../plugins/catalogue.ts';
import { compose } from '../../../plugins/compose.ts';
import { pathPlanner } from '../../../plugins/experts/path-planner.ts';
import { applySettings } from '../../../plugins/page-settings.ts';

const spec = (id: string) => ({ id, sizes: { agent: 1, action: 2 }, fields: {}, actions: 'discrete', limit: 5, reward: 'sum' }) as const;
const other: ExpertFactory = { name: 'other', about: 'Another one', plays: ({ id }) => id.startsWith('mapf/') || id === 'mine/x', make: (): Expert => ({ begin: () => true, act: () => Int32Array.of(0) }) };
const among = (...experts: ExpertFactory[]) => new Catalogue([], [], [], [], [], [], experts);

describe('who plays for a source', () => {
  it('is the one it names, or for `expert` the only one that plays the environment, a plugin\'s too', () => {
    expect(among(pathPlanner, other).expert('path-planner', spec('mapf/10x10'))).toBe(pathPlanner);
    expect(among(pathPlanner, other).expert('expert', spec('mine/x'))).toBe(other);
    expect(among(pathPlanner).expert('expert', spec('mapf/10x10'))).toBe(pathPlanner);
  });
  it.each([
    ['expert', 'mapf/10x10', /several experts play mapf\/10x10: pathPlanner, other/], ['expert', 'lbf/5x5-2p-1f', /no expert plays lbf/], ['pathPlanner', 'mine/x', /the expert pathPlanner does not play mine\/x/], ['nobody', 'mine/x', /no expert is called "nobody"/],
  ])('by %s on %s', (by, id, why) => { expect(() => among(pathPlanner, other).expert(by, spec(id))).toThrow(why); });
});

const small = applySettings(primal, { 'data.steps': 4, 'data.copies': 2, 'look.near': 2, 'look.far': 2, 'look.hidden': 6, 'look.goalUnits': 2, 'memory.hidden': 4, 'expert.batch': 1 });
it('says where and what to do when an expert never finds a way', async () => {
  const { training } = await compose();
  // two agents in one row that hardly ever need not pass each other
  const prepared = await training.prepare(small, { environment: 'mapf/1x9?agents=9&density=0&sight=4&steps=9', steps: 40, out: false, evaluate: { episodes: 1 } });
  await expect(prepared.begin()).rejects.toThrow(/source expert of primal: the expert pathPlanner found no way in 200 episodes of mapf\/1x9/);
});
it('refuses an environment that no expert plays', async () => {
  const { training } = await compose();
  await expect(training.prepare(small, { environment: 'lbf/5x5-2p-1f', steps: 40, out: false })).rejects.toThrow(/grid|no expert/);
});
