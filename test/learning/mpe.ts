/** Particle tasks with published figures: what five algorithms learn of them, in the unit of those figures. For the rows of docs/reproductions.md. */
import { fileURLToPath } from 'node:url';
import type { Definition } from '../../core/definition.ts';
import { linear } from '../../core/schedule.ts';
import { coma, iddpg, ippo, maddpg, mappo } from '../../graphs/index.ts';
import type { Composition } from '../../plugins/compose.ts';
import { swapped } from '../../plugins/edits.ts';
import { applySettings } from '../../plugins/page-settings.ts';

/** Physics of everything published before 2023. */
const OLD = 'integration=velocity-first', EPISODES = 100;
export const EVALUATIONS = 10;
export const SEEDS = [1, 2, 3];
/** `published` turns our return of an episode into the unit of the published figures; `random` is what random play gets, in that unit, in 2,000 episodes. */
export interface Task { readonly environment: string; readonly published: (teamReturn: number) => number; readonly random: number; readonly name: string }
export const TASKS = {
  // OpenAI's reward is common + own, ours half of it, and an agent counts as overlapping with itself there: -1 for each of 3 agents in each of 25 steps.
  'spread': { name: 'spread', environment: `mpe/spread?${OLD}`, published: team => 2 * team - 75, random: -230.6 },
  'speaker-listener': { name: 'speaker-listener', environment: `mpe/speaker-listener?${OLD}`, published: team => team, random: -80.1 },
  // every hunter is paid for every catch, whoever makes it, and the figures are of one hunter
  'tag': { name: 'tag', environment: `hunt/tag?${OLD}`, published: team => team / 3, random: 0.25 },
} as const satisfies Readonly<Record<string, Task>>;
type TaskName = keyof typeof TASKS;
export interface Row {
  readonly algorithm: string; readonly task: TaskName; readonly page: Definition; readonly steps: number; readonly copies: number;
  /** As `--set` and `--swap` write them. */
  readonly set: Readonly<Record<string, unknown>>; readonly swap?: Readonly<Record<string, string>>;
  /** EPyMARL's paper (arXiv 2006.07869), table 3, recalled: the best checkpoint of 100 episodes, mean of 5 seeds. */
  readonly published?: number;
  /** Asked of the mean of the last three evaluations of every seed. Absent where nothing is learned in so few steps. */
  readonly bar?: number;
}

type Setting = Pick<Row, 'steps' | 'copies' | 'set' | 'swap'>;
/** On-policy learners have no memory here, since these tasks show what there is to see, make five epochs of four minibatches of a rollout, bootstrap less far than on the pages, and learn at a rate that falls to a tenth. */
function onPolicy(steps: number, gamma: number, lambda: number): Setting {
  const lr = linear({ from: 1e-3, to: 1e-4, steps });
  return { steps, copies: 128, swap: { encoder: 'encoder', criticEncoder: 'encoder' }, set: { 'data.epochs': 5, 'data.minibatches': 4, 'advantage.gamma': gamma, 'advantage.lambda': lambda, 'actor.lr': lr, 'critic.lr': lr } };
}
const SPREAD = onPolicy(1_500_000, 0.9, 0.8), SPEECH = onPolicy(1_500_000, 0.95, 0.9), TAG = onPolicy(3_000_000, 0.95, 0.9);
/** IPPO has returns in plain units on its page, and its critic may move by 0.2 a rollout; here returns are tens. */
const unclipped = ({ set, ...setting }: Setting): Setting => ({ ...setting, set: { ...set, 'valueLoss.clip': 100 } });
/** The authors make an update of 1,024 transitions every 100 steps, 6,000 in all; here it is up to 2,300 of 256, every 25 steps. */
const MADDPG: Setting = { steps: 60_000, copies: 8, set: { 'data.batch': 256, 'data.start': 2000, 'data.every': 25, 'actor.lr': 5e-3, 'critic.lr': 5e-3 } };
/** Chasing takes longer: updates of 512, as often as the authors', 20,000 in all. */
const PURSUIT: Setting = { steps: 2_000_000, copies: 64, set: { ...MADDPG.set, 'data.batch': 512, 'data.every': 100 } };
/** An update an episode, as on the page; lagged networks follow ten times as fast, since there are 1,600 updates. */
const IDDPG: Setting = { steps: 40_000, copies: 8, set: { 'targets.polyak': 0.01, 'explore.std': 0.2, 'tdTarget.gamma': 0.9, 'actor.lr': 2e-3, 'critic.lr': 2e-3 } };
/** A critic ten times as fast as the actors, which otherwise are sure of what is worst before it knows anything. */
const COMA: Setting = { steps: 120_000, copies: 8, set: { 'policy.epsilon': linear({ from: 0.5, to: 0.01, steps: 60_000 }), 'actor.lr': 1e-4, 'critic.lr': 1e-3 } };
const row = (algorithm: string, page: unknown, task: TaskName, setting: Setting, bar?: number, published?: number): readonly [string, Row] =>
  [`${algorithm}, ${task}`, { algorithm, task, page: page as Definition, ...setting, ...bar === undefined ? {} : { bar }, ...published === undefined ? {} : { published } }];
