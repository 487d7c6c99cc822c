/**
 * Small games learned from their whole payoff: every joint action once in the batch, which is what uniform play with uniform replay expects.
 * The setting is that of the tables in docs/reproductions.md: agents are one shared MLP over (observation, one-hot id), no recurrence.
 */
import { derive } from '../../core/graph.ts';
import type { Definition } from '../../core/definition.ts';
import { rmsprop } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { Learner, type Batch } from '../../core/step.ts';
import { freshState } from '../../core/weights.ts';
import { cwQmix, iql, owQmix, qatten, qmix, qplex, qtranAlt, qtranBase, shaq, vdn } from '../../graphs/index.ts';
import { duplexMixer, join, mlpAgentQ, monotonicMixer } from '../../nodes/index.ts';
import { compose, type Composition } from '../../plugins/compose.ts';
import { evaluateEpisodes } from '../../plugins/evaluation.ts';
import { sizesOf } from '../../plugins/rollout.ts';

/** Agents without memory that see the observation and their id, as in the published small games. */
export const plain = (page: unknown, name: string, hidden: readonly number[]): Definition => derive(page as Definition<unknown, never>, name, g => {
  const ep = g.data() as never as { obs: never; agentId: never };
  g.replace('agentInput', join(), { obs: ep.obs, id: ep.agentId } as never);
  g.swap('agentQ', mlpAgentQ({ hidden }));
});
/** Agents of the unrestricted joint value are like the others; its lagged copy, which says what weighs fully in CW-QMIX, follows every 100 updates. */
const weighted = (page: unknown, name: string, hidden: readonly number[], alpha: number): Definition => derive(plain(page, name, hidden) as Definition<unknown, never>, name, g => {
  g.swap('centralQ', mlpAgentQ({ hidden }));
  g.set('weight', { alpha });
  g.targets({ everyUpdates: 100 });
}) as Definition;
export const PAGES = {
  iql: (hidden: readonly number[]) => plain(iql, 'iql', hidden),
  vdn: (hidden: readonly number[]) => plain(vdn, 'vdn', hidden),
  qmix: (hidden: readonly number[]) => plain(qmix, 'qmix', hidden),
  qplex: (hidden: readonly number[]) => derive(plain(qplex, 'qplex', hidden) as Definition<unknown, never>, 'qplex', g => { g.swap('mixer', duplexMixer({ heads: 10, advHypernet: [64, 64] })); }) as Definition,
  owQmix: (hidden: readonly number[], alpha: number) => weighted(owQmix, 'owQmix', hidden, alpha),
  cwQmix: (hidden: readonly number[], alpha: number) => weighted(cwQmix, 'cwQmix', hidden, alpha),
  /** With one rate for agents and mixer. */
  shaq: (hidden: readonly number[]) => derive(plain(shaq, 'shaq', hidden) as Definition<unknown, never>, 'shaq', g => { g.train('alpha', g.at('tdLoss').loss as never, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10, only: [g.at('mixer') as never] }); }) as Definition,
  qatten: (hidden: readonly number[]) => plain(qatten, 'qatten', hidden),
  qtranBase: (hidden: readonly number[]) => plain(qtranBase, 'qtranBase', hidden),
  /** With the paper's weights: both conditions count as much as the TD error. */
  qtranEven: (hidden: readonly number[]) => derive(plain(qtranBase, 'qtranBase', hidden) as Definition<unknown, never>, 'qtranEven', g => { const losses = ['tdLoss', 'optLoss', 'noptLoss'].map(name => g.at(name).loss as never); g.train('q', losses, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 }); }) as Definition,
  qtranAlt: (hidden: readonly number[]) => plain(qtranAlt, 'qtranAlt', hidden),
  /** The original paper's mixer for the two-step game: 8 units, hypernetworks of one layer, targets every 100 updates. */
  qmixTwoStep: (hidden: readonly number[]) => derive(plain(qmix, 'qmix', hidden) as Definition<unknown, never>, 'qmix', g => { g.swap('mixer', monotonicMixer({ embed: 8, hypernet: [] })); g.targets({ everyUpdates: 100 }); }) as Definition,
  vdnTwoStep: (hidden: readonly number[]) => derive(plain(vdn, 'vdn', hidden) as Definition<unknown, never>, 'vdn', g => { g.targets({ everyUpdates: 100 }); }) as Definition,
};

export interface Learned {
  /** Mean of a wire, over the whole batch in the order of `plays`, over the last fifth of the updates, 500 at most: RMSprop's steps do not shrink, so that one moment's values swing around what is learned. */
  readonly settled: Float64Array;
  /** The same of further wires. */
  readonly also: readonly Float64Array[];
  /** Return of the greedy policy in the environment itself. */
  readonly greedy: number;
  readonly seconds: number;
}
let made: Promise<Composition> | undefined;

