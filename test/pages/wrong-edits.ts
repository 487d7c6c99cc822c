/** Wrong edits of a page on its plain data, by kind. What would be legal by accident is left out where it is made, with the reason. */
import { owner, parse, taken, use, type Definition, type Page } from '../../core/definition.ts';
import { infer, typeOf, type Typed } from '../../core/infer.ts';
import { base, named, open, type Port } from '../../core/port.ts';
import { actingSlice, upstream } from '../../core/topology.ts';

type Draft<T> = T extends readonly (infer X)[] ? Draft<X>[] : T extends object ? { -readonly [K in keyof T]: Draft<T[K]> } : T;
export type DraftPage = Draft<Page>;
export interface Edit {
  /** What was changed to what. */
  readonly what: string;
  /** Node, rule, source or memory that the edit is about, and the port. */
  readonly at: string;
  readonly port?: string;
  apply(page: DraftPage): void;
}
interface Wire { readonly node: string; readonly key: string; readonly text: string; readonly port: Port; readonly type: Typed; readonly siblings: readonly Typed[]; readonly rest: boolean }
export interface Subject { readonly name: string; readonly d: Definition; readonly page: Page; readonly wires: readonly Wire[]; readonly acting: ReadonlySet<string> }
export interface Kind {
  /** Codes of `check`, one of which must be among the issues; `schema` for what TypeScript forbids and a page file is refused for before it is checked. */
  readonly codes: readonly string[];
  /** At most so many edits of a page, spread over it. */
  readonly most?: number;
  edits(s: Subject): Iterable<Edit>;
}

/** Wires that the nodes of a page take, with what they carry. */
export function subject(name: string, d: Definition): Subject {
  const { types } = infer(d), wires = Object.keys(d.page.nodes).flatMap(node => {
    const { spec } = use(d, node), ports = spec.in as Record<string, Port>;
    const all = taken(d, node).map(([key, text]) => ({ key, text, rest: !Object.hasOwn(ports, key), port: ports[key] ?? spec.rest!, type: typeOf(d, text, types) as Typed }));
    return all.map(w => ({ ...w, node, siblings: all.filter(o => o !== w && open(o.port)).map(o => o.type) }));
  });
  return { name, d, page: d.page, wires, acting: actingSlice(d) };
}

const wired = (w: Wire, text: string): Edit => ({ what: `${w.node}.${w.key}: ${w.text} -> ${text}`, at: w.node, port: w.key, apply: p => { p.nodes[w.node]!.in[w.key] = text; } });
const edit = (at: string, what: string, apply: (page: DraftPage) => void): Edit => ({ at, what: `${at}: ${what}`, apply });
const has = (t: Typed, dim: (d: string) => boolean) => t.dims.some(dim);
const slots = (t: Typed) => has(t, d => base(d) === 'time+1'), steps = (t: Typed) => has(t, d => base(d) === 'time');
const without = (text: string, op: (o: string) => boolean) => { const [head, ...via] = text.split(' | '); return [head, ...via.filter(o => !op(o))].join(' | '); };
const turned = (o: string) => o === 'now' || o === 'next';
const owners = ({ page }: Subject) => Object.entries(page.nodes).filter(([, e]) => e.of === undefined);
const places = ({ page }: Subject) => Object.entries(page.nodes).filter(([, e]) => e.of !== undefined);
const rules = ({ page }: Subject) => Object.keys(page.train);
/** Fields of the first source that satisfy a test, as wires. */
const fields = ({ page }: Subject, test: (f: Page['world'][string]) => boolean) => Object.entries(page.world).filter(([, f]) => test(f)).map(([k]) => `data.${k}`);

