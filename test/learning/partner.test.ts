/** Belief-PPO on games where the others' actions tell what the observation does not, and on games where they do not. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/random.ts';
import { compose } from '../../plugins/compose.ts';
import { interval, iqm } from '../../plugins/statistics.ts';
import { bayesReturn, curveOf, EVALUATIONS, TASKS, type Algorithm, type Curve } from './partner.ts';
import { Table } from './table.ts';

const made = compose(), RESAMPLES = 10_000;
const told = (scores: readonly number[]) => { const { low, high } = interval(s => iqm(s), [[scores]], RESAMPLES, Random.of(1, 'interval')); return `${iqm([scores]).toFixed(2)} (${low.toFixed(2)} .. ${high.toFixed(2)})`; };

describe.each(Object.entries(TASKS))('%s', (name, task) => {
  const table = new Table(task.environment), own = name === 'match', ends: Partial<Record<Algorithm, number>> = {};
  afterAll(() => { table.print(); });
  const run = async (algorithm: Algorithm): Promise<Curve[]> => {
    const curves: Curve[] = [];
    for (const seed of task.seeds) curves.push(await curveOf(await made, algorithm, seed, task, own && algorithm === 'beliefPpo' ? 30 : 0));
    for (const { points } of curves) expect(points).toHaveLength(EVALUATIONS);
    const at = (share: number) => curves.map(({ points }) => points[Math.round(share * EVALUATIONS) - 1]!.return), mean = curves.map(({ points }) => points.reduce((a, p) => a + p.return, 0) / points.length);
    table.add({ algorithm, [`IQM at ${task.steps / 4} steps (95 % interval)`]: told(at(0.25)), [`IQM at ${task.steps} steps (95 % interval)`]: told(at(1)), 'IQM of the mean over training (95 % interval)': told(mean),
      'lowest .. highest at the end': `${Math.min(...at(1)).toFixed(2)} .. ${Math.max(...at(1)).toFixed(2)}`, 'seconds a run': Math.round(curves.reduce((a, c) => a + c.seconds, 0) / task.seeds.length) });
    ends[algorithm] = iqm([at(1)]);
    return curves;
  };
  it.each((own ? ['ippo', 'ippoSeen'] : ['ippo']) as Algorithm[])('%s is trained', async algorithm => { await run(algorithm); });
  it(own ? 'beliefPpo gets more than IPPO, which sees nobody' : 'beliefPpo gets what the nearest equilibrium pays, 5 a step', async () => {
    const curves = await run('beliefPpo');
    if (own) expect(ends.beliefPpo).toBeGreaterThan(ends.ippo!);
    else expect(ends.beliefPpo).toBeGreaterThanOrEqual(125);
    if (!own) return;
    const beliefs = new Table('beliefs of the partner, last 30 rollouts');
    for (const [i, { judged }] of curves.entries()) {
      const pairs = judged.reduce((a, j) => a + j.pairs, 0), over = (of: (j: (typeof judged)[number]) => number) => judged.reduce((a, j) => a + j.pairs * of(j), 0) / pairs;
      const counts = judged.reduce((a, j) => a.map((n, k) => n + j.counts[k]!), judged[0]!.counts.map(() => 0)), marginal = -counts.reduce((a, n) => a + n / pairs * Math.log(n / pairs), 0);
      const [surprise, bayes, right, most] = [over(j => j.decoder.surprise), over(j => j.bayes.surprise), over(j => j.decoder.right), over(j => j.bayes.right)];
      beliefs.add({ seed: task.seeds[i]!, 'actions seen': pairs, 'entropy of their frequencies': marginal.toFixed(3), 'cross-entropy of the decoder': surprise.toFixed(3), "cross-entropy by Bayes' rule": bayes.toFixed(3), 'foretold by the decoder': right.toFixed(3), "foretold by Bayes' rule": most.toFixed(3) });
      expect(surprise).toBeLessThan(marginal - 0.1);
      expect(right).toBeGreaterThan(most - 0.12);
    }
    beliefs.print();
  });
  if (own) it('what Bayes\' rule gets', () => {
    const [watching, trying] = [bayesReturn(0.5), bayesReturn(0)];
    table.add({ algorithm: "Bayes' rule on what is seen and paid", 'lowest .. highest at the end': watching.toFixed(2) });
    table.add({ algorithm: "Bayes' rule on what is paid", 'lowest .. highest at the end': trying.toFixed(2) });
    expect(watching).toBeGreaterThan(trying);
  });
});
