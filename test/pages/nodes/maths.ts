/** Tensor functions that several of these nodes need. Rows come first, so the last axis is the node's own. */
import { cast, concat, div, maximum, mul, oneHot as hot, reshape, sum, type Tensor } from '@tensorflow/tfjs-core';

export const float = (x: Tensor): Tensor => cast(x, 'float32');
/** Everything of a row side by side. */
export const flat = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, -1]);
export const beside = (...parts: Tensor[]): Tensor => concat(parts, -1);
/** Mean over what the mask lets through. */
export const mean = (x: Tensor, mask: Tensor): Tensor => div(sum(mul(x, mask)), maximum(sum(mask), 1));

/** A cast, because the kernel of wasm leaves whole numbers whatever dtype is asked for. */
export const oneHot = (action: Tensor, actions: number): Tensor => float(hot(cast(action, 'int32'), actions));
