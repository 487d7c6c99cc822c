/** Several agents, learned on-policy. Widths are small: these pages prove the wiring. */
import { each, graph, next, now, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { f32 } from '../../core/port.ts';
import { after, local, team } from '../../core/world.ts';
import { categorical, categoricalLogProb, entropyLoss, gae, linearValue, maskedMse, policyGradient, recurrentEncoder, sampleCategorical } from '../../nodes/index.ts';
import { crossEntropy, gridEncoder, imitation, validity } from './nodes/index.ts';

const gridTeam = { ...team, grid: local(f32('agent channel row column')), goal: local(f32('agent goal')), blocking: after(f32('agent')) };
export const primal = graph('primal', gridTeam, g => {
  const ro = g.rollout({ steps: 128, copies: 3 });
  const look = g.slot('look', gridEncoder({ channels: 4, hidden: 16 }), { grid: ro.grid, goal: ro.goal });
  const memory = g.slot('memory', recurrentEncoder({ hidden: 16 }), { x: look.x });
  const pi = g.slot('policy', categorical(), { z: memory.z, avail: ro.avail });
  const critic = g.add('critic', linearValue(), { z: memory.z });
  const blocks = g.add('blocks', linearValue(), { z: memory.z });
  const p = g.add('logProb', categoricalLogProb(), { logits: now(pi.logits), action: ro.action });
  const mask = each('agent', ro.valid);
  const adv = g.slot('advantage', gae({ gamma: 0.95, lambda: 1 }),
    { ...each('agent', ro.outcome), reward: ro.agentReward, value: now(critic.value), nextValue: next(critic.value) });
  const losses = [
    g.add('policyLoss', policyGradient(), { logProb: p.logProb, advantage: adv.advantage, mask }).loss,
    weigh(0.5, g.add('valueLoss', maskedMse(), { prediction: now(critic.value), target: adv.returns, mask }).loss),
    weigh(0.01, g.add('entropy', entropyLoss(), { entropy: p.entropy, mask }).loss),
    weigh(0.5, g.add('validLoss', validity(), { logits: now(pi.raw), avail: now(ro.avail), mask }).loss),
    weigh(0.5, g.add('blockingLoss', crossEntropy(), { logit: now(blocks.value), label: ro.blocking, mask }).loss)];

  const ex = g.episodes({ name: 'expert', by: 'expert', batch: 3 });
  const seen = g.shared('expertLook', look, { grid: ex.grid, goal: ex.goal });
  const kept = g.shared('expertMemory', memory, { x: seen.x });
  const said = g.shared('expertPolicy', pi, { z: kept.z, avail: ex.avail });
  const imitate = g.add('imitation', imitation(), { logits: now(said.logits), action: ex.action, mask: each('agent', ex.valid) });
  g.train('all', [...losses, imitate.loss], { optimiser: adam({ lr: 2e-5 }), clipNorm: 1000 });
  const explore = g.slot('explore', sampleCategorical(), { logits: pi.logits });
  g.act(explore);
});
