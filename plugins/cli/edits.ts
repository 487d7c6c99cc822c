/** `--set path=value` and `--swap slot=type[:json]`: a page with other numbers, and with other nodes in its slots. */
import type { Definition } from '../../core/definition.ts';
import { InputError } from '../../core/error.ts';
import { isSchedule } from '../../core/schedule.ts';
import type { Catalogue } from '../catalogue.ts';
import { parseValue } from '../documents.ts';
import { swapped, type Planned, type Swap } from '../edits.ts';
import { applySettings } from '../page-settings.ts';
import { grouped } from './layout.ts';
import { countOf } from './options.ts';

/** A swap as it is written; `at` so many environment steps, else at once. */
export interface SwapAt extends Swap { readonly at?: number }

const LITERAL = /^(["[{\-\d]|(true|false|null)$)/;
/** What was written, on one line. */
const flagged = (flag: string, written: string) => `${flag} ${written.replace(/\s*\n\s*/g, ' ')}`;
function inOne(name: string, subject: string): string {
  if (/\s/.test(name)) throw new InputError(`${subject}: a space or a line break inside the name`, `write ${name.replace(/\s+/g, '')}`);
  return name;
}
/** `q.lr=1e-3`; a value that is one bare word is text. */
export function settingOf(written: string): readonly [path: string, value: unknown] {
  const at = written.indexOf('='), subject = flagged('--set', written);
  if (at < 1) throw new InputError(`${subject}: no value`, 'write path=value, for example q.lr=1e-3');
  const path = inOne(written.slice(0, at).trim(), subject), value = written.slice(at + 1).trim();
  if (!LITERAL.test(value) && /^[A-Za-z][\w-]*$/.test(value)) return [path, value];
  return [path, parseValue(value, subject)];
}
/** `slot=type:json@step`. In a type that is a file or a package `@` may stand where a `/` follows, and one `:` in front. */
const SWAP = /^\s*([^=:@]+)=((?:npm:@?|[A-Za-z]:(?=[\\/]))?(?:[^:@]|@(?=[^:]*[\\/]))+)(?::(.*?))?(?:@([^@"}\]/\\]*))?$/s;
/** `mixer=duplexMixer:{"heads":4}`, `mixer=./mine.ts#meanMixer`. */
export function swapOf(written: string): SwapAt {
  const subject = flagged('--swap', written), [, slot = '', type = '', json, step] = SWAP.exec(written) ?? [];
  if (!slot || !type) throw new InputError(`${subject}: no slot and node type`, 'write slot=type, for example mixer=sumMixer');
  const config = json === undefined ? {} : parseValue(json, subject);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new InputError(`${subject}: the settings are no JSON object`, `write ${slot}=${type}:{"name":value}`);
  return { slot: inOne(slot.trim(), subject), type: type.trim(), config: config as Record<string, unknown>, ...(step === undefined ? {} : { at: countOf(step.trim(), `${subject}: the step behind @`) }) };
}
/** As `swapOf` reads it. */
export const writtenSwap = ({ slot, type, config, at }: SwapAt): string => `${slot}=${type}${Object.keys(config).length ? `:${JSON.stringify(config)}` : ''}${at === undefined ? '' : `@${at}`}`;
/** With the names of node types that are files or packages, once these are loaded. */
export async function namedSwaps<S extends Swap>(swaps: readonly S[], catalogue: Pick<Catalogue, 'nodeType'>): Promise<S[]> {
  const named: S[] = [];
  for (const swap of swaps) named.push({ ...swap, type: await catalogue.nodeType(swap.type) });
  return named;
}
/** Of a command that edits at once. */
export function swapNow(written: string): Swap {
  const { at, ...swap } = swapOf(written);
  if (at !== undefined) throw new InputError(`--swap ${written}: a step behind @ is for skein train`, `leave out @${written.slice(written.lastIndexOf('@') + 1)}: the swap is made at once`);
  return swap;
}
/** Those that wait for a step, together where it is the same one, in the order of their steps. */
export function planned(swaps: readonly SwapAt[]): Planned[] {
  const steps = [...new Set(swaps.flatMap(s => s.at ?? []))].sort((a, b) => a - b);
  return steps.map(at => ({ at, swaps: swaps.filter(s => s.at === at).map(({ slot, type, config }) => ({ slot, type, config })) }));
}

const said = (value: unknown): string => (isSchedule(value) ? `${value.schedule} ${value.from} to ${value.to} over ${value.over} ${value.clock}` : JSON.stringify(value));
/** What was changed, in words: `mixer = sumMixer`, `q.lr = 0.001`. */
export const editsInWords = ({ set, swap }: { readonly set: Readonly<Record<string, unknown>>; readonly swap: readonly SwapAt[] }): string[] => [...swap.map(s => `${s.slot} = ${s.type}${s.at === undefined ? '' : ` at step ${grouped(s.at)}`}`), ...Object.entries(set).map(([path, value]) => `${path} = ${said(value)}`)];

/** Swaps that do not wait first, so that settings are those of the nodes that then stand there. */
export function edited(d: Definition, { set, swap }: { readonly set: Readonly<Record<string, unknown>>; readonly swap: readonly SwapAt[] }, catalogue: Pick<Catalogue, 'node'>): Definition {
  const page = swapped(d, swap.filter(s => s.at === undefined), catalogue);
  for (const path of Object.keys(set)) {
    const node = path.split('.', 1)[0]!, of = page.page.nodes[node]?.of;
    if (of !== undefined) throw new InputError(`--set ${path}: ${node} has the numbers of ${of}`, `--set ${of}${path.slice(node.length)}=...`);
  }
  return applySettings(page, set);
}
