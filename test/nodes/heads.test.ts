import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Init, Layer } from '../../core/layers.ts';
import { Random } from '../../core/random.ts';
import { mlp } from '../../nodes/layers.ts';
import { headMlp } from '../../nodes/heads.ts';
import { normals, numbers } from './arrays.ts';

beforeAll(async () => { await tf.setBackend('cpu'); });

describe('headMlp', () => {
  it.each([[[4, 3], true], [[4, 5, 3], true], [[4, 5, 6, 1], true], [[4, 3], false], [[4, 5, 3], false]] as const)('equals one mlp for each head, widths %j, bias of the last layer %s', (widths, last) => {
    const heads = 3, rows = 7, wide = headMlp(heads, widths, { last }), narrow = mlp(widths, last ? {} : { last: { bias: false } }), over = {} as Parameters<Layer['bind']>[1];
    tf.tidy(() => {
      const x = tf.tensor2d(normals(1, 'x', [rows, widths[0]!]).data as Float32Array, [rows, widths[0]!]);
      const weights = Object.fromEntries(Object.entries(wide.tensors).map(([name, { shape }]) => [name, tf.tensor(normals(2, name, shape).data as Float32Array, [...shape])]));
      const all = wide.bind(weights, over)(x);
      expect(all.shape).toEqual([rows, heads, widths.at(-1)]);
      for (let k = 0; k < heads; k++) {
        const one = Object.fromEntries(Object.entries(weights).map(([name, t]) => [name, tf.squeeze(tf.slice(t, [k], [1]), [0])])), y = narrow.bind(one, over)(x);
        const part = numbers({ shape: y.shape, data: tf.squeeze(tf.slice(all, [0, k, 0], [rows, 1, -1]), [1]).dataSync() as Float32Array });
        numbers({ shape: y.shape, data: y.dataSync() as Float32Array }).forEach((v, i) => expect(part[i]).toBeCloseTo(v, 4));
      }
    });
  });
  it('starts each head as PyTorch starts a linear layer', () => {
    const { kernel0, bias1 } = headMlp(4, [9, 16, 2]).tensors;
    const most = (init: Init | undefined) => { const into = new Float32Array(4000); init!(into, Random.of(1, 'start'), [4000]); return Math.max(...into.map(Math.abs)); };
    expect(most(kernel0?.init)).toBeCloseTo(1 / 3, 3);
    expect(most(bias1?.init)).toBeCloseTo(1 / 4, 3);
    expect(bias1).toMatchObject({ shape: [4, 2], layout: 'bias of each head: [head, out]' });
  });
});
