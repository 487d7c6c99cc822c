/** How beliefs are laws and draws of them. */
import { add, exp, maximum, minimum, mul, split, type Tensor } from '@tensorflow/tfjs-core';

/** From numbers [rows 2n] a normal law: its mean and log sigma, which is kept within -20 and 2 (as SAC's code keeps that of policies); and the draw that eps [rows n] makes of it. */
export function gaussianBelief(law: Tensor, eps: Tensor): { readonly mean: Tensor; readonly logStd: Tensor; readonly z: Tensor } {
  const [mean, free] = split(law, 2, -1) as [Tensor, Tensor], logStd = minimum(maximum(free, -20), 2);
  return { mean, logStd, z: add(mean, mul(exp(logStd), eps)) };
}
