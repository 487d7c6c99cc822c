/** QMIX, and the page that all other mixers are a swap of. Numbers: the authors' (oxwhirl/pymarl). */
import { graph, next, now } from '../core/graph.ts';
import { rmsprop } from '../core/optimiser.ts';
import { linear } from '../core/schedule.ts';
import { team } from '../core/world.ts';
import { chosenAction, epsilonGreedy, greedyAction, join, maskedMse, monotonicMixer, rnnAgentQ, tdTarget } from '../nodes/index.ts';

/** QMIX (arXiv 1803.11485) with double-Q targets. Centralised training: `state` meets only the mixers. */
export const qmix = graph('qmix', team, g => {
  g.about('Monotonic, state-conditioned mix of recurrent agents, trained on the joint value', 'Rashid et al. 2018, arXiv 1803.11485');
  const ep = g.episodes({ keep: 5000, batch: 32 });
  const input = g.add('agentInput', join(), { obs: ep.obs, last: ep.lastAction, id: ep.agentId });
  const agentQ = g.slot('agentQ', rnnAgentQ({ hidden: 64 }), { x: input.x });
  const targetAgentQ = g.target('targetAgentQ', agentQ, { x: input.x });

  const chosen = g.add('chosen', chosenAction(), { q: now(agentQ.q), avail: now(ep.avail), action: ep.action });
  const nextGreedy = g.add('nextGreedy', greedyAction(), { q: next(agentQ.q), avail: next(ep.avail) });
  const nextChosen = g.add('nextChosen', chosenAction(), { q: next(targetAgentQ.q), avail: next(ep.avail), action: nextGreedy.action });

  const mixer = g.slot('mixer', monotonicMixer({ embed: 32 }),
    { agentQs: chosen.value, maxAgentQs: chosen.best, isGreedy: chosen.isGreedy, action: ep.action,
      state: now(ep.state), unitState: now(ep.obs), mask: ep.valid });
  const targetMixer = g.target('targetMixer', mixer,
    { agentQs: nextChosen.value, maxAgentQs: nextChosen.best, isGreedy: nextChosen.isGreedy, action: nextGreedy.action,
      state: next(ep.state), unitState: next(ep.obs), mask: ep.valid });

  const target = g.slot('tdTarget', tdTarget({ gamma: 0.99 }), { ...ep.outcome, nextValue: targetMixer.qTot });
  const td = g.slot('tdLoss', maskedMse(), { prediction: mixer.qTot, target: target.value, mask: ep.valid });
  g.train('q', td.loss, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  g.targets({ everyEpisodes: 200 });
  const explore = g.slot('explore', epsilonGreedy({ epsilon: linear({ from: 1, to: 0.05, steps: 50_000 }) }), { q: agentQ.q, avail: ep.avail });
  g.act(explore);
  return { ep, input, agentQ, chosen, nextGreedy, nextChosen, mixer, target, td };
});
