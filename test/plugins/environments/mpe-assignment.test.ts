import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Assignment } from '../../../plugins/environments/mpe/assignment.ts';

const orders = (n: number): readonly (readonly number[])[] => n === 0 ? [[]] : orders(n - 1).flatMap(order => Array.from({ length: n }, (_, at) => [...order.slice(0, at), n - 1, ...order.slice(at)]));

it('costs as little as the best of all orders, whatever was solved before', () => {
  const solvers = Array.from({ length: 7 }, (_, n) => new Assignment(n));
  fc.assert(fc.property(fc.integer({ min: 1, max: 6 }).chain(n => fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: n * n, maxLength: n * n })), costs => {
    const n = Math.sqrt(costs.length), solver = solvers[n]!, of = (columns: Iterable<number>) => [...columns].reduce((sum, column, row) => sum + costs[row * n + column]!, 0);
    solver.cost.set(costs);
    solver.solve();
    expect([...solver.column].sort()).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(of(solver.column)).toBeCloseTo(Math.min(...orders(n).map(of)), 10);
  }), { numRuns: 300 });
});
