/** Agents that learn or act one after another, in games of payoff tables: for the rows of docs/reproductions.md. */
import type { Definition } from '../../core/definition.ts';
import { derive, type Graph } from '../../core/graph.ts';
import type { World } from '../../core/world.ts';
import { happo, mat } from '../../graphs/index.ts';
import { categorical, layerNormEncoder } from '../../nodes/index.ts';
import type { Composition } from '../../plugins/compose.ts';

type Page = Definition<unknown, World>;
export interface Setting { readonly game: string; /** Of an episode. */ readonly length: number; readonly copies: number; readonly steps: number }
/** The page with a rollout of one episode in each copy: its transitions, and the slot of the last observation. */
const played = (d: Page, { length, copies }: Setting, more: (g: Graph<World>) => void = () => undefined): Definition => derive(d, d.page.name, g => {
  const { epochs, minibatches } = d.page.sources['data']!;
  g.rollout({ steps: length + 1, copies, epochs: epochs!, minibatches: minibatches! });
  more(g);
});
const team = (d: unknown) => d as Page;
export const PAGES = {
  HAPPO: (s: Setting) => played(team(happo), s),
  /** Agents share an actor, which does not know for whom it acts. */
  'HAPPO with one actor': (s: Setting) => played(team(happo), s, g => { g.swap('encoder', layerNormEncoder({ hidden: [64, 64] })); g.swap('policy', categorical()); }),
  MAT: (s: Setting) => played(team(mat), s),
  /** Agents act at once, each on its own token: those that observe the same have the same policy. */
  'MAT without a decoder': (s: Setting) => played(team(mat), s, g => { g.swap('decoder', categorical()); }),
};

export interface Played {
  /** Mean return of the episodes that the policy drew in the last tenth of the run, and return of the best actions at its end. */
  readonly drawn: number; readonly greedy: number;
  /** First step from which on every evaluation was as good as the last one. */
  readonly since: number; readonly seconds: number;
}
export async function play({ training }: Composition, page: Definition, { game, copies, steps }: Setting, seed: number): Promise<Played> {
  const prepared = await training.prepare(page, { environment: game, steps, copies, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps / 20, episodes: 2 }, logEvery: steps / 10 }), greedy: { step: number; score: number }[] = [];
  let drawn = NaN;
  prepared.run.metrics$.subscribe(({ step, values }) => {
    if (values['eval/return'] !== undefined) greedy.push({ step, score: values['eval/return'] });
    if (values['train/return'] !== undefined) drawn = values['train/return'];
  });
  const { seconds } = await prepared.begin(), last = greedy.at(-1)!.score, missed = greedy.findLastIndex(({ score }) => score < last);
  return { drawn, greedy: last, since: greedy[missed + 1]!.step, seconds: Math.round(seconds) };
}
