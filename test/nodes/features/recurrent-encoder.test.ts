import { describe, expect, it } from 'vitest';
import { recurrentEncoder, rnnAgentQ } from '../../../nodes/index.ts';
import { evaluateNode, layerTable } from '../../../plugins/testing.ts';
import { drawWeights, near, normals, numbers } from '../arrays.ts';

describe('recurrentEncoder', () => {
  const table = layerTable(recurrentEncoder({ hidden: 5 }), { x: 4 });
  it('is what the values of rnnAgentQ stand on, whose cell is calculated by hand', async () => {
    const weights = drawWeights(1, table), x = normals(2, 'x', [3, 4, 4]), head = drawWeights(3, layerTable(rnnAgentQ({ hidden: 5 }), { x: 4, action: 2 }).filter(t => t.name.startsWith('q/')));
    const [ours, theirs] = [await evaluateNode(recurrentEncoder, { config: { hidden: 5 }, sizes: {}, weights, inputs: { x } }), await evaluateNode(rnnAgentQ, { config: { hidden: 5 }, sizes: { action: 2 }, weights: { ...weights, ...head }, inputs: { x } })];
    near(ours.outputs['z'], numbers(theirs.outputs['hidden']), 0);
  });
  it('goes on from a carry: one step after another is the same as all at once', async () => {
    const weights = drawWeights(1, table), x = normals(2, 'x', [1, 6, 4]), run = (from: number, to: number, carry?: object) => evaluateNode(recurrentEncoder, { config: { hidden: 5 }, sizes: {}, weights, inputs: { x: { shape: [1, to - from, 4], data: x.data.slice(4 * from, 4 * to) as Float32Array } }, ...carry });
    const whole = await run(0, 6), first = await run(0, 2), second = await run(2, 6, { carry: first.carry });
    near(second.outputs['z'], numbers(whole.outputs['z']).slice(10), 1e-6);
  });
  it('has the layers of the paper: 64 (x + 1) + 6 64^2 + 6 64 weights', () => {
    expect(layerTable(recurrentEncoder(), { x: 30 }).reduce((sum, t) => sum + t.shape.reduce((a, n) => a * n, 1), 0)).toBe(64 * 31 + 6 * 64 ** 2 + 6 * 64);
  });
});
