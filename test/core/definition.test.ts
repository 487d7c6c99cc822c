/** Pages as documents: what a file may say, and what no file may do. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { check } from '../../core/check.ts';
import { bare, fromJson, parse, print, toJson, type Definition, type Page } from '../../core/definition.ts';
import { describe as picture } from '../../core/describe.ts';
import { GraphError, InputError } from '../../core/error.ts';
import { type Graph, derive, graph, next, now } from '../../core/graph.ts';
import { defineNode } from '../../core/node.ts';
import { adam } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { f32 } from '../../core/port.ts';
import { local, single, team } from '../../core/world.ts';
import { qmix } from '../../graphs/index.ts';
import { epsilonGreedy, gatherAction, join, maskedMse, mlpAgentQ, tdTarget } from '../../nodes/index.ts';
import { evaluateAct, evaluateStep } from '../../plugins/testing.ts';
import { allPages, registry } from '../pages/index.ts';
import { batchOf, presentOf, SIZES, sizesOf } from '../pages/lab.ts';
import { laidOut } from '../nodes/arrays.ts';

type Json = Record<string, unknown>;
/** A fresh document that a test may spoil. */
const document = (): Json & { nodes: Record<string, Json>; sources: Record<string, Json>; train: Record<string, Json> } => JSON.parse(JSON.stringify(toJson(qmix)));
const read = (x: unknown) => () => fromJson(x, registry, 'page.json');
/** Milliseconds of the processor, which other processes do not lengthen. */
const spent = (from: NodeJS.CpuUsage): number => { const { user, system } = process.cpuUsage(from); return (user + system) / 1000; };
/** Refused as bad input, in words and within a second. */
function refused(x: unknown, words: RegExp | string = /fix:/): void {
  const from = process.cpuUsage();
  let said: unknown;
  try { fromJson(x, registry, 'page.json'); } catch (e) { said = e; }
  expect(spent(from)).toBeLessThan(1000);
  expect(said).toBeInstanceOf(InputError);
  expect((said as Error).message).toMatch(words);
  expect((said as Error).message.length).toBeLessThan(10_000);
}
afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect((({}) as Json)['polluted']).toBeUndefined();
});

describe('a wire as text', () => {
  it('is parsed to what prints it', () => {
    const ops = fc.constantFrom('now', 'next', 'stop', 'once', 'each agent'), word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/);
    fc.assert(fc.property(word, word, fc.array(ops, { maxLength: 4 }), (from, port, via) => { expect(parse(print({ from, port, via }))).toEqual({ from, port, via }); }));
  });
});

describe('a page file', () => {
  it('names its world, extends one, or writes it out', () => {
    expect(document()['world']).toBe('team');
    const extended = { ...document(), world: { extends: 'team', adjacency: { dtype: 'f32', spec: 'agent neighbour', at: 'slot', sight: 'local' } } };
    expect(Object.keys(fromJson(extended, registry).page.world)).toEqual([...Object.keys(team), 'adjacency']);
    expect(check(fromJson({ ...document(), world: JSON.parse(JSON.stringify(team)) }, registry))).toEqual([]);
    refused({ ...document(), world: 'taem' });
    refused({ ...document(), world: { extends: 'taem' } });
  });
  it('lists all that is wrong with its form, each with its path', () => {
    const bad = document();
    bad['format'] = '1'; bad.nodes['mixer']!['in'] = { agentQs: 'chosen' }; bad.train['q']!['optimiser'] = { type: 'adamw', lr: 1 }; bad['extra'] = 1;
    expect(read(bad)).toThrowErrorMatchingInlineSnapshot(`
      [InputError: page.json: not a page
        format: Invalid input: expected 1
        nodes.mixer.in.agentQs: a wire is 'node.port', then ' | now', ' | next', ' | once', ' | stop' or ' | each dim'
        train.q.optimiser.type: one of adam, rmsprop, sgd
        the document: Unrecognized key: "extra"
        fix: see docs/page.schema.json]
    `);
  });
  it('lists all unknown node types, with the nearest', () => {
    const bad = document();
    bad.nodes['mixer']!['type'] = 'monotonicMixr'; bad.nodes['tdLoss']!['type'] = 'maskedMSE'; bad.nodes['chosen']!['type'] = 'zzzzzzzzzzzz';
    expect(read(bad)).toThrowErrorMatchingInlineSnapshot(`
      [InputError: page.json: unknown node types
        nodes.chosen.type: no node type zzzzzzzzzzzz
        nodes.mixer.type: no node type monotonicMixr; did you mean monotonicMixer?
        nodes.tdLoss.type: no node type maskedMSE; did you mean maskedMse?
        fix: skein list nodes shows them all; a third party's comes with --plugin]
    `);
  });
  it('may leave numbers out: a node has its defaults', () => {
    const short = document();
    for (const n of Object.values(short.nodes)) delete n['config'];
    const page = fromJson(short, registry);
    expect(check(page)).toEqual([]);
    expect(laidOut(plan(page, SIZES))).toEqual(laidOut(plan(derive(qmix, 'qmix', g => { for (const [n, e] of Object.entries(qmix.page.nodes)) if (e.config) g.set(n, { ...registry.get(e.type)!.config, ...registry.get(e.type)!.knobs }); }), SIZES)));
  });
  it('of a newer format says which version reads it', () => expect(read({ ...document(), format: 2 })).toThrowErrorMatchingInlineSnapshot(`
    [InputError: page.json: page format 2 is newer than 1, which this version of skein reads
      fix: update skein]
  `));
});

