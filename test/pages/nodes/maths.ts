/** Tensor functions that several of these nodes need. Rows come first, so the last axis is the node's own. */
import { add, argMax, cast, concat, div, maximum, mul, oneHot as hot, reshape, split, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { detach } from '../../../core/flow.ts';

export const float = (x: Tensor): Tensor => cast(x, 'float32');
/** 1 where false, 0 where true. */
const not = (x: Tensor): Tensor => sub(1, float(x));
/** Everything of a row side by side. */
export const flat = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, -1]);
export const beside = (...parts: Tensor[]): Tensor => concat(parts, -1);
export const halves = (x: Tensor): [Tensor, Tensor] => split(x, 2, -1) as [Tensor, Tensor];
/** Mean over what the mask lets through. */
export const mean = (x: Tensor, mask: Tensor): Tensor => div(sum(mul(x, mask)), maximum(sum(mask), 1));

/** A cast, because the kernel of wasm leaves whole numbers whatever dtype is asked for. */
export const oneHot = (action: Tensor, actions: number): Tensor => float(hot(cast(action, 'int32'), actions));
export const maskUnavailable = (x: Tensor, avail: Tensor): Tensor => add(x, mul(not(avail), -1e9));
export const greatest = (x: Tensor): Tensor => argMax(detach(x), -1);
