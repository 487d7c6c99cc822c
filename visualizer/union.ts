/** Two pages as one picture: everything of both, each box, port, line and rule with what became of it. One layout for both, so that nothing jumps. */
import type { Description, NodeDescription, WireDescription } from '../core/describe.ts';
import { nodeOf } from './gradient.ts';
import { counted, grouped, plain, settings } from './text.ts';
import { cardsOf, captionOf, viewOf, type ViewOptions } from './view.ts';
import type { Card, State, ViewEdge, ViewGraph, ViewNode, ViewPort } from './view-graph.ts';

export interface NodeChange { readonly name: string; readonly state: Exclude<State, 'same'>; readonly what: string }
/** What differs, as facts; the sentences are made from them. */
export interface Comparison {
  readonly before: string; readonly after: string;
  readonly counts: Readonly<Record<State, number>>;
  readonly nodes: readonly NodeChange[];
  readonly wires: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** Fields that only one side reads. */
  readonly inputs: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly rules: readonly { readonly name: string; readonly what: string }[];
  /** Data, targets, acting: what is set otherwise. */
  readonly settings: readonly string[];
  readonly weights?: { readonly before: number; readonly after: number };
  readonly same: boolean;
}
export interface Union { readonly view: ViewGraph; readonly comparison: Comparison }

const keyOf = (w: Pick<WireDescription, 'from' | 'to' | 'via'>) => [w.from, ...w.via].join(' | ') + ` > ${w.to}`;
/** With keys in one order: a page read from a file has another. */
const sorted = (x: unknown): unknown => (Array.isArray(x) ? x.map(sorted) : typeof x === 'object' && x !== null ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)])) : x);
const same = (a: unknown, b: unknown) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
/** Rules and settings may be called `constructor`. */
const own = <T>(o: Readonly<Record<string, T>>, k: string): T | undefined => (Object.hasOwn(o, k) ? o[k] : undefined);
const union = <T>(before: readonly T[], after: readonly T[], key: (x: T) => string): T[] => { const known = new Set(after.map(key)); return [...after, ...before.filter(x => !known.has(key(x)))]; };
/** What a node is; where it stands is in the wires. */
const nature = (n: NodeDescription) => ({ type: n.type, role: n.role, of: n.of, per: n.per, config: n.config });
const inWords = (n: NodeDescription) => { const words = settings(n.config).join(', '); return `${plain(n.type)}${words ? ` (${words})` : ''}`; };

/** `hidden 64 → 128`; a new type is said as a whole. */
function changeInWords(a: NodeDescription, b: NodeDescription): string[] {
  if (a.type !== b.type) return [`${plain(a.type)} → ${plain(b.type)}`, [settings(a.config).join(' · ') || 'no settings', settings(b.config).join(' · ') || 'no settings'].join(' → ')];
  const keys = [...new Set([...Object.keys(a.config), ...Object.keys(b.config)])].filter(k => !same(own(a.config, k), own(b.config, k)));
  const value = (c: Readonly<Record<string, unknown>>, k: string) => (own(c, k) === undefined ? 'unset' : settings({ [k]: own(c, k) })[0]!.slice(plain(k).length + 1));
  return [...keys.map(k => `${plain(k)} ${value(a.config, k)} → ${value(b.config, k)}`), ...(a.role === b.role && a.of === b.of ? [] : [`${a.role}${a.of === undefined ? '' : ` of ${plain(a.of)}`} → ${b.role}${b.of === undefined ? '' : ` of ${plain(b.of)}`}`]), ...(a.per === b.per ? [] : [`per ${a.per ?? 'none'} → per ${b.per ?? 'none'}`])];
}

