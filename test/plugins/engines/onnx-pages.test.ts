/** Every program of every page, compiled and as it stands: outputs, gradients and updated weights agree to 1e-5 of the largest element. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, type Definition } from '../../../core/definition.ts';
import type { Engine } from '../../../core/engine.ts';
import { plan } from '../../../core/plan.ts';
import { floatWires } from '../../../core/programs.ts';
import { Learner } from '../../../core/step.ts';
import { upstream } from '../../../core/topology.ts';
import { freshState } from '../../../core/weights.ts';
import { onnx } from '../../../plugins/engines/onnx/engine.ts';
import { allPages } from '../../pages/index.ts';
import { batchOf, BATCH, passing, presentOf, SIZES, stepsOf, type Sizes } from '../../pages/lab.ts';
import { Agreement } from './agreement.ts';
import { engineOn } from './on.ts';

let eager: Engine, compiled: Engine;
beforeAll(async () => { eager = await engineOn('cpu'); compiled = await onnx.open('cpu-1'); });

const CASES: Readonly<Record<string, { readonly sizes: Sizes; readonly steps?: number }>> = {
  'a tiny world': { sizes: { ...SIZES, batch: BATCH } },
  'a batch of one, one agent and one step': { sizes: { ...SIZES, batch: 1, agent: 1, id: 1, neighbour: 1, other: 1 }, steps: 1 },
};
const data = (arrays: ReturnType<typeof batchOf>) => Object.fromEntries(Object.entries(arrays).map(([k, a]) => [k, a.data]));

/** Updates with all gradients and a tap, acting to explore and at its best, carried on; on both engines. */
async function everything(page: Definition, { sizes, steps = stepsOf(page) }: typeof CASES[string]): Promise<Agreement> {
  const both = new Agreement(eager, compiled), learner = new Learner(plan(page, { ...sizes, time: steps }), both), { main } = learner.programs, rollout = page.page.sources[main]!.cut === 'rollout';
  const cuts = Object.fromEntries(Object.keys(page.page.sources).map(s => [s, { batch: sizes.batch, time: steps }])), losses = Object.values(page.page.train).flatMap(r => r.losses.map(l => parse(l.loss).from));
  const taps = floatWires(page).filter(t => upstream(page, losses).has(parse(t).from)).slice(-2), carry = Object.fromEntries([...learner.programs.carries(sizes.batch)].map(([n, shape]) => [n, new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => Math.sin(i))]));
  let state = freshState(learner.plan, 1);
  for (let update = 0; update < 2; update++) {
    const fields = data(batchOf(page, { seed: update, steps, sizes }));
    if (rollout) for (const [k, x] of Object.entries(fields)) if (k.endsWith('.start')) fields[k] = x.map((_, i) => Number(i % 5 === 0 || i % 3 === 1));          // episodes that begin inside
    const done = await learner.update(state, { cuts, fields, ...(rollout && Object.keys(carry).length ? { carry } : {}) }, { seed: 1, gradients: true, taps });
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

describe.each(Object.entries(CASES))('in %s', (_, sizes) => {
  it.each(Object.entries(allPages))('%s', async (name, page) => {
    const quick = sizes.steps === undefined ? page : passing(page, 2), { worst, programs } = await everything(quick, sizes);
    expect(programs.length, name).toBeGreaterThan(1);
    expect(worst.error, `${worst.program}: ${worst.output}`).toBeLessThan(1e-5);
  }, 120_000);
});
