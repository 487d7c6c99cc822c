/** Playing with a partner whose type nobody is told: IPPO, IPPO that reads what it sees the others do, and Belief-PPO; and what Bayes' rule makes of the same sights. For docs/reproductions.md. */
import type { Definition } from '../../core/definition.ts';
import { derive, next, now, once } from '../../core/graph.ts';
import { Random } from '../../core/random.ts';
import { beliefPpo, ippo } from '../../graphs/index.ts';
import { beliefLoss, seenActions } from '../../nodes/index.ts';
import type { Composition } from '../../plugins/compose.ts';

/** Those of `partner/match?actions=8`. */
const ACTIONS = 8, NOISE = 0.2, LENGTH = 20, AGENTS = 2;
/** A rollout is one episode of each copy, with the slot of its last observation; all else is as on the pages. */
const setting = (page: unknown, slots: number): Definition => derive(page as typeof ippo, (page as Definition).page.name, g => { g.rollout({ steps: slots, copies: 32, epochs: 10 }); }) as never;
/** Computes once what the decoder says of a rollout, with the weights from before the first step on it; a tap shows that. */
const judgedOnce = derive(beliefPpo, 'beliefPpo', (g, { belief, guess, mask }) => {
  const { seenAction, seen } = g.data();
  g.memory('fresh', { surprise: 0 });
  const fresh = g.add('freshLoss', beliefLoss(), { logits: once(guess.logits), seenAction: next(seenAction), seen: next(seen), mean: once(now(belief.mean)), logStd: once(now(belief.logStd)), mask: mask.x });
  g.keep('fresh', { surprise: fresh.crossEntropy });
});
/** IPPO that is told what Belief-PPO's beliefs are made of: nothing that Belief-PPO sees is hidden from it. */
const ippoSeen = derive(ippo, 'ippoSeen', g => {
  const { seenAction, seen } = g.data(), watched = g.add('seenActions', seenActions(), { seenAction, seen });
  for (const input of ['agentInput', 'criticInput']) g.rewire(input, { seen: watched.x });
}, beliefPpo.page.world as typeof beliefPpo extends Definition<unknown, infer W> ? W : never);
export const PAGES = { ippo, ippoSeen, beliefPpo } as unknown as Readonly<Record<'ippo' | 'ippoSeen' | 'beliefPpo', Definition>>;
export type Algorithm = keyof typeof PAGES;

export interface Task { readonly environment: string; readonly steps: number; readonly slots: number; readonly episodes: number; readonly seeds: readonly number[] }
export const TASKS = {
  match: { environment: 'partner/match?actions=8', steps: 60_000, slots: LENGTH + 1, episodes: 100, seeds: [1, 2, 3, 4, 5] },
  climbing: { environment: 'matrix/climbing', steps: 60_000, slots: 26, episodes: 5, seeds: [1, 2, 3] },
} as const satisfies Readonly<Record<string, Task>>;
export const EVALUATIONS = 12;

/** What one rollout says of the beliefs, of the partner's actions that were seen: mean surprise in nats and share foretold, by the decoder and by Bayes' rule. */
export interface Judged { readonly pairs: number; readonly decoder: { readonly surprise: number; readonly right: number }; readonly bayes: { readonly surprise: number; readonly right: number }; readonly counts: readonly number[] }
export interface Curve { readonly seconds: number; readonly points: readonly { readonly step: number; readonly return: number }[]; readonly judged: readonly Judged[] }

/** Greedy returns over training. With `judge`, the last of so many rollouts are judged, by weights that have not yet learned from them. */
export async function curveOf({ training }: Composition, algorithm: Algorithm, seed: number, { environment, steps, slots, episodes }: Omit<Task, 'seeds'>, judge = 0): Promise<Curve> {
  const prepared = await training.prepare(setting(judge ? judgedOnce : PAGES[algorithm], slots), { environment, steps, copies: 32, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps / EVALUATIONS, episodes } });
  const points: { step: number; return: number }[] = [], judged: Judged[] = [], held: Record<string, { update: number; data: ArrayLike<number> }> = {};
  prepared.run.metrics$.subscribe(({ step, values }) => { const x = values['eval/return']; if (x !== undefined) points.push({ step, return: x }); });
  if (judge) for (const wire of WIRES) prepared.run.tap$(wire).subscribe(({ update, data }) => {
    held[wire] = { update, data: Array.from(data) };
    if (WIRES.every(w => held[w]?.update === update)) { judged.push(judgeRollout(Object.fromEntries(WIRES.map(w => [w, held[w]!.data])) as Taps)); if (judged.length > judge) judged.shift(); }
  });
  const { seconds } = await prepared.begin();
  return { seconds, points, judged };
}
const WIRES = ['data.obs', 'data.seenAction', 'data.seen', 'beliefDecoder.logits'] as const;
type Taps = Readonly<Record<(typeof WIRES)[number], ArrayLike<number>>>;

