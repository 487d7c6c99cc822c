/**
 * Weight of an error in OW-QMIX: full where the joint value is below its target, less where it is above.
 *
 *   w = 1 if Q_tot < y, else alpha
 *
 * qTot    joint value of the action taken, by the monotonic mixer
 * target  y, of the unrestricted joint value
 * alpha   0 to 1; with 1 all errors count alike
 * Paper: Rashid et al. 2020 (arXiv 2006.10800), optimistic weighting.
 */
import { add, cast, less, mul, sub } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';

export const optimisticWeight = defineNode({
  type: 'optimisticWeight',
  about: 'Full weight where the joint value is below its target, a smaller one elsewhere',
  paper: 'Rashid et al. 2020, arXiv 2006.10800',
  knobs: { alpha: 0.1 },
  ranges: { alpha: [0, 1] },
  in: { qTot: still(f32('...')), target: still(f32('...')) },
  out: { weight: f32('...') },
  forward({ qTot, target, alpha }) {
    const full = cast(less(qTot, target), 'float32');
    return { weight: add(full, mul(alpha, sub(1, full))) };
  },
});