// T10
describe('awkward names', () => {
  const inherited = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', 'toLocaleString', 'propertyIsEnumerable'] as const;
  const odd = defineNode({
    type: 'hasOwnProperty', config: { toString: 2 }, knobs: { valueOf: 1 },
    in: { constructor: f32('... ?valueOf') }, out: { toString: f32('... ?valueOf'), constructor: f32('...') },
    forward: ({ constructor: x }) => ({ toString: x, constructor: x.sum(-1) }),
  });
  /** DQN in which every name that a page gives is one that Object.prototype has. */
  const page = () => graph('constructor', { ...single, constructor: local(f32('obs')) }, g => {
    const b = g.transitions({ keep: 100, batch: 2 });
    const input = g.add('input', join(), { constructor: b.obs, toString: b.constructor as typeof b.obs });
    const q = g.slot('q', mlpAgentQ({ hidden: [4] }), { x: input.x });
    const lagged = g.target('targetQ', q, { x: input.x });
    const chosen = g.add('chosen', gatherAction(), { q: now(q.q), action: b.action });
    const ahead = g.add('ahead', gatherAction(), { q: next(lagged.q), action: b.action });
    const target = g.slot('target', tdTarget(), { ...b.outcome, nextValue: ahead.value });
    const td = g.add('prototype', maskedMse(), { prediction: chosen.value, target: target.value, mask: b.valid });
    const seen = g.memory('watch', { constructor: 0, toString: 1 });
    g.keep('watch', { constructor: td.loss, toString: seen.toString });
    g.dim('valueOf', 3);
    g.train('constructor', td.loss, { optimiser: adam({ lr: 1e-3 }) });
    g.targets({ polyak: 0.5 }, [q]);
    g.act(g.slot('toSource', epsilonGreedy(), { q: q.q, avail: b.avail }));
  });
  it('that objects inherit are refused for nodes, sources and memory, which are nodes of a graph', () => {
    for (const name of inherited) for (const [what, put] of Object.entries({
      node: (g: Graph<typeof single>) => { g.add(name, join(), { obs: g.data().obs }); }, source: (g: Graph<typeof single>) => { g.episodes({ name, batch: 1 }); }, memory: (g: Graph<typeof single>) => { g.memory(name, { x: 0 }); },
    })) {
      let said: unknown;
      try { graph('page', single, put); } catch (e) { said = e; }
      expect((said as GraphError).issues.some(i => i.code === 'NAME' && i.at === name), `${what} ${name}`).toBe(true);
    }
  });
  it('that objects inherit are names like others: built, checked, drawn, saved', () => {
    const d = page();
    expect(check(d)).toEqual([]);
    expect(toJson(fromJson(toJson(d), registry))).toEqual(toJson(d));
    expect(picture(d, SIZES).nodes.map(n => n.name)).toEqual(expect.arrayContaining(['input', 'prototype']));
  });
  it('that objects inherit learn and act', async () => {
    const d = page(), after = await evaluateStep(d, { sizes: sizesOf(d), batch: batchOf(d), seed: 1 });
    expect(after.failed).toBeUndefined();
    expect(Object.keys(after.weights)).toEqual(['q/net/kernel0', 'q/net/bias0', 'q/net/kernel1', 'q/net/bias1']);
    expect(after.memory).toEqual({ 'watch.constructor': after.losses['constructor'], 'watch.toString': 1 });
    expect((await evaluateAct(d, { sizes: { ...SIZES, batch: 2 }, fields: presentOf(d) })).action.shape).toEqual([2, 1]);
  });
  it('that objects inherit and nothing has are not found', () => {
    for (const name of inherited) {
      for (const text of [`${name}.q`, `agentQ.${name}`, `data.${name}`]) {
        const bad = document();
        (bad.nodes['chosen']!['in'] as Json)['q'] = `${text} | now`;
        expect(check(fromJson(bad, registry)).some(i => i.code === 'WIRE' && i.at === 'chosen.q'), text).toBe(true);
      }
      const of = document();
      of.nodes['targetMixer']!['of'] = name;
      expect(check(fromJson(of, registry)).map(i => i.code), name).toContain('NAME');
      const type = document();
      type.nodes['mixer']!['type'] = name;
      refused(type, 'unknown node types');
      const setting = document();
      setting.nodes['mixer']!['config'] = { [name]: 1 };
      expect(check(fromJson(setting, registry)).map(i => [i.code, i.at])).toEqual([['CONFIG', `mixer.${name}`]]);
      for (const [table, value] of [['targets', { polyak: 0.5 }], ['priority', 'tdLoss.loss'], ['keep', { x: 'tdLoss.loss' }]] as const) {
        const stray = { ...document(), [table]: { ...(document()[table] as Json), [name]: value } };
        expect(check(fromJson(stray, registry)).length, `${table}.${name}`).toBeGreaterThan(0);
      }
    }
  });
  it('that objects inherit give no sizes', () => {
    const d = graph('sizeless', { ...single, grid: local(f32('constructor')) }, g => {
      const b = g.transitions({ keep: 100, batch: 2 }), q = g.add('q', mlpAgentQ({ hidden: [4] }), { x: b.grid }), chosen = g.add('chosen', gatherAction(), { q: now(q.q), action: b.action });
      const td = g.add('td', maskedMse(), { prediction: chosen.value, target: b.reward, mask: b.valid });
      g.train('q', td.loss, { optimiser: adam({ lr: 1e-3 }) });
      g.act(g.add('explore', epsilonGreedy(), { q: q.q, avail: b.avail }));
    });
    expect(() => plan(d, SIZES)).toThrow(/constructor has no size/);
  });
  it('of settings and ports, too', async () => {
    const use = odd();
    expect(use.config).toEqual({ toString: 2, valueOf: 1 });
    const d = graph('odd', single, g => {
      const b = g.transitions({ keep: 100, batch: 2 }), q = g.add('q', mlpAgentQ({ hidden: [4] }), { x: b.obs }), it_ = g.add('odd', odd(), { constructor: q.q });
      const td = g.add('td', maskedMse(), { prediction: now(it_.constructor), target: b.reward, mask: b.valid });
      g.train('q', td.loss, { optimiser: adam({ lr: 1e-3 }) });
      g.act(g.add('explore', epsilonGreedy(), { q: it_.toString as unknown as typeof q.q, avail: b.avail }));
    });
    expect(check(d)).toEqual([]);
    expect((await evaluateStep(d, { sizes: sizesOf(d), batch: batchOf(d) })).failed).toBeUndefined();
  });

  const strange: Readonly<Record<string, string>> = {
    empty: '', space: ' ', long: 'x'.repeat(10_000), 'one too long': 'x'.repeat(65), dot: 'a.b', slash: 'a/b', backslash: 'a\\b', up: '..', bar: 'a | now', hash: 'a#0', at: 'a@b',
    'a Cyrillic letter': '\u0430gentQ', 'full width': '\uff41gentQ', 'a ligature': 'e\ufb00ect', 'an accent': 'm\u0456xer', 'no width': 'agent\u200bQ', 'right to left': '\u202eQtnega', NUL: 'a\u0000b', 'line feed': 'agentQ\n',
    digit: '1st', dash: 'agent-q', underscore: 'agent_q', proto: '__proto__', script: '<script>', url: 'javascript:alert(1)', shell: '$(reboot)',
  };
  for (const [kind, name] of Object.entries(strange)) it(`outside the grammar is refused wherever a page gives a name: ${kind}`, () => {
    const json = (x: Json) => JSON.parse(JSON.stringify(x)) as Json, own = (value: unknown) => Object.defineProperty({}, name, { value, enumerable: true, configurable: true, writable: true });
    for (const table of ['nodes', 'sources', 'train', 'memory', 'keep', 'targets', 'priority', 'dims'] as const) {
      const first = Object.values((document()[table] ?? {}) as Json)[0] ?? (table === 'dims' ? 2 : table === 'priority' ? 'tdLoss.loss' : table === 'keep' ? { x: 'tdLoss.loss' } : { x: 0 });
      refused(json({ ...document(), [table]: own(first) }));
    }
    refused(json({ ...document(), world: own(team.obs) }));
    refused(json({ ...document(), name }));
    const ports = document(), wires = document(), type = document();
    ports.nodes['agentInput']!['in'] = own('data.obs');
    wires.nodes['agentInput']!['in'] = { obs: `${name}.q` };
    type.nodes['agentInput']!['type'] = name;
    for (const bad of [ports, wires, type]) refused(json(bad));

    const built: Readonly<Record<string, (g: Parameters<Parameters<typeof graph<typeof team, void>>[2]>[0]) => void>> = {
      node: g => { g.add(name, join(), { obs: g.data().obs }); },
      source: g => { g.episodes({ name, batch: 1 }); },
      memory: g => { g.memory(name, { x: 0 }); },
      rule: g => { g.train(name, { text: 'tdLoss.loss' }, { optimiser: adam({ lr: 1e-3 }) }); },
      dim: g => { g.dim(name, 2); },
      'number of memory': g => { g.memory('held', own(0) as Record<string, number>); g.keep('held', own({ text: 'tdLoss.loss' }) as Record<string, never>); },
      'port of a join': g => { g.add('again', join(), { obs: g.data().obs, ...own(g.data().obs) } as never); },
    };
    for (const [what, edit] of Object.entries(built)) {
      let said: unknown;
      try { graph('page', team, edit); } catch (e) { said = e; }
      expect(said, what).toBeInstanceOf(GraphError);
      expect((said as GraphError).issues.some(i => i.code === 'NAME' && i.what.length < 300 && i.at.length < 200), what).toBe(true);
    }
  });
});