/** What a partner of this type plays. */
const plays = (type: number, action: number) => (type === action ? 1 - NOISE : 0) + NOISE / ACTIONS;
const types = Array.from({ length: ACTIONS }, (_, k) => k);
/** What is known of the type after one more step: the partner's action where it was seen; else what `match` paid for the own one. */
function learned(belief: readonly number[], seen: number | undefined, own: number, paid: boolean): number[] {
  const likely = belief.map((p, k) => p * (seen === undefined ? (paid ? plays(k, own) : 1 - plays(k, own)) : plays(k, seen))), all = likely.reduce((a, p) => a + p, 0);
  return likely.map(p => p / all);
}
/** What the partner plays next, as far as is known. */
const foretold = (belief: readonly number[]): number[] => types.map(b => belief.reduce((sum, p, k) => sum + p * plays(k, b), 0));
const best = (law: ArrayLike<number>) => types.reduce((a, b) => (law[b]! > law[a]! ? b : a));

/** `match`, rollouts of one episode: obs [copies slots agent actions+1], seen and seenAction [copies slots agent other], logits [copies steps agent other action]. */
function judgeRollout(taps: Taps): Judged {
  const slots = LENGTH + 2, steps = LENGTH + 1, others = AGENTS, copies = taps['data.seen'].length / slots / AGENTS / others, counts = types.map(() => 0);
  const sums = { decoder: { surprise: 0, right: 0 }, bayes: { surprise: 0, right: 0 } };
  let pairs = 0;
  for (let copy = 0; copy < copies; copy++) for (let agent = 0; agent < AGENTS; agent++) {
    let belief = types.map(() => 1 / ACTIONS);
    for (let t = 0; t < LENGTH; t++) {
      const later = ((copy * slots + t + 1) * AGENTS + agent), partner = later * others + others - 1, obs = later * (ACTIONS + 1), seen = taps['data.seen'][partner] === 1 ? taps['data.seenAction'][partner]! : undefined;
      if (seen !== undefined) {
        const from = (((copy * steps + t) * AGENTS + agent) * others + others - 1) * ACTIONS, e = types.map(b => Math.exp(taps['beliefDecoder.logits'][from + b]!)), all = e.reduce((a, x) => a + x, 0);
        for (const [who, law] of [['decoder', e.map(x => x / all)], ['bayes', foretold(belief)]] as const) { sums[who].surprise -= Math.log(law[seen]!); sums[who].right += best(law) === seen ? 1 : 0; }
        counts[seen]!++;
        pairs++;
      }
      belief = learned(belief, seen, types.find(a => taps['data.obs'][obs + a] === 1)!, taps['data.obs'][obs + ACTIONS] === 1);
    }
  }
  const mean = ({ surprise, right }: { surprise: number; right: number }) => ({ surprise: surprise / pairs, right: right / pairs });
  return { pairs, counts, decoder: mean(sums.decoder), bayes: mean(sums.bayes) };
}

/** What two agents get in an episode of `match` who play what the partner most likely plays, by Bayes' rule, each by what it sees itself. */
export function bayesReturn(visible: number, episodes = 40_000): number {
  const random = Random.of(1, 'bayes');
  let total = 0;
  for (let i = 0; i < episodes; i++) {
    const type = random.integer(ACTIONS);
    let belief = types.map(() => 1 / ACTIONS);
    for (let t = 0; t < LENGTH; t++) {
      const own = best(foretold(belief)), partner = random.uniform() < NOISE ? random.integer(ACTIONS) : type, paid = own === partner;
      if (paid) total++;
      belief = learned(belief, random.uniform() < visible ? partner : undefined, own, paid);
    }
  }
  return AGENTS * total / episodes;
}
