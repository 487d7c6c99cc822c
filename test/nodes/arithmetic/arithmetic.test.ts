import { describe, expect, it } from 'vitest';
import { expectedValue, minimum, multiply, subtract } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { floats, near, normals, numbers } from '../arrays.ts';

const inputs = { a: floats([[3, -1, 2]]), b: floats([[2, 4, 2]]) }, cotangent = floats([[10, 20, 30]]);

describe('arithmetic', () => {
  it('subtracts', async () => {
    const { outputs, gradients } = await evaluateNode(subtract, { sizes: {}, inputs, cotangents: { x: cotangent } });
    near(outputs['x'], [[1, -5, 0]], 0);
    near(gradients.inputs['b'], [[-10, -20, -30]], 0);
  });
  it('multiplies', async () => {
    const { outputs, gradients } = await evaluateNode(multiply, { sizes: {}, inputs, cotangents: { x: cotangent } });
    near(outputs['x'], [[6, -4, 4]], 0);
    near(gradients.inputs['a'], [[20, 80, 60]], 0);
  });
  it('takes the lesser, whose gradient it is; of equal ones that of a', async () => {
    const { outputs, gradients } = await evaluateNode(minimum, { sizes: {}, inputs, cotangents: { value: cotangent } });
    near(outputs['value'], [[2, -1, 2]], 0);
    near(gradients.inputs['a'], [[0, 20, 30]], 0);
    near(gradients.inputs['b'], [[10, 0, 0]], 0);
  });
});

describe('expectedValue', () => {
  it('by hand: 0.5 - 0.3 + 0.4', async () => {
    near((await evaluateNode(expectedValue, { sizes: { action: 3 }, inputs: { q: floats([[1, -1, 2]]), pi: floats([[0.5, 0.3, 0.2]]) } })).outputs['value'], [0.6]);
  });
  it('as a baseline leaves advantages whose mean under the policy is 0', async () => {
    const q = normals(1, 'q', [6, 4]), raw = numbers(normals(2, 'pi', [6, 4])).map(Math.exp), pi = floats(Array.from({ length: 6 }, (_, r) => { const row = raw.slice(4 * r, 4 * r + 4), all = row.reduce((a, b) => a + b); return row.map(x => x / all); }));
    const baseline = numbers((await evaluateNode(expectedValue, { sizes: { action: 4 }, inputs: { q, pi } })).outputs['value']);
    for (let r = 0; r < 6; r++) expect(numbers(pi).slice(4 * r, 4 * r + 4).reduce((sum, p, a) => sum + p * (q.data[4 * r + a]! - baseline[r]!), 0)).toBeCloseTo(0, 6);
  });
});
