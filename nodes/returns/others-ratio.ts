/**
 * By how much the other agents have changed what was done: HAPPO's factor.
 *
 *   M_i = product over j != i of pi_j(a_j) / pi_old,j(a_j)
 *
 * logProb  of the action of each agent, in nats; `oldLogProb` under the policies that acted
 * ratio    M_i, above 0; 1 as long as nobody else has moved
 * Agents that learn one after another have moved where their turn is over and nowhere else: M is the product over those that came before.
 * Paper: Kuba et al. 2022 (arXiv 2109.11251), equation 11. There the product is kept from agent to agent; here nothing is kept.
 */
import { exp, sub, sum } from '@tensorflow/tfjs-core';
import { defineNode } from '../../core/node.ts';
import { f32, still } from '../../core/port.ts';

export const othersRatio = defineNode({
  type: 'othersRatio',
  about: 'Product of the ratios of the other agents',
  paper: 'Kuba et al. 2022, arXiv 2109.11251',
  in: { logProb: f32('... agent'), oldLogProb: still(f32('... agent')) },
  out: { ratio: f32('... agent') },
  forward({ logProb, oldLogProb }) {
    const moved = sub(logProb, oldLogProb);
    return { ratio: exp(sub(sum(moved, -1, true), moved)) };
  },
});
