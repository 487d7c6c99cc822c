/** docs/swaps.md is what comes of trying every swap, and what it says holds for swaps that are made otherwise. */
import { describe, expect, it } from 'vitest';
import { swap } from '../../core/graph.ts';
import { per } from '../../core/node.ts';
import { pages } from '../../graphs/index.ts';
import { nodeTypes } from '../../nodes/index.ts';
import { skein } from '../plugins/cli/skein.ts';
import { pageText } from './blocks.ts';
import { lacking, slotsOf, swapsText } from './make-swaps.ts';

describe('docs/swaps.md', () => {
  it('is what test/docs/make-swaps.ts makes', () => { expect(pageText('docs/swaps.md')).toBe(swapsText()); }, 120_000);

  it('has every page, every slot and every node type', () => {
    const all = Object.values(pages).flatMap(slotsOf);
    expect(new Set(all.map(s => s.page))).toEqual(new Set(Object.keys(pages)));
    for (const { page, slot, holds, outcomes } of all) {
      expect(outcomes.map(o => o.type)).toEqual(nodeTypes.map(n => n.spec.type));
      expect(outcomes.find(o => o.type === holds), `${page}.${slot}`).toMatchObject({ fits: true });
    }
  });

  it('refuses, as it says, every type that does not give what the page reads of a slot', () => {
    for (const s of Object.values(pages).flatMap(slotsOf)) for (const { type, fits } of s.outcomes) if (lacking(s, type).length) expect(fits, `${s.page}: ${s.slot} = ${type}`).toBe(false);
  });

  // the verb and `--swap` share all but the lines that put a node in: of those refused a tenth, another in each slot, and of all slots together every type
  it.each(Object.entries(pages))('agrees with the verb of pages: what fits in %s makes a page, what does not throws', (name, page) => {
    for (const [i, { slot, outcomes }] of slotsOf(page).entries()) for (const { type, fits } of outcomes.filter((o, k) => o.fits || (i + k) % 10 === 0)) {
      let made = true;
      const use = nodeTypes.find(n => n.spec.type === type)!({} as never), { per: dim } = page.page.nodes[slot]!;
      try { swap(page, slot, (dim === undefined ? use : per(dim, use as never)) as never); } catch { made = false; }
      expect(made, `${name}: ${slot} = ${type}`).toBe(fits);
    }
  });

  it('agrees with the command line, in its words', async () => {
    const mixers = slotsOf(pages['qmix']!).find(s => s.slot === 'mixer')!.outcomes;
    for (const outcome of mixers) {
      const { code, stdout } = await skein('check', 'qmix', '--swap', `mixer=${outcome.type}`);
      expect(code).toBe(outcome.fits ? 0 : 1);
      if (!outcome.fits) expect(stdout).toContain(outcome.because[0]);
    }
  });
});
