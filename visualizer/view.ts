/** The description of a page as boxes and lines, one box a node: the picture of the paper. */
import type { Description, NodeDescription, WireDescription } from '../core/describe.ts';
import { byEnd, closure, gradients, nodeOf, portOf, type Gradients } from './gradient.ts';
import { counted, grouped, letterOf, lines, plain, setting, settings } from './text.ts';
import { KINDS, netOf, type Card, type Group, type Kind, type Tag, type ViewEdge, type ViewGraph, type ViewNode, type ViewPort } from './view-graph.ts';

export interface ViewOptions {
  /** Folder of a node type, which is its kind. */
  readonly kinds?: (type: string) => string | undefined;
  /** What a node type guarantees, for differences: `monotonic`; undefined where nobody says. */
  readonly guarantees?: (type: string) => readonly string[] | undefined;
  /** Fields (`data.state`) that are lines wherever they are read. */
  readonly asLines?: ReadonlySet<string>;
}
/** Characters of a line of detail, and how many such lines. */
const DETAIL = { columns: 26, lines: 4 };

/** Kind of a type that nobody names: by what the page does with it. */
function guess(d: Description, n: NodeDescription): Kind {
  if (Object.values(d.train).some(r => r.losses.some(l => nodeOf(l.loss) === n.name))) return 'losses';
  if (d.act && nodeOf(d.act.action) === n.name) return 'explore';
  return n.trainedBy.length || n.of !== undefined ? 'values' : 'arithmetic';
}
const kindOf = (d: Description, n: NodeDescription, { kinds }: ViewOptions): Kind => {
  const named = kinds?.(n.type);
  return KINDS.find(k => k === named) ?? guess(d, n);
};

/** `every 200 episodes`, `by 0.005 every update`. */
function followInWords(t: Description['targets'][string]): string {
  const clock = t.everyEpisodes ? counted(t.everyEpisodes, 'episode') : t.everySteps ? counted(t.everySteps, 'step') : counted(t.everyUpdates ?? 1, 'update');
  const every = `every ${clock.replace(/^1 /, '')}`;
  return t.polyak === undefined ? every : `by ${setting(t.polyak)} ${every}`;
}
const markOf = (via: string): string => (via.startsWith('each ') ? `×${letterOf(via.slice(5))}` : via);

/** Without nodes that never run because a slot offers them and its node does not take them, and without what only they read: a field that nobody takes is not drawn either. */
export function running(d: Description): Description {
  const into = byEnd(d.wires, 'to'), offered = closure('from', into, d.offers.map(w => nodeOf(w.from))), shown = closure('from', into, d.nodes.filter(n => n.learns || n.acts || !offered.has(n.name)).map(n => n.name));
  return { ...d, nodes: d.nodes.filter(n => shown.has(n.name)), wires: d.wires.filter(w => shown.has(nodeOf(w.to))) };
}

/** What a page's boxes and lines are made from. */
interface Reading {
  readonly d: Description; readonly o: ViewOptions; readonly gradients: Gradients;
  readonly byName: ReadonlyMap<string, NodeDescription>; readonly into: ReadonlyMap<string, readonly WireDescription[]>;
  /** Outputs that something asks for, and those that a slot offers. */
  readonly asked: ReadonlySet<string>; readonly offered: ReadonlySet<string>;
  isFlag(w: WireDescription): boolean;
}
function read(d: Description, o: ViewOptions): Reading {
  const byName = new Map(d.nodes.map(n => [n.name, n])), into = new Map<string, WireDescription[]>();
  for (const w of d.wires) { const n = nodeOf(w.to), list = into.get(n); if (list) list.push(w); else into.set(n, [w]); }
  const isSource = (n: string) => Object.hasOwn(d.sources, n), stored = (n: string) => isSource(n) || Object.hasOwn(d.memory, n);
  const entries = new Set(d.nodes.filter(n => n.acts && (into.get(n.name) ?? []).every(w => stored(nodeOf(w.from)))).map(n => n.name));
  const plainWire = (text: string) => text.split(' | ', 1)[0]!;
  return {
    d, o, gradients: gradients(d), byName, into,
    asked: new Set([...d.wires.map(w => w.from), ...Object.values(d.train).flatMap(r => [...r.losses.map(l => plainWire(l.loss)), ...(r.until ? [plainWire(r.until.wire)] : [])]), ...(d.act ? [d.act.action, d.act.best ?? d.act.action].map(plainWire) : []), ...Object.values(d.keep).flatMap(k => Object.values(k)).map(plainWire), ...Object.values(d.priority).map(plainWire)]),
    offered: new Set(d.offers.filter(w => byName.get(nodeOf(w.to))?.role === 'slot').map(w => w.from)),
    isFlag: w => isSource(nodeOf(w.from)) && o.asLines?.has(w.from) !== true && !entries.has(nodeOf(w.to)),
  };
}