// T12
describe('hostile documents', () => {
  const nested = (depth: number, open: string, close: string): unknown => JSON.parse(open.repeat(depth) + '1' + close.repeat(depth));
  it('of any depth are refused at once', () => {
    for (const depth of [13, 1000, 100_000]) for (const deep of [nested(depth, '[', ']'), nested(depth, '{"a":', '}')]) {
      refused(deep);
      refused({ ...document(), nodes: deep });
      refused({ ...document(), about: deep });
      const config = document();
      config.nodes['mixer']!['config'] = { embed: deep };
      refused(config);
    }
  });
  it('of any size are refused at once', () => {
    const many = (n: number, f: (i: number) => unknown) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`n${i}`, f(i)])), long = 'x'.repeat(20_000_000), loss = document().train['q']!['losses'] as unknown[];
    const documents: unknown[] = [
      { ...document(), nodes: many(9999, i => ({ type: `ghost${i}`, role: 'add', in: {} })) },
      Array.from({ length: 1_000_000 }, () => 0), { ...document(), nodes: many(20_000, () => ({ type: 'join', role: 'add', in: {} })) }, { ...document(), dims: many(500_000, () => 1) },
      { ...document(), about: long }, { ...document(), name: long }, { ...document(), act: { action: long } }, { ...document(), act: { action: `a.b${' | now'.repeat(100_000)}` } },
      { ...document(), world: many(3, () => ({ ...team.obs, spec: 'a '.repeat(1_000_000) })) }, { ...document(), train: { q: { ...document().train['q'], losses: Array.from({ length: 300_000 }, () => loss[0]) } } },
    ];
    for (const x of documents) refused(x);
  });
  it('that hold themselves, or one thing many times over, are refused at once', () => {
    const round: Json = {};
    round['again'] = round;
    refused(round);
    refused({ ...document(), nodes: round });
    let bomb: unknown = 'boom';
    for (let i = 0; i < 11; i++) bomb = Array.from({ length: 10 }, () => bomb);
    refused(bomb);
    refused({ ...document(), about: bomb });
  });
  it('with keys that reach into prototypes are refused, and reach nothing', () => {
    for (const text of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"nodes":{"__proto__":{"polluted":1}}}', '{"prototype":{"polluted":1}}']) {
      refused(JSON.parse(text));
      refused({ ...document(), ...(JSON.parse(text) as Json) });
      for (const at of ['nodes', 'sources', 'train', 'targets', 'world'] as const) refused({ ...document(), [at]: JSON.parse(text) as unknown });
      const config = document();
      config.nodes['mixer']!['config'] = JSON.parse(text) as Json;
      refused(config);
    }
    expect(() => bare(JSON.parse('{"__proto__":{"polluted":1}}'))).not.toThrow();
  });
  it('with numbers that are none are refused', () => {
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, JSON.parse('1e999') as number]) {
      refused({ ...document(), sources: { data: { cut: 'episodes', batch: x } } });
      refused({ ...document(), dims: { wing: x } });
      refused({ ...document(), memory: { held: { x } }, keep: { held: { x: 'tdLoss.loss' } } });
      const config = document(), rate = document();
      config.nodes['tdTarget']!['config'] = { gamma: x };
      rate.train['q']!['optimiser'] = { type: 'adam', lr: x };
      refused(config);
      refused(rate);
    }
  });
  it('that are no documents are refused', () => {
    for (const x of [undefined, null, true, 1, 'page', [], {}, () => 1, Symbol('page'), 1n, new Date(0), new Map(), new Uint8Array(3), [document()], { format: 1 }]) refused(x);
  });
});

