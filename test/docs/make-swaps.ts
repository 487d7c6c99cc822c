/**
 * docs/swaps.md: every node type tried in every slot of every page, as `--swap slot=type` would put it there. `npx tsx test/docs/make-swaps.ts` writes it.
 * What stands in it is what the check of a page says; nothing is known here of any node.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { taken, type Definition } from '../../core/definition.ts';
import { GraphError } from '../../core/error.ts';
import type { NodeFactory } from '../../core/node.ts';
import type { Ports } from '../../core/port.ts';
import { pages } from '../../graphs/index.ts';
import { guarantees, nodeTypes } from '../../nodes/index.ts';
import { swapped } from '../../plugins/edits.ts';

export type Outcome =
  | { readonly type: string; readonly fits: true; /** Ports of the slot that it reads. */ readonly takes: readonly string[]; readonly weights: boolean; readonly loss: boolean }
  | { readonly type: string; readonly fits: false; /** Every problem, in the words of the check. */ readonly because: readonly string[] };
export interface Slot { readonly page: string; readonly slot: string; readonly holds: string; readonly offers: readonly string[]; readonly outcomes: readonly Outcome[] }

const types = new Map(nodeTypes.map(node => [node.spec.type, node] as const)), catalogue = { node: (type: string): NodeFactory => types.get(type)! };
/** Does it bring a loss of its own? */
const penalises = ({ spec }: NodeFactory): boolean => Object.values(spec.out as Ports).some(port => port.kind === 'penalty');

function tried(d: Definition, slot: string, type: string): Outcome {
  try {
    const edited = swapped(d, [{ slot, type, config: {} }], catalogue);
    return { type, fits: true, takes: taken(edited, slot).map(([port]) => port), weights: catalogue.node(type).spec.layers !== undefined, loss: penalises(catalogue.node(type)) };
  } catch (e) {
    if (!(e instanceof GraphError)) throw e;
    return { type, fits: false, because: e.issues.map(issue => issue.what) };
  }
}
const known = new WeakMap<Definition, readonly Slot[]>();
/** Tried once for each page: there are thousands. */
export function slotsOf(d: Definition): readonly Slot[] {
  const slots = known.get(d) ?? tryAll(d);
  known.set(d, slots);
  return slots;
}
const tryAll = (d: Definition): Slot[] => Object.entries(d.page.nodes).filter(([, node]) => node.role === 'slot').map(([slot, node]) => ({
  page: d.page.name, slot, holds: node.type, offers: Object.keys(node.in), outcomes: nodeTypes.map(({ spec }) => tried(d, slot, spec.type)),
}));

/** Slots of one name that offer the same and take the same, of several pages. */
interface Alike extends Omit<Slot, 'page' | 'holds'> { readonly pages: readonly string[]; readonly holds: readonly string[] }
function alike(all: readonly Slot[]): Alike[] {
  const found = new Map<string, Alike>();
  for (const { page, holds, ...slot } of all) {
    const key = JSON.stringify(slot), { pages: others = [], holds: held = [] } = found.get(key) ?? {};
    found.set(key, { ...slot, pages: [...others, page], holds: [...new Set([...held, holds])] });
  }
  const order = [...new Set(all.map(s => s.slot))];
  return [...found.values()].sort((a, b) => order.indexOf(a.slot) - order.indexOf(b.slot));
}

const code = (names: readonly string[]): string => names.map(n => `\`${n}\``).join(', ');
const and = (names: readonly string[]): string => code(names).replace(/, ([^,]*)$/, ' and $1');
const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
/** Further problems of a node follow from the first ones as a rule, so some say enough. */
const REASONS = 2;
const because = (all: readonly string[]): string => `${all.slice(0, REASONS).join('; ')}${all.length > REASONS ? `; and ${all.length - REASONS} more` : ''}`;

function detail({ slot, pages: of, holds, offers, outcomes }: Alike): string[] {
  const fit = outcomes.filter(o => o.fits), not = outcomes.filter(o => !o.fits);
  return [
    `## \`${slot}\` of ${and(of)}`, '', `Offers ${code(offers)}.`, '',
    '| fits | reads | weights | loss of its own | keeps |', '|---|---|---|---|---|',
    ...fit.map(o => row(`\`${o.type}\`${holds.includes(o.type) ? ` (${of.length > 1 ? 'stands there already' : 'stands there'})` : ''}`, code(o.takes) || 'nothing', o.weights ? 'yes' : 'none', o.loss ? 'yes' : 'none', guarantees.get(o.type)?.join(', ') ?? '')), '',
    '| refused | because |', '|---|---|', ...not.map(o => row(`\`${o.type}\``, because(o.because))), '',
  ];
}

export function swapsText(): string {
  const all = Object.values(pages).flatMap(slotsOf), slots = alike(all), tries = all.reduce((sum, s) => sum + s.outcomes.length, 0), fitting = all.reduce((sum, s) => sum + s.outcomes.filter(o => o.fits).length, 0);
  return [
    '# What fits where', '',
    `Every node type, tried in every slot of every page: ${tries} swaps, of which ${fitting} fit. Each was made as \`--swap slot=type\` makes it, with the settings that a`,
    'type has by itself, and the whole page was checked then. `npx tsx test/docs/make-swaps.ts` makes this file anew, and a test compares it.', '',
    'A slot offers wires, and the node in it reads those that its ports name. A node without weights has nothing to learn in that place; one with weights starts from the seed.',
    'Nodes of your own are tried the same way: `skein check qmix --swap mixer=./mine.ts`, or `skein swap <run> mixer=./mine.ts --check` in a run.', '',
    '| slot | of | fits |', '|---|---|---|',
    ...slots.map(s => row(`[\`${s.slot}\`](#${anchor(s)})`, code(s.pages), code(s.outcomes.flatMap(o => (o.fits ? [o.type] : []))))), '',
    ...slots.flatMap(detail),
  ].join('\n').trimEnd() + '\n';
}
/** The anchor that a heading gets on GitHub: lower case, punctuation gone, spaces as dashes. */
const anchor = ({ slot, pages: of }: Alike): string => `${slot} of ${and(of)}`.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-');

const [, started] = process.argv;
if (started === fileURLToPath(import.meta.url)) writeFileSync(new URL('../../docs/swaps.md', import.meta.url), swapsText());
