/** Edits as plain data: what `--swap` says, a run record holds and a control socket takes. */
import { z } from 'zod';
import type { Definition } from '../core/definition.ts';
import { InputError, nearest } from '../core/error.ts';
import { Graph, wordless } from '../core/graph.ts';
import { per } from '../core/node.ts';
import type { Edit, Undo } from '../core/run.ts';
import type { Catalogue } from './catalogue.ts';

const name = z.string().min(1).max(64);
/** Another node in a slot. */
export const swapSchema = z.strictObject({ slot: name, type: z.string().min(1).max(200), config: z.record(z.string().max(64), z.unknown()) });
export type Swap = z.infer<typeof swapSchema>;
/** Swaps made together, or the last edit taken back; `at` so many environment steps, over all copies. */
export const plannedSchema = z.strictObject({ at: z.int().nonnegative(), swaps: z.array(swapSchema).min(1).max(100).or(z.literal('undo')), syncTargets: z.boolean().optional() });
export type Planned = z.infer<typeof plannedSchema>;
export type Swaps = Planned['swaps'];

/** A page with other nodes in its slots, checked as a whole. A slot with weights for each agent, or each of another dim, keeps that; what the page said of itself is left out. */
export function swapped(d: Definition, swaps: readonly Swap[], catalogue: Pick<Catalogue, 'node'>): Definition {
  if (!swaps.length) return d;
  const g = new Graph(wordless(d.page), d.specs), slots = Object.keys(d.page.nodes).filter(n => d.page.nodes[n]!.role === 'slot');
  for (const { slot, type, config } of swaps) {
    const near = nearest(slot, slots);
    if (!slots.includes(slot)) throw new InputError(`--swap ${slot}: ${d.page.name} has no slot ${slot}${near ? `; did you mean ${near}?` : ''}`, `its slots are ${slots.join(', ')}`);
    const use = catalogue.node(type)(config as never), { per: dim } = d.page.nodes[slot]!;
    g.swap(slot, dim === undefined ? use : per(dim, use));
  }
  return g.close(d.handles);
}
export const editOf = (swaps: Swaps, catalogue: Pick<Catalogue, 'node'>): Edit | Undo => (swaps === 'undo' ? swaps : d => swapped(d, swaps, catalogue));
