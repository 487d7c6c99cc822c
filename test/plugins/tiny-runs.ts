/** A run of each page that there is, as small as it can be and still hold everything that a run holds; and what it comes to. */
import type { NamedArray } from '../../core/store.ts';
import type { Composition } from '../../plugins/compose.ts';
import { Checkpoints } from '../../plugins/stores/checkpoints.ts';
import { readRun } from '../../plugins/stores/read-run.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { type Prepared, type TrainOptions } from '../../plugins/training.ts';
import { version } from '../../plugins/version.ts';

interface TinyRun { readonly environment: string; readonly steps: number; readonly copies: number; readonly set: Readonly<Record<string, unknown>> }
const small = { 'data.batch': 4, 'data.start': 4, 'agentQ.hidden': 6, 'data.keep': 12, 'targets.everyEpisodes': 7 };
const central = { ...small, 'mixer.embed': 4, 'centralQ.hidden': 6, 'central.hidden': 8 };
const cartpole = { environment: 'classic/cartpole', steps: 320, set: { 'q.hidden': [8], 'data.start': 40, 'data.every': 4, 'data.batch': 8, 'data.keep': 120 } };
const episodic = { 'data.batch': 4, 'encoder.hidden': 6, 'critic.hidden': [6] };
const foraging = 'lbf/5x5-2p-1f?steps=6';
const pendulum = { environment: 'classic/pendulum?steps=30', steps: 300, set: { 'data.start': 40, 'data.every': 4, 'data.batch': 8, 'data.keep': 120, 'act.randomSteps': 60, 'actor.hidden': [8] } };
export const TINY_RUNS: Readonly<Record<string, TinyRun>> = {
  dqn: { ...cartpole, copies: 2 },
  doubleDqn: { ...cartpole, copies: 1 },
  duelingDqn: { ...cartpole, copies: 2, set: { ...cartpole.set, 'q.stream': [8] } },
  nStepDqn: { ...cartpole, copies: 3 },
  prioritisedDqn: { ...cartpole, copies: 2 },
  combinedDqn: { ...cartpole, copies: 2, set: { ...cartpole.set, 'q.stream': [8] } },
  reinforce: { environment: 'classic/cartpole', steps: 1400, copies: 1, set: { 'data.batch': 2, 'encoder.hidden': [8] } },
  reinforceBaseline: { environment: 'classic/cartpole', steps: 1400, copies: 2, set: { 'data.batch': 2, 'encoder.hidden': [8], 'critic.hidden': [6] } },
  a2c: { environment: 'classic/cartpole', steps: 480, copies: 4, set: { 'encoder.hidden': [8], 'critic.hidden': [6] } },
  ppo: { environment: 'classic/cartpole', steps: 400, copies: 2, set: { 'data.steps': 8, 'data.epochs': 2, 'data.minibatches': 2, 'encoder.hidden': [8], 'critic.hidden': [6] } },
  ppoContinuous: { environment: 'classic/pendulum?steps=30', steps: 400, copies: 2, set: { 'data.steps': 8, 'data.epochs': 2, 'data.minibatches': 2, 'encoder.hidden': [8], 'critic.hidden': [6] } },
  ddpg: { ...pendulum, copies: 1, set: { ...pendulum.set, 'critic.hidden': [6] } },
  td3: { ...pendulum, copies: 2, set: { ...pendulum.set, 'critic.hidden': [6], 'critic2.hidden': [6] } },
  sac: { ...pendulum, copies: 2, set: { ...pendulum.set, 'critic1.hidden': [6], 'critic2.hidden': [6] } },
  sacDiscrete: { ...cartpole, copies: 2, set: { 'data.start': 40, 'data.every': 4, 'data.batch': 8, 'data.keep': 120, 'act.randomSteps': 60, 'encoder.hidden': [8], 'critic1.hidden': [6], 'critic2.hidden': [6], 'targets.everySteps': 50 } },
  iql: { environment: foraging, steps: 330, copies: 2, set: small },
  vdn: { environment: 'matrix/two-step', steps: 110, copies: 2, set: small },
  qmix: { environment: foraging, steps: 330, copies: 1, set: { ...small, 'mixer.embed': 4 } },
  qplex: { environment: 'matrix/two-step', steps: 110, copies: 1, set: small },
  qatten: { environment: 'matrix/two-step', steps: 110, copies: 2, set: { ...small, 'mixer.heads': 2, 'mixer.embed': 3, 'mixer.hypernet': [4] } },
  qtranBase: { environment: 'matrix/two-step', steps: 110, copies: 2, set: { ...small, 'jointQ.hidden': [6], 'value.hidden': [6] } },
  qtranAlt: { environment: 'matrix/two-step', steps: 110, copies: 1, set: { ...small, 'jointQ.hidden': [6], 'value.hidden': [6] } },
  owQmix: { environment: 'matrix/two-step', steps: 110, copies: 2, set: central },
  cwQmix: { environment: foraging, steps: 330, copies: 1, set: central },
  shaq: { environment: 'matrix/two-step', steps: 110, copies: 1, set: { ...small, 'mixer.embed': 4, 'mixer.samples': 2 } },
  roma: { environment: 'matrix/two-step', steps: 110, copies: 2, set: { ...small, 'mixer.embed': 4, 'agentQ.embed': 4 } },
  dgn: { environment: 'parity/line?agents=3&steps=4', steps: 330, copies: 2, set: { 'data.batch': 4, 'data.start': 20, 'data.every': 8, 'data.keep': 60, 'agentQ.encoder': [6], 'agentQ.heads': 2, 'agentQ.embed': 3 } },
  maddpg: { environment: 'matrix/two-step', steps: 110, copies: 2, set: { 'data.batch': 4, 'data.start': 10, 'data.every': 3, 'data.keep': 40, 'actor.hidden': [6], 'critic.hidden': [6] } },
  maddpgContinuous: { environment: 'mpe/spread?continuous=true&steps=5', steps: 150, copies: 2, set: { 'data.batch': 4, 'data.start': 20, 'data.every': 4, 'data.keep': 60, 'actor.hidden': [6], 'critic.hidden': [6] } },
  iddpg: { environment: 'quadratic/aim', steps: 60, copies: 2, set: { 'data.batch': 4, 'data.keep': 12, 'encoder.hidden': 6, 'critic.hidden': [6] } },
  facmac: { environment: 'quadratic/product', steps: 60, copies: 1, set: { 'data.batch': 4, 'data.keep': 12, 'encoder.hidden': 6, 'critic.hidden': [6], 'mixer.embed': 4 } },
  ippo: { environment: foraging, steps: 330, copies: 2, set: { 'data.steps': 8, 'data.length': 4, 'data.epochs': 2, 'data.minibatches': 2, 'encoder.hidden': [6], 'criticEncoder.hidden': [6] } },
  mappo: { environment: foraging, steps: 330, copies: 2, set: { 'data.steps': 8, 'data.length': 4, 'data.epochs': 2, 'data.minibatches': 2, 'encoder.hidden': [6], 'criticEncoder.hidden': [6] } },
  mappoPopArt: { environment: foraging, steps: 330, copies: 3, set: { 'data.steps': 8, 'data.length': 4, 'data.epochs': 2, 'data.minibatches': 3, 'encoder.hidden': [6], 'criticEncoder.hidden': [6] } },
  beliefPpo: { environment: 'partner/match?steps=5', steps: 330, copies: 2, set: { 'data.steps': 8, 'data.length': 4, 'data.epochs': 2, 'data.minibatches': 2, 'encoder.hidden': [6], 'criticEncoder.hidden': [6], 'belief.hidden': 6, 'belief.latent': 3, 'beliefDecoder.hidden': 6 } },
  coma: { environment: foraging, steps: 580, copies: 2, set: { ...episodic, 'targets.everyUpdates': 7 } },
  comaSweep: { environment: 'matrix/two-step', steps: 200, copies: 2, set: { ...episodic, 'targets.everySteps': 30 } },
  ia2c: { environment: foraging, steps: 580, copies: 2, set: episodic },
  maa2c: { environment: 'matrix/two-step', steps: 200, copies: 1, set: episodic },
  happo: { environment: foraging, steps: 600, copies: 2, set: { 'data.steps': 8, 'data.copies': 2, 'data.epochs': 2, 'data.minibatches': 2, 'encoder.hidden': [6], 'criticEncoder.hidden': [6] } },
  mat: { environment: foraging, steps: 330, copies: 2, set: { 'data.steps': 8, 'data.epochs': 2, 'data.minibatches': 2, 'encoder.embed': 6, 'encoder.heads': 2, 'decoder.heads': 3 } },
  primal: { environment: 'mapf/4x4?agents=2&density=0.1&sight=4&steps=12', steps: 400, copies: 2, set: { 'data.steps': 8, 'look.near': 2, 'look.far': 3, 'look.hidden': 8, 'look.goalUnits': 3, 'memory.hidden': 6, 'expert.batch': 2 } },
};