export const ROWS: Readonly<Record<string, Row>> = Object.fromEntries([
  row('MAPPO', mappo, 'spread', SPREAD, -142, -133.5),
  row('IPPO', ippo, 'spread', unclipped(SPREAD), -145, -133.9),
  row('COMA', coma, 'spread', COMA, -225, -204.3),
  row('MADDPG', maddpg, 'spread', MADDPG, -190, -141.7),
  row('IDDPG', iddpg, 'spread', IDDPG, -215),
  row('MAPPO', mappo, 'speaker-listener', SPEECH, -18, -10.7),
  row('IPPO', ippo, 'speaker-listener', unclipped(SPEECH), -35, -13.1),
  row('COMA', coma, 'speaker-listener', COMA, -60, -30.4),
  row('MADDPG', maddpg, 'speaker-listener', MADDPG, -35, -13.6),
  row('IDDPG', iddpg, 'speaker-listener', IDDPG, -50),
  row('MAPPO', mappo, 'tag', TAG, 10, 18.5),
  row('IPPO', ippo, 'tag', unclipped(TAG), 10, 19.4),
  row('COMA', coma, 'tag', COMA, undefined, 8.7),
  row('MADDPG', maddpg, 'tag', PURSUIT, 8, 12.5),
  row('IDDPG', iddpg, 'tag', IDDPG),
]);

/** Makes tag with a prey known by its name, once. */
export async function addHunt({ catalogue }: Pick<Composition, 'catalogue'>): Promise<void> {
  if (!catalogue.environments.some(e => e.family === 'hunt')) await catalogue.load(fileURLToPath(new URL('hunt.ts', import.meta.url)));
}
export interface Curve { readonly seconds: number; readonly points: readonly { readonly step: number; readonly return: number }[] }
/** Greedy returns over training, of 100 episodes each, in the unit of the published figures. */
export async function curveOf({ catalogue, training }: Composition, { task, page, set, swap = {}, steps, copies }: Row, seed: number): Promise<Curve> {
  const { environment, published } = TASKS[task], points: { step: number; return: number }[] = [];
  await addHunt({ catalogue });
  const d = applySettings(swapped(page, Object.entries(swap).map(([slot, type]) => ({ slot, type, config: {} })), catalogue), set);
  const prepared = await training.prepare(d, {
    environment: d.page.world['action']!.dtype === 'f32' ? `${environment}&continuous=true` : environment, steps, copies, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps / EVALUATIONS, episodes: EPISODES }, logEvery: steps / EVALUATIONS,
  });
  prepared.run.metrics$.subscribe(({ step, values }) => { const x = values['eval/return']; if (x !== undefined) points.push({ step, return: published(x) }); });
  const { seconds } = await prepared.begin();
  return { seconds, points };
}