/** Learns from the batch of these plays (joint actions of every step, one play after another) for so many updates; `watch` is the wire of `settled`, followed by those of `also`. */
export async function learn(page: Definition, environment: string, plays: readonly (readonly (readonly number[])[])[], updates: number, seed: number, ...watch: readonly [string, ...string[]]): Promise<Learned> {
  const { catalogue } = await (made ??= compose()), env = await catalogue.environment(environment, { copies: plays.length, seed: 1 }), engine = await catalogue.engine('onnx:cpu-1'), learner = new Learner(plan(page, sizesOf(page, env)), engine);
  const batch = await playAll(page, env, plays);
  const window = Math.min(500, Math.ceil(updates / 5));
  const began = performance.now();
  let state = freshState(learner.plan, seed);
  const means = watch.map(() => new Float64Array());
  for (let i = 0; i < updates; i++) {
    const late = i >= updates - window, done = await learner.update(state, batch, { seed, ...(late ? { taps: watch } : {}) });
    if (done.failed !== undefined) throw new Error(done.failed);
    state = done.state;
    if (late) watch.forEach((wire, w) => { means[w] = Float64Array.from(done.taps[wire]!.data, (x, k) => (means[w]![k] ?? 0) + x / window); });
  }
  const seconds = Math.round((performance.now() - began) / 1000), [episode] = await evaluateEpisodes(page, learner, state, s => catalogue.environment(environment, s), { episodes: 1, seed: 1 });
  const [settled, ...also] = means as [Float64Array, ...Float64Array[]];
  return { settled, also, greedy: episode!.return, seconds };
}

/** The batch that a replay would hold of these plays: the environment is stepped through them. */
export async function playAll(page: Definition, env: Awaited<ReturnType<Composition['catalogue']['environment']>>, plays: readonly (readonly (readonly number[])[])[]): Promise<Batch> {
  const B = plays.length, T = plays[0]!.length, { agent = 1, obs = 0, action: A = 0, state: S = agent * obs } = env.spec.sizes, own = env.fields['state'];
  const f = { obs: new Float32Array(B * (T + 1) * agent * obs), state: new Float32Array(B * (T + 1) * S), action: new Int32Array(B * T * agent), reward: new Float32Array(B * T), terminated: new Uint8Array(B * T), truncated: new Uint8Array(B * T) };
  const seen = (t: number) => { for (let b = 0; b < B; b++) { f.obs.set((env.fields['obs'] as Float32Array).subarray(b * agent * obs, (b + 1) * agent * obs), (b * (T + 1) + t) * agent * obs); f.state.set(((own ?? env.fields['obs']) as Float32Array).subarray(b * S, (b + 1) * S), (b * (T + 1) + t) * S); } };
  await env.reset(new Uint8Array(B).fill(1));
  seen(0);
  for (let t = 0; t < T; t++) {
    await env.step(Int32Array.from(plays.flatMap(p => p[t]!)));
    for (let b = 0; b < B; b++) { f.action.set(plays[b]![t]!, (b * T + t) * agent); f.reward[b * T + t] = env.fields['reward']![b]!; f.terminated[b * T + t] = env.fields['terminated']![b]!; f.truncated[b * T + t] = env.fields['truncated']![b]!; }
    seen(t + 1);
  }
  const slots = B * (T + 1), fields: Record<string, Float32Array | Int32Array | Uint8Array> = {
    ...f, avail: new Uint8Array(slots * agent * A).fill(1), valid: new Float32Array(B * T).fill(1), start: new Uint8Array(slots).map((_, i) => (i % (T + 1) === 0 ? 1 : 0)),
    agentId: new Float32Array(slots * agent * agent).map((_, i) => (Math.floor(i / agent) % agent === i % agent ? 1 : 0)), lastAction: new Float32Array(slots * agent * A),
  };
  plays.forEach((p, b) => { p.forEach((actions, t) => { actions.forEach((a, i) => { fields['lastAction']![((b * (T + 1) + t + 1) * agent + i) * A + a] = 1; }); }); });
  const main = Object.keys(page.page.sources)[0]!;
  return { cuts: { [main]: { batch: B, time: T } }, fields: Object.fromEntries(Object.entries(fields).map(([k, v]) => [`${main}.${k}`, v])) };
}
/** All joint actions of two agents, row by row. */
export const joint = (n: number): [number, number][] => Array.from({ length: n * n }, (_, i) => [Math.floor(i / n), i % n]);
