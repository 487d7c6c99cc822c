import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { argMax, flat, maskedMean, maskUnavailable, not, oneHot, take } from '../../nodes/maths.ts';

beforeAll(async () => { await tf.setBackend('cpu'); });
const read = (f: () => tf.Tensor) => tf.tidy(() => Array.from(f().dataSync()));

describe('maskUnavailable', () => {
  const avail = () => tf.tensor2d([1, 0, 1], [1, 3], 'bool');
  it('keeps what is available as it is, and lets no trace of the rest through', () => {
    expect(read(() => maskUnavailable(tf.tensor2d([[1.5, 2, 3]]), avail()))).toEqual(read(() => maskUnavailable(tf.tensor2d([[1.5, Infinity, 3]]), avail())));
    expect(read(() => maskUnavailable(tf.tensor2d([[1.5, 2, 3]]), avail()))).toEqual([1.5, expect.closeTo(-1e9, -3), 3]);
  });
  it('stays a number in products, squares and softmax, also where nothing is available', () => {
    const nothing = () => maskUnavailable(tf.tensor2d([[1, 2]]), tf.tensor2d([0, 0], [1, 2], 'bool'));
    expect(read(() => tf.softmax(nothing() as tf.Tensor2D))).toEqual([0.5, 0.5]);
    expect(read(() => take(nothing(), tf.tensor1d([1], 'int32'))).every(Number.isFinite)).toBe(true);
    expect(read(() => tf.mul(0, tf.square(tf.mul(100, nothing()))))).toEqual([0, 0]);
    expect(read(() => tf.softmax(maskUnavailable(tf.tensor2d([[0, 9, 0]]), avail()) as tf.Tensor2D))).toEqual([0.5, 0, 0.5]);
  });
  it('passes the gradient where available', () => {
    expect(read(() => tf.grad((x: tf.Tensor) => tf.sum(maskUnavailable(x, avail())))(tf.tensor2d([[1, 2, 3]])))).toEqual([1, 0, 1]);
  });
});

describe('maskedMean', () => {
  it('is the mean of what counts, and 0 where nothing does', () => {
    expect(read(() => maskedMean(tf.tensor1d([1, 2, 9]), tf.tensor1d([1, 1, 0])))).toEqual([1.5]);
    expect(read(() => maskedMean(tf.tensor1d([1, 2]), tf.tensor1d([0, 0])))).toEqual([0]);
    expect(read(() => maskedMean(tf.tensor1d([4, 8]), tf.tensor1d([0.25, 0.25])))).toEqual([6]);
  });
  it('has no gradient where nothing counts', () => {
    expect(read(() => tf.grad((x: tf.Tensor) => maskedMean(tf.square(x), tf.tensor1d([0, 0])) as tf.Scalar)(tf.tensor1d([3, 4])))).toEqual([0, 0]);
  });
});

describe('choosing', () => {
  it('makes floats of indices, of any rank', () => {
    const hot = tf.tidy(() => { const y = oneHot(tf.tensor2d([[2, 0]], [1, 2], 'int32'), 3); return { shape: y.shape, dtype: y.dtype, data: Array.from(y.dataSync()) }; });
    expect(hot).toEqual({ shape: [1, 2, 3], dtype: 'float32', data: [0, 0, 1, 1, 0, 0] });
  });
  it('takes values with their gradient, and chooses without one', () => {
    expect(read(() => tf.grad((x: tf.Tensor) => tf.sum(take(x, argMax(x))))(tf.tensor2d([[1, 5], [7, 7]])))).toEqual([0, 1, 1, 0]);
    expect(read(() => argMax(tf.tensor2d([[1, 5], [7, 7]])))).toEqual([1, 0]);
  });
  it('turns flags and lays rows flat', () => {
    expect(read(() => not(tf.tensor1d([1, 0], 'bool')))).toEqual([0, 1]);
    expect(tf.tidy(() => flat(tf.zeros([0, 2, 3])).shape)).toEqual([0, 6]);
  });
});
