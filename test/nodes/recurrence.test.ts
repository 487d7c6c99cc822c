/** The recurrence of returns against the same loop in float64, and its gradient against differences; what is made of it for an engine that compiles. */
import { grads, mul, sum, type Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine, Input } from '../../core/engine.ts';
import { Random } from '../../core/random.ts';
import { recurrence } from '../../nodes/index.ts';
import { emit } from '../../plugins/engines/onnx/emit.ts';
import { trace } from '../../plugins/engines/onnx/symbolic-backend.ts';
import { engineOn, judged } from '../plugins/engines/on.ts';

let engines: Engine[];
beforeAll(async () => { engines = [await judged(), await engineOn('cpu')]; });

type Given = Readonly<Record<'x' | 'a' | 'after' | 'cotangent', Float32Array>>;
const draw = (what: string, n: number) => Random.of(3, `recurrence/${what}`).fill('normal', new Float32Array(n)), NAMES = ['x', 'a', 'after'] as const;
/** Rows, steps and what stands behind them. */
type Sizes = readonly [number, number, number];
const given = ([n, T, m]: Sizes): Given => ({ x: draw('x', n * T * m), a: draw('a', n * T * m), after: draw('after', n * m), cotangent: draw('cotangent', n * T * m) });
/** y row by row in float64. */
function loop([n, T, m]: Sizes, { x, a, after }: Readonly<Record<(typeof NAMES)[number], ArrayLike<number>>>): Float64Array {
  const y = new Float64Array(n * T * m);
  for (let r = 0; r < n; r++) for (let k = 0; k < m; k++) for (let t = T - 1, later = after[r * m + k]!; t >= 0; t--) { const i = (r * T + t) * m + k; later = y[i] = x[i]! + a[i]! * later; }
  return y;
}
const program = ([n, T, m]: Sizes, ended = true) => ({ key: 'recurrence', run: (input: Input) => {
  const own = m === 1 ? [] : [m], whole = [n, T, ...own], xs = NAMES.slice(0, ended ? 3 : 2).map((k, i) => input(k, i === 2 ? [n, ...own] : whole, 'f32')), f = (...t: Tensor[]) => recurrence(t[0]!, t[1]!, t[2]);
  return { y: f(...xs), ...Object.fromEntries(grads((...t) => sum(mul(f(...t), input('cotangent', whole, 'f32'))))(xs).map((g, i) => [NAMES[i]!, g])) };
} });
async function run(engine: Engine, sizes: Sizes, v: Given, ended = true) {
  const built = engine.compile(program(sizes, ended));
  try { return await built.run(name => v[name as keyof Given]); } finally { built.dispose(); }
}
/** Within so much of the largest number there is: the recurrence may grow. */
const close = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number) => {
  const largest = Array.from(want).reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) if (!(Math.abs(got[i]! - want[i]!) <= tolerance * largest)) expect.fail(`element ${i} is ${got[i]}, expected ${want[i]}`);
};

describe('recurrence', () => {
  it('is the loop from the last step to the first, for any rows, steps and dims behind them; its gradients are those of differences', () => fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 2 }), async (...sizes) => {
    const v = given(sizes), total = (k: (typeof NAMES)[number], i: number, by: number) => { const moved = Float64Array.from(v[k]); moved[i]! += by; return loop(sizes, { ...v, [k]: moved }).reduce((s, y, j) => s + y * v.cotangent[j]!, 0); };
    for (const engine of engines) {
      const got = await run(engine, sizes, v);
      close(got['y']!.data, loop(sizes, v), 1e-6);
      for (const k of NAMES) close(got[k]!.data, Array.from(v[k], (_, i) => (total(k, i, 1e-5) - total(k, i, -1e-5)) / 2e-5), 2e-6);
    }
  }), { numRuns: 15 }));
  it('by hand: 1 + 0.5 (2 + 0.5 (4 + 0.5 8)), and without an end 1 + 0.5 (2 + 0.5 4)', async () => {
    const v = { x: Float32Array.of(1, 2, 4), a: Float32Array.of(0.5, 0.5, 0.5), after: Float32Array.of(8), cotangent: Float32Array.of(1, 1, 1) };
    for (const engine of engines) {
      expect([...(await run(engine, [1, 3, 1], v))['y']!.data]).toEqual([4, 6, 8]);
      expect([...(await run(engine, [1, 3, 1], v, false))['y']!.data]).toEqual([3, 4, 4]);
    }
  });
  it('knows nothing of what lies behind a step with a = 0', async () => {
    const v = given([1, 4, 1]), cut = { ...v, a: Float32Array.of(1, 0, 1, 1) }, other = { ...cut, x: Float32Array.of(v.x[0]!, v.x[1]!, 9, 9), after: Float32Array.of(9) };
    for (const engine of engines) {
      const [a, b] = [await run(engine, [1, 4, 1], cut), await run(engine, [1, 4, 1], other)];
      expect([...b['y']!.data.subarray(0, 2)]).toEqual([...a['y']!.data.subarray(0, 2)]);
      expect(b['after']!.data[0]).toBe(a['after']!.data[0]);
    }
  });
  it('is one operator over time, and one for its gradient, however long', () => {
    const count = (T: number) => Object.fromEntries(emit(trace(program([2, T, 1]))).operators);
    expect(count(100)).toEqual(count(5));
    expect(count(5)['Scan']).toBe(3);                                    // forward twice, for y and for its gradient
  });
});
