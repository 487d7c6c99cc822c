/** Weighted QMIX: targets of an unrestricted joint value, and errors of the monotonic one weighed by where they lie. Numbers: the authors' (oxwhirl/wqmix). */
import { derive, next, now } from '../core/graph.ts';
import { rmsprop } from '../core/optimiser.ts';
import { centralWeight, freeMixer, gatherAction, maskedMse, optimisticWeight, rnnAgentQ, weightedMse } from '../nodes/index.ts';
import { qmix } from './qmix.ts';

/**
 * OW-QMIX (arXiv 2006.10800): y = r + gamma (1 - terminated) Q*'(s', u'), u' greedy for the agents of QMIX, is the target of Q* and of Q_tot, and
 * errors of Q_tot above it weigh alpha. Q* has agents of its own, which never act; lagged copies of the agents and mixer of QMIX are not needed.
 * alpha is that of the authors' configuration files; for a map of SMAC their README takes 0.5.
 */
export const owQmix = derive(qmix, 'owQmix', (g, { ep, input, mixer, nextGreedy, target }) => {
  g.about('QMIX that learns from an unrestricted joint value, and less where it lies above it', 'Rashid et al. 2020, arXiv 2006.10800');
  const centralQ = g.slot('centralQ', rnnAgentQ({ hidden: 64 }), { x: input.x });
  const targetCentralQ = g.target('targetCentralQ', centralQ, { x: input.x });
  const centralChosen = g.add('centralChosen', gatherAction(), { q: now(centralQ.q), action: ep.action });
  const nextCentral = g.add('nextCentral', gatherAction(), { q: next(targetCentralQ.q), action: nextGreedy.action });
  const central = g.slot('central', freeMixer({ hidden: 256 }), { agentQs: centralChosen.value, state: now(ep.state) });
  const targetCentral = g.target('targetCentral', central, { agentQs: nextCentral.value, state: next(ep.state) });
  g.rewire('tdTarget', { nextValue: targetCentral.qTot });
  g.remove('targetMixer', 'targetAgentQ', 'nextChosen');

  const weight = g.slot('weight', optimisticWeight({ alpha: 0.1 }), { qTot: mixer.qTot, target: target.value });
  const td = g.replace('tdLoss', weightedMse(), { prediction: mixer.qTot, target: target.value, mask: ep.valid, weight: weight.weight });
  const centralTd = g.add('centralLoss', maskedMse(), { prediction: central.qTot, target: target.value, mask: ep.valid });
  g.train('q', [td.loss, centralTd.loss], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  return { centralQ, targetCentralQ, central, weight, td, centralTd };
});

/** CW-QMIX (arXiv 2006.10800): OW-QMIX whose errors weigh fully where every agent was greedy or y > Q*'(s, u*), u* greedy for the agents of QMIX; else alpha. */
export const cwQmix = derive(owQmix, 'cwQmix', (g, { ep, chosen, targetCentralQ, central }) => {
  g.about('QMIX that learns from an unrestricted joint value, most where the joint action may be the best', 'Rashid et al. 2020, arXiv 2006.10800');
  const best = g.add('greedyCentral', gatherAction(), { q: now(targetCentralQ.q), action: chosen.greedy });
  const value = g.target('greedyCentralValue', central, { agentQs: best.value, state: now(ep.state) });
  g.rewire('weight', { isGreedy: chosen.isGreedy, greedyValue: value.qTot });
  g.swap('weight', centralWeight({ alpha: 0.1 }));
});