export const KINDS: Readonly<Record<string, Kind>> = {
  // ---- wires
  'an output that its node does not have': { codes: ['WIRE'], edits: s => s.wires.map(w => wired(w, w.text.replace(/\.(\w+)/, '.$1x'))) },
  'a node that is not there': { codes: ['WIRE'], edits: s => s.wires.map(w => wired(w, w.text.replace(/^\w+/, '$&x'))) },
  'an input under another name': {
    codes: ['OFFER', 'PORT'],
    edits: s => s.wires.filter(w => !w.rest).map(w => ({ ...wired(w, w.text), what: `${w.node}.${w.key} -> ${w.key}x`, apply: p => { const { in: all } = p.nodes[w.node]!; delete all[w.key]; all[`${w.key}x`] = w.text; } })),
  },
  'an input left out': {
    codes: ['OFFER'],                                                     // a join takes what it gets: its inputs are not left out one by one
    edits: s => s.wires.filter(w => !w.rest).map(w => ({ ...wired(w, w.text), what: `${w.node}.${w.key} left out`, apply: p => { delete p.nodes[w.node]!.in[w.key]; } })),
  },
  'a join of nothing': { codes: ['OFFER'], edits: s => owners(s).filter(([n]) => use(s.d, n).spec.rest).map(([n]) => edit(n, 'no inputs', p => { p.nodes[n]!.in = {}; })) },
  'an input too many': {
    codes: ['PORT'], most: 20,                                            // a slot may offer more than its node takes, and so may the places of a slot
    edits: s => Object.entries(s.page.nodes).filter(([n]) => s.page.nodes[owner(s.page, n)]!.role === 'add' && !use(s.d, n).spec.rest)
      .map(([n]) => ({ ...edit(n, 'bogus: data.reward', p => { p.nodes[n]!.in['bogus'] = 'data.reward'; }), port: 'bogus' })),
  },
  'an offer that is not there': {
    codes: ['WIRE'],
    edits: s => owners(s).filter(([, e]) => e.role === 'slot').map(([n]) => ({ ...edit(n, 'offers spare: ghost.x', p => { p.nodes[n]!.in['spare'] = 'ghost.x'; }), port: 'spare' })),
  },
  'another dtype': {
    codes: ['SHAPE'],
    edits: s => s.wires.map(w => wired(w, w.port.dtype === 'f32' ? fields(s, f => f.dtype === 'i32')[0] ?? 'data.terminated' : 'data.reward')),
  },
  'a number that indexes another dim': {
    codes: ['SHAPE'],
    edits: s => s.wires.filter(w => w.port.of !== undefined && w.text.startsWith('data.')).map(w => ({ ...wired(w, 'data.elsewhere'), apply: p => {
      const field = p.world[parse(w.text).port]!;
      p.world['elsewhere'] = { ...field, of: 'obs' };
      p.nodes[w.node]!.in[w.key] = w.text.replace(/^data\.\w+/, 'data.elsewhere');
    } })),
  },
  'a wire that lacks a dim': {
    codes: ['SHAPE'],                                                     // given wires over batch and time only: a port that names no more takes them
    edits: s => s.wires.filter(w => named(w.port).some(dim => dim !== 'time')).map(w => wired(w, w.port.dtype === 'bool' ? 'data.terminated' : w.port.dtype === 'i32' ? 'data.count' : 'data.reward')).map(e => ({ ...e, apply: p => {
      p.world['count'] = { dtype: 'i32', spec: '', at: 'step', sight: 'after', of: 'action' };
      e.apply(p);
    } })),
  },
  'features where a number belongs': { codes: ['SHAPE'], edits: s => s.wires.filter(w => !open(w.port)).map(w => wired(w, 'data.reward')) },
  'two features where one belongs': {
    codes: ['SHAPE'],                                                     // a second dim of features, with a size of its own, beside wires that lack it
    edits: s => s.wires.filter(w => open(w.port) && w.siblings.length).map(w => wired(w, `${w.text} | each wing`)).map(e => ({ ...e, apply: p => { p.dims['wing'] = 2; e.apply(p); } })),
  },
  'a forgotten now or next': {
    codes: ['SHAPE', 'WIRE', 'ACT'],                                      // a mean over all slots is another loss, not a wrong one: not where a node has one input and gives one number
    edits: s => s.wires.filter(w => w.text.split(' | ').some(turned) && (w.siblings.length || Object.values(use(s.d, w.node).spec.out as Record<string, Port>).some(open))).map(w => wired(w, without(w.text, turned))),
  },
  'now of a wire over steps': { codes: ['WIRE'], edits: s => s.wires.filter(w => steps(w.type)).map(w => wired(w, `${w.text} | now`)) },
  'next of a wire over steps': { codes: ['WIRE'], edits: s => s.wires.filter(w => steps(w.type)).map(w => wired(w, `${w.text} | next`)) },
  'now of a number': { codes: ['WIRE'], edits: s => s.wires.filter(w => !w.type.dims.length).map(w => wired(w, `${w.text} | now`)) },
  'now where the others are over slots': { codes: ['SHAPE'], edits: s => s.wires.filter(w => slots(w.type) && w.siblings.some(slots)).map(w => wired(w, `${w.text} | now`)) },
  'a dropped each': { codes: ['SHAPE'], edits: s => s.wires.filter(w => / \| each /.test(w.text) && w.siblings.length).map(w => wired(w, without(w.text, o => o.startsWith('each ')))) },
  'each of a dim that it has': { codes: ['WIRE'], edits: s => s.wires.filter(w => w.type.dims.includes('agent')).map(w => wired(w, `${w.text} | each agent`)) },
  'each of a dim that the others lack': { codes: ['SHAPE', 'WIRE'], edits: s => s.wires.filter(w => open(w.port) && w.siblings.some(t => !t.dims.includes('agent')) && !w.type.dims.includes('agent')).map(w => wired(w, `${w.text} | each agent`)) },
  'each of a dim that nothing has': { codes: ['WIRE', 'SHAPE'], edits: s => s.wires.filter(w => open(w.port)).map(w => wired(w, `${w.text} | each ghost`)) },
  'two sources in one node': {
    codes: ['SHAPE'],
    edits: s => s.wires.filter(w => w.text.startsWith('data.') && w.siblings.length).map(w => wired(w, w.text.replace('data.', 'second.'))).map(e => ({ ...e, apply: p => { p.sources['second'] = { cut: 'episodes', batch: 3 }; e.apply(p); } })),
  },
  'a field that the world lacks': {
    codes: ['WIRE'],                                                      // as far as few nodes read it: each of them is told
    edits: s => Object.keys(s.page.world).map(f => [f, s.wires.filter(w => parse(w.text).from in s.page.sources && parse(w.text).port === f)] as const).filter(([, read]) => read.length && read.length < 3)
      .map(([f, read]) => ({ ...edit(read[0]!.node, `the world lacks ${f}`, p => { delete p.world[f]; }), port: read[0]!.key })),
  },
  'a wire round in a circle': {
    codes: ['CYCLE'],
    edits: s => s.wires.flatMap(w => {
      const below = Object.keys(s.page.nodes).filter(n => n !== w.node && upstream(s.d, [n]).has(w.node)).at(-1);
      return below === undefined ? [] : [{ ...wired(w, `${below}.${Object.keys(use(s.d, below).spec.out as object)[0]!}`) }];
    }),
  },
  'a wire to itself': { codes: ['CYCLE'], edits: s => s.wires.map(w => wired(w, `${w.node}.${Object.keys(use(s.d, w.node).spec.out as object)[0]!}`)) },
  'a wire that is no wire': {
    codes: ['schema'],
    edits: s => s.wires.slice(0, 6).map((w, i) => wired(w, [w.text.split('.')[0]!, `${w.text} | nuw`, `${w.text}|now`, '', `${w.text} | each`, ` ${w.text}`][i]!)),
  },

  // ---- nodes
  'a node that others read, removed': {
    codes: ['WIRE', 'NAME', 'LOSS', 'ACT'], most: 4,
    edits: s => Object.keys(s.page.nodes).map(n => ({ ...edit(n, 'removed', p => { delete p.nodes[n]; }) })),
  },
  'a type that does not exist': { codes: ['TYPE'], edits: s => owners(s).map(([n, e]) => edit(n, `type ${e.type}x`, p => { p.nodes[n]!.type = `${e.type}x`; })) },
  'a place of another type than its weights': { codes: ['TYPE'], edits: s => places(s).map(([n]) => edit(n, 'type maskedMse', p => { p.nodes[n]!.type = 'maskedMse'; })) },
  'weights of nothing': { codes: ['NAME'], edits: s => places(s).map(([n, e]) => edit(n, `of ${e.of!}x`, p => { p.nodes[n]!.of = `${e.of!}x`; })) },
  'weights of itself': { codes: ['NAME'], edits: s => places(s).map(([n]) => edit(n, `of ${n}`, p => { p.nodes[n]!.of = n; })) },
  'a place without the node that it lags': { codes: ['NAME'], edits: s => places(s).map(([n]) => edit(n, 'no of', p => { delete p.nodes[n]!.of; })) },
  'a node that owns and uses weights': { codes: ['NAME', 'TYPE'], edits: s => owners(s).slice(1).map(([n]) => edit(n, 'of the node before', p => { p.nodes[n]!.of = owners(s)[0]![0]; })) },
  'numbers at a place that has none of its own': {
    codes: ['CONFIG', 'NAME'],
    edits: s => places(s).map(([n]) => edit(n, 'config { gamma: 0.5 }', p => { p.nodes[n]!.config = { gamma: 0.5 }; })),
  },
  'per over a dim that its inputs lack': { codes: ['PER'], edits: s => owners(s).filter(([n]) => s.wires.some(w => w.node === n && open(w.port))).map(([n]) => edit(n, "per 'ghost'", p => { p.nodes[n]!.per = 'ghost'; })) },
  'per over a dim that the node mixes': {
    codes: ['PER'],
    edits: s => owners(s).filter(([n]) => Object.values(use(s.d, n).spec.in as Record<string, Port>).some(p => named(p).includes('agent'))).map(([n]) => edit(n, "per 'agent'", p => { p.nodes[n]!.per = 'agent'; })),
  },
  'two things of one name': {
    codes: ['NAME'],
    edits: s => owners(s).slice(0, 2).flatMap(([n]) => [
      edit(n, 'also a source', p => { p.sources[n] = { cut: 'episodes', batch: 1 }; }),
      edit(n, 'also a memory', p => { p.memory[n] = { x: 0 }; p.keep[n] = { x: `${n}.x` }; }),
    ]),
  },
  'a name that is none': {
    codes: ['NAME'],
    edits: () => ['', '1st', 'a b', 'a.b', 'ä', 'x'.repeat(65)].map(bad => edit(bad.slice(0, 80), 'a source of that name', p => { p.sources[bad] = { cut: 'episodes', batch: 1 }; })),
  },
  'weights that nothing trains': {
    codes: ['UNTRAINED'],
    edits: s => owners(s).filter(([n]) => use(s.d, n).spec.layers).slice(0, 2).map(([n, e]) => edit('spare', `another ${e.type}`, p => { p.nodes['spare'] = JSON.parse(JSON.stringify(p.nodes[n])) as DraftPage['nodes'][string]; })),
  },

  // ---- numbers of nodes
  'a setting that the node does not have': { codes: ['CONFIG'], edits: s => owners(s).map(([n]) => ({ ...edit(n, 'bogus 1', p => { p.nodes[n]!.config = { ...p.nodes[n]!.config, bogus: 1 }; }), port: 'bogus' })) },
  'a setting of another kind': { codes: ['CONFIG'], edits: s => settings(s).map(([n, k]) => setting(n, k, 'much')) },
  'a setting that is no number': { codes: ['CONFIG'], edits: s => settings(s).map(([n, k, x]) => setting(n, k, Array.isArray(x) ? [Number.NaN] : Number.NaN)) },
  'a size of nothing': { codes: ['CONFIG'], edits: s => settings(s, 'config').flatMap(([n, k, x]) => (Array.isArray(x) ? [setting(n, k, [8, 0])] : [setting(n, k, 0), setting(n, k, -1), setting(n, k, 1.5)])) },
  'one number for a list and a list for one': { codes: ['CONFIG'], edits: s => settings(s, 'config').map(([n, k, x]) => setting(n, k, Array.isArray(x) ? 8 : [8])) },
  'a schedule where a size belongs': { codes: ['CONFIG'], edits: s => settings(s, 'config').map(([n, k]) => setting(n, k, { schedule: 'linear', from: 1, to: 2, over: 10, clock: 'steps' })) },
  'a number out of range': {
    codes: ['CONFIG'],
    edits: s => owners(s).flatMap(([n]) => Object.entries((use(s.d, n).spec.ranges ?? {}) as Record<string, readonly [number, number]>).flatMap(([k, [least, most]]) => [
      ...(Number.isFinite(least) ? [setting(n, k, least - 1)] : []), ...(Number.isFinite(most) ? [setting(n, k, most + 1)] : []),
    ])),
  },
  'a schedule of no length': { codes: ['CONFIG'], edits: s => settings(s, 'knobs').flatMap(([n, k]) => [0, -1, Number.NaN].map(over => setting(n, k, { schedule: 'linear', from: 0.1, to: 0.2, over, clock: 'steps' }))) },
  'an exponential schedule to 0': { codes: ['CONFIG'], edits: s => settings(s, 'knobs').map(([n, k]) => setting(n, k, { schedule: 'exponential', from: 1, to: 0, over: 10, clock: 'steps' })) },
  'a schedule between no numbers': { codes: ['CONFIG'], edits: s => settings(s, 'knobs').map(([n, k]) => setting(n, k, { schedule: 'linear', from: Number.POSITIVE_INFINITY, to: 0, over: 10, clock: 'steps' })) },
  'a schedule on no clock': { codes: ['schema'], edits: s => settings(s, 'knobs').map(([n, k]) => setting(n, k, { schedule: 'linear', from: 0.1, to: 0.2, over: 10, clock: 'hours' })) },
  'a schedule of no kind': { codes: ['schema'], edits: s => settings(s, 'knobs').map(([n, k]) => setting(n, k, { schedule: 'cosine', from: 0.1, to: 0.2, over: 10, clock: 'steps' })) },

  // ---- sources
  'a number of a source': {
    codes: ['SOURCE'], most: 10,
    edits: s => Object.entries(s.page.sources).flatMap(([n, source]) => [
      ...(['keep', 'batch', 'start', 'length', 'steps', 'copies', 'epochs', 'minibatches'] as const).filter(k => k in source).flatMap(k => [0, -1, 1.5, Number.NaN].map(x => edit(n, `${k} ${x}`, p => { p.sources[n]![k] = x; }))),
      ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map(x => edit(n, `every ${x}`, p => { p.sources[n]!.every = x; })),
      edit(n, 'burnIn as long as the segment', p => { p.sources[n]!.length = 4; p.sources[n]!.burnIn = 4; }),
      edit(n, 'burnIn below 0', p => { p.sources[n]!.length = 4; p.sources[n]!.burnIn = -1; }),
    ]),
  },
  'a source without what it needs': {
    codes: ['SOURCE'],
    edits: s => Object.entries(s.page.sources).flatMap(([n, { cut }]) => ({ episodes: ['batch'], transitions: ['keep', 'batch'], rollout: ['steps', 'copies'] } as const)[cut].map(k => edit(n, `${cut} without ${k}`, p => { delete p.sources[n]![k]; }))),
  },
  'a batch larger than the replay': { codes: ['SOURCE'], edits: s => replays(s).map(n => edit(n, 'keep 10, batch 11', p => { Object.assign(p.sources[n]!, { keep: 10, batch: 11, start: 1 }); })) },
  'a start that never comes': { codes: ['SOURCE'], edits: s => replays(s).map(n => edit(n, 'keep 100, start 101', p => { Object.assign(p.sources[n]!, { keep: 100, batch: 10, start: 101 }); })) },
  'priorities that nobody gives': { codes: ['SOURCE'], edits: s => replays(s).map(n => edit(n, 'prioritised', p => { p.sources[n]!.prioritised = { alpha: 0.5, beta: 1 }; delete p.priority[n]; })) },
  'priorities that nobody uses': { codes: ['SOURCE'], edits: s => Object.keys(s.page.sources).map(n => edit(n, 'priority', p => { delete p.sources[n]!.prioritised; p.priority[n] = 'data.reward'; })) },
  'priorities of other numbers': {
    codes: ['SOURCE', 'SHAPE', 'WIRE'],
    edits: s => Object.keys(s.page.priority).flatMap(n => [
      ...[-1, Number.NaN].map(alpha => edit(n, `alpha ${alpha}`, p => { p.sources[n]!.prioritised = { alpha, beta: 1 }; })),
      ...[-1, 2].map(beta => edit(n, `beta ${beta}`, p => { p.sources[n]!.prioritised = { alpha: 0.5, beta }; })),
      ...['tdLoss.loss', 'data.obs | now', 'data.action', 'ghost.x', 'tdLoss.priorty'].map(text => edit(n, `priority ${text}`, p => { p.priority[n] = text; })),
      edit(n, 'priority of another source', p => { p.priority['ghost'] = 'tdLoss.priority'; }),
    ]),
  },
  'no source': { codes: ['SOURCE', 'WIRE'], edits: s => [edit(s.name, 'no sources', p => { p.sources = {}; })] },

  // ---- rules
  'a loss that is no number': {
    codes: ['LOSS'],
    edits: s => losses(s).flatMap(([rule, i, text]) => {
      const from = s.wires.find(w => w.node === parse(text).from && w.port.dtype === 'f32' && w.type.dims.length && !w.port.still);
      return from ? [edit(rule, `loss ${from.text}`, p => { p.train[rule]!.losses[i]!.loss = from.text; })] : [];
    }),
  },
  'a loss of whole numbers': { codes: ['LOSS'], edits: s => losses(s).map(([rule, i]) => edit(rule, 'loss data.terminated', p => { p.train[rule]!.losses[i]!.loss = 'data.terminated'; })) },
  'a loss that its node does not give': { codes: ['LOSS'], edits: s => losses(s).map(([rule, i, text]) => edit(rule, `loss ${text}x`, p => { p.train[rule]!.losses[i]!.loss = `${text}x`; })) },
  'a loss of nothing': { codes: ['LOSS'], edits: s => losses(s).map(([rule, i, text]) => edit(rule, `loss x${text}`, p => { p.train[rule]!.losses[i]!.loss = `x${text}`; })) },
  'a rule without losses': { codes: ['LOSS', 'UNTRAINED'], edits: s => rules(s).map(r => edit(r, 'no losses', p => { p.train[r]!.losses = []; })) },
  'a weight of a loss': {
    codes: ['RULE'],
    edits: s => losses(s).flatMap(([rule, i]) => [Number.NaN, { schedule: 'linear', from: 1, to: 0, over: 0, clock: 'steps' } as const].map(x => edit(rule, `weight ${JSON.stringify(x)}`, p => { p.train[rule]!.losses[i]!.weight = x; }))),
  },
  'numbers of a rule': {
    codes: ['RULE'], most: 6,
    edits: s => rules(s).flatMap(r => [
      ...[0, 1.5, -1, Number.NaN].map(x => edit(r, `every ${x}`, p => { p.train[r]!.every = x; })),
      ...[0, -1, Number.NaN].flatMap(x => (['clipNorm', 'clipEach'] as const).map(k => edit(r, `${k} ${x}`, p => { p.train[r]![k] = x; }))),
      ...[Number.NaN, -1, { schedule: 'linear', from: 1, to: 0, over: 0, clock: 'steps' } as const].map(x => edit(r, `lr ${JSON.stringify(x)}`, p => { p.train[r]!.optimiser.lr = x; })),
      ...[-1, 2, Number.NaN].map(x => edit(r, `decay ${x}`, p => { p.train[r]!.optimiser.decay = x; })),
      ...[-1, Number.NaN].map(x => edit(r, `eps ${x}`, p => { p.train[r]!.optimiser.eps = x; })),
    ]),
  },
  'an optimiser that does not exist': { codes: ['schema'], edits: s => rules(s).map(r => edit(r, 'adamw', p => { (p.train[r]!.optimiser as { type: string }).type = 'adamw'; })) },
  'a sweep over nothing': { codes: ['RULE'], edits: s => rules(s).map(r => edit(r, 'sweep over ghost', p => { p.train[r]!.sweep = { over: 'ghost', order: 'shuffled' }; })) },
  'after a rule that is not there': { codes: ['AFTER'], edits: s => rules(s).map(r => edit(r, `after ${r}x`, p => { p.train[r]!.after = `${r}x`; })) },
  'after itself': { codes: ['AFTER'], edits: s => rules(s).map(r => edit(r, `after ${r}`, p => { p.train[r]!.after = r; })) },
  'two rules after each other': { codes: ['AFTER'], edits: s => rules(s).slice(1).map(r => edit(r, 'both after each other', p => { p.train[r]!.after = rules(s)[0]!; p.train[rules(s)[0]!]!.after = r; })) },
  'two rules on one node': { codes: ['TWICE'], edits: s => rules(s).map(r => edit('again', `the losses of ${r} again`, p => { p.train['again'] = { ...p.train[r]! }; })) },
  'only a node that is not there': { codes: ['NAME'], edits: s => rules(s).map(r => edit(r, 'only ghost', p => { p.train[r]!.only = ['ghost']; })) },
  'only nothing': { codes: ['UNTRAINED'], edits: s => rules(s).map(r => edit(r, 'only []', p => { p.train[r]!.only = []; })) },
  'no rules': { codes: ['UNTRAINED'], edits: s => [edit(s.name, 'no rules', p => { p.train = {}; })] },
  'a stopped loss': {
    codes: ['UNTRAINED'],                                                 // only where one loss trains all: elsewhere another may still reach the weights
    edits: s => (losses(s).length === 1 ? s.wires.filter(w => w.node === parse(losses(s)[0]![2]).from && w.port.dtype === 'f32' && !w.port.still).map(w => ({ ...edit(rules(s)[0]!, `${w.node}.${w.key} stopped`, p => { p.nodes[w.node]!.in[w.key] = `${w.text} | stop`; }) })) : []),
  },
  'lagged weights that never follow': { codes: ['LAG'], edits: s => (Object.keys(s.page.targets).length ? [edit(places(s).find(([, e]) => e.role === 'target')![0], 'no targets rule', p => { p.targets = {}; })] : []) },
  'numbers of a targets rule': {
    codes: ['LAG'],
    edits: s => Object.keys(s.page.targets).flatMap(n => [{}, { polyak: 0 }, { polyak: 2 }, { polyak: Number.NaN }, { everySteps: 0 }, { everyUpdates: 1.5 }, { everyEpisodes: -1 }, { everySteps: 1, everyUpdates: 1 }].map(t => edit(n, JSON.stringify(t), p => { p.targets[n] = t; }))),
  },
  'a targets rule for nothing': { codes: ['LAG'], edits: () => [edit('ghost', 'targets', p => { p.targets['ghost'] = { polyak: 0.5 }; })] },
  'a targets rule for a node that nothing lags': {
    codes: ['LAG'],
    edits: s => owners(s).filter(([n]) => !places(s).some(([p, e]) => e.role === 'target' && owner(s.page, p) === n)).slice(0, 1).map(([n]) => edit(n, 'targets', p => { p.targets[n] = { polyak: 0.5 }; })),
  },

  // ---- memory and dims
  'memory that nobody writes': { codes: ['MEMORY'], edits: s => Object.keys(s.page.memory).flatMap(n => [edit(n, 'no keep', p => { delete p.keep[n]; }), ...Object.keys(s.page.memory[n]!).map(k => ({ ...edit(n, `${k} not kept`, p => { delete p.keep[n]![k]; }), port: k }))]) },
  'a number that memory does not have': { codes: ['MEMORY'], edits: s => Object.keys(s.page.keep).map(n => ({ ...edit(n, 'keep bogus', p => { p.keep[n]!['bogus'] = Object.values(p.keep[n]!)[0]!; }), port: 'bogus' })) },
  'memory that is not there': { codes: ['MEMORY'], edits: () => [edit('ghost', 'kept', p => { p.keep['ghost'] = { x: 'data.reward' }; })] },
  'memory of more than a number': { codes: ['MEMORY', 'WIRE'], edits: s => Object.keys(s.page.keep).flatMap(n => ['data.reward', 'data.terminated', 'ghost.x', 'advantage.returnz'].map(text => ({ ...edit(n, `mean ${text}`, p => { p.keep[n]!['mean'] = text; }), port: 'mean' }))) },
  'memory that starts with no number': { codes: ['MEMORY'], edits: s => [edit('hold', 'starts with NaN', p => { p.memory['hold'] = { x: Number.NaN }; p.keep['hold'] = { x: losses(s)[0]![2] }; })] },
  'a dim of no size': { codes: ['DIM', 'SIZE', 'SHAPE'], edits: () => [0, -1, 1.5, Number.NaN].map(n => edit('wing', `size ${n}`, p => { p.dims['wing'] = n; })) },

  // ---- acting
  'no action': { codes: ['ACT'], edits: s => [edit(s.name, 'no act', p => { delete p.act; })] },
  'an action that is not there': { codes: ['ACT'], edits: s => (['action', 'best'] as const).flatMap(k => ['ghost.action', `${s.page.act!.action}x`].map(text => edit(text, `${k} ${text}`, p => { p.act![k] = text; }))) },
  'an action of another shape': { codes: ['ACT'], edits: () => ['data.obs', 'data.reward', 'data.terminated'].map(text => edit(text, `action ${text}`, p => { p.act!.action = text; })) },
  'the action of the replay': { codes: ['ACT'], edits: () => (['action', 'best'] as const).map(k => edit('data.action', `${k} data.action`, p => { p.act![k] = 'data.action'; })) },
  'the next action, or that of the batch': { codes: ['ACT', 'WIRE'], edits: s => ['next', 'once'].map(op => edit(s.page.act!.action, op, p => { p.act!.action = `${p.act!.action} | ${op}`; })) },
  'the state, to act': {
    codes: ['ACT'],
    edits: s => (s.page.world['state'] ? [
      ...s.wires.filter(w => w.rest && s.acting.has(w.node) && s.page.world['state']).slice(0, 1).map(w => ({ ...edit(w.node, 'state: each agent', p => { p.nodes[w.node]!.in['state'] = 'data.state | each agent'; }), port: 'state' })),
      ...s.wires.filter(w => !w.rest && s.acting.has(w.node) && named(w.port)[0]?.startsWith('?') && w.type.dims.includes('agent') && slots(w.type) && !w.siblings.length).map(w => wired(w, 'data.state | each agent')),
    ] : []),
  },
  'what is known only after the step, to act': {
    codes: ['ACT', 'SHAPE', 'WIRE'],
    edits: s => s.wires.filter(w => s.acting.has(w.node) && w.port.dtype === 'f32' && s.page.act!.inTurn === undefined).map(w => wired(w, 'data.reward')),
  },
  'the next slot, to act': { codes: ['ACT'], edits: s => s.wires.filter(w => s.acting.has(w.node) && slots(w.type) && !w.siblings.length && s.page.act!.action.startsWith(`${w.node}.`)).map(w => wired(w, `${w.text} | next`)) },
  'a wire of the batch, to act': { codes: ['ACT'], edits: s => s.wires.filter(w => s.acting.has(w.node)).map(w => wired(w, `${w.text} | once`)) },
  'other agents, without saying so': { codes: ['ACT'], edits: s => (s.page.act!.sees || s.page.act!.inTurn ? [edit('acting slice', 'sees local', p => { delete p.act!.sees; delete p.act!.inTurn; })] : []) },
  'one after another of nothing': { codes: ['ACT'], edits: s => (s.page.act!.inTurn ? [edit('ghost', 'inTurn ghost', p => { p.act!.inTurn = 'ghost'; })] : []) },
};

function settings(s: Subject, which?: 'config' | 'knobs'): [node: string, key: string, value: unknown][] {
  return owners(s).flatMap(([n]) => {
    const { config, knobs } = use(s.d, n).spec, of = { ...(which === 'knobs' ? {} : config as object), ...(which === 'config' ? {} : knobs as object) };
    return Object.entries(of).filter(([, x]) => typeof x === 'number' || Array.isArray(x)).map(([k, x]): [string, string, unknown] => [n, k, x]);
  });
}
const setting = (node: string, key: string, value: unknown): Edit => ({ ...edit(node, `${key} ${JSON.stringify(value)}`, p => { p.nodes[node]!.config = { ...p.nodes[node]!.config, [key]: value }; }), port: key });
const replays = ({ page }: Subject) => Object.entries(page.sources).filter(([, x]) => x.keep !== undefined).map(([n]) => n);
const losses = ({ page }: Subject): [rule: string, i: number, text: string][] => Object.entries(page.train).flatMap(([r, { losses: all }]) => all.map(({ loss }, i): [string, number, string] => [r, i, loss]));
