/** Greedy episodes on environments of their own. Each copy plays its share, so that short episodes do not count for more. */
import type { Definition } from '../core/definition.ts';
import type { EnvironmentSpec, VectorEnvironment } from '../core/environment.ts';
import { RunError } from '../core/error.ts';
import type { Episode } from '../core/run.ts';
import { Rollout } from './rollout.ts';
import type { Learner } from '../core/step.ts';
import { Random } from '../core/random.ts';
import { freshState, type LearnerState } from '../core/weights.ts';
import { iqm } from './statistics.ts';

export interface EvaluationSetting {
  readonly episodes: number;
  readonly seed: number;
  /** `page`: the page's best actions; `random`: any allowed action, the score to be better than. */
  readonly policy?: 'page' | 'random';
  /** Steps of one episode at most, where its environment has no limit: 100,000. */
  readonly longest?: number;
  /** Hears at every step how many episodes have ended. */
  readonly told?: (episodes: number) => void;
}
const COPIES = 32;
/** A seed for whatever needs one, from the run's own and what it is for. */
export const seedFor = (seed: number, what: string, ...counters: readonly number[]): number => Random.of(seed, what, ...counters).integer(2 ** 31);

type Make = (setting: { readonly copies: number; readonly seed: number }) => Promise<VectorEnvironment>;
export async function evaluateEpisodes(d: Definition, learner: Learner, state: LearnerState, make: Make, { episodes, seed, policy = 'page', longest = 100_000, told }: EvaluationSetting): Promise<Episode[]> {
  const copies = Math.min(episodes, COPIES), environment = await make({ copies, seed }), share = Int32Array.from({ length: copies }, (_, c) => Math.floor(episodes / copies) + (c < episodes % copies ? 1 : 0));
  try {
    const rollout = new Rollout(d, learner, environment, seed), done: Episode[] = [], nothing = { step: () => undefined, slot: () => undefined };
    await rollout.begin(() => undefined);
    const { id, limit } = environment.spec, most = ((Number.isFinite(limit) ? limit : longest) + 1) * Math.max(...share);      // a tick behind each episode shows its end
    for (let ticks = 0; done.length < episodes; ticks++) {
      if (ticks === most) throw new RunError(`${id}: an evaluation took ${ticks} steps a copy and ${done.length} of ${episodes} episodes ended`, 'a limit of steps in the environment: this policy never ends an episode');
      const tick = await rollout.tick(state, nothing, { best: true, random: policy === 'random' });
      for (const e of tick.episodes) if (share[e.copy]! > 0) { share[e.copy]!--; done.push(e); }
      told?.(done.length);
    }
    return done;
  } finally { await environment.close(); }
}

export interface Score { readonly mean: number; readonly iqm: number; readonly low: number; readonly high: number; readonly std: number; readonly length: number; readonly win?: number; readonly episodes: number }
/** Mean, interquartile mean (the middle half), and a 95 % interval of the mean by bootstrap over episodes (2,000 resamples, percentiles). */
export function scoreOf(episodes: readonly Episode[], seed = 1): Score {
  const x = episodes.map(e => e.return).sort((a, b) => a - b), n = x.length, mean = (v: readonly number[]) => v.reduce((a, b) => a + b, 0) / v.length, m = mean(x);
  const draw = Random.of(seed, 'bootstrap'), means = Array.from({ length: 2000 }, () => { let sum = 0; for (let i = 0; i < n; i++) sum += x[draw.integer(n)]!; return sum / n; }).sort((a, b) => a - b);
  const wins = episodes.filter(e => e.won !== undefined);
  return { mean: m, iqm: iqm([x]), low: means[49]!, high: means[1949]!, std: Math.sqrt(mean(x.map(v => (v - m) ** 2))), length: mean(episodes.map(e => e.length)), ...(wins.length ? { win: wins.filter(e => e.won).length / wins.length } : {}), episodes: n };
}

/** Environment steps that random play takes at most; a game without a limit, or with long episodes, is not played. */
const RANDOM_STEPS = 16_000;
/** What any allowed action scores: the number that a reader compares a score with. */
export async function randomScore(learner: Learner, { limit }: Pick<EnvironmentSpec, 'limit'>, make: Make, seed: number): Promise<Score | undefined> {
  const episodes = Math.min(100, Math.floor(RANDOM_STEPS / limit)), { plan } = learner;
  return episodes < 10 ? undefined : scoreOf(await evaluateEpisodes(plan.d, learner, freshState(plan, seed), make, { episodes, seed: seedFor(seed, 'random policy'), policy: 'random' }), seed);
}