/** The description of everything that either page has. Where they differ, what is after counts. */
function both(a: Description, b: Description): Description {
  const was = new Map(a.nodes.map(n => [n.name, n])), ports = <T extends { readonly name: string }>(x: readonly T[], y: readonly T[]) => union(x, y, p => p.name);
  const nodes = union(a.nodes, b.nodes, n => n.name).map(n => { const x = was.get(n.name); return !x || x === n ? n : { ...n, inputs: ports(x.inputs, n.inputs), outputs: ports(x.outputs, n.outputs) }; });
  const wires = union(a.wires, b.wires, keyOf), taken = new Set(wires.map(w => w.to));
  return { ...b, name: `${a.name} → ${b.name}`, nodes: nodes.map(n => ({ ...n, untaken: n.untaken.filter(p => !taken.has(`${n.name}.${p}`)) })), wires, offers: union(a.offers, b.offers, o => `${o.from}>${o.to}`).filter(o => !taken.has(o.to)), sources: { ...a.sources, ...b.sources }, memory: { ...a.memory, ...b.memory }, fields: Object.fromEntries([...new Set([...Object.keys(b.fields), ...Object.keys(a.fields)])].map(s => [s, ports(a.fields[s] ?? [], b.fields[s] ?? [])])), keep: { ...a.keep, ...b.keep }, priority: { ...a.priority, ...b.priority }, train: { ...a.train, ...b.train }, targets: { ...a.targets, ...b.targets } };
}

function compare(a: Description, b: Description): Comparison {
  const A = new Map(a.nodes.map(n => [n.name, n])), B = new Map(b.nodes.map(n => [n.name, n])), names = [...new Set([...A.keys(), ...B.keys()])], wiresA = new Set(a.wires.map(keyOf)), wiresB = new Set(b.wires.map(keyOf));
  const nodes = names.flatMap((name): NodeChange[] => {
    const [x, y] = [A.get(name), B.get(name)];
    if (!x) return [{ name, state: 'added', what: inWords(y!) }];
    if (!y) return [{ name, state: 'removed', what: inWords(x) }];
    return same(nature(x), nature(y)) ? [] : [{ name, state: 'changed', what: y.of !== undefined && x.of === y.of && x.role === y.role ? `follows ${plain(y.of)}` : x.type === y.type ? changeInWords(x, y).join(', ') : `${inWords(x)} → ${inWords(y)}` }];
  });
  const fields = (d: Description) => new Set(d.wires.filter(w => Object.hasOwn(d.sources, nodeOf(w.from))).map(w => w.from)), [readA, readB] = [fields(a), fields(b)], only = (x: ReadonlySet<string>, y: ReadonlySet<string>) => [...x].filter(k => !y.has(k));
  const rules = [...new Set([...Object.keys(a.train), ...Object.keys(b.train)])].flatMap(name => {
    const [x, y] = [own(a.train, name), own(b.train, name)];
    if (!x) return [{ name, what: 'is new' }];
    if (!y) return [{ name, what: 'is gone' }];
    const more = y.trains.filter(t => !x.trains.includes(t)), less = x.trains.filter(t => !y.trains.includes(t)), rest = ({ trains: _, ...r }: typeof x) => r, words = [...(more.length ? [`also trains ${more.map(plain).join(', ')}`] : []), ...(less.length ? [`no longer trains ${less.map(plain).join(', ')}`] : []), ...(same(rest(x), rest(y)) ? [] : ['is set otherwise'])];
    return words.length ? [{ name, what: words.join(' and ') }] : [];
  });
  const told = [...Object.keys({ ...a.sources, ...b.sources }).flatMap(s => { const [x, y] = [a.sources[s], b.sources[s]]; if (!x || !y) return [`source ${plain(s)} is ${x ? 'gone' : 'new'}`]; const k = [...new Set([...Object.keys(x), ...Object.keys(y)])].filter(key => !same((x as unknown as Record<string, unknown>)[key], (y as unknown as Record<string, unknown>)[key])), of = (o: object) => settings(Object.fromEntries(k.map(key => [key, (o as Record<string, unknown>)[key]]))).join(', ') || 'unset'; return k.length ? [`${plain(s)}: ${of(x)} → ${of(y)}`] : []; }),
    ...(same(a.targets, b.targets) ? [] : ['targets follow otherwise']), ...(same(a.act, b.act) ? [] : [`acts on ${plain(b.act?.action ?? 'nothing')}`]), ...(same(a.memory, b.memory) && same(a.keep, b.keep) ? [] : ['memory is kept otherwise']), ...(same(a.priority, b.priority) ? [] : ['priorities differ'])];
  const total = (d: Description) => (d.nodes.some(n => n.weights !== undefined) ? d.nodes.reduce((sum, n) => sum + (n.weights ?? 0), 0) : undefined), [before, after] = [total(a), total(b)];
  const wires = { added: only(wiresB, wiresA), removed: only(wiresA, wiresB) }, count = (s: State) => nodes.filter(n => n.state === s).length;
  return { before: a.name, after: b.name, nodes, wires, inputs: { added: only(readB, readA), removed: only(readA, readB) }, rules, settings: told, counts: { added: count('added'), removed: count('removed'), changed: count('changed'), same: names.length - nodes.length }, ...(before === undefined || after === undefined ? {} : { weights: { before, after } }), same: !nodes.length && !wires.added.length && !wires.removed.length && !rules.length && !told.length };
}

