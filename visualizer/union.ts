/** Two pages as one picture: everything of both, each box, port, line and rule with what became of it. One layout for both, so that nothing jumps. */
import type { Description, NodeDescription, WireDescription } from '../core/describe.ts';
import { nodeOf } from './gradient.ts';
import { renamed, renames } from './renames.ts';
import { counted, grouped, lines, plain, settings } from './text.ts';
import { cardsOf, captionOf, running, viewOf, type ViewOptions } from './view.ts';
import type { Card, State, ViewEdge, ViewGraph, ViewNode, ViewPort } from './view-graph.ts';

export interface NodeChange { readonly name: string; readonly state: Exclude<State, 'same'>; readonly what: string; /** Its name before. */ readonly was?: string }
/** What the type of a changed node guarantees: still, no more, and now. */
export interface Guarantees { readonly node: string; readonly kept: readonly string[]; readonly lost: readonly string[]; readonly gained: readonly string[]; /** Nothing is said of the new type. */ readonly unknown: boolean }
/** What differs, as facts; the sentences are made from them. */
export interface Comparison {
  readonly before: string; readonly after: string;
  readonly counts: Readonly<Record<State, number>>;
  readonly nodes: readonly NodeChange[];
  readonly wires: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** Fields that only one side reads. */
  readonly inputs: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly rules: readonly { readonly name: string; readonly what: string }[];
  readonly guarantees: readonly Guarantees[];
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

/** `hidden 64 → 128`. */
function changes(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  const value = (c: Readonly<Record<string, unknown>>, k: string) => (own(c, k) === undefined ? 'unset' : settings({ [k]: own(c, k) })[0]!.slice(plain(k).length + 1));
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(k => !same(own(a, k), own(b, k))).map(k => `${plain(k)} ${value(a, k)} → ${value(b, k)}`);
}
const ROLES: Readonly<Record<string, string>> = { add: 'no slot', slot: 'a slot', target: 'lagged copy of', shared: 'weights of', frozen: 'frozen copy of' };
const roleInWords = ({ role, of }: NodeDescription) => `${ROLES[role] ?? role}${of === undefined ? '' : ` ${plain(of)}`}`;
/** A new type is said as a whole. */
function changeInWords(a: NodeDescription, b: NodeDescription): string[] {
  if (a.type !== b.type) return [`${plain(a.type)} → ${plain(b.type)}`];
  return [...changes(a.config, b.config), ...(a.role === b.role && a.of === b.of ? [] : [`${roleInWords(a)} → ${roleInWords(b)}`]), ...(a.per === b.per ? [] : [`per ${a.per ?? 'none'} → per ${b.per ?? 'none'}`])];
}
/** In a box: the settings of a new type on lines of their own. */
function changeInBox(a: NodeDescription, b: NodeDescription): string[] {
  if (a.type === b.type) return lines(changeInWords(a, b), ', ', 30);
  const [x, [first = 'no settings', ...rest]] = [settings(a.config), settings(b.config)];
  return [...changeInWords(a, b), ...lines(x.length ? x : ['no settings'], ' · ', 30), ...lines([`→ ${first}`, ...rest], ' · ', 30)];
}

/** The description of everything that either page has. Where they differ, what is after counts. */
function both(a: Description, b: Description): Description {
  const was = new Map(a.nodes.map(n => [n.name, n])), ports = <T extends { readonly name: string }>(x: readonly T[], y: readonly T[]) => union(x, y, p => p.name);
  const nodes = union(a.nodes, b.nodes, n => n.name).map(n => { const x = was.get(n.name); return !x || x === n ? n : { ...n, inputs: ports(x.inputs, n.inputs), outputs: ports(x.outputs, n.outputs) }; });
  const wires = union(a.wires, b.wires, keyOf), taken = new Set(wires.map(w => w.to));
  return { ...b, name: `${a.name} → ${b.name}`, nodes: nodes.map(n => ({ ...n, untaken: n.untaken.filter(p => !taken.has(`${n.name}.${p}`)) })), wires, offers: union(a.offers, b.offers, o => `${o.from}>${o.to}`).filter(o => !taken.has(o.to)), sources: { ...a.sources, ...b.sources }, memory: { ...a.memory, ...b.memory }, fields: Object.fromEntries([...new Set([...Object.keys(b.fields), ...Object.keys(a.fields)])].map(s => [s, ports(a.fields[s] ?? [], b.fields[s] ?? [])])), keep: { ...a.keep, ...b.keep }, priority: { ...a.priority, ...b.priority }, train: { ...a.train, ...b.train }, targets: { ...a.targets, ...b.targets } };
}

function compare(a: Description, b: Description, was: ReadonlyMap<string, string>, { guarantees }: ViewOptions): Comparison {
  const A = new Map(a.nodes.map(n => [n.name, n])), B = new Map(b.nodes.map(n => [n.name, n])), names = [...new Set([...A.keys(), ...B.keys()])], wiresA = new Set(a.wires.map(keyOf)), wiresB = new Set(b.wires.map(keyOf));
  const nodes = names.flatMap((name): NodeChange[] => {
    const [x, y] = [A.get(name), B.get(name)];
    if (!x) return [{ name, state: 'added', what: inWords(y!) }];
    if (!y) return [{ name, state: 'removed', what: inWords(x) }];
    const old = was.get(name), named = old === undefined ? {} : { was: old };
    if (same(nature(x), nature(y))) return old === undefined ? [] : [{ name, state: 'moved', what: `was ${plain(old)}`, ...named }];
    return [{ name, state: 'changed', ...named, what: y.of !== undefined && x.of === y.of && x.role === y.role ? `follows ${plain(y.of)}` : x.type === y.type ? changeInWords(x, y).join(', ') : `${inWords(x)} → ${inWords(y)}` }];
  });
  const fields = (d: Description) => new Set(d.wires.filter(w => Object.hasOwn(d.sources, nodeOf(w.from))).map(w => w.from)), [readA, readB] = [fields(a), fields(b)], only = (x: ReadonlySet<string>, y: ReadonlySet<string>) => [...x].filter(k => !y.has(k));
  const rules = [...new Set([...Object.keys(a.train), ...Object.keys(b.train)])].flatMap(name => {
    const [x, y] = [own(a.train, name), own(b.train, name)];
    if (!x) return [{ name, what: 'is new' }];
    if (!y) return [{ name, what: 'is gone' }];
    const more = y.trains.filter(t => !x.trains.includes(t)), less = x.trains.filter(t => !y.trains.includes(t)), rest = ({ trains: _, ...r }: typeof x) => r, words = [...(more.length ? [`also trains ${more.map(plain).join(', ')}`] : []), ...(less.length ? [`no longer trains ${less.map(plain).join(', ')}`] : []), ...(same(rest(x), rest(y)) ? [] : ['is set otherwise'])];
    return words.length ? [{ name, what: words.join(' and ') }] : [];
  });
  const told = [...Object.keys({ ...a.sources, ...b.sources }).flatMap(s => { const [x, y] = [a.sources[s], b.sources[s]]; if (!x || !y) return [`source ${plain(s)} is ${x ? 'gone' : 'new'}`]; const words = changes({ ...x }, { ...y }); return words.length ? [`source ${plain(s)}: ${words.join(', ')}`] : []; }),
    ...(same(a.targets, b.targets) ? [] : ['targets follow otherwise']), ...(same(a.act, b.act) ? [] : [`acts on ${plain(b.act?.action ?? 'nothing')}`]), ...(same(a.memory, b.memory) && same(a.keep, b.keep) ? [] : ['memory is kept otherwise']), ...(same(a.priority, b.priority) ? [] : ['priorities differ'])];
  const total = (d: Description) => (d.nodes.some(n => n.weights !== undefined) ? d.nodes.reduce((sum, n) => sum + (n.weights ?? 0), 0) : undefined), [before, after] = [total(a), total(b)];
  const wires = { added: only(wiresB, wiresA), removed: only(wiresA, wiresB) }, count = (s: State) => nodes.filter(n => n.state === s).length;
  const kept = nodes.flatMap(({ name, state }): Guarantees[] => {
    const [x, y] = [A.get(name), B.get(name)];
    if (state !== 'changed' || !x || !y || x.type === y.type || y.of !== undefined) return [];
    const [had, has] = [guarantees?.(x.type) ?? [], guarantees?.(y.type)], now = has ?? [];
    return had.length || now.length ? [{ node: name, kept: now.filter(g => had.includes(g)), lost: had.filter(g => !now.includes(g)), gained: now.filter(g => !had.includes(g)), unknown: has === undefined }] : [];
  });
  return { before: a.name, after: b.name, nodes, wires, guarantees: kept, inputs: { added: only(readB, readA), removed: only(readA, readB) }, rules, settings: told, counts: { added: count('added'), removed: count('removed'), changed: count('changed'), moved: count('moved'), same: names.length - nodes.length }, ...(before === undefined || after === undefined ? {} : { weights: { before, after } }), same: !nodes.length && !wires.added.length && !wires.removed.length && !rules.length && !told.length };
}

/** Names, and how many more there are. */
const listed = (names: readonly string[], most = 6) => (names.length <= most ? names.map(plain).join(', ') : `${names.slice(0, most - 1).map(plain).join(', ')} and ${names.length - most + 1} more`);
const listing = (words: readonly string[], last: 'and' | 'or') => words.join(words.length > 2 ? ', ' : ` ${last} `);
/** `no longer additive, still monotonic and IGM`. */
const guaranteed = ({ kept, lost, gained, unknown }: Guarantees) => [...(lost.length ? [`${unknown ? 'not known to be' : 'no longer'} ${listing(lost, 'or')}`] : []), ...(gained.length ? [`now ${listing(gained, 'and')}`] : []), ...(kept.length ? [`still ${listing(kept, 'and')}`] : [])].join(', ');
/** A few sentences, the most telling first. */
export function sentences(c: Comparison, b: Description): string[] {
  if (c.same) return [`${plain(c.before)} and ${plain(c.after)} have the same nodes, wires and rules.`];
  const roles = new Map(b.nodes.map(n => [n.name, n])), changed = c.nodes.filter(n => n.state === 'changed'), own = changed.filter(n => roles.get(n.name)?.of === undefined || !n.what.startsWith('follows ')), follow = changed.filter(n => !own.includes(n));
  const { added, removed, changed: other, moved, same: alike } = c.counts, place = (name: string) => `${roles.get(name)?.role === 'slot' ? 'slot' : 'node'} ${plain(name)}`, first = own.slice(0, 4).map(n => `${place(n.name)}: ${n.what}`), short = (wire: string) => wire.replace(/^data\./, '');
  const [[from = '', to = ''] = [], [once = '', there = ''] = []] = [...c.wires.added, ...c.wires.removed].map(w => w.split(' > ')), out = [
    !c.nodes.length && to === there && to !== '' ? `port ${plain(to)} reads ${plain(from)}, no longer ${plain(once)}` : '',
    first.length ? `${first.join('; ')}${own.length > 4 ? `; ${own.length - 4} more` : ''}${follow.length ? `; ${listed(follow.map(n => n.name))} ${follow.length > 1 ? 'follow' : 'follows'}` : ''}.` : '',
    moved ? `Renamed: ${listed(c.nodes.filter(n => n.was !== undefined).map(n => `${plain(n.was!)} → ${plain(n.name)}`))}` : '',
    [c.counts.added ? `New: ${listed(c.nodes.filter(n => n.state === 'added').map(n => n.name))}` : '', c.counts.removed ? `${c.counts.added ? 'gone' : 'Gone'}: ${listed(c.nodes.filter(n => n.state === 'removed').map(n => n.name))}` : ''].filter(Boolean).join('; '),
    [c.inputs.added.length ? `Reads ${listed(c.inputs.added.map(short))}, which ${plain(c.before)} does not` : '', c.inputs.removed.length ? `${c.inputs.added.length ? 'no' : 'No'} longer reads ${listed(c.inputs.removed.map(short))}` : '', ...c.rules.map(r => `rule ${plain(r.name)} ${r.what}`), ...c.settings].filter(Boolean).join('; '),
    c.guarantees.map(g => `${place(g.node)} is ${guaranteed(g)}`).join('; '),
    [`${grouped(alike)} of ${counted(alike + added + removed + other + moved, 'node')} unchanged (+${added} −${removed} ~${other}${moved ? ` →${moved}` : ''})`, `wires +${c.wires.added.length} −${c.wires.removed.length}`, ...(c.weights ? [`weights ${grouped(c.weights.before)} → ${grouped(c.weights.after)} (${c.weights.after < c.weights.before ? '−' : '+'}${grouped(Math.abs(c.weights.after - c.weights.before))})`] : [])].join('; '),
  ].filter(Boolean);
  return out.map(l => `${l.slice(0, 1).toUpperCase()}${l.slice(1)}${l.endsWith('.') ? '' : '.'}`);
}

export function unionOf(before: Description, b: Description, o: ViewOptions = {}): Union {
  const names = renames(before, b), a = renamed(before, names), comparison = compare(a, b, new Map([...names].map(([old, name]) => [name, old])), o), change = new Map(comparison.nodes.map(n => [n.name, n])), A = new Map(a.nodes.map(n => [n.name, n])), B = new Map(b.nodes.map(n => [n.name, n])), wiresA = new Set(a.wires.map(keyOf)), wiresB = new Set(b.wires.map(keyOf)), joint = running(both(a, b));
  const stateOf = (w: WireDescription): State => { const k = keyOf(w); return wiresA.has(k) === wiresB.has(k) ? 'same' : wiresB.has(k) ? 'added' : 'removed'; }, odd = joint.wires.filter(w => stateOf(w) !== 'same');
  /** Two wires into one port, one of before and one of after, need two ports. */
  const doubled = new Set(odd.filter(w => stateOf(w) === 'removed' && joint.wires.some(x => x.to === w.to && x !== w)).map(w => w.to)), split = (w: WireDescription): WireDescription => (doubled.has(w.to) && stateOf(w) === 'removed' ? { ...w, to: `${w.to}~before` } : w);
  const states = new Map(joint.wires.map(w => [`${w.from}>${split(w).to}`, stateOf(w)])), asLines = new Set(odd.filter(w => Object.hasOwn(joint.sources, nodeOf(w.from))).map(w => w.from));
  const page = viewOf({ ...joint, wires: joint.wires.map(split) }, { ...o, asLines }), edges = page.edges.map((e): ViewEdge => ({ ...e, state: states.get(e.id) ?? 'same' }));
  const hung = (d: Description) => new Set(viewOf(d, o).nodes.flatMap(n => n.tags.map(t => `${n.id} ${t.port} ${t.kind} ${t.text}`))), [tagsA, tagsB] = [hung(a), hung(b)];
  const outgoing = (wires: readonly WireDescription[]) => new Set(wires.map(w => w.from)), [outA, outB] = [outgoing(a.wires), outgoing(b.wires)];
  const nodes = page.nodes.map((n): ViewNode => {
    const [x, y] = [A.get(n.id), B.get(n.id)], stored = n.role === 'source' || n.role === 'memory', there = (d: Description) => Object.hasOwn(d.sources, n.id) || Object.hasOwn(d.memory, n.id);
    const told = comparison.settings.find(s => s.startsWith(`source ${n.title}: `)), state: State = stored ? (there(a) === there(b) ? (told === undefined ? 'same' : 'changed') : there(b) ? 'added' : 'removed') : change.get(n.id)?.state ?? 'same';
    const whole = state === 'added' || state === 'removed', port = (p: ViewPort, s: State | undefined): ViewPort => (whole || s === undefined || s === 'same' ? p : { ...p, state: s });
    const trained = new Set(x?.trainedBy ?? []), rules = n.rules.map(r => (whole ? { ...r, state } : stored || trained.has(r.text) ? r : { ...r, state: 'added' as const }));
    const was = change.get(n.id)?.was, source = stored && told !== undefined ? lines(changes({ ...a.sources[n.id] }, { ...b.sources[n.id] }), ', ', 30) : [];
    const detail = [...(was === undefined ? [] : [`was ${plain(was)}`]), ...(stored || state !== 'changed' ? (source.length ? [n.detail[0]!, ...source] : n.detail) : n.of !== undefined && x!.of === y!.of ? [n.detail[0]!, 'follows the swap'] : changeInBox(x!, y!))];
    const tags = n.tags.map(t => { const key = `${n.id} ${t.port} ${t.kind} ${t.text}`; return whole ? { ...t, state } : tagsA.has(key) === tagsB.has(key) ? t : { ...t, state: tagsB.has(key) ? 'added' as const : 'removed' as const }; });
    return { ...n, state, detail, rules, tags,
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
