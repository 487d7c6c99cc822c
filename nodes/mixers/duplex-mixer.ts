/**
 * QPLEX mixer: a duelling mix. Any weights above 0 keep the agents' own greedy actions jointly greedy.
 *
 *   q~_a = w_a(s) q_a + v_a(s)      m~_a = w_a(s) max q_a + v_a(s)                              w > 0
 *   V_tot = sum_a q~_a              A_tot = sum_a (lambda_a(s, u) - 1) stop(q~_a - m~_a)        Q_tot = V_tot + A_tot
 *   lambda_a(s, u) = sum_k |key_k(s)| sigmoid(agents_k(s))_a sigmoid(actions_k(s, u))_a         > 0
 *
 * In numbers Q_tot = sum_a m~_a + sum_a lambda_a (q~_a - m~_a). The gradient is another: an agent's value gets w_a, from V_tot alone,
 * and lambda learns from A_tot alone.
 *
 * agentQs      value of each agent's action, in units of discounted return
 * maxAgentQs   value of its best available action
 * action       u, the joint action that agentQs are the values of
 * hypernet     widths of the hidden layers of w and v
 * advHypernet  those of key, agents and actions: [] on SMAC, [64, 64] with 10 heads in matrix games
 * Paper: Wang et al. 2020 (arXiv 2008.01062), section 3.2. The stop is unconditional, as in the authors' code.
 */
import { abs, add, concat, mul, sigmoid, sub, sum } from '@tensorflow/tfjs-core';
import { detach } from '../../core/flow.ts';
import { mlp } from '../layers.ts';
import { defineNode } from '../../core/node.ts';
import { f32, index, still } from '../../core/port.ts';
import { headMlp } from '../heads.ts';
import { flat, oneHot } from '../maths.ts';

/** Keeps weights made by |.| above 0. */
const LEAST = 1e-10;

export const duplexMixer = defineNode({
  type: 'duplexMixer',
  about: "Duelling mix: state-weighted sum of the agents' values, and an advantage weighted by state and joint action",
  paper: 'Wang et al. 2020, arXiv 2008.01062',
  config: { heads: 4, hypernet: [64], advHypernet: [] },
  in: { agentQs: f32('... agent'), maxAgentQs: still(f32('... agent')), action: index('... agent', 'action'), state: f32('... state') },
  out: { qTot: f32('...'), lambda: f32('... agent') },
  layers: ({ agent, state, action }, { heads, hypernet, advHypernet }) => ({
    w: mlp([state, ...hypernet, agent]), v: mlp([state, ...hypernet, agent]),
    key: headMlp(heads, [state, ...advHypernet, 1]), agents: headMlp(heads, [state, ...advHypernet, agent]),
    actions: headMlp(heads, [state + agent * action, ...advHypernet, agent]),
  }),
  forward({ agentQs, maxAgentQs, action, state }, { w, v, key, agents, actions }, _, size) {
    const weight = add(abs(w(state)), LEAST), offset = v(state);                                          // rows agent
    const chosen = add(mul(weight, agentQs), offset), best = add(mul(weight, maxAgentQs), offset);        // rows agent
    const joint = concat([state, flat(oneHot(action, size.action))], -1);
    const attention = mul(sigmoid(agents(state)), sigmoid(actions(joint)));                               // rows head agent
    const lambda = sum(mul(add(abs(key(state)), LEAST), attention), 1);                                   // rows agent
    const advantage = mul(sub(lambda, 1), detach(sub(chosen, best)));
    return { qTot: add(sum(chosen, -1), sum(advantage, -1)), lambda };
  },
});
