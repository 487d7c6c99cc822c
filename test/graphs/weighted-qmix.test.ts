import { describe, expect, it } from 'vitest';
import { toJson, type Definition } from '../../core/definition.ts';
import { derive, weigh } from '../../core/graph.ts';
import { sgd } from '../../core/optimiser.ts';
import { reach, upstream } from '../../core/topology.ts';
import { cwQmix, owQmix, qmix } from '../../graphs/index.ts';
import { maskedMse } from '../../nodes/index.ts';
import { layerTable } from '../../plugins/testing.ts';
import { drawWeights, numbers } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';
import { evaluate } from './team.ts';

const both: readonly (readonly [string, typeof owQmix])[] = [['owQmix', owQmix], ['cwQmix', cwQmix]];

describe.each(both)('%s', (_, page) => {
  const sizes = sizesOf(page), batch = drawBatch(page, sizes), valid = numbers(batch['data.valid']);

  it('has the numbers of its sheet, those of QMIX', () => {
    const numbersOf = ({ page: p }: Definition) => toJson({ page: p, specs: new Map(), handles: undefined });
    for (const part of ['sources', 'targets'] as const) expect(numbersOf(page)[part]).toEqual(numbersOf(qmix)[part]);
    expect(page.page.train['q']).toMatchObject({ optimiser: qmix.page.train['q']!.optimiser, clipNorm: 10, losses: [{ loss: 'tdLoss.loss', weight: 1 }, { loss: 'centralLoss.loss', weight: 1 }] });
    expect(['mixer', 'central', 'centralQ', 'weight'].map(n => ({ ...page.page.nodes[n]!.config }))).toEqual([{ embed: 32, hypernet: [64] }, { hidden: 256 }, { hidden: 64 }, { alpha: 0.1 }]);
  });
  it('has no lagged copy of the agents and mixer of QMIX, which nothing reads', () => {
    expect(Object.entries(page.page.nodes).filter(([, e]) => e.role === 'target').map(([, e]) => e.of).filter(of => !['centralQ', 'central'].includes(of!))).toEqual([]);
  });
  it('trains QMIX by the one loss and the unrestricted value by the other, and no gradient goes from one to the other', () => {
    const apart = derive(page, 'apart', (g, { td, centralTd }) => { g.train('q', td.loss, { optimiser: sgd({ lr: 1 }) }); g.train('central', centralTd.loss, { optimiser: sgd({ lr: 1 }) }); });
    expect([[...reach(apart, 'q').trained].sort(), [...reach(apart, 'central').trained].sort()]).toEqual([['agentQ', 'mixer'], ['central', 'centralQ']]);
  });
  it.each([['tdLoss', ['agentQ', 'mixer']], ['centralLoss', ['central', 'centralQ']]] as const)('by %s alone teaches every layer of these two nodes and nothing else', async (loss, taught) => {
    const one = derive(page, 'one', g => { g.train('q', ['tdLoss', 'centralLoss'].map(name => weigh(Number(name === loss), g.at(name).loss)) as never, { optimiser: sgd({ lr: 1 }) }); }), { gradients } = await evaluate(one);
    for (const [k, x] of Object.entries(gradients)) expect(numbers(x).some(v => v !== 0), k).toBe(taught.includes(k.split('/')[0] as never));
  });
  it('acts without any of it', () => {
    expect([...upstream(page, ['explore'])].filter(n => n in page.page.nodes).sort()).toEqual(['agentInput', 'agentQ', 'explore']);
  });
  it('with alpha 1 is QMIX on the targets of the unrestricted value', async () => {
    const even = derive(page, 'even', g => { g.set('weight', { alpha: 1 }); }), plain = derive(page, 'plain', (g, { mixer, target, ep }) => {
      const td = g.replace('tdLoss', maskedMse(), { prediction: mixer.qTot, target: target.value, mask: ep.valid });
      g.train('q', [td.loss, g.at('centralLoss').loss], { optimiser: sgd({ lr: 1 }) });
    }), same = derive(even, 'same', (g, { td, centralTd }) => { g.train('q', [td.loss, centralTd.loss], { optimiser: sgd({ lr: 1 }) }); });
    const [a, b] = [await evaluate(same), await evaluate(plain)];
    expect(a.losses).toEqual(b.losses);
    expect(a.gradients).toEqual(b.gradients);
    expect((await evaluate(derive(same, 'less', g => { g.set('weight', { alpha: 0.1 }); }))).losses['q']).toBeLessThan(a.losses['q']!);
  });
  it('aims at the lagged unrestricted value of the actions that QMIX finds greedy; other lagged weights matter to nothing', async () => {
    const table = layerTable(page, sizes), lagged = drawWeights(101, table), other = drawWeights(7, table), swapped = (nodes: readonly string[]) => Object.fromEntries(Object.entries(lagged).map(([k, x]) => [k, nodes.includes(k.split('/')[0]!) ? other[k]! : x]));
    const [first, agents, central] = [await evaluate(page), await evaluate(page, { targets: swapped(['agentQ', 'mixer']) }), await evaluate(page, { targets: swapped(['central']) })];
    expect(agents.losses).toEqual(first.losses);
    expect(central.losses).not.toEqual(first.losses);
  });
  it('weighs as its formula says, on what flows', async () => {
    const { taps } = await evaluate(page, { taps: ['mixer.qTot', 'tdTarget.value', 'chosen.isGreedy', 'weight.weight', ...(page === cwQmix ? ['greedyCentralValue.qTot'] : [])] });
    const [qTot, y, greedy, weight] = ['mixer.qTot', 'tdTarget.value', 'chosen.isGreedy', 'weight.weight'].map(w => numbers(taps[w])) as [number[], number[], number[], number[]];
    const best = page === cwQmix ? numbers(taps['greedyCentralValue.qTot']) : [], N = sizes['agent']!;
    const full = y.map((target, i) => (page === cwQmix ? greedy.slice(i * N, (i + 1) * N).every(g => g === 1) || target > best[i]! : qTot[i]! < target));
    expect(weight).toEqual(full.map(f => expect.closeTo(f ? 1 : 0.1, 6)));
    expect(new Set(full.filter((__, i) => valid[i] === 1)).size).toBe(2);
  });
});
