/** What engine `onnx` cannot compile, and how it says so. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../core/engine.ts';
import { onnx } from '../../../plugins/engines/onnx/engine.ts';
import { engineOn } from './on.ts';

let compiled: Engine;
beforeAll(async () => { compiled = await onnx.open('cpu-1'); });

describe('what cannot be compiled', () => {
  const failing = (f: (x: Tensor) => Tensor) => compiled.compile({ key: 'bad', run: input => ({ y: f(input('x', [1, 4, 4, 1], 'f32')) }) }).run(() => new Float32Array(16));
  it('is refused with the kernel and the remedy', async () => {
    await expect(failing(x => tf.maxPool(x as Tensor4D, 2, 2, 'valid'))).rejects.toThrow('engine onnx cannot compile the program: it uses the TensorFlow.js kernel MaxPool\n  fix: --engine tfjs runs it as it stands');
    await expect(failing(x => tf.stridedSlice(x, [0, 0, 0, 0], [1, 4, 4, 1], [1, 1, 1, 1], 1))).rejects.toThrow('it uses the TensorFlow.js kernel StridedSlice with masks');
  });
  it('is a value that is read', async () => { await expect(failing(x => tf.scalar(x.dataSync()[0]!))).rejects.toThrow('it reads the values of a tensor'); });
  it('is a tensor from elsewhere', async () => {
    await engineOn('cpu');
    const foreign = tf.tensor([1]);
    await expect(failing(x => tf.add(x, foreign))).rejects.toThrow('it works on a tensor that was made outside the program');
    foreign.dispose();
  });
  it('leaves no tensor, and the backend as it was', async () => {
    await engineOn('cpu');
    const before = compiled.alive();
    await expect(failing(x => tf.maxPool(tf.add(x, 1) as Tensor4D, 2, 2, 'valid'))).rejects.toThrow();
    expect(compiled.alive()).toBe(before);
    expect(tf.getBackend()).toBe('cpu');
  });
});
