/** `gumbelOneHot` and `gumbelSoftmax`: numbers by hand, and how one is the other forwards and backwards. */
import { describe, expect, it } from 'vitest';
import { gumbelOneHot, gumbelSoftmax } from '../../../nodes/index.ts';
import { evaluateNode } from '../../../plugins/testing.ts';
import { filled, flags, floats, near, normals, numbers, off } from '../arrays.ts';

const inputs = { logits: floats([[0, Math.log(2), 9], [1, 0, 0]]), avail: flags([[1, 1, 0], [1, 1, 1]]) }, noise = { g: floats([[0, 0, 0], [0, 1 + Math.log(2), 0]]) };
const many = (rows: number, logits: readonly number[], avail: readonly number[]) => ({ logits: { shape: [rows, 3], data: Float32Array.from({ length: 3 * rows }, (_, i) => logits[i % 3]!) }, avail: { shape: [rows, 3], data: Uint8Array.from({ length: 3 * rows }, (_, i) => avail[i % 3]!) } });

describe('gumbelSoftmax', () => {
  it('equals a calculation by hand', async () => {
    const { outputs } = await evaluateNode(gumbelSoftmax, { sizes: { action: 3 }, inputs, noise });
    const e = Math.E, all = e + 2 * e + 1;                             // noisy logits of the second row: 1, 1 + ln 2, 0
    near(outputs['action'], [[1 / 3, 2 / 3, 0], [e / all, 2 * e / all, 1 / all]]);
    near(outputs['index'], [1, 1], 0);
    near(outputs['best'], [1, 0], 0);
  });
  it('is nearer to one action the lower the temperature', async () => {
    const { outputs } = await evaluateNode(gumbelSoftmax, { sizes: { action: 3 }, inputs, noise, knobs: { temperature: 0.5 } });
    near({ shape: [3], data: outputs['action']!.data.slice(0, 3) }, [1 / 5, 4 / 5, 0]);        // of 1 and 2, squared
  });
});

describe('gumbelOneHot', () => {
  const random = { logits: normals(1, 'logits', [400, 3]), avail: { shape: [400, 3], data: Uint8Array.from({ length: 1200 }, (_, i) => Number(i % 3 === 0 || i % 7 > 2)) } };
  it('gives exactly 0 and 1 forwards, 1 where the softmax is greatest', async () => {
    const [hard, soft] = [await evaluateNode(gumbelOneHot, { sizes: { action: 3 }, inputs: random }), await evaluateNode(gumbelSoftmax, { sizes: { action: 3 }, inputs: random, noise: {} })];
    expect(new Set(numbers(hard.outputs['action']))).toEqual(new Set([0, 1]));
    numbers(hard.outputs['index']).forEach((a, row) => {
      expect([0, 1, 2].map(i => hard.outputs['action']!.data[3 * row + i])).toEqual([0, 1, 2].map(i => Number(i === a)));
      const own = [0, 1, 2].map(i => soft.outputs['action']!.data[3 * row + i]!);
      expect(own.indexOf(Math.max(...own))).toBe(a);
      expect(random.avail.data[3 * row + a]).toBe(1);
    });
  });
  it('has the gradient of the softmax, at any temperature', async () => {
    const cotangents = { action: normals(2, 'cotangent', [400, 3]) };
    for (const temperature of [0.3, 1, 4]) {
      const [hard, soft] = await Promise.all([gumbelOneHot, gumbelSoftmax].map(node => evaluateNode(node, { sizes: { action: 3 }, inputs: random, cotangents, knobs: { temperature } })));
      expect(numbers(hard!.gradients.inputs['logits'])).toEqual(numbers(soft!.gradients.inputs['logits']));
      expect(numbers(hard!.gradients.inputs['logits']).some(x => x !== 0)).toBe(true);
    }
  });
  it('draws each action as often as the softmax of the logits says, unavailable ones never', async () => {
    const rows = 40_000, { outputs } = await evaluateNode(gumbelOneHot, { sizes: { action: 3 }, inputs: many(rows, [0, Math.log(3), 5], [1, 1, 0]), seed: 3 }), share = [0, 0, 0];
    for (const a of numbers(outputs['index'])) share[a]! += 1 / rows;
    expect(share[2]).toBe(0);
    expect(Math.abs(share[1]! - 0.75)).toBeLessThan(4 * Math.sqrt(0.75 * 0.25 / rows));
  });
  it('sums to 1 in both forms', async () => {
    for (const node of [gumbelOneHot, gumbelSoftmax]) {
      const { outputs } = await evaluateNode(node, { sizes: { action: 3 }, inputs: random }), x = outputs['action']!.data, sums = { shape: [400], data: Float32Array.from({ length: 400 }, (_, i) => x[3 * i]! + x[3 * i + 1]! + x[3 * i + 2]!) };
      expect(off(sums, filled([400], 1))).toBeLessThan(1e-6);
    }
  });
});
