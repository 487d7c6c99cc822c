/** Behaviour cloning alone, from the expert that plans paths: PRIMAL's network without its reinforcement learning. */
import { expect, it } from 'vitest';
import { graph, now, each } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { compose } from '../../plugins/compose.ts';
import { primal } from '../../graphs/primal.ts';
import { categorical, gridEncoder, imitation, lstmEncoder, sampleCategorical } from '../../nodes/index.ts';

/** The page acts for its own rollouts, as it must, and learns from the expert's episodes only. */
const cloning = graph('cloning', primal.page.world as never, g => {
  const ro = g.rollout({ steps: 8, copies: 4 }) as never as Record<'grid' | 'goal' | 'avail', never>;
  const look = g.add('look', gridEncoder({ near: 8, far: 16, hidden: 64 }), { grid: ro.grid, goal: ro.goal }), memory = g.add('memory', lstmEncoder({ hidden: 64 }), { x: look.x }), pi = g.add('policy', categorical(), { z: memory.z, avail: ro.avail });
  const ex = g.episodes({ name: 'expert', by: 'expert', batch: 32 }) as never as Record<'grid' | 'goal' | 'avail' | 'action' | 'valid', never>;
  const seen = g.shared('expertLook', look, { grid: ex.grid, goal: ex.goal }), kept = g.shared('expertMemory', memory, { x: seen.x }), said = g.shared('expertPolicy', pi, { z: kept.z, avail: ex.avail });
  const loss = g.add('loss', imitation(), { logits: now(said.raw), action: ex.action, mask: each('agent', ex.valid) });
  g.train('imitation', loss.loss, { optimiser: adam({ lr: 2e-3 }), clipNorm: 10 });
  g.act(g.add('explore', sampleCategorical(), { logits: pi.logits }));
});

it('brings one agent on an empty map of 10 x 10 to its goal within 64 steps, 95 times of 100', async () => {
  const { training } = await compose(), prepared = await training.prepare(cloning, { environment: 'mapf/10x10?agents=1&density=0&steps=64', steps: 32 * 300, seed: 1, out: false, evaluate: { every: 32 * 100, episodes: 200 }, logEvery: 640 });
  prepared.run.metrics$.subscribe(({ step, update, seconds, values }) => { if ('eval/win' in values || update % 20 === 0) process.stdout.write(`  step ${step}, update ${update}, ${seconds.toFixed(0)} s: ${JSON.stringify(values)}\n`); });
  const { score } = await prepared.begin();
  expect(score['eval/win']).toBeGreaterThanOrEqual(0.95);
}, 1_800_000);
