import { describe, expect, it } from 'vitest';
import { gatherAction, greedyAction } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { flags, floats, near, normals, numbers } from '../arrays.ts';

const mean = (list: readonly number[]) => list.reduce((a, x) => a + x, 0) / list.length;

describe('greedyAction', () => {
  it('chooses among available actions, the first of equal ones, 0 where nothing is available', async () => {
    const inputs = { q: floats([[1, 3, 2], [1, 3, 2], [4, 4, 4], [-5, -6, -4]]), avail: flags([[1, 1, 1], [1, 0, 1], [0, 1, 1], [0, 0, 0]]) };
    const { outputs, gradients } = await evaluateNode(greedyAction, { sizes: { action: 3 }, inputs, cotangents: { value: floats([1, 2, 3, 4]) } });
    near(outputs['action'], [1, 2, 1, 0], 0);
    near(outputs['value'], [3, 2, 4, -5], 0);
    near(gradients.inputs['q'], [[0, 1, 0], [0, 0, 2], [0, 3, 0], [4, 0, 0]], 0);
  });
  it('is not misled by values far below or above those of learning', async () => {
    const inputs = { q: floats([[-1e8, 1e30], [1e8, Infinity]]), avail: flags([[1, 0], [1, 0]]) };
    near((await evaluateNode(greedyAction, { sizes: { action: 2 }, inputs })).outputs['action'], [0, 0], 0);
  });
  it.each([[2, 0.564], [5, 1.163], [10, 1.539]])('overrates %i equal actions by %f when it judges its own choice, and by nothing when another estimate does', async (actions, bias) => {
    const rows = 20_000, all = { shape: [rows, actions], data: new Uint8Array(rows * actions).fill(1) }, [a, b] = [normals(1, 'a', [rows, actions]), normals(1, 'b', [rows, actions])];
    const { outputs } = await evaluateNode(greedyAction, { sizes: { action: actions }, inputs: { q: a, avail: all } });
    const judged = await evaluateNode(gatherAction, { sizes: { action: actions }, inputs: { q: b, action: outputs['action']! } });
    expect(mean(numbers(outputs['value']))).toBeCloseTo(bias, 1);
    expect(Math.abs(mean(numbers(judged.outputs['value'])))).toBeLessThan(4 / Math.sqrt(rows));
  });
  it('never values another choice higher than its own', async () => {
    const q = normals(2, 'q', [50, 4]), other = normals(3, 'q', [50, 4]), avail = { shape: [50, 4], data: new Uint8Array(200).fill(1) };
    const own = await evaluateNode(greedyAction, { sizes: { action: 4 }, inputs: { q, avail } }), online = await evaluateNode(greedyAction, { sizes: { action: 4 }, inputs: { q: other, avail } });
    const double = await evaluateNode(gatherAction, { sizes: { action: 4 }, inputs: { q, action: online.outputs['action']! } });
    const most = numbers(own.outputs['value']);
    numbers(double.outputs['value']).forEach((value, i) => expect(value).toBeLessThanOrEqual(most[i]!));
  });
});
