/** DQN and its kin, and policy gradients, on CartPole-v1 in CleanRL's setting: 500,000 steps, of which the last 100 training episodes are what CleanRL's figure is the mean of. */
import { afterAll, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { Table } from './table.ts';

const table = new Table('CartPole-v1'), SEEDS = [1, 2, 3];
afterAll(() => { table.print(); });

/** Return of training over the last 50,000 steps. */
async function learn(name: string, row: string, seed: number, engine: string, setting: { readonly copies?: number } = { copies: 4 }): Promise<number> {
  const { catalogue, training } = await compose(), prepared = await training.prepare(catalogue.page(name), { environment: 'classic/cartpole', steps: 500_000, ...setting, seed, out: false, engine, evaluate: { every: 20_000, episodes: 32 }, logEvery: 50_000 }), curve: { step: number; score: number }[] = [];
  let last50k = NaN;
  prepared.run.metrics$.subscribe(({ step, values }) => {
    if (values['eval/return'] !== undefined) curve.push({ step, score: values['eval/return'] });
    if (values['train/return'] !== undefined) last50k = values['train/return'];
  });
  const { seconds } = await prepared.begin(), reached = curve.find(({ score }) => score >= 475), final = curve.slice(-5).map(({ score }) => score), end = curve.at(-1)!.score;
  table.add({
    row: `${row}, CartPole-v1`, seed, 'first >= 475': reached ? `step ${reached.step}` : 'never', 'greedy at the end': end.toFixed(1), 'greedy, last five evaluations': final.map(x => x.toFixed(0)).join(' '), 'training, last 50k steps': last50k.toFixed(1),
    seconds: Math.round(seconds), curve: curve.map(({ step, score }) => `${Math.round(step / 1000)}k: ${score.toFixed(0)}`).join(', '),
  });
  expect(reached).toBeDefined();
  return last50k;
}

describe('DQN', () => {
  const last: number[] = [];
  it.each(SEEDS)('reaches 475 within 500,000 steps (seed %i)', async seed => { last.push(await learn('dqn', 'DQN', seed, 'onnx:cpu-1')); });
  it('ends where CleanRL ends: 488.69 +- 16.11 over three seeds, exploration included', () => {
    const mean = last.reduce((a, b) => a + b, 0) / last.length;
    process.stdout.write(`mean training return of the last 50,000 steps: ${mean.toFixed(2)}\n`);
    expect(last).toHaveLength(3);
    expect(mean).toBeGreaterThanOrEqual(488.69 - 16.11);
  });
});

const KIN = [
  ['doubleDqn', 'Double DQN'], ['duelingDqn', 'Dueling DQN'], ['nStepDqn', 'N-step DQN'], ['prioritisedDqn', 'Prioritised DQN'], ['combinedDqn', 'Combined DQN'],
] as const;
describe.each(KIN)('%s', (name, row) => {
  it.each(SEEDS)('reaches 475 within 500,000 steps (seed %i)', async seed => { await learn(name, row, seed, 'onnx:cpu-1'); });
});

/** In as many copies as the page has. */
const POLICIES = [['reinforce', 'REINFORCE'], ['reinforceBaseline', 'REINFORCE-baseline'], ['a2c', 'A2C'], ['ppo', 'PPO']] as const;
describe.each(POLICIES)('%s', (name, row) => {
  it.each(SEEDS)('reaches 475 within 500,000 steps (seed %i)', async seed => { await learn(name, row, seed, 'onnx:cpu-1', {}); });
});
