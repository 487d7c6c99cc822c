/** Optimisers against PyTorch's formulas, worked in float64 beside them. */
import fc from 'fast-check';
import { sqrt, square, sum } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../core/engine.ts';
import { adam, clipFactor, optimise, rmsprop, scalars, sgd, slotsOf, type Optimiser } from '../../core/optimiser.ts';
import { Random } from '../../core/random.ts';
import { compute, engineOn } from '../plugins/engines/on.ts';

let engine: Engine;
beforeAll(async () => { engine = await engineOn('cpu'); });

interface State { w: Float32Array; m: Float32Array; v: Float32Array }
/** Step t = 1, 2, ... as a learning step makes it. */
async function step(o: Optimiser, lr: number, t: number, { w, m, v }: State, g: Float32Array): Promise<State> {
  const { rate, eps } = scalars(o, lr, t), n = [w.length];
  const out = await compute(engine, { w, m, v, g, rate: Float32Array.of(rate), eps: Float32Array.of(eps) }, input => {
    const after = optimise(o, input('w', n, 'f32'), input('g', n, 'f32'), Object.fromEntries(slotsOf(o).map(k => [k, input(k, n, 'f32')])), input('rate', [], 'f32'), input('eps', [], 'f32'));
    return { w: after.w, ...after.slots };
  });
  const array = (k: string, otherwise: Float32Array) => (out[k] ? Float32Array.from(out[k].data) : otherwise);
  return { w: array('w', w), m: array('m', m), v: array('v', v) };
}
/** torch.optim, one weight after another, in float64. */
const torch: Readonly<Record<string, (o: Optimiser, lr: number, t: number, w: number, g: number, s: { m: number; v: number }) => number>> = {
  adam: (o, lr, t, w, g, s) => {
    s.m = 0.9 * s.m + 0.1 * g;
    s.v = 0.999 * s.v + 0.001 * g * g;
    return w - lr * (s.m / (1 - 0.9 ** t)) / (Math.sqrt(s.v / (1 - 0.999 ** t)) + (o.eps ?? 1e-8));
  },
  rmsprop: (o, lr, _, w, g, s) => {
    const decay = o.decay ?? 0.99;
    s.v = decay * s.v + (1 - decay) * g * g;
    return w - lr * g / (Math.sqrt(s.v) + (o.eps ?? 1e-5));
  },
  sgd: (_, lr, __, w, g) => w - lr * g,
};
const LR = 1e-2, N = 16;
const gradients = (t: number, scale: number) => Random.of(5, 'gradient', t).fill('normal', new Float32Array(N)).map((x, i) => x * scale * 10 ** (i % 4 - 3));

async function compare(o: Optimiser, scale = 1): Promise<void> {
  const start = Random.of(4, 'w').fill('uniform', new Float32Array(N));
  let state: State = { w: start, m: new Float32Array(N), v: new Float32Array(N) };
  const want = { w: Float64Array.from(start), s: Array.from({ length: N }, () => ({ m: 0, v: 0 })) };
  for (let t = 1; t <= 20; t++) {
    const g = gradients(t, scale);
    state = await step(o, LR, t, state, g);
    for (let i = 0; i < N; i++) want.w[i] = torch[o.type]!(o, LR, t, want.w[i]!, g[i]!, want.s[i]!);
    for (let i = 0; i < N; i++) expect(Math.abs(state.w[i]! - want.w[i]!), `${o.type}, step ${t}, weight ${i}`).toBeLessThan(1e-6);
  }
}

describe('twenty steps', () => {
  for (const [name, o] of Object.entries({
    adam: adam({ lr: LR }), 'adam with a large eps': adam({ lr: LR, eps: 1e-2 }), rmsprop: rmsprop({ lr: LR }),
    'rmsprop with other numbers': rmsprop({ lr: LR, decay: 0.9, eps: 1e-3 }), sgd: sgd({ lr: LR }),
  })) it(`${name}: as PyTorch's`, () => compare(o));
  it('with small gradients, where the place of eps shows', async () => {
    await compare(rmsprop({ lr: LR }), 1e-3);
    await compare(adam({ lr: LR, eps: 1e-5 }), 1e-3);
  });
});