/** Names, and how many more there are. */
const listed = (names: readonly string[], most = 6) => (names.length <= most ? names.map(plain).join(', ') : `${names.slice(0, most - 1).map(plain).join(', ')} and ${names.length - most + 1} more`);
/** A few sentences, the most telling first. */
export function sentences(c: Comparison, b: Description): string[] {
  if (c.same) return [`${plain(c.before)} and ${plain(c.after)} have the same nodes, wires and rules.`];
  const roles = new Map(b.nodes.map(n => [n.name, n])), changed = c.nodes.filter(n => n.state === 'changed'), own = changed.filter(n => roles.get(n.name)?.of === undefined || !n.what.startsWith('follows ')), follow = changed.filter(n => !own.includes(n));
  const all = b.nodes.length + c.counts.removed, first = own.slice(0, 4).map(n => `${roles.get(n.name)?.role === 'slot' ? 'slot ' : ''}${plain(n.name)}: ${n.what}`), short = (wire: string) => wire.replace(/^data\./, '');
  const lines = [
    first.length ? `${first.join('; ')}${own.length > 4 ? `; ${own.length - 4} more` : ''}${follow.length ? `; ${listed(follow.map(n => n.name))} ${follow.length > 1 ? 'follow' : 'follows'}` : ''}.` : '',
    [c.counts.added ? `New: ${listed(c.nodes.filter(n => n.state === 'added').map(n => n.name))}` : '', c.counts.removed ? `${c.counts.added ? 'gone' : 'Gone'}: ${listed(c.nodes.filter(n => n.state === 'removed').map(n => n.name))}` : ''].filter(Boolean).join('; '),
    [c.inputs.added.length ? `Reads ${listed(c.inputs.added.map(short))}, which ${plain(c.before)} does not` : '', c.inputs.removed.length ? `${c.inputs.added.length ? 'no' : 'No'} longer reads ${listed(c.inputs.removed.map(short))}` : '', ...c.rules.map(r => `rule ${plain(r.name)} ${r.what}`), ...c.settings].filter(Boolean).join('; '),
    [`${all - c.counts.added - c.counts.removed - c.counts.changed} of ${counted(all, 'node')} unchanged`, `wires +${c.wires.added.length} −${c.wires.removed.length}`, ...(c.weights ? [`weights ${grouped(c.weights.before)} → ${grouped(c.weights.after)}`] : [])].join('; '),
  ].filter(Boolean);
  return lines.map(l => `${l.slice(0, 1).toUpperCase()}${l.slice(1)}${l.endsWith('.') ? '' : '.'}`).map((l, i) => (i === 0 && first.length ? `${l.slice(0, 1).toLowerCase()}${l.slice(1)}`.replace(/^slot/, 'Slot') : l));
}