// T13
describe('code in a document', () => {
  const fuse = globalThis as unknown as Json, code = "data:text/javascript,globalThis.burnt=1";
  const bombs = ['../evil.js', './core/check.ts', 'child_process', 'node:fs', 'process', 'eval', 'Function', '$(touch /tmp/evil)', '`id`', 'javascript:alert(1)', '{{7*7}}', code, 'file:///etc/passwd', "require('fs')", '<script>alert(1)</script>'];
  afterEach(async () => {
    await new Promise(done => { setTimeout(done, 0); });
    expect(fuse['burnt']).toBeUndefined();
  });
  for (const bomb of bombs) it(`is text: ${bomb}`, () => {
    const places: ((d: ReturnType<typeof document>) => void)[] = [
      d => { d.nodes['mixer']!['type'] = bomb; }, d => { d.nodes['mixer']!['role'] = bomb; }, d => { d.nodes['targetMixer']!['of'] = bomb; }, d => { d.nodes['mixer']!['per'] = bomb; },
      d => { d.sources['data']!['by'] = bomb; }, d => { d['world'] = bomb; }, d => { d['act'] = { action: bomb }; }, d => { d['parent'] = bomb; }, d => { d.train['q']!['after'] = bomb; },
    ];
    for (const [i, put] of places.entries()) {
      const bad = document();
      put(bad);
      let page: Definition | undefined;
      try { page = fromJson(bad, registry); } catch (e) { expect(e).toBeInstanceOf(InputError); continue; }
      expect(i === 4 || i === 7 || check(page).length > 0, `place ${i} of ${bomb}`).toBe(true);            // `by` and `parent` are names that nothing here resolves
    }
    const said = document();
    said['about'] = bomb; said['paper'] = bomb; said['$schema'] = bomb;
    expect(picture(fromJson(said, registry)).about).toBe(bomb);
  });
});

