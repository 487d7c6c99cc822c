/** ROMA: QMIX with agents that are made by roles, and two losses for the roles. Numbers: the authors' (TonghanWang/ROMA). */
import { derive, each, now, weigh } from '../core/graph.ts';
import { rmsprop } from '../core/optimiser.ts';
import { monotonicMixer, roleAgentQ, roleDifference, roleIdentifiability } from '../nodes/index.ts';
import { qmix } from './qmix.ts';

/**
 * ROMA (arXiv 2003.08039): similar agents share behaviour by a role, which their history must tell and their behaviour set apart. The mixer is QMIX's with hypernetworks
 * of one layer. An agent draws its role when it plays, too. The authors' file anneals exploration over 50 steps, which seems to mean thousands; here as in QMIX.
 * For some of their maps leastVar is 1e-4. They begin with these weights; the paper's second one is 0.01.
 */
export const roma = derive(qmix, 'roma', (g, { ep, input, td }) => {
  g.about('QMIX whose agents have the last layer made by a role, which their history tells and their behaviour sets apart', 'Wang et al. 2020, arXiv 2003.08039');
  const agent = g.swap('agentQ', roleAgentQ({ hidden: 64, role: 3 }));
  g.swap('mixer', monotonicMixer({ embed: 32, hypernet: [] }));
  const role = { roleMean: now(agent.roleMean), roleVar: now(agent.roleVar) };
  const identify = g.slot('roleIdentifiability', roleIdentifiability(), { ...role, hidden: now(agent.hidden), x: now(input.x), mask: each('agent', ep.valid) });
  const differ = g.slot('roleDifference', roleDifference(), { ...role, role: now(agent.role), mask: ep.valid });
  g.train('q', [td.loss, weigh(1e-4, identify.loss), weigh(1e-3, differ.loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  return { identify, differ };
});
