/** Draws keyed by what they are for: the same key the same draws, other keys unrelated ones, every law as it is meant. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random, type Law } from '../../core/random.ts';

const N = 100_000;
const draws = (law: Law, n = N, random = Random.of(1, 'test')) => random.fill(law, new Float32Array(n));
const key = fc.record({ seed: fc.nat(), stream: fc.stringMatching(/^[a-z][a-z/]{0,12}$/), counters: fc.array(fc.nat(), { maxLength: 4 }) });
const of = ({ seed, stream, counters }: { seed: number; stream: string; counters: readonly number[] }) => Random.of(seed, stream, ...counters);
const take = (random: Random, n = 8) => Array.from({ length: n }, () => random.uniform());

/** Pearson's statistic against equal counts, and the value that it passes once in a few million tables: mean + 5 standard deviations. */
function chiSquare(counts: ArrayLike<number>, total: number): { statistic: number; most: number } {
  const bins = counts.length, each = total / bins;
  return { statistic: Array.from(counts).reduce((sum, n) => sum + (n - each) ** 2 / each, 0), most: bins - 1 + 5 * Math.sqrt(2 * (bins - 1)) };
}
/** Are numbers that should be uniform on [0, 1) so? */
function uniform(x: ArrayLike<number>, bins = 100): void {
  const counts = new Float64Array(bins);
  for (let i = 0; i < x.length; i++) counts[Math.min(bins - 1, Math.floor(x[i]! * bins))]!++;
  const { statistic, most } = chiSquare(counts, x.length);
  expect(statistic).toBeLessThan(most);
}
/** Correlation times the root of the number of pairs: standard normal where two streams are unrelated. */
function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length, mean = (v: ArrayLike<number>) => Array.from(v).reduce((a, b) => a + b, 0) / n, [mx, my] = [mean(x), mean(y)];
  let xy = 0, xx = 0, yy = 0;
  for (let i = 0; i < n; i++) { xy += (x[i]! - mx) * (y[i]! - my); xx += (x[i]! - mx) ** 2; yy += (y[i]! - my) ** 2; }
  return xy / Math.sqrt(xx * yy) * Math.sqrt(n);
}
/** The normal distribution function; Abramowitz and Stegun 7.1.26, exact to 1.5e-7. */
function below(x: number): number {
  const z = Math.abs(x) / Math.SQRT2, t = 1 / (1 + 0.3275911 * z);
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-z * z);
  return x < 0 ? tail / 2 : 1 - tail / 2;
}

describe('a key', () => {
  it('gives the same draws again', () => { fc.assert(fc.property(key, k => { expect(take(of(k))).toEqual(take(of(k))); })); });
  it('gives other draws with another seed, stream or counter', () => {
    fc.assert(fc.property(key, key, (a, b) => { fc.pre(JSON.stringify(a) !== JSON.stringify(b)); expect(take(of(a))).not.toEqual(take(of(b))); }));
  });
  it('tells streams of one name apart by their counters, however many there are', () => {
    const firsts = [[], [0], [1], [0, 0], [0, 1], [1, 0], [10], [1, 0, 0], [-1, 0], [-1]].map(c => take(Random.of(3, 'same', ...c)).join());
    expect(new Set(firsts).size).toBe(firsts.length);
  });
  it('is told apart from every other of a long run: 64 bits separate two streams', () => {
    // as many keys as a run of 180,000 updates asks for; with 64 bits two of them agree once in 10^8 runs
    const states = new Set<string>(), streams = ['sample', 'order', 'noise/a.eps', 'noise/b.eps', 'noise/explore.coin', 'noise/explore.lot'];
    for (const stream of streams) for (let update = 0; update < 60_000; update++) states.add(Random.of(1, stream, update).state().join());
    expect(streams.length * 60_000 - states.size).toBe(0);
  });
  it('is unrelated to its neighbours', () => {
    for (const [a, b] of [[Random.of(1, 'x'), Random.of(2, 'x')], [Random.of(1, 'x'), Random.of(1, 'y')], [Random.of(1, 'x', 0), Random.of(1, 'x', 1)], [Random.of(1, 'x', 0), Random.of(1, 'x', 0, 0)]] as const)
      expect(Math.abs(correlation(draws('uniform', N, a), draws('uniform', N, b)))).toBeLessThan(5);
  });
  it('gives first draws that are uniform and unrelated from counter to counter: most streams are used for few', () => {
    const first = Array.from({ length: N }, (_, i) => Random.of(1, 'noise/explore.coin', -1, 0, i).uniform());
    uniform(first);
    for (const lag of [1, 2, 10]) expect(Math.abs(correlation(first.slice(lag), first.slice(0, -lag)))).toBeLessThan(5);
  });
});

