/** The pages and sizes that are timed, and the data that ours and the peers' scripts take. */
import type { Definition } from '../../core/definition.ts';
import type { TypedArray } from '../../core/environment.ts';
import { derive, graph, now, weigh } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { plan, type Plan } from '../../core/plan.ts';
import { f32 } from '../../core/port.ts';
import { Random } from '../../core/random.ts';
import type { NamedArray } from '../../core/store.ts';
import { freshState, view, type LearnerState } from '../../core/weights.ts';
import { after, single } from '../../core/world.ts';
import { dqn, qmix } from '../../graphs/index.ts';
import { categorical, categoricalLogProb, clippedPolicy, encoder, entropyLoss, maskedMse, monotonicMixer, sampleCategorical, standardise, stateValue } from '../../nodes/index.ts';
import { batchOf, presentOf, SIZES, type Sizes } from '../pages/lab.ts';

/** One layer in each hypernetwork, Adam: about 2.3 GFLOP a step, 24 ms at the 95 GFLOP/s of one core with AVX-512. */
const qmixStep = derive(qmix, 'qmix', g => {
  g.swap('mixer', monotonicMixer({ embed: 32, hypernet: [] }));
  g.train('q', g.at('tdLoss').loss, { optimiser: adam({ lr: 5e-4 }), clipNorm: 10 });
});
const judged = { ...single, oldLogProb: after(f32('')), advantage: after(f32('')), returns: after(f32('')) };
/** One minibatch of PPO: what `once` computes for a batch is data here. */
const ppoMinibatch = graph('ppoMinibatch', judged, g => {
  const b = g.transitions({ keep: 2048, batch: 2048 });
  const z = g.add('encoder', encoder({ hidden: [64, 64] }), { x: now(b.obs) });
  const pi = g.add('policy', categorical(), { z: z.z, avail: now(b.avail) });
  const critic = g.add('critic', stateValue({ hidden: [64, 64] }), { x: now(b.obs) });
  const p = g.add('logProb', categoricalLogProb(), { logits: pi.logits, action: b.action });
  const advantage = g.add('standardAdvantage', standardise(), { x: b.advantage, mask: b.valid });
  const policyLoss = g.add('policyLoss', clippedPolicy({ clip: 0.2 }), { logProb: p.logProb, oldLogProb: b.oldLogProb, advantage: advantage.x, mask: b.valid });
  const valueLoss = g.add('valueLoss', maskedMse(), { prediction: critic.value, target: b.returns, mask: b.valid });
  const entropy = g.add('entropy', entropyLoss(), { entropy: p.entropy, mask: b.valid });
  g.train('all', [policyLoss.loss, weigh(0.5, valueLoss.loss), weigh(0.01, entropy.loss)], { optimiser: adam({ lr: 3e-4, eps: 1e-5 }), clipNorm: 0.5 });
  const here = g.shared('actor', pi, { z: g.shared('actorEncoder', z, { x: b.obs }).z, avail: b.avail });
  g.act(g.add('explore', sampleCategorical(), { logits: here.logits }));
});

/** A learning or an acting step at fixed sizes. */
export interface Step { readonly page: Definition; readonly sizes: Sizes; readonly steps: number; readonly acts?: true }
const team = { ...SIZES, batch: 32, agent: 5, id: 5, obs: 63, state: 120, action: 12 }, alone = { ...SIZES, agent: 1, id: 1, neighbour: 1, other: 0 };
export const STEPS = {
  qmix: { page: qmixStep, sizes: team, steps: 49 },
  ppo: { page: ppoMinibatch, sizes: { ...alone, batch: 2048, obs: 32, action: 6 }, steps: 1 },
  dqn: { page: dqn, sizes: { ...alone, batch: 128, obs: 4, action: 2 }, steps: 1 },
  act40: { page: qmixStep, sizes: { ...team, batch: 8 }, steps: 1, acts: true },
  act4: { page: qmixStep, sizes: { ...team, batch: 2, agent: 2, id: 2, obs: 15, action: 6 }, steps: 1, acts: true },
} as const satisfies Record<string, Step>;
/** Adam's second moment before the step that is checked. From 0 a first step is the gradient's sign, and rounding decides it where the gradient is all but 0. */
const SECOND_MOMENT = 1e-6;
/** Half way through exploration, for what is checked. */
export const EPSILON = 0.5;

export interface Laid { readonly plan: Plan; readonly state: LearnerState; readonly fields: Readonly<Record<string, TypedArray>>; readonly noise: Readonly<Record<string, Float32Array>>; readonly carry: Readonly<Record<string, Float32Array>>; readonly arrays: Readonly<Record<string, NamedArray>> }
/** Weights, lagged weights, a batch, and for an acting step its noise and carry; `arrays` has all of them by name, as the peers read them. */
export function laid({ page, sizes, steps, acts }: Step): Laid {
  const p = plan(page, { ...sizes, time: steps }), fresh = freshState(p, 1), given: Record<string, NamedArray> = acts ? presentOf(page, { sizes }) : batchOf(page, { steps, sizes });
  for (const [name, { data }] of Object.entries(given)) if (name.endsWith('oldLogProb')) data.forEach((x, i) => { data[i] = 0.2 * x - Math.log(sizes.action); });
  const slots = Object.fromEntries(Object.entries(fresh.slots).map(([rule, { count, moments }]) => [rule, { count, moments: { ...moments, v: moments['v']!.slice().fill(SECOND_MOMENT) } }])), state = { ...fresh, lagged: freshState(p, 2).weights, slots };
  const rows = sizes.batch * sizes.agent, drawn = (law: 'uniform' | 'normal', name: string, shape: readonly number[]): NamedArray => ({ shape, data: Random.of(3, name).fill(law, new Float32Array(shape.reduce((a, b) => a * b, 1))) });
  const noise: Record<string, NamedArray> = acts ? { 'explore.coin': drawn('uniform', 'coin', [rows]), 'explore.lot': drawn('uniform', 'lot', [rows, sizes.action]) } : {}, carry: Record<string, NamedArray> = acts ? { agentQ: drawn('normal', 'carry', [rows, 64]) } : {};
  if (acts) (given['start']!.data as Uint8Array).fill(0);
  const named = (kind: string, all: Readonly<Record<string, NamedArray>>) => Object.entries(all).map(([k, a]) => [`${kind}/${k.replace(/^data\./, '')}`, a] as const), floats = (all: Readonly<Record<string, NamedArray>>) => Object.fromEntries(Object.entries(all).map(([k, a]) => [k, a.data as Float32Array]));
  return {
    plan: p, state, fields: Object.fromEntries(Object.entries(given).map(([k, a]) => [k, a.data])), noise: floats(noise), carry: floats(carry),
    arrays: Object.fromEntries([['start/v', { shape: [1], data: Float32Array.of(SECOND_MOMENT) }], ...p.slices.flatMap(s => [[`w/${s.name}`, { shape: s.shape, data: view(state.weights, s) }], [`lag/${s.name}`, { shape: s.shape, data: view(state.lagged, s) }]] as const), ...named('field', given), ...named('noise', noise), ...named('carry', carry)]),
  };
}
