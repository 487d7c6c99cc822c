/**
 * docs/swaps.md: every node type tried in every slot of every page, as `--swap slot=type` would put it there. `npx tsx test/docs/make-swaps.ts` writes it.
 * What stands in it is what the check of a page says; nothing is known here of any node.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { owner, parse, taken, type Definition } from '../../core/definition.ts';
import { GraphError } from '../../core/error.ts';
import type { NodeFactory } from '../../core/node.ts';
import type { Ports } from '../../core/port.ts';
import { pages } from '../../graphs/index.ts';
import { guarantees, nodeTypes } from '../../nodes/index.ts';
import { swapped } from '../../plugins/edits.ts';

export type Outcome =
  | { readonly type: string; readonly fits: true; /** Ports of the slot that it reads. */ readonly takes: readonly string[]; readonly weights: boolean; readonly loss: boolean }
  | { readonly type: string; readonly fits: false; /** Every problem, in the words of the check. */ readonly because: readonly string[] };
export interface Slot { readonly page: string; readonly slot: string; readonly holds: string; readonly offers: readonly string[]; /** Outputs of it that the page reads. */ readonly read: readonly string[]; readonly outcomes: readonly Outcome[] }

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
const texts = (x: unknown): string[] => (typeof x === 'string' ? [x] : typeof x === 'object' && x !== null ? Object.values(x).flatMap(texts) : []);
function readOf({ page }: Definition, slot: string): string[] {
  const wires = texts([Object.values(page.nodes).map(n => n.in), page.train, page.keep, page.priority, page.act]).map(parse);
  return [...new Set(wires.filter(({ from, port }) => port !== '' && from in page.nodes && owner(page, from) === slot).map(({ port }) => port))].sort();
}
const tryAll = (d: Definition): Slot[] => Object.entries(d.page.nodes).filter(([, node]) => node.role === 'slot').map(([slot, node]) => ({
  page: d.page.name, slot, holds: node.type, offers: Object.keys(node.in), read: readOf(d, slot), outcomes: nodeTypes.map(({ spec }) => tried(d, slot, spec.type)),
}));
/** Of what a page reads of a slot, what a node type does not give. */
export const lacking = ({ read }: Pick<Slot, 'read'>, type: string): string[] => read.filter(port => !Object.hasOwn(catalogue.node(type).spec.out as Ports, port));

const code = (names: readonly string[]): string => names.map(n => `\`${n}\``).join(', ');
const and = (names: readonly string[]): string => code(names).replace(/, ([^,]*)$/, ' and $1');
const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
/** Further problems of a node follow from the first ones as a rule, so some say enough. */
const REASONS = 2;
/** In words that do not name the slot and the type again. */
const because = (all: readonly string[], slot: string, type: string): string => `${all.slice(0, REASONS).map(what => what.replace(new RegExp(`^(slot )?${slot}: (${type} )?`), '')).join('; ')}${all.length > REASONS ? `; and ${all.length - REASONS} more` : ''}`;
function grouped<T>(all: readonly T[], by: (x: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const x of all) groups.set(by(x), [...groups.get(by(x)) ?? [], x]);
  return [...groups];
}

/** What is said of a slot, but for the pages that have it and what stands there. */
function detail(s: Slot): string {
  const { slot, offers, read, outcomes } = s, fit = outcomes.filter(o => o.fits), not = outcomes.filter(o => !o.fits), without = not.filter(o => lacking(s, o.type).length), near = not.filter(o => !lacking(s, o.type).length);
  return [
    `Offers ${code(offers)}. ${read.length ? `Of it the page reads ${code(read)}` : 'Nothing is read of it'}.`, '',
    '| fits | reads | weights | loss of its own | keeps |', '|---|---|---|---|---|',
    ...fit.map(o => row(`\`${o.type}\``, code(o.takes) || 'nothing', o.weights ? 'yes' : 'none', o.loss ? 'yes' : 'none', guarantees.get(o.type)?.join(', ') ?? '')), '',
    ...(without.length ? [`${without.length} other types do not give ${read.length > 1 ? 'all of this' : code(read)}.${near.length ? ' Those that do, and why they are refused:' : ''}`, ''] : []),
    ...(near.length ? ['| refused | because |', '|---|---|', ...grouped(near, o => because(o.because, slot, o.type)).map(([why, all]) => row(code(all.map(o => o.type)), why)), ''] : []),
  ].join('\n');
}

/** Slots of one name of which the same is to be said. */
interface Alike { readonly slot: string; readonly pages: readonly string[]; readonly fits: readonly string[]; readonly detail: string }
function alike(all: readonly Slot[]): Alike[] {
  const order = [...new Set(all.map(s => s.slot))];
  return grouped(all, s => `${s.slot} ${detail(s)}`).map(([, [first, ...more]]) => ({ slot: first!.slot, pages: [first!, ...more].map(s => s.page), fits: first!.outcomes.flatMap(o => (o.fits ? [o.type] : [])), detail: detail(first!) }))
    .sort((a, b) => order.indexOf(a.slot) - order.indexOf(b.slot));
}

export function swapsText(): string {
  const all = Object.values(pages).flatMap(slotsOf), slots = alike(all), tries = all.reduce((sum, s) => sum + s.outcomes.length, 0), fitting = all.reduce((sum, s) => sum + s.outcomes.filter(o => o.fits).length, 0);
  return [
    '# What fits where', '',
    `Every node type, tried in every slot of every page: ${tries} swaps, of which ${fitting} fit. Each was made as \`--swap slot=type\` makes it, with the settings that a`,
    'type has by itself, and the whole page was checked then. `npx tsx test/docs/make-swaps.ts` makes this file anew, and a test compares it.', '',
    'A slot offers wires, and the node in it reads those that its ports name. A node without weights has nothing to learn in that place; one with weights starts from the seed.',
    'What gives all that the page reads of a slot and is refused all the same stands there with the reason. Nodes of your own are tried the same way: `skein check qmix --swap mixer=./mine.ts`,',
    'or `skein swap <run> mixer=./mine.ts --check` in a run.', '',
    '| slot | of | fits |', '|---|---|---|',
    ...slots.map(s => row(`[\`${s.slot}\`](#${anchor(s)})`, code(s.pages), code(s.fits))), '',
    ...slots.flatMap(s => [`## \`${s.slot}\` of ${and(s.pages)}`, '', s.detail]),
  ].join('\n').trimEnd() + '\n';
}
/** The anchor that a heading gets on GitHub: lower case, punctuation gone, spaces as dashes. */
const anchor = ({ slot, pages: of }: Alike): string => `${slot} of ${and(of)}`.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-');

const [, started] = process.argv;
if (started === fileURLToPath(import.meta.url)) writeFileSync(new URL('../../docs/swaps.md', import.meta.url), swapsText());
