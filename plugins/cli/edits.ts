/** `--set path=value` and `--swap slot=type[:json]`: a page with other numbers, and with other nodes in its slots. */
import type { Definition } from '../../core/definition.ts';
import { InputError, nearest } from '../../core/error.ts';
import { Graph } from '../../core/graph.ts';
import { isSchedule } from '../../core/schedule.ts';
import type { Catalogue } from '../catalogue.ts';
import { parseValue } from '../documents.ts';
import { applySettings } from '../training.ts';

export interface Swap { readonly slot: string; readonly type: string; readonly config: Readonly<Record<string, unknown>> }

const LITERAL = /^(["[{\-\d]|(true|false|null)$)/;
/** `q.lr=1e-3`; a value that is one bare word is text. */
export function settingOf(written: string): readonly [path: string, value: unknown] {
  const at = written.indexOf('='), subject = `--set ${written}`;
  if (at < 1) throw new InputError(`${subject}: no value`, 'write path=value, for example q.lr=1e-3');
  const path = written.slice(0, at).trim(), value = written.slice(at + 1).trim();
  if (!LITERAL.test(value) && /^[A-Za-z][\w-]*$/.test(value)) return [path, value];
  return [path, parseValue(value, subject)];
}
/** `mixer=duplexMixer:{"heads":4}`. */
export function swapOf(written: string): Swap {
  const subject = `--swap ${written}`, [, slot = '', type = '', json, step] = /^\s*([^=:@]+)=([^:@]+)(?::(.*?))?(?:@([^@"}\]]*))?$/s.exec(written) ?? [];
  if (step !== undefined) throw new InputError(`${subject}: a swap at a later step is not in this version`, `write --swap ${slot}=${type}${json === undefined ? '' : `:${json}`}, which holds from the start`);
  if (!slot || !type) throw new InputError(`${subject}: no slot and node type`, 'write slot=type, for example mixer=sumMixer');
  const config = json === undefined ? {} : parseValue(json, subject);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new InputError(`${subject}: the settings are no JSON object`, `write ${slot}=${type}:{"name":value}`);
  return { slot: slot.trim(), type: type.trim(), config: config as Readonly<Record<string, unknown>> };
}

function swapped(d: Definition, swaps: readonly Swap[], catalogue: Pick<Catalogue, 'node'>): Definition {
  if (!swaps.length) return d;
  const g = new Graph(d.page, d.specs), slots = Object.keys(d.page.nodes).filter(n => d.page.nodes[n]!.role === 'slot');
  for (const { slot, type, config } of swaps) {
    const near = nearest(slot, slots);
    if (!slots.includes(slot)) throw new InputError(`--swap ${slot}: ${d.page.name} has no slot ${slot}${near ? `; did you mean ${near}?` : ''}`, `its slots are ${slots.join(', ')}`);
    g.swap(slot, catalogue.node(type)(config as never));
  }
  return g.close(d.handles);
}
const said = (value: unknown): string => (isSchedule(value) ? `${value.schedule} ${value.from} to ${value.to} over ${value.over} ${value.clock}` : JSON.stringify(value));
/** What was changed, in words: `mixer = sumMixer`, `q.lr = 0.001`. */
export const editsInWords = ({ set, swap }: { readonly set: Readonly<Record<string, unknown>>; readonly swap: readonly Swap[] }): string[] => [...swap.map(s => `${s.slot} = ${s.type}`), ...Object.entries(set).map(([path, value]) => `${path} = ${said(value)}`)];

/** Swaps first, so that settings are those of the nodes that then stand there. */
export function edited(d: Definition, { set, swap }: { readonly set: Readonly<Record<string, unknown>>; readonly swap: readonly Swap[] }, catalogue: Pick<Catalogue, 'node'>): Definition {
  const page = swapped(d, swap, catalogue);
  for (const path of Object.keys(set)) {
    const node = path.split('.', 1)[0]!, of = page.page.nodes[node]?.of;
    if (of !== undefined) throw new InputError(`--set ${path}: ${node} has the numbers of ${of}`, `--set ${of}${path.slice(node.length)}=...`);
  }
  return applySettings(page, set);
}
