import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { denormalise, moments, normalise } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, floats, near, numbers } from '../arrays.ts';

interface Sums { readonly mean: number; readonly square: number; readonly weight: number }
const START: Sums = { mean: 0, square: 0, weight: 0 };
const scalars = (s: Sums) => Object.fromEntries(Object.entries(s).map(([k, x]) => [k, floats(x)]));
async function seen(s: Sums, x: number[], mask = x.map(() => 1), rate?: number): Promise<Sums> {
  const { outputs } = await evaluateNode(moments, { sizes: {}, ...(rate === undefined ? {} : { knobs: { rate } }), inputs: { x: floats([x]), mask: floats([mask]), ...scalars(s) } });
  return Object.fromEntries(Object.entries(outputs).map(([k, a]) => [k, numbers(a)[0]!])) as unknown as Sums;
}
const apply = async (node: typeof normalise, x: number[], s: Sums) => numbers((await evaluateNode(node, { sizes: {}, inputs: { x: floats([x]), ...scalars(s) } })).outputs['x']);
/** Mean and variance that normalising goes by: what is made of 0 and of 1. */
const lawOf = async (s: Sums) => { const [zero, one] = await apply(denormalise, [0, 1], s) as [number, number]; return { mu: zero, variance: (one - zero) ** 2 }; };

describe('ValueNorm', () => {
  it('by hand: after [1, 2, 3] a mean of 2 and a variance of 2/3, and what two batches have seen is weighed alike', async () => {
    const one = await seen(START, [1, 2, 3]), first = await lawOf(one), second = await lawOf(await seen(one, [10, -2]));
    near(floats([first.mu, first.variance]), [2, 2 / 3], 1e-4);
    near(floats([second.mu, second.variance]), [3.000005, 19.33342], 1e-3);
  });
  it('begins at a mean of 0 and a deviation of 0.1, and of equal values has that deviation', async () => {
    const begin = await lawOf(START), same = await lawOf(await seen(START, [7, 7]));
    near(floats([begin.mu, begin.variance]), [0, 0.01], 1e-6);
    near(floats([same.mu, same.variance]), [7, 0.01], 1e-4);
  });
  it('turned round gives what it was given', () => fc.assert(fc.asyncProperty(fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 6 }), fc.double({ min: 0.01, max: 1, noNaN: true }), async (x, weight) => {
    const law = { mean: weight * 3, square: weight * 40, weight }, back = await apply(denormalise, await apply(normalise, x, law), law);
    back.forEach((y, i) => { expect(Math.abs(y - x[i]!)).toBeLessThan(1e-4); });
  }), { numRuns: 10 }));
  it('sees nothing of what the mask leaves out, and is as it was where that is all', async () => {
    const s = { mean: 0.2, square: 0.9, weight: 0.5 };
    expect(await seen(s, [1, 1e6, 3], [1, 0, 1])).toEqual(await seen(s, [1, -4, 3], [1, 0, 1]));
    for (const [k, x] of Object.entries(await seen(s, [1, 2], [0, 0], 0.3))) expect(x, k).toBeCloseTo(s[k as keyof Sums], 7);
  });
  it('counts a batch of many as much as one of few', async () => {
    const [few, many] = [await seen(START, [1, 3]), await seen(START, [1, 3, 1, 3, 1, 3])];
    near(floats([many.mean, many.square, many.weight]), [few.mean, few.square, few.weight], 1e-9);
  });
  it('passes a gradient to what is normalised, in its unit, and none to the sums', async () => {
    const law = { mean: 1, square: 5, weight: 1 };
    for (const [node, slope] of [[normalise, 0.5], [denormalise, 2]] as const) near((await evaluateNode(node, { sizes: {}, inputs: { x: filled([1, 3], 1), ...scalars(law) } })).gradients.inputs['x'], [[slope, slope, slope]]);
  });
});