function groupOf({ d, gradients: { learns } }: Reading, n: NodeDescription): Group {
  if (n.acts) return 'agent';
  if (Object.values(d.train).some(r => r.losses.some(l => nodeOf(l.loss) === n.name))) return 'loss';
  return learns.has(n.name) ? 'learner' : 'targets';
}
function tagsOf({ d }: Reading, node: string): Tag[] {
  const at = (text: string) => nodeOf(text) === node, tags: Tag[] = [];
  if (d.act && at(d.act.action)) tags.push({ port: portOf(d.act.action), kind: 'act', text: 'act' });
  for (const [rule, { losses }] of Object.entries(d.train)) for (const { loss, weight } of losses) if (at(loss)) tags.push({ port: portOf(loss), kind: 'rule', text: `${weight === 1 ? '' : `${setting(weight)} × `}${plain(rule)}` });
  for (const [rule, { until }] of Object.entries(d.train)) if (until && at(until.wire)) tags.push({ port: portOf(until.wire), kind: 'rule', text: `${plain(rule)} until > ${setting(until.above)}` });
  for (const [memory, wires] of Object.entries(d.keep)) for (const [k, text] of Object.entries(wires)) if (at(text)) tags.push({ port: portOf(text), kind: 'keep', text: `keep ${plain(memory)}${k === portOf(text) ? '' : `.${plain(k)}`}` });
  for (const [source, text] of Object.entries(d.priority)) if (at(text)) tags.push({ port: portOf(text), kind: 'priority', text: `priority of ${plain(source)}` });
  return tags;
}

function inputsOf(r: Reading, n: NodeDescription): ViewPort[] {
  const first = Object.keys(r.d.sources)[0];
  const wired = (r.into.get(n.name) ?? []).map((w): ViewPort => {
    const id = portOf(w.to), [from, port] = [nodeOf(w.from), portOf(w.from)], flag = r.isFlag(w) ? `${from === first ? '' : `${from}.`}${port}` : undefined;
    return { id, label: plain(id), dtype: w.dtype, dims: w.dims, marks: w.via.filter(v => v !== 'stop').map(markOf), used: true, ...(flag === undefined ? {} : { flag: flag === id ? '' : plain(flag) }) };
  });
  return [...wired, ...(n.role === 'slot' ? n.untaken.map(id => ({ id, label: plain(id), marks: [], used: false })) : [])];
}
function outputsOf(r: Reading, n: NodeDescription): ViewPort[] {
  return n.outputs.filter(o => r.asked.has(`${n.name}.${o.name}`) || (r.offered.has(`${n.name}.${o.name}`) && n.role !== 'target')).map(o => ({ id: o.name, label: plain(o.name), dtype: o.dtype, dims: o.dims, ...(o.shape ? { sizes: o.shape } : {}), marks: [], used: r.asked.has(`${n.name}.${o.name}`) }));
}
function nodeView(r: Reading, n: NodeDescription): ViewNode {
  const again = n.of === undefined ? undefined : { target: `lags ${n.of}`, shared: `same weights as ${n.of}`, frozen: `${n.of}, frozen here` }[n.role];
  const type = n.type === n.name ? '' : plain(n.type), per = n.per === undefined ? '' : `per ${plain(n.per)}`;
  const detail = again === undefined ? [[type, per].filter(Boolean).join(' '), ...lines(settings(n.config), ' · ', DETAIL.columns, DETAIL.lines)] : [plain(again)];
  return {
    id: n.name, title: plain(n.name), type: plain(n.type), detail: detail.filter(Boolean), kind: kindOf(r.d, n, r.o), role: n.role as ViewNode['role'], ...(n.of === undefined ? {} : { of: n.of }), group: groupOf(r, n),
    inputs: inputsOf(r, n), outputs: outputsOf(r, n), rules: n.of === undefined ? n.trainedBy.map(text => ({ text: plain(text) })) : [], tags: tagsOf(r, n.name), acts: n.acts,
    ...(n.weights === undefined || n.weights === 0 ? {} : { weights: n.weights }), ...(n.about === undefined ? {} : { about: plain(n.about) }),
  };
}

