/** Targets over many steps in the place of the one-step target, on whole pages. */
import { describe, expect, it } from 'vitest';
import { check } from '../../core/check.ts';
import { derive, next, swap } from '../../core/graph.ts';
import { iql, qmix, vdn } from '../../graphs/index.ts';
import { chosenAction, qLambda, tdLambda } from '../../nodes/index.ts';
import { numbers, off } from '../nodes/arrays.ts';
import { drawBatch, lengthsOf, sizesOf } from '../properties/batch.ts';
import { evaluate } from './team.ts';

/** QMIX with corrected returns: the lagged mixer once more, at the actions that were taken. */
const corrected = derive(qmix, 'corrected', (g, { ep, mixer }) => {
  const taken = g.add('nextTaken', chosenAction(), { q: next(g.at('targetAgentQ').q), avail: next(ep.avail), action: ep.nextAction });
  const mixed = g.target('takenMixer', mixer, { agentQs: taken.value, maxAgentQs: taken.best, isGreedy: taken.isGreedy, action: ep.nextAction, state: next(ep.state), unitState: next(ep.obs), mask: ep.valid });
  g.rewire('tdTarget', { nextTaken: mixed.qTot });
  g.swap('tdTarget', qLambda({ lambda: 0.6 }));
});
const pages = [['iql', swap(iql, 'tdTarget', tdLambda(), { name: 'iqlLambda' })], ['vdn', swap(vdn, 'tdTarget', tdLambda(), { name: 'vdnLambda' })], ['qmix', swap(qmix, 'tdTarget', tdLambda(), { name: 'qmixLambda' })], ['qmix, corrected', corrected]] as const;

describe.each(pages)('%s', (_, page) => {
  const sizes = sizesOf(page), batch = drawBatch(page, sizes);

  it('takes no notice of padding: more slots, same loss and gradients, also behind an episode that a limit cut early', async () => {
    expect(check(page)).toEqual([]);
    expect(lengthsOf(sizes).some((n, b) => n < sizes['time']! && b % 2 === 1)).toBe(true);          // every second episode ends by a limit
    const [first, padded] = [await evaluate(page), await evaluate(page, { sizes: { ...sizes, time: sizes['time']! + 3 }, batch: drawBatch(page, sizes, { pad: 3 }) })];
    expect(Math.abs(padded.losses['q']! - first.losses['q']!)).toBeLessThan(1e-5 * Math.max(1, first.losses['q']!));
    for (const [k, g] of Object.entries(first.gradients)) expect(off(padded.gradients[k], g), k).toBeLessThan(1e-5);
  });
  it('with lambda 0 has the loss of the one-step target, and with lambda above 0 another', async () => {
    const one = derive(page, 'one', g => { g.set('tdTarget', { lambda: 0 }); }), plain = page === pages[0][1] ? iql : page === pages[1][1] ? vdn : qmix, [a, b, c] = [await evaluate(one), await evaluate(plain), await evaluate(page)];
    expect(a.losses['q']).toBeCloseTo(b.losses['q']!, 5);
    expect(Math.abs(c.losses['q']! - a.losses['q']!)).toBeGreaterThan(1e-3);
  });
  it('gathers rewards behind a step, and no episode from another', async () => {
    const { shape, data } = batch['data.reward']!, T = sizes['time']!, lengths = lengthsOf(sizes), b = lengths.findIndex(n => n > 2), at = b * T + lengths[b]! - 1, more = { shape, data: Float32Array.from(data, (x, i) => (i === at ? x + 1 : x)) };
    const y = async (reward: typeof more) => numbers((await evaluate(page, { batch: { ...batch, 'data.reward': reward }, taps: ['tdTarget.value'] })).taps['tdTarget.value']), [before, after] = [await y({ shape, data: Float32Array.from(data) }), await y(more)], per = before.length / shape.reduce((x, n) => x * n, 1);
    const moved = after.map((x, i) => Math.abs(x - before[i]!) > 1e-4), where = [...new Set(moved.flatMap((m, i) => (m ? [Math.floor(i / per)] : [])))];
    expect(where).toEqual(Array.from({ length: lengths[b]! }, (__, t) => b * T + t));
  });
});
