/**
 * Continuous actions on Pendulum-v1, and SAC for discrete ones on CartPole-v1. Beside the figures of Stable-Baselines3's zoo (benchmark.md at 0088472b: means over 150,000 steps of one trained model, with
 * noise in none of them), whose numbers of steps, discounts and learning rates these runs have; networks are those of the pages.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { compose } from '../../plugins/compose.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { Table } from './table.ts';

const table = new Table('Pendulum-v1 and SAC-discrete'), SEEDS = [1, 2, 3];
afterAll(() => { table.print(); });

interface Setting { readonly environment: string; readonly steps: number; readonly set: Readonly<Record<string, unknown>>; readonly copies?: number }
/** Mean return of 100 greedy episodes at the end. */
async function learn(name: string, row: string, seed: number, { set, ...setting }: Setting): Promise<number> {
  const { catalogue, training } = await compose(), { steps } = setting, curve: { step: number; score: number }[] = [];
  const prepared = await training.prepare(applySettings(catalogue.page(name), set), { ...setting, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps / 10, episodes: 100 }, logEvery: steps / 10 });
  prepared.run.metrics$.subscribe(({ step, values }) => { if (values['eval/return'] !== undefined) curve.push({ step, score: values['eval/return'] }); });
  const { seconds } = await prepared.begin(), end = curve.at(-1)!.score;
  table.add({ row, seed, 'greedy at the end': end.toFixed(1), best: Math.max(...curve.map(({ score }) => score)).toFixed(1), seconds: Math.round(seconds), curve: curve.map(({ step, score }) => `${Math.round(step / 1000)}k: ${score.toFixed(0)}`).join(', ') });
  return end;
}

const late = { 'data.start': 10_000, 'act.randomSteps': 10_000, 'tdTarget.gamma': 0.98, 'critic.lr': 1e-3, 'actor.lr': 1e-3 }, pendulum = 'classic/pendulum';
const PENDULUM: readonly (readonly [string, string, number, Setting])[] = [
  ['ddpg', 'DDPG', -152.1, { environment: pendulum, steps: 20_000, set: late }],
  ['td3', 'TD3', -151.9, { environment: pendulum, steps: 20_000, set: late }],
  ['sac', 'SAC', -157, { environment: pendulum, steps: 20_000, set: { 'data.start': 1000, 'act.randomSteps': 1000, 'actor.lr': 1e-3 } }],
  ['ppoContinuous', 'PPO', -172.2, { environment: pendulum, steps: 100_000, copies: 4, set: { 'data.steps': 1024, 'data.minibatches': 64, 'advantage.gamma': 0.9, 'reward.gamma': 0.9, 'all.lr': 1e-3 } }],
];
describe.each(PENDULUM)('%s on Pendulum', (name, row, zoo, setting) => {
  const ends: number[] = [];
  it.each(SEEDS)(`learns to swing up and stay there (seed %i; the zoo has ${zoo})`, async seed => { ends.push(await learn(name, `${row}, Pendulum-v1`, seed, setting)); });
  it('ends at -200 or better over three seeds', () => {
    expect(ends).toHaveLength(3);
    expect(ends.reduce((a, b) => a + b, 0) / 3).toBeGreaterThanOrEqual(-200);
  });
});

describe('sacDiscrete on CartPole', () => {
  const set = { 'data.start': 1000, 'act.randomSteps': 1000, 'data.every': 1, 'targets.polyak': 0.005 };
  it.each(SEEDS)('reaches 400 within 50,000 steps (seed %i)', async seed => {
    expect(await learn('sacDiscrete', 'SAC-discrete, CartPole-v1', seed, { environment: 'classic/cartpole', steps: 50_000, set })).toBeGreaterThanOrEqual(400);
  });
});
