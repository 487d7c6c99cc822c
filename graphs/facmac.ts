/** FACMAC. Numbers: the authors' for continuous predator-prey (oxwhirl/facmac, `facmac_pp.yaml`): one-layer hypernetworks of 64 units, gamma 0.85. */
import { derive, next, now } from '../core/graph.ts';
import { monotonicMixer } from '../nodes/index.ts';
import { iddpg } from './iddpg.ts';

/**
 * FACMAC (arXiv 2003.06709): the critics of independent DDPG are mixed into a joint value, and the gradient of all actors goes through the mixer to all their actions at once. Nobody looks for the
 * greatest joint value, so the mixer may be any function of the agents' values and the state.
 */
export const facmac = derive(iddpg, 'facmac', (g, { ep, critic, nextQ, judged }) => {
  g.about("Agents' critics in a mixer; all actors climb the joint value at once", 'Peng et al. 2020, arXiv 2003.06709');
  const mixer = g.slot('mixer', monotonicMixer({ embed: 64, hypernet: [] }), { agentQs: critic.q, state: now(ep.state), unitState: now(ep.obs), mask: ep.valid });
  const nextTot = g.target('targetMixer', mixer, { agentQs: nextQ.q, state: next(ep.state), unitState: next(ep.obs), mask: ep.valid });
  const judgedTot = g.frozen('judgedMixer', mixer, { agentQs: judged.q, state: now(ep.state), unitState: now(ep.obs), mask: ep.valid });
  g.rewire('tdTarget', { ...ep.outcome, nextValue: nextTot.qTot });
  g.rewire('criticLoss', { prediction: mixer.qTot, mask: ep.valid });
  g.rewire('actorLoss', { value: judgedTot.qTot, mask: ep.valid });
  return { mixer };
});
