/** DQN and Double DQN on CartPole-v1 in CleanRL's setting: the pole stands for 475 steps and more. */
import { afterAll, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { Table } from './table.ts';

const table = new Table('CartPole-v1');
afterAll(() => { table.print(); });

it.each([1, 2, 3])('DQN reaches 475 within 500,000 steps (seed %i)', async seed => {
  const { catalogue, training } = await compose(), prepared = await training.prepare(catalogue.page('dqn'), { environment: 'classic/cartpole', steps: 500_000, copies: 4, seed, out: false, engine: 'tfjs:wasm', evaluate: { every: 20_000, episodes: 32 } }), curve: string[] = [];
  let reached = Infinity;
  prepared.run.metrics$.subscribe(({ step, values }) => {
    const score = values['eval/return'];
    if (score === undefined) return;
    curve.push(`${Math.round(step / 1000)}k: ${score.toFixed(0)}`);
    if (score >= 475 && reached === Infinity) { reached = step; prepared.run.stop(); }
  });
  const { seconds, score } = await prepared.begin();
  table.add({ row: 'DQN, CartPole-v1', seed, ours: `${score['eval/return']!.toFixed(1)} over 32 greedy episodes at step ${reached}`, theirs: 'CleanRL: 488.69 +- 16.11 at 500k', tolerance: '>= 475', seconds: Math.round(seconds), curve: curve.join(', ') });
  expect(reached).toBeLessThanOrEqual(500_000);
});
