/** Every program of every page, on the engine that is judged and on the plain one: outputs, gradients and updated weights agree to 1e-5 of the largest element. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, type Definition } from '../../../core/definition.ts';
import type { Engine } from '../../../core/engine.ts';
import { plan } from '../../../core/plan.ts';
import { floatWires } from '../../../core/programs.ts';
import { Learner } from '../../../core/step.ts';
import { upstream } from '../../../core/topology.ts';
import { freshState } from '../../../core/weights.ts';
import { allPages } from '../../pages/index.ts';
import { batchOf, BATCH, passing, presentOf, SIZES, stepsOf, type Sizes } from '../../pages/lab.ts';
import { Agreement } from './agreement.ts';
import { engineOn, judged } from './on.ts';

interface Case { readonly sizes: Sizes; readonly steps?: number; readonly whole?: boolean; readonly pages?: readonly string[]; readonly beside: 'wasm' | 'cpu' }
const CASES: Readonly<Record<string, Case>> = {
  'a tiny world': { sizes: { ...SIZES, batch: BATCH }, beside: 'wasm' },
  'a batch of one, one agent and one step': { sizes: { ...SIZES, batch: 1, agent: 1, id: 1, neighbour: 1, other: 1 }, steps: 1, whole: true, beside: 'cpu' },
  'a larger world': { sizes: { ...SIZES, batch: 24, agent: 5, id: 5, obs: 30, state: 60, action: 9 }, steps: 21, pages: ['qmix', 'qplex', 'ppo', 'coma'], beside: 'wasm' },
};
const eager: Partial<Record<string, Engine>> = {};
let other: Engine;
beforeAll(async () => { eager['cpu'] = await engineOn('cpu'); eager['wasm'] = await engineOn('wasm'); other = await judged(); });

const data = (arrays: ReturnType<typeof batchOf>) => Object.fromEntries(Object.entries(arrays).map(([k, a]) => [k, a.data]));

/** An update with a tap on every wire and one without, acting to explore and at its best, carried on; on both engines. */
async function everything(page: Definition, { sizes, steps = stepsOf(page), beside }: Case): Promise<Agreement> {
  const both = new Agreement(eager[beside]!, other), learner = new Learner(plan(page, { ...sizes, time: steps }), both), { main } = learner.programs, rollout = page.page.sources[main]!.cut === 'rollout';
  const cuts = Object.fromEntries(Object.keys(page.page.sources).map(s => [s, { batch: sizes.batch, time: steps }])), losses = Object.values(page.page.train).flatMap(r => r.losses.map(l => parse(l.loss).from));
  const wires = floatWires(page).filter(t => upstream(page, losses).has(parse(t).from)), carry = Object.fromEntries([...learner.programs.carries(sizes.batch)].map(([n, shape]) => [n, new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => Math.sin(i))]));
  let state = freshState(learner.plan, 1);
  for (let update = 0; update < 2; update++) {
    const fields = data(batchOf(page, { seed: update, steps, sizes }));
    if (rollout) for (const [k, x] of Object.entries(fields)) if (k.endsWith('.start')) fields[k] = x.map((_, i) => Number(i % 5 === 0 || i % 3 === 1));          // episodes that begin inside
    const done = await learner.update(state, { cuts, fields, ...(rollout && Object.keys(carry).length ? { carry } : {}) }, { seed: 1, gradients: true, ...(update === 0 ? { taps: wires } : {}) });
    expect(done.failed).toBeUndefined();
    ({ state } = done);
  }
  for (const best of [false, true]) {
    const present = data(presentOf(page, { sizes })), first = await learner.act(state, present, sizes.batch, carry, { seed: 1, counters: [0], best });
    await learner.act(state, present, sizes.batch, first.carry, { seed: 1, counters: [1], best });
  }
  learner.dispose();
  return both;
}

describe.each(Object.entries(CASES))('in %s', (_, c) => {
  it.each(Object.entries(allPages).filter(([name]) => c.pages?.includes(name) ?? true))('%s', async (name, page) => {
    const quick = passing(page, 1, c.whole ? 1 : Object.values(page.page.sources)[0]!.minibatches), { worst, programs } = await everything(quick, c);
    expect(programs.length, name).toBeGreaterThan(1);
    expect(worst.error, `${worst.program}: ${worst.output}`).toBeLessThan(1e-5);
  }, 120_000);
});
