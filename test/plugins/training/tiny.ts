/** The smallest pages that learn: one number times one observation, so that every step can be worked by hand. */
import { argMax, cast, mul, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import type { Definition } from '../../../core/definition.ts';
import type { Engine, Outputs, Program } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';
import { graph, type Data, type Graph } from '../../../core/graph.ts';
import type { Layer } from '../../../core/layers.ts';
import { constant } from '../../../nodes/initial.ts';
import { dense } from '../../../nodes/layers.ts';
import { defineNode } from '../../../core/node.ts';
import { plan } from '../../../core/plan.ts';
import { bool, f32, index, still } from '../../../core/port.ts';
import { Learner, type Batch, type Updated, type UpdateOptions } from '../../../core/step.ts';
import { freshState, type LearnerState } from '../../../core/weights.ts';
import { single } from '../../../core/world.ts';

/** y = w x, with w 1 at the start; over an observation of one number. */
export const times = defineNode({
  type: 'times', config: { start: 1 }, in: { x: f32('... ?x') }, out: { y: f32('...') },
  layers: ({ x }, { start }) => ({ w: dense(x, 1, { kernel: constant(start), bias: false }) as Layer }),
  forward: ({ x }, { w }) => ({ y: sum(w(x), -1) }),
});
/** y = w x, of something that is one number already. */
export const factor = defineNode({
  type: 'factor', config: { start: 1 }, in: { x: f32('...') }, out: { y: f32('...') },
  layers: (_, { start }) => ({ w: dense(1, 1, { kernel: constant(start), bias: false }) as Layer }),
  forward: ({ x }, { w }) => ({ y: sum(w(x.reshape([-1, 1])), -1) }),
});
/** The sum of squares over what counts, so that gradients need no division. */
export const squares = defineNode({
  type: 'squares', in: { a: f32('...'), b: still(f32('...')), mask: still(f32('...')) }, out: { loss: f32('') },
  forward: ({ a, b, mask }: { a: Tensor; b: Tensor; mask: Tensor }) => ({ loss: sum(mul(mask, square(sub(a, b)))) }),
});
/** The first action that is allowed. */
export const firstAllowed = defineNode({
  type: 'firstAllowed', in: { avail: bool('... action') }, out: { action: index('...', 'action') },
  forward: ({ avail }) => ({ action: argMax(cast(avail, 'int32'), -1) }),
});

type Source = Data<typeof single>;
/** A page of one agent on transitions of a replay, with what the test adds to it. */
export function page<R>(build: (g: Graph<typeof single>, data: Source) => R, source: (g: Graph<typeof single>) => Source = g => g.transitions({ keep: 100, batch: 2 })): Definition<R, typeof single> {
  return graph('tiny', single, g => {
    const data = source(g), handles = build(g, data);
    const explore = g.slot('explore', firstAllowed(), { avail: data.avail });
    g.act(explore);
    return handles;
  });
}

const SIZES = { obs: 1, action: 2, agent: 1 } as const;
/** A batch of one-number observations: rows of slots, and rewards that are the numbers to be met. */
export function batchOf(x: readonly (readonly number[])[], reward: readonly (readonly number[])[], more: Readonly<Record<string, TypedArray>> = {}): Batch {
  const batch = x.length, time = reward[0]!.length, flat = (v: readonly (readonly number[])[]) => Float32Array.from(v.flat());
  return { cuts: { data: { batch, time } }, fields: {
    'data.obs': flat(x), 'data.reward': flat(reward), 'data.valid': new Float32Array(batch * time).fill(1), 'data.weight': new Float32Array(batch * time).fill(1),
    'data.terminated': new Uint8Array(batch * time), 'data.truncated': new Uint8Array(batch * time), 'data.start': Uint8Array.from({ length: batch * (time + 1) }, (_, i) => Number(i % (time + 1) === 0)),
    'data.avail': new Uint8Array(batch * (time + 1) * 2).fill(1), 'data.action': new Int32Array(batch * time), 'data.nextAction': new Int32Array(batch * time), ...more,
  } };
}

/** An engine that writes down what it was asked to run and what came of it. */
export class Watched implements Engine {
  readonly programs: string[] = [];
  readonly outputs: Outputs[] = [];
  readonly #engine: Engine;
  constructor(engine: Engine) { this.#engine = engine; }
  get info(): Engine['info'] { return this.#engine.info; }
  compile(program: Program): ReturnType<Engine['compile']> {
    const built = this.#engine.compile(program);
    return { dispose: () => { built.dispose(); }, run: async supply => { this.programs.push(program.key.split('/').slice(2).join('/')); const out = await built.run(supply); this.outputs.push(out); return out; } };
  }
  alive(): number { return this.#engine.alive(); }
  close(): void { this.#engine.close(); }
}

interface Steps { readonly learner: Learner; readonly state: LearnerState; update(batch: Batch, options?: Partial<UpdateOptions>, state?: LearnerState): Promise<Updated> }
/** A learner of a page and its first state. */
export function steps(d: Definition, engine: Engine, sizes: Readonly<Record<string, number>> = SIZES, seed = 1): Steps {
  const learner = new Learner(plan(d, sizes), engine), state = freshState(learner.plan, seed);
  return { learner, state, update: (batch, options = {}, from = state) => learner.update(from, batch, { seed, ...options }) };
}
/** The weights of a node, by `layer/tensor`. */
export const weightsOf = ({ learner }: Pick<Steps, 'learner'>, state: LearnerState, node: string): number[] =>
  learner.plan.slices.filter(s => s.node === node).flatMap(s => [...state.weights.subarray(s.from, s.from + s.size)]);