describe('a stream', () => {
  it('goes on from its state as if it had not stopped', () => {
    fc.assert(fc.property(key, fc.nat({ max: 20 }), (k, before) => {
      const straight = of(k), broken = of(k);
      take(straight, before); take(broken, before);
      const back = Random.from(JSON.parse(JSON.stringify(broken.state())) as number[]);
      expect(take(back)).toEqual(take(straight));
      expect(back.state()).toEqual(straight.state());
    }));
  });
  it('does not change by being asked for its state', () => { const random = Random.of(1, 'x'); random.state(); expect(take(random)).toEqual(take(Random.of(1, 'x'))); });
  it('keeps what a longer array begins with', () => {
    for (const law of ['uniform', 'normal', 'gumbel'] as const) expect([...draws(law, 4, Random.of(9, law))]).toEqual([...draws(law, 7, Random.of(9, law)).subarray(0, 4)]);
  });
  it('is unrelated to itself some draws later', () => {
    const x = draws('uniform');
    for (const lag of [1, 2, 3, 64]) expect(Math.abs(correlation(x.subarray(lag), x.subarray(0, -lag)))).toBeLessThan(5);
  });
});

describe('a law', () => {
  it('uniform is uniform on [0, 1)', () => {
    const x = draws('uniform');
    uniform(x);
    expect(x.every(u => u >= 0 && u < 1)).toBe(true);
  });
  it('uniform has bits below those of one 32-bit draw', () => { expect(take(Random.of(1, 'x'), 64).some(u => u * 2 ** 32 % 1 !== 0)).toBe(true); });
  it('normal is standard normal: distribution, neighbours of a pair unrelated, tails beyond 4', () => {
    const x = draws('normal'), even = x.filter((_, i) => i % 2 === 0), odd = x.filter((_, i) => i % 2 === 1);
    uniform(x.map(below));
    expect(Math.abs(correlation(even, odd))).toBeLessThan(5);
    expect(Math.abs(correlation(even.map(v => v * v), odd.map(v => v * v)))).toBeLessThan(5);
    expect(x.reduce((a, b) => a + b, 0) / N).toBeCloseTo(0, 1);
    expect(x.reduce((a, b) => a + b * b, 0) / N).toBeCloseTo(1, 1);
    // P(|x| > 4) = 6.3e-5: 6 of 100,000
    expect(x.filter(v => Math.abs(v) > 4).length).toBeGreaterThan(0);
    expect(x.filter(v => Math.abs(v) > 4).length).toBeLessThan(25);
  });
  it('gumbel is standard Gumbel, and the argmax of as many is uniform', () => {
    const x = draws('gumbel'), wins = new Float64Array(5);
    uniform(x.map(v => Math.exp(-Math.exp(-v))));
    for (let i = 0; i < N; i += 5) { const row = [...x.subarray(i, i + 5)]; wins[row.indexOf(Math.max(...row))]!++; }
    const { statistic, most } = chiSquare(wins, N / 5);
    expect(statistic).toBeLessThan(most);
  });
  it('never gives a number that is not finite', () => { for (const law of ['uniform', 'normal', 'gumbel'] as const) expect(draws(law, 200_000, Random.of(2, law)).every(Number.isFinite)).toBe(true); });
});

describe('whole numbers', () => {
  it('lie in [0, below), all of them as often', () => {
    for (const most of [2, 3, 7, 100]) {
      const random = Random.of(1, 'integer', most), counts = new Float64Array(most);
      for (let i = 0; i < N; i++) counts[random.integer(most)]!++;
      expect(counts.reduce((a, b) => a + b, 0)).toBe(N);
      const table = chiSquare(counts, N);
      expect(table.statistic).toBeLessThan(table.most);
    }
  });
  it('reach far beyond 16 bits', () => { const random = Random.of(1, 'far'), x = Array.from({ length: 1000 }, () => random.integer(2 ** 31)); expect(Math.max(...x)).toBeGreaterThan(2 ** 30); expect(Math.min(...x)).toBeLessThan(2 ** 24); });
  it('are 0 where nothing else is below', () => { expect(Random.of(1, 'x').integer(1)).toBe(0); });
});

describe('a permutation', () => {
  it('holds every number once', () => { fc.assert(fc.property(key, fc.integer({ min: 1, max: 40 }), (k, n) => { expect([...of(k).permutation(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i)); })); });
  it('is any of the 24 of four things as often, over the updates of a run', () => {
    const counts = new Map<string, number>(), n = 24_000;
    for (let update = 0; update < n; update++) { const k = Random.of(1, 'order', update, 0).permutation(4).join(); counts.set(k, (counts.get(k) ?? 0) + 1); }
    expect(counts.size).toBe(24);
    const { statistic, most } = chiSquare([...counts.values()], n);
    expect(statistic).toBeLessThan(most);
  });
});
