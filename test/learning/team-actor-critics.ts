/** Actor-critics of several agents on games of one step whose optima are known: for the rows of docs/reproductions.md. */
import type { Definition } from '../../core/definition.ts';
import { derive, swap, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { linear } from '../../core/schedule.ts';
import type { World } from '../../core/world.ts';
import { facmac, iddpg, maddpgContinuous } from '../../graphs/index.ts';
import { freeMixer } from '../../nodes/index.ts';
import type { Composition } from '../../plugins/compose.ts';

type Page = Definition<unknown, World>;
export const STEPS = 2500;
/** Noise of `std` on the actions, and rates that fall to a tenth, of the actors from a lower one than the authors' 0.01: the critics of so small a game are ahead of them then. */
const settled = (page: Page, std: number): Page => derive(page, page.page.name, g => {
  g.set('explore', { std });
  const { critic, actor } = page.page.train, rule = (lr: number, { clipEach, clipNorm }: typeof critic & {}) => ({ optimiser: adam({ lr: linear({ from: lr, to: lr / 10, steps: STEPS }) }), ...(clipEach === undefined ? { clipNorm: clipNorm! } : { clipEach }) });
  g.train('critic', g.at('criticLoss').loss, rule(1e-2, critic!));
  g.train('actor', [g.at('actorLoss').loss, weigh(1e-3, g.at('actorSize').loss)], { ...rule(3e-3, actor!), after: 'critic' });
});
/** IDDPG's noise is half of the others', since its critics do not see the other agent's action: what that is paid for its noise is noise to them. */
export const CONTINUOUS: readonly (readonly [string, string, Page, readonly (readonly number[])[], number])[] = [
  ['MADDPG', 'quadratic/aim', settled(derive(maddpgContinuous as never as Page, 'maddpgContinuous', g => { g.transitions({ keep: 3000, batch: 64, start: 200, every: 1 }); }), 0.4), [[0.5, -0.3]], -0.005],
  ['IDDPG', 'quadratic/aim', settled(derive(iddpg as never as Page, 'iddpg', g => { g.episodes({ keep: 3000, batch: 64 }); }), 0.2), [[0.5, -0.3]], -0.005],
  ['FACMAC, any mixer', 'quadratic/product', settled(swap(derive(facmac as never as Page, 'facmac', g => { g.episodes({ keep: 3000, batch: 64 }); }), 'mixer', freeMixer({ hidden: 64 })), 0.4), [], -0.02],
];
export interface Played { readonly actions: readonly number[]; readonly return: number; readonly seconds: number }
/** What greedy play does and gets at the end. */
export async function learn({ training, catalogue }: Composition, page: Definition, environment: string, steps: number, seed: number): Promise<Played> {
  const prepared = await training.prepare(page, { environment, steps, copies: 1, seed, out: false, engine: 'onnx:cpu-1', evaluate: { every: steps, episodes: 1 }, logEvery: steps }), { state, seconds, evaluation } = await prepared.begin();
  const env = await catalogue.environment(environment, { copies: 1, seed: 1 }), { agent = 1, action = 1 } = env.spec.sizes;
  await env.reset(Uint8Array.of(1));
  const fields = { obs: Float32Array.from(env.fields['obs']!), start: Uint8Array.of(1), lastAction: new Float32Array(agent * action), agentId: Float32Array.from({ length: agent * agent }, (_, i) => Number(i % (agent + 1) === 0)), avail: new Uint8Array(agent * action).fill(1) };
  const acted = await prepared.run.learner.act(state, fields, 1, {}, { seed: 1, counters: [0], best: true });
  return { actions: [...acted.action.data], return: evaluation['eval/return']!, seconds };
}
