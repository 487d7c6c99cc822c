import { describe, expect, it } from 'vitest';
import { plan } from '../../core/plan.ts';
import { maddpg } from '../../graphs/index.ts';
import { swapped } from '../../plugins/edits.ts';
import { actionValue } from '../../nodes/index.ts';

describe('a swap as data', () => {
  const SIZES = { agent: 3, id: 3, obs: 4, state: 12, action: 2 }, node = () => actionValue;
  it('keeps the weights of each agent in a slot that has them', () => {
    const wide = swapped(maddpg, [{ slot: 'critic', type: 'actionValue', config: { hidden: [5] } }], { node } as never);
    expect(wide.page.nodes['critic']).toMatchObject({ per: 'agent', config: { hidden: [5] } });
    for (const s of plan(wide, SIZES).slices.filter(x => x.node === 'critic')) expect([s.per, s.shape[0]]).toEqual([3, 3]);
    expect(plan(wide, SIZES).total).not.toBe(plan(maddpg, SIZES).total);
  });
});