describe('eps', () => {
  it('stands outside the root: one step of rmsprop, by hand', async () => {
    // v = 0.01 x (1e-6)^2 = 1e-14, root 1e-7; step = 0.01 x 1e-6 / (1e-7 + 1e-5) = 9.90e-4; with eps inside the root it were 0.01 x 1e-6 / 3.2e-3 = 3.2e-6
    const { w } = await step(rmsprop({ lr: LR }), LR, 1, { w: Float32Array.of(0), m: new Float32Array(1), v: new Float32Array(1) }, Float32Array.of(1e-6));
    expect(w[0]).toBeCloseTo(-9.900990099e-4, 7);
  });
  it('of the first step of adam is not divided by a bias correction', async () => {
    // m^ = g, v^ = g^2, so the step is lr g / (|g| + eps) = 0.01 x 1e-4 / (1e-4 + 1e-4) = 0.005
    const { w } = await step(adam({ lr: LR, eps: 1e-4 }), LR, 1, { w: Float32Array.of(0), m: new Float32Array(1), v: new Float32Array(1) }, Float32Array.of(1e-4));
    expect(w[0]).toBeCloseTo(-0.005, 6);
  });
  it('is the documented one where a page leaves it out, as a JSON page may', async () => {
    const state = () => ({ w: Float32Array.of(0.5, 0.5), m: new Float32Array(2), v: new Float32Array(2) }), g = Float32Array.of(0, 1e-3);
    for (const [bare, full] of [[{ type: 'adam', lr: LR }, adam({ lr: LR })], [{ type: 'rmsprop', lr: LR }, rmsprop({ lr: LR })]] as const)
      expect((await step(bare, LR, 1, state(), g)).w, bare.type).toEqual((await step(full, LR, 1, state(), g)).w);
  });
});

describe('a gradient of 0', () => {
  it('moves nothing at the first step', async () => {
    const w = Float32Array.of(1, -2, 0);
    for (const o of [adam({ lr: LR }), rmsprop({ lr: LR }), sgd({ lr: LR })]) expect((await step(o, LR, 1, { w, m: new Float32Array(3), v: new Float32Array(3) }, new Float32Array(3))).w).toEqual(w);
  });
  it('lets adam coast on its momentum, and rmsprop and sgd rest', async () => {
    const move = async (o: Optimiser) => {
      const one = await step(o, LR, 1, { w: new Float32Array(1), m: new Float32Array(1), v: new Float32Array(1) }, Float32Array.of(1)), two = await step(o, LR, 2, one, new Float32Array(1));
      return two.w[0]! - one.w[0]!;
    };
    expect(await move(adam({ lr: LR }))).toBeLessThan(-1e-3);
    expect(await move(rmsprop({ lr: LR }))).toBe(0);
    expect(await move(sgd({ lr: LR }))).toBe(0);
  });
});

describe('clipping', () => {
  const factor = async (norm: number, c: number) => (await compute(engine, { norm: Float32Array.of(norm) }, input => ({ f: clipFactor(input('norm', [], 'f32'), c) })))['f']!.data[0]!;
  it('is min(1, c / (norm + 1e-6)): 5 of norm 10 allowed is whole, 20 of norm 10 is half', async () => {
    expect(await factor(5, 10)).toBe(1);
    expect(await factor(20, 10)).toBeCloseTo(0.5, 6);
    expect(await factor(0, 10)).toBe(1);
  });
  it('never lengthens, and leaves at most the norm allowed', () => fc.assert(fc.asyncProperty(fc.array(fc.float({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 6 }), fc.float({ min: Math.fround(1e-3), max: 100, noNaN: true }), async (g, c) => {
    const norm = Math.sqrt(g.reduce((a, x) => a + x * x, 0)), f = await factor(norm, c);
    expect(f).toBeLessThanOrEqual(1);
    expect(f * norm).toBeLessThanOrEqual(c * (1 + 1e-6));
    const out = await compute(engine, { g: Float32Array.from(g) }, input => ({ n: sqrt(sum(square(input('g', [g.length], 'f32')))) }));
    expect(Math.abs(out['n']!.data[0]! - norm)).toBeLessThanOrEqual(1e-5 * Math.max(1, norm));
  }), { numRuns: 30 }));
});

describe('moments', () => {
  it('are those that the optimiser reads', () => { expect([adam({ lr: 1 }), rmsprop({ lr: 1 }), sgd({ lr: 1 })].map(slotsOf)).toEqual([['m', 'v'], ['v'], []]); });
});
