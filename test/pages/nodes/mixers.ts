import { abs, add, div, expandDims, mean as average, mul, reshape, softmax, square, sum, transpose } from '@tensorflow/tfjs-core';
import { dense, mlp } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { f32, penalty, still } from '../../../core/port.ts';
import { last, mean } from './maths.ts';

/** Qatten: heads of attention over agents, weighted by the state; large logits cost. */
export const attentionMixer = defineNode({
  type: 'attentionMixer',
  config: { heads: 4, embed: 32 },
  knobs: { logitPenalty: 1e-3 },
  in: { agentQs: f32('... agent'), state: f32('... state'), unitState: f32('... agent ?unit'), mask: still(f32('...')) },
  out: { qTot: f32('...'), penalty: penalty() },
  layers: ({ state, unit }, { heads, embed }) => ({
    query: mlp([state, 64, heads * embed]), key: dense(unit, heads * embed), head: mlp([state, 64, heads]), c: mlp([state, 32, 1]),
  }),
  forward({ agentQs, state, unitState, mask, logitPenalty }, { query, key, head, c }, { heads, embed }, { agent }) {
    const k = reshape(key(unitState), [-1, agent, heads, embed]), q = reshape(query(state), [-1, 1, heads, embed]);
    const logits = sum(mul(k, q), -1);                                                     // rows agent head
    const weight = softmax(transpose(div(logits, Math.sqrt(embed)), [0, 2, 1]));           // rows head agent
    const heard = sum(mul(weight, expandDims(agentQs, 1)), -1);                            // rows head
    return {
      qTot: add(sum(mul(heard, abs(head(state))), -1), last(c(state))),
      penalty: mul(logitPenalty, mean(average(square(logits), [1, 2]), mask)),
    };
  },
});
