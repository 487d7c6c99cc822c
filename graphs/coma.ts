/** COMA, and as its authors train the critic. Numbers: those of PyMARL (`coma.yaml`). */
import { derive, each, graph, next, now, once } from '../core/graph.ts';
import { rmsprop } from '../core/optimiser.ts';
import { linear } from '../core/schedule.ts';
import { team } from '../core/world.ts';
import { allActionValues, allAgents, categoricalLogProb, epsilonMixed, expectedValue, gatherAction, join, maskedMse, othersActions, policyGradient, recurrentEncoder, sampleCategorical, softmaxPolicy, subtract, tdLambda } from '../nodes/index.ts';

/**
 * COMA (arXiv 1705.08926): A_i = Q(s, u) - sum_a pi_i(a) Q(s, (u_-i, a)). A central critic values all actions of one agent beside what the others did, so that the baseline leaves out that agent's
 * own action. Epsilon lies inside the policy that is differentiated. Critic and actors make one step on each batch, both from the critic as it was.
 */
export const coma = graph('coma', team, g => {
  g.about('Actors with a central critic that says what an action was worth beside the other actions of the same agent', 'Foerster et al. 2018, arXiv 1705.08926');
  const ep = g.episodes({ batch: 8 });
  const input = g.add('agentInput', join(), { obs: ep.obs, last: ep.lastAction, id: ep.agentId });
  const z = g.slot('encoder', recurrentEncoder({ hidden: 64 }), { x: input.x });
  const head = g.slot('head', softmaxPolicy(), { z: z.z, avail: ep.avail });
  const pi = g.slot('policy', epsilonMixed({ epsilon: linear({ from: 0.5, to: 0.01, steps: 100_000 }) }), { raw: head.raw, avail: ep.avail });

  const last = g.add('lastJointAction', allAgents(), { x: ep.lastAction });
  const others = g.add('others', othersActions(), { action: ep.action });
  const nextOthers = g.add('nextOthers', othersActions(), { action: ep.nextAction });
  const state = each('agent', ep.state), lastOfAll = each('agent', last.x);
  const criticInput = g.add('criticInput', join(), { state: now(state), obs: now(ep.obs), others: others.x, last: now(lastOfAll), id: now(ep.agentId) });
  const nextInput = g.add('nextCriticInput', join(), { state: next(state), obs: next(ep.obs), others: nextOthers.x, last: next(lastOfAll), id: next(ep.agentId) });
  const critic = g.slot('critic', allActionValues({ hidden: [128, 128] }), { x: criticInput.x });
  const lagged = g.target('targetCritic', critic, { x: nextInput.x });

  const nextQ = g.add('nextChosenQ', gatherAction(), { q: lagged.q, action: ep.nextAction });
  const target = g.slot('target', tdLambda({ gamma: 0.99, lambda: 0.8 }), { ...each('agent', ep.outcome), nextValue: nextQ.value });
  const chosen = g.add('chosenQ', gatherAction(), { q: critic.q, action: ep.action });
  const baseline = g.add('baseline', expectedValue(), { q: critic.q, pi: now(pi.pi) });
  const advantage = g.add('advantage', subtract(), { a: chosen.value, b: baseline.value });
  const p = g.add('logProb', categoricalLogProb(), { logits: now(pi.logits), action: ep.action });
  const mask = each('agent', ep.valid);
  const criticLoss = g.slot('criticLoss', maskedMse(), { prediction: chosen.value, target: target.value, mask });
  const policyLoss = g.slot('policyLoss', policyGradient(), { logProb: p.logProb, advantage: advantage.x, mask });
  g.train('critic', criticLoss.loss, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  g.train('actor', policyLoss.loss, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
  g.targets({ everyUpdates: 200 });
  const explore = g.slot('explore', sampleCategorical(), { logits: pi.logits });
  g.act(explore);
  return { ep, z, head, pi, critic, target, chosen, advantage, p, mask, criticLoss, policyLoss };
});

/**
 * COMA as its authors train it: the critic makes a step for each time index, from the last to the first, and the actors are judged at each index by the critic as it was before the step there, which has
 * made those of the later ones. Lagged weights follow after 200 such steps, which are 1,600 steps of 8 episodes equally long.
 */
export const comaSweep = derive(coma, 'comaSweep', (g, { advantage, criticLoss, policyLoss }) => {
  g.about('COMA whose critic makes a step for each time index, from the last to the first', 'Foerster et al. 2018, arXiv 1705.08926');
  g.rewire('policyLoss', { advantage: once(advantage.x) });
  g.train('critic', criticLoss.loss, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10, sweep: { over: 'time', order: 'backwards' } });
  g.train('actor', policyLoss.loss, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10, after: 'critic' });
  g.targets({ everySteps: 1600 });
});
