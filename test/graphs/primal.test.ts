/** PRIMAL: two updates of both rules against its losses and its network in PyTorch (fixtures/primal/README.md). */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import { derive } from '../../core/graph.ts';
import type { World } from '../../core/world.ts';
import { primal } from '../../graphs/index.ts';
import { evaluateStep, layerTable, type StepResult } from '../../plugins/testing.ts';
import { numbers, off, type Arrays } from '../nodes/arrays.ts';
import { arrayOf, batchOf, type Encoded, type State } from './policy-fixture.ts';
import { fixture, oursOf } from './primal-fixture.ts';

const RULES = ['rl', 'imitation'] as const, TOLERANCE = 1e-5;
type Rules<T> = Readonly<Record<typeof RULES[number], T>>;
interface Case {
  readonly case: string; readonly sizes: Readonly<Record<string, number>>; readonly look: Readonly<Record<string, number>>; readonly memory: number; readonly clipNorm: number;
  readonly batch: State; readonly expert: State; readonly carry: Encoded; readonly weights: State; readonly raw: Encoded; readonly value: Encoded; readonly block: Encoded; readonly advantage: Encoded;
  readonly gradients: Rules<State>; readonly updates: readonly { readonly losses: Readonly<Record<string, number>>; readonly norms: Rules<number>; readonly weights: State }[];
}
const { learners } = fixture<{ readonly learners: readonly Case[] }>('learners.json');
const TAPS = { 'policy.raw': 'raw', 'critic.value': 'value', 'blocks.value': 'block', 'advantage.advantage': 'advantage' } as const;
const same = (got: Arrays, want: Arrays) => {
  expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
  for (const [name, x] of Object.entries(want)) { expect(got[name]!.shape, name).toEqual(x.shape); expect(off(got[name], x), name).toBeLessThan(TOLERANCE); }
};
const alike = (got: number | undefined, want: number, what: string) => { expect(Math.abs(got! - want), what).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(want))); };

describe.each(learners.map(c => [c.case, c] as const))('%s, as PyTorch computes it', (_, c) => {
  // its rates, weights of losses, gamma and clip are those of the page
  const page = derive(primal as Definition as Definition<unknown, World>, 'fixture', g => { g.set('look', c.look); g.set('memory', { hidden: c.memory }); }) as Definition;
  const expert = Object.fromEntries(Object.entries(batchOf(c.expert)).map(([name, x]) => [name.replace('data.', 'expert.'), x]));
  const run = (updates: number) => evaluateStep(page, { sizes: c.sizes, batch: { ...batchOf(c.batch), ...expert }, weights: oursOf(c.weights), carry: { memory: arrayOf(c.carry) }, updates, taps: Object.keys(TAPS) });
  let one: StepResult, two: StepResult;
  beforeAll(async () => { [one, two] = [await run(1), await run(2)]; });
  it('has every weight of the network, and no other', () => { expect(layerTable(page, c.sizes).map(t => t.name).sort()).toEqual(Object.keys(oursOf(c.weights)).sort()); });
  it('sees the same: logits, values, chances of blocking, advantages', () => {
    for (const [wire, name] of Object.entries(TAPS)) { expect(one.taps[wire]!.shape, wire).toEqual(c[name].shape); expect(off(one.taps[wire], arrayOf(c[name])), wire).toBeLessThan(TOLERANCE); }
  });
  it('has the same losses and norms in both updates', () => {
    expect(two.failed).toBeUndefined();
    c.updates.forEach(({ losses, norms }, i) => {
      for (const [name, want] of Object.entries(losses)) alike(two.history[i]![name], want, `${name} ${i}`);
      for (const rule of RULES) alike([one, two][i]!.gradientNorms[rule], norms[rule], `norm of ${rule} ${i}`);
    });
  });
  it.each(RULES)('has the same gradients of %s, of the same weights', rule => {
    // Adam's first moment is a tenth of the clipped gradient after one step; of weights that both rules train, `gradients` holds those of the later rule only
    const clip = Math.min(1, c.clipNorm / c.updates[0]!.norms[rule]), moments = one.slots[rule]!['m'] as Arrays;
    same(Object.fromEntries(Object.entries(moments).map(([name, x]) => [name, { shape: x.shape, data: Float32Array.from(x.data, m => 10 * m / clip) }])), oursOf(c.gradients[rule]));
  });
  it('has the same weights after one update of both rules, and after two', () => {
    for (const [i, result] of [one, two].entries()) same(result.weights, oursOf(c.updates[i]!.weights));
  });
});

it('the cases hold what they are there for: ends and limits inside, episodes under way, padding, masks, both labels, a clip that bites and one that does not', () => {
  const some = (c: Case, source: 'batch' | 'expert', field: string, value: number) => { expect(c[source][field]!.data, `${c.case}: ${source}.${field}`).toContain(value); };
  for (const c of learners) {
    const { time, batch } = c.sizes, inside = (field: string) => Array.from({ length: batch! }, (_, b) => c.batch[field]!.data.slice(b * time!, (b + 1) * time! - 1)).flat();
    for (const field of ['terminated', 'truncated']) expect(inside(field), field).toContain(1);
    expect(inside('valid')).toContain(0);
    for (const field of ['avail', 'blocking']) for (const value of [0, 1]) some(c, 'batch', field, value);
    some(c, 'expert', 'valid', 0);
    const begins = Array.from({ length: batch! }, (_, b) => c.batch['start']!.data[b * (time! + 1)]);
    for (const value of [0, 1]) expect(begins).toContain(value);
    expect(c.sizes['agent']).toBeGreaterThan(1);
    expect(Math.max(...numbers(arrayOf(c.carry)))).toBeGreaterThan(0.1);
  }
  expect(learners.map(c => c.updates[0]!.norms.rl > c.clipNorm).sort()).toEqual([false, true]);
});