function sourceViews({ d, ...r }: Reading): ViewNode[] {
  const flags = new Set(d.wires.filter(r.isFlag).map(w => w.from)), drawn = new Set(d.wires.filter(w => !r.isFlag(w)).map(w => w.from));
  const base = { rules: [], tags: [], acts: false, group: 'data' as const };
  const sources = Object.entries(d.sources).map(([name, { cut, prioritised, ...numbers }]): ViewNode => {
    const ports = (d.fields[name] ?? []).filter(f => flags.has(`${name}.${f.name}`) || drawn.has(`${name}.${f.name}`)), isDrawn = (f: string) => drawn.has(`${name}.${f}`);
    return {
      ...base, id: name, title: plain(name), kind: 'data', role: 'source', detail: [cut, ...lines(settings({ ...numbers, ...(prioritised ? { priority: `^${prioritised.alpha}` } : {}) }), ' · ', 20, DETAIL.lines)], inputs: [],
      outputs: [...ports.filter(f => isDrawn(f.name)), ...ports.filter(f => !isDrawn(f.name))].map(f => ({ id: f.name, label: plain(f.name), dtype: f.dtype, dims: f.dims, ...(f.shape ? { sizes: f.shape } : {}), marks: [], used: true, ...(isDrawn(f.name) ? {} : { flag: '' }) })),
    };
  });
  const memory = Object.entries(d.memory).map(([name, numbers]): ViewNode => ({ ...base, id: name, title: plain(name), kind: 'memory', role: 'memory', detail: ['kept from step to step'], inputs: [], outputs: Object.entries(numbers).filter(([k]) => drawn.has(`${name}.${k}`)).map(([k, x]) => ({ id: k, label: plain(k), dtype: 'f32', dims: typeof x === 'number' ? [] : x.over.split(' '), marks: [], used: true })) }));
  return [...sources, ...memory];
}

export function cardsOf(d: Description): Card[] {
  return Object.entries(d.train).map(([name, r]) => ({
    name: `train ${plain(name)}${r.after === undefined ? '' : ` after ${plain(r.after)}`}`,
    lines: [
      ...lines(r.losses.map(l => `${l.weight === 1 ? '' : `${setting(l.weight)} × `}${plain(nodeOf(l.loss))}`), ' + ', 44),
      [r.optimiser.type, `lr ${setting(r.optimiser.lr)}`, ...(r.clipNorm === undefined ? [] : [`clip ${setting(r.clipNorm)}`]), ...(r.clipEach === undefined ? [] : [`clip each ${setting(r.clipEach)}`]), ...(r.every === undefined ? [] : [`every ${counted(r.every, 'update')}`]), ...(r.sweep ? [`over ${plain(r.sweep.over)}, ${r.sweep.order}`] : [])].join(' · '),
      ...lines(r.trains.map(plain), ', ', 44).map((l, i, all) => `${i ? '\u00a0\u00a0\u00a0' : '→ '}${l}${i < all.length - 1 ? ',' : ''}`),
    ],
  }));
}
export function captionOf(d: Description, level: number): string[] {
  const held = d.nodes.filter(n => n.trainedBy.length && n.of === undefined).length, weights = d.nodes.every(n => n.weights === undefined) ? undefined : d.nodes.reduce((sum, n) => sum + (n.weights ?? 0), 0);
  const follow = [...new Set(Object.values(d.targets).map(followInWords))].join('; ');
  return [`level ${level}`, `${counted(d.nodes.length, 'node')}, ${counted(d.wires.length, 'wire')}`, weights === undefined ? `${counted(held, 'node')} with weights` : `${grouped(weights)} weights in ${counted(held, 'node')}`, ...(follow ? [`targets follow ${follow}`] : []), ...(d.act ? [`acts on ${plain(d.act.action)}`] : []), `structure ${d.hash}`];
}
const SEES = { local: "sees each agent's own fields", agents: 'sees all agents', all: 'sees the central state' } as const;

/** One box a node: level 1. */
export function viewOf(d: Description, o: ViewOptions = {}): ViewGraph {
  const r = read(d, o), nodes = [...sourceViews(r), ...d.nodes.map(n => nodeView(r, n))];
  const edges = d.wires.filter(w => !r.isFlag(w)).map((w): ViewEdge => {
    const from = [nodeOf(w.from), portOf(w.from)] as const, to = [nodeOf(w.to), portOf(w.to)] as const;
    return { id: `${w.from}>${w.to}`, from, to, kind: r.gradients.flow(w), net: netOf(from) };
  });
  const lagged = d.nodes.some(n => n.role === 'target'), apart = nodes.some(n => n.group === 'targets');
  return {
    schema: 1, form: 'page', title: plain(d.name), level: 1, nodes, edges, cards: cardsOf(d),
    lead: [[d.about, d.paper].filter(x => x !== undefined).map(plain).join('. '), d.parent === undefined ? '' : `derived from ${plain(d.parent)}`].filter(Boolean),
    zones: { ...(d.act ? { agent: `acting slice, ${d.act.inTurn === undefined ? SEES[d.act.sees ?? 'local'] : `in turn over ${plain(d.act.inTurn)}`}` } : {}), ...(apart ? { targets: lagged ? 'target side, no gradient' : 'no gradient' } : {}) },
    caption: captionOf(d, 1),
  };
}