describe('any document', () => {
  /** What reading and checking may say: nothing wrong, issues, or a refusal; never another error, never long. */
  const survives = (x: unknown) => {
    const from = process.cpuUsage();
    let page: Definition | undefined;
    try { page = fromJson(x, registry); } catch (e) { if (!(e instanceof InputError)) throw e; }
    if (page) {
      const issues = check(page);
      for (const i of issues) if (!i.at || !i.what || !i.fix) throw new Error(`a hollow issue: ${JSON.stringify(i)}`);
      if (!issues.length) {
        picture(page);
        expect(toJson(fromJson(toJson(page), registry))).toEqual(toJson(page));
      }
    }
    expect(spent(from)).toBeLessThan(1000);
  };
  it('is read or refused: values of any kind', () => { fc.assert(fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, withTypedArray: true, withSparseArray: true }), survives), { numRuns: 300, seed: 1 }); });
  it('is read or refused: JSON', () => { fc.assert(fc.property(fc.jsonValue(), survives), { numRuns: 300, seed: 1 }); });

  const pages = Object.values(allPages).map(d => JSON.stringify(toJson(d)));
  const paths = (x: unknown, at: readonly string[] = []): string[][] => (typeof x === 'object' && x !== null ? Object.entries(x).flatMap(([k, v]) => [[...at, k], ...paths(v, [...at, k])]) : []);
  const words = fc.constantFrom('agentQ', 'mixer', 'data', 'tdLoss.loss', 'data.obs', 'data.obs | now', 'data.action', 'agentQ.q | next | each agent', 'target', 'slot', 'shared', 'frozen', 'agent', 'time', 'batch', 'constructor', '__proto__', '*', '', 'join', 'sumMixer', 'rnnAgentQ');
  const value = fc.oneof(words, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant([]), fc.constant({}), fc.jsonValue({ maxDepth: 2 }));
  /** Some places of a page, each set to something else, removed, or copied to another key. */
  const spoilt = fc.tuple(fc.constantFrom(...pages), fc.array(fc.tuple(fc.nat(), value, fc.constantFrom('set', 'remove', 'copy'), words), { minLength: 1, maxLength: 4 })).map(([text, edits]) => {
    const x = JSON.parse(text) as Json;
    for (const [n, v, how, key] of edits) {
      const all = paths(x), path = all[n % all.length]!, parent = path.slice(0, -1).reduce((o, k) => o[k] as Json, x), last = path.at(-1)!;
      if (how === 'set') parent[last] = v; else if (how === 'remove') delete parent[last]; else Object.defineProperty(parent, key, { value: parent[last], enumerable: true, configurable: true, writable: true });
    }
    return x;
  });
  it('is read or refused: pages with some places spoilt', () => { fc.assert(fc.property(spoilt, survives), { numRuns: 1500, seed: 1 }); }, 60_000);
  it('is judged where it is read: what the check lets pass can be planned, or says which size is missing', () => {
    fc.assert(fc.property(spoilt, x => {
      let page: Definition;
      try { page = fromJson(x, registry); } catch { return; }
      if (check(page).length) return;
      try { plan(page, sizesOf(page)); } catch (e) { if (!(e instanceof GraphError && e.issues.every(i => i.code === 'SIZE'))) throw e; }
    }), { numRuns: 1500, seed: 1 });
  }, 60_000);
});

describe('bare', () => {
  it('copies plain data deeply, without what is undefined and without inheritance', () => {
    const page = bare({ a: [{ b: 1 }], c: undefined }) as unknown as Page;
    expect(Object.getPrototypeOf(page)).toBeNull();
    expect(JSON.stringify(page)).toBe('{"a":[{"b":1}]}');
  });
});
