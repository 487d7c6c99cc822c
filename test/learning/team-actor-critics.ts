/** MADDPG, independent DDPG and FACMAC on games of one step whose optima are known, and discrete MADDPG on repeated matrix games: for the rows of docs/reproductions.md. */
import type { Definition } from '../../core/definition.ts';
import { derive, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import type { World } from '../../core/world.ts';
import { facmac, iddpg, maddpg, maddpgContinuous } from '../../graphs/index.ts';
import type { Composition } from '../../plugins/compose.ts';

type Page = Definition<unknown, World>;
/** The rate at which the actors learn: a game of one state needs a lower one than the authors' 0.01, at which the actors run ahead of the critics. */
const RATE = 1e-3;
/** Actions of half the range at random around the actors' own, so that the replay shows the critics what lies about. */
const explored = (page: Page, std: number): Page => derive(page, page.page.name, g => {
  g.set('explore', { std });
  const { losses: _, ...rule } = page.page.train['actor']!;
  g.train('actor', [g.at('actorLoss').loss, weigh(1e-3, g.at('actorSize').loss)], { after: rule.after!, optimiser: adam({ lr: RATE, eps: rule.optimiser.eps! }), ...(rule.clipEach === undefined ? { clipNorm: rule.clipNorm! } : { clipEach: rule.clipEach }) });
});
export const CONTINUOUS = {
  'MADDPG': derive(explored(maddpgContinuous as never as Page, 0.5), 'maddpgContinuous', g => { g.transitions({ keep: 5000, batch: 64, start: 200, every: 1 }); }),
  'IDDPG': explored(iddpg as never as Page, 0.5), 'FACMAC': explored(facmac as never as Page, 0.5),
} as const;

export interface Played { readonly actions: readonly number[]; readonly reward: number; readonly best: number; readonly seconds: number }
/** What greedy play does at the end, and the return that evaluations saw last and at most. */
export async function learn({ training, catalogue }: Composition, page: Definition, environment: string, steps: number, seed: number): Promise<Played> {
  const prepared = await training.prepare(page, { environment, steps, copies: 1, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps / 10, episodes: 1 }, logEvery: steps });
  let best = -Infinity;
  prepared.run.metrics$.subscribe(({ values }) => { best = Math.max(best, values['eval/return'] ?? -Infinity); });
  const { state, seconds, evaluation } = await prepared.begin(), env = await catalogue.environment(environment, { copies: 1, seed: 1 });
  await env.reset(Uint8Array.of(1));
  const { agent = 1, obs = 1 } = env.spec.sizes, fields = { obs: Float32Array.from(env.fields['obs']!), start: Uint8Array.of(1), lastAction: new Float32Array(agent * env.spec.sizes['action']!), agentId: Float32Array.from({ length: agent * agent }, (_, i) => Number(i % (agent + 1) === 0)), alive: new Float32Array(agent).fill(1), avail: new Uint8Array(agent * env.spec.sizes['action']!).fill(1) };
  if (fields.obs.length !== agent * obs) throw new Error('observations of another size');
  const { action } = await prepared.run.learner.act(state, fields, 1, {}, { seed: 1, counters: [0], best: true });
  return { actions: [...action.data], reward: evaluation['return'] ?? evaluation['eval/return'] ?? NaN, best, seconds };
}

/** Discrete MADDPG on a repeated game: replay and updates as often as an episode is long, in EPyMARL's numbers. */
export const DISCRETE = derive(maddpg as never as Page, 'maddpg', g => { g.transitions({ keep: 50_000, batch: 256, start: 1000, every: 25 }); });
