import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { onnx } from '../../../plugins/engines/onnx/engine.ts';

it('where no other engine is open, tensors outside of its programs are computed all the same', async () => {
  const engine = await onnx.open(), run = engine.compile({ key: 'sum', run: input => ({ y: tf.sum(input('x', [2], 'f32')) }) });
  expect((await run.run(() => Float32Array.of(1, 2)))['y']!.data).toEqual(Float32Array.of(3));
  expect(await tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1)).data()).toEqual(Float32Array.of(2, 3));
  engine.close();
});