export function unionOf(a: Description, b: Description, o: ViewOptions = {}): Union {
  const comparison = compare(a, b), A = new Map(a.nodes.map(n => [n.name, n])), B = new Map(b.nodes.map(n => [n.name, n])), wiresA = new Set(a.wires.map(keyOf)), wiresB = new Set(b.wires.map(keyOf)), joint = both(a, b);
  const stateOf = (w: WireDescription): State => { const k = keyOf(w); return wiresA.has(k) === wiresB.has(k) ? 'same' : wiresB.has(k) ? 'added' : 'removed'; }, odd = joint.wires.filter(w => stateOf(w) !== 'same');
  /** Two wires into one port, one of before and one of after, need two ports. */
  const doubled = new Set(odd.filter(w => stateOf(w) === 'removed' && joint.wires.some(x => x.to === w.to && x !== w)).map(w => w.to)), split = (w: WireDescription): WireDescription => (doubled.has(w.to) && stateOf(w) === 'removed' ? { ...w, to: `${w.to}~before` } : w);
  const states = new Map(joint.wires.map(w => [`${w.from}>${split(w).to}`, stateOf(w)])), lines = new Set(odd.filter(w => Object.hasOwn(joint.sources, nodeOf(w.from))).map(w => w.from));
  const page = viewOf({ ...joint, wires: joint.wires.map(split) }, { ...o, asLines: lines }), edges = page.edges.map((e): ViewEdge => ({ ...e, state: states.get(e.id) ?? 'same' }));
  const outgoing = (wires: readonly WireDescription[]) => new Set(wires.map(w => w.from)), [outA, outB] = [outgoing(a.wires), outgoing(b.wires)];
  const nodes = page.nodes.map((n): ViewNode => {
    const [x, y] = [A.get(n.id), B.get(n.id)], stored = n.role === 'source' || n.role === 'memory', there = (d: Description) => Object.hasOwn(d.sources, n.id) || Object.hasOwn(d.memory, n.id);
    const told = comparison.settings.find(s => s.startsWith(`${n.title}: `)), state: State = stored ? (there(a) === there(b) ? (told === undefined ? 'same' : 'changed') : there(b) ? 'added' : 'removed') : !x ? 'added' : !y ? 'removed' : same(nature(x), nature(y)) ? 'same' : 'changed';
    const whole = state === 'added' || state === 'removed', port = (p: ViewPort, s: State | undefined): ViewPort => (whole || s === undefined || s === 'same' ? p : { ...p, state: s });
    const before = new Set(x?.trainedBy ?? []), rules = state === 'same' || state === 'changed' ? n.rules.map(r => (stored || before.has(r.text) ? r : { ...r, state: 'added' as const })) : n.rules;
    const detail = state !== 'changed' || stored ? (told === undefined ? n.detail : [n.detail[0]!, told.slice(n.title.length + 2)]) : n.of !== undefined && x!.of === y!.of ? [n.detail[0]!, 'follows the swap'] : changeInWords(x!, y!);
    return { ...n, state, detail, rules,
      inputs: n.inputs.map(p => { const ws = joint.wires.map(split).filter(w => w.to === `${n.id}.${p.id}`); return port(p.id.endsWith('~before') ? { ...p, label: p.label.replace(/~before$/, '') } : p, ws.map(w => states.get(`${w.from}>${w.to}`)).find(s => s !== 'same')); }),
      outputs: n.outputs.map(p => { const wire = `${n.id}.${p.id}`; return port(p, outA.has(wire) === outB.has(wire) || !p.used ? undefined : outB.has(wire) ? 'added' : 'removed'); }) };
  });
  const old = cardsOf(a), cards = union(old, cardsOf(b), k => k.name.replace(/ after .*/, '')).map((k): Card => {
    const name = k.name.replace(/ after .*/, ''), was = old.find(x => x.name.replace(/ after .*/, '') === name), is = Object.keys(b.train).some(r => `train ${plain(r)}` === name);
    if (!was) return { ...k, state: 'added' };
    if (!is) return { ...k, state: 'removed' };
    const changed = k.lines.flatMap((t, i) => (t === was.lines[i] ? [] : [i]));
    return changed.length || was.name !== k.name ? { ...k, state: 'changed', changed } : k;
  });
  const { zones: _, ...rest } = page;
  return { comparison, view: { ...rest, zones: {}, form: 'difference', title: `${plain(a.name)} → ${plain(b.name)}`, lead: sentences(comparison, b), nodes, edges, cards, caption: [...captionOf(b, 1).slice(0, 1), `${plain(a.name)} ${a.hash} → ${plain(b.name)} ${b.hash}`] } };
}
