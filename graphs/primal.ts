/**
 * PRIMAL. Weights of the losses, gamma and clipping: the authors'. The network is smaller than theirs, segments are shorter and rates higher, for a CPU; theirs are
 * `--set look.near=128 --set look.far=256 --set look.hidden=512 --set memory.hidden=512 --set data.steps=128 --set data.copies=3 --set rl.lr=2e-5 --set imitation.lr=2e-5`.
 */
import { each, graph, next, now, weigh } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { f32 } from '../core/port.ts';
import { after, local, team } from '../core/world.ts';
import { binaryCrossEntropy, categorical, categoricalLogProb, entropyLoss, gae, gridEncoder, imitation, linearValue, lstmEncoder, maskedMse, policyGradient, sampleCategorical, validity } from '../nodes/index.ts';

/** Agents on a grid, each with a goal: what `mapf` offers. */
export const gridTeam = { ...team, grid: local(f32('agent channel row column')), goal: local(f32('agent goal')), blocking: after(f32('agent')) };

/**
 * PRIMAL (arXiv 1809.03531): actor-critic on the agents' own rollouts, with losses by which the policy learns what is allowed and when it is in the way, and imitation of an
 * expert on episodes of its own. The policy's losses see its logits before the mask, as the authors' do; it acts among allowed actions. Theirs takes a step of
 * one kind or of the other, by a coin for each episode; here each update takes both, each with its own moments.
 */
export const primal = graph('primal', gridTeam, g => {
  g.about('Path finding of many agents: actor-critic beside imitation of an expert', 'Sartoretti et al. 2019, arXiv 1809.03531');
  const ro = g.rollout({ steps: 32, copies: 8 });
  const look = g.slot('look', gridEncoder(), { grid: ro.grid, goal: ro.goal });
  const memory = g.slot('memory', lstmEncoder({ hidden: 128 }), { x: look.x });
  const pi = g.slot('policy', categorical(), { z: memory.z, avail: ro.avail });
  const critic = g.slot('critic', linearValue(), { z: memory.z });
  const blocks = g.slot('blocks', linearValue(), { z: memory.z });
  const p = g.add('logProb', categoricalLogProb(), { logits: now(pi.raw), action: ro.action });
  const mask = each('agent', ro.valid);
  const adv = g.slot('advantage', gae({ gamma: 0.95, lambda: 1 }),
    { ...each('agent', ro.outcome), reward: ro.agentReward, value: now(critic.value), nextValue: next(critic.value) });
  const policyLoss = g.slot('policyLoss', policyGradient(), { logProb: p.logProb, advantage: adv.advantage, mask });
  const valueLoss = g.slot('valueLoss', maskedMse(), { prediction: now(critic.value), target: adv.returns, mask });
  const entropy = g.add('entropy', entropyLoss(), { entropy: p.entropy, mask });
  const validLoss = g.add('validLoss', validity(), { logits: now(pi.raw), avail: now(ro.avail), mask });
  const blockingLoss = g.add('blockingLoss', binaryCrossEntropy(), { logit: now(blocks.value), label: ro.blocking, mask });
  g.train('rl', [policyLoss.loss, weigh(0.5, valueLoss.loss), weigh(0.01, entropy.loss), weigh(0.5, validLoss.loss), weigh(0.5, blockingLoss.loss)], { optimiser: adam({ lr: 3e-4 }), clipNorm: 1000 });

  const ex = g.episodes({ name: 'expert', by: 'expert', batch: 8 });
  const seen = g.shared('expertLook', look, { grid: ex.grid, goal: ex.goal });
  const kept = g.shared('expertMemory', memory, { x: seen.x });
  const said = g.shared('expertPolicy', pi, { z: kept.z, avail: ex.avail });
  const imitate = g.slot('imitationLoss', imitation(), { logits: now(said.raw), action: ex.action, mask: each('agent', ex.valid) });
  g.train('imitation', imitate.loss, { optimiser: adam({ lr: 1e-3 }), clipNorm: 1000, after: 'rl' });
  const explore = g.slot('explore', sampleCategorical(), { logits: pi.logits });
  g.act(explore);
  return { ro, look, memory, pi, critic, blocks, p, adv, ex, imitate };
});
