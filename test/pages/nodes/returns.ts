import { exp, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../../core/node.ts';
import { f32, still } from '../../../core/port.ts';

/** HAPPO's factor: the product of the other agents' new/old ratios; an agent that has not moved counts 1. */
export const othersRatio = defineNode({
  type: 'othersRatio',
  in: { logProb: f32('... agent'), oldLogProb: still(f32('... agent')) },
  out: { ratio: f32('... agent') },
  forward({ logProb, oldLogProb }) {
    const moved = sub(logProb, oldLogProb);
    return { ratio: exp(sub(sum(moved, -1, true), moved)) };
  },
});