/** Its first session. */
export function begin({ catalogue, training }: Composition, name: string, out: string, engine: string, more: Pick<TrainOptions, 'trackers' | 'files' | 'checkpointEvery' | 'checkpointRoom'> = {}): Promise<Prepared> {
  const { environment, steps, copies, set } = TINY_RUNS[name]!;
  return training.prepare(applySettings(catalogue.page(name), set), { environment, steps, copies, out, engine, seed: 3, evaluate: { episodes: 3, every: Math.ceil(steps / 3) }, logEvery: 20, checkpointEvery: 60, picture: false, ...more });
}

const bytesOf = ({ data }: NamedArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
/** All that two runs must share to be called the same, bit for bit: everything but wall-clock time and the lengths of files in which it stands. */
export async function outcomeOf(run: string): Promise<{ readonly arrays: Readonly<Record<string, string>>; readonly meta: Readonly<Record<string, unknown>>; readonly metrics: readonly unknown[] }> {
  const store = new Checkpoints(`${run}/checkpoints`, { version: version() }), { arrays, meta } = await store.load((await store.list()).at(-1)!), { metrics } = await readRun(run);
  const { seconds: _, position: __, ...timeless } = meta as Record<string, unknown>;
  return {
    arrays: Object.fromEntries(Object.entries(arrays).map(([name, a]) => [name, bytesOf(a)])),
    meta: timeless,
    metrics: metrics.map(({ step, update, episode, values }) => ({ step, update, episode, values: Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('time/'))) })),
  };
}
