/** Dims of every wire and the binding of every node, found from the sources on; what does not fit becomes issues, one per node. */
import { isKnown, owner, parse, taken, use, type Definition, type Ref } from './definition.ts';
import { nearest, type Issue } from './error.ts';
import { base, canonical, fit, isTime, named, open, withDim, words, type DType, type Port } from './port.ts';
import { topology } from './topology.ts';

export interface Typed { readonly dtype: DType; readonly dims: readonly string[]; readonly of?: string }
/** The leading dims of a node, and which dim each word of its ports stands for. */
export interface Placement { readonly lead: readonly string[]; readonly bound: Readonly<Record<string, string>> }
export interface Inference { readonly types: ReadonlyMap<string, Typed>; readonly places: ReadonlyMap<string, Placement>; readonly issues: readonly Issue[] }

export const show = (t: { readonly dtype: string; readonly dims: readonly string[] }): string => `${t.dtype} [${t.dims.join(' ')}]`;
const wants = (p: Port) => `${p.dtype} [${p.spec}]`;
/** A wire as the page writes it: `data.avail | now` -> now(data.avail). */
export const code = (text: string): string => {
  const { from, port, via } = parse(text);
  return via.reduce((x, op) => (op.startsWith('each ') ? `each('${op.slice(5)}', ${x})` : `${op}(${x})`), `${from}.${port}`);
};

/** What a wire carries; a string says why there is no such wire. */
export function typeOf(d: Definition, text: string, known: ReadonlyMap<string, Typed>): Typed | string {
  const r = parse(text), start = origin(d, r, known);
  if (typeof start === 'string') return start;
  let t: Typed = start;
  for (const op of r.via) {
    if (op === 'now' || op === 'next') {
      if (!t.dims.some(x => base(x) === 'time+1')) return `${op}() drops a slot of time+1, and ${r.from}.${r.port} is ${show(t)}`;
      t = { ...t, dims: t.dims.map(x => x.replace(/^time\+1/, 'time')) };
    } else if (op.startsWith('each ')) {
      const dim = op.slice(5);
      if (!isDim(d, dim, known)) return `each('${dim}', ...) repeats along ${dim}, which nothing has; g.dim('${dim}', n) gives it a size`;
      if (t.dims.includes(dim)) return `each('${dim}', ...) repeats along ${dim}, which ${r.from}.${r.port} has: ${show(t)}`;
      t = { ...t, dims: withDim(t.dims, dim) };
    }
  }
  return t;
}
/** A dim that has a size: the page's own, one of the world's, or one that a wire before has. */
export const isDim = (d: Definition, dim: string, known: ReadonlyMap<string, Typed>): boolean =>
  dim in d.page.dims || Object.values(d.page.world).some(f => words(f.spec).includes(dim)) || [...known.values()].some(t => t.dims.includes(dim));
/** What the builder writes where a page gives no wire. */
export const NOWHERE = '?.?';
function origin(d: Definition, r: Ref, known: ReadonlyMap<string, Typed>): Typed | string {
  const { page } = d, suggest = (what: string, names: string[]) => {
    const near = nearest(r.port, names);
    return `${r.from} has no ${what} ${r.port}${near ? `; did you mean ${near}?` : `; it has ${names.join(', ')}`}`;
  };
  if (r.from === '?') return 'the page gives no wire here: an output or a field that does not exist';
  if (r.from in page.sources) {
    const f = page.world[r.port], tag = r.from === Object.keys(page.sources)[0] ? '' : `@${r.from}`;
    if (!f) return suggest('field', Object.keys(page.world));
    return { dtype: f.dtype, dims: [`batch${tag}`, (f.at === 'slot' ? 'time+1' : 'time') + tag, ...words(f.spec)], ...(f.of === undefined ? {} : { of: f.of }) };
  }
  if (r.from in page.memory) {
    const held = page.memory[r.from]![r.port];
    return held === undefined ? suggest('number', Object.keys(page.memory[r.from]!)) : { dtype: 'f32', dims: typeof held === 'number' ? [] : canonical(words(held.over)) };
  }
  const t = known.get(`${r.from}.${r.port}`);
  if (t) return t;
  if (r.from in page.nodes && r.port in (use(d, r.from).spec.out as object)) return `${r.from}.${r.port} comes from what does not fit`;
  if (r.from in page.nodes) return suggest('output', Object.keys(use(d, r.from).spec.out as object));
  const near = nearest(r.from, [...Object.keys(page.nodes), ...Object.keys(page.sources), ...Object.keys(page.memory)]);
  return `nothing is called ${r.from}${near ? `; did you mean ${near}?` : ''}`;
}

interface Entering { readonly key: string; readonly text: string; readonly port: Port; readonly type: Typed; readonly lead: readonly string[] | null; readonly wrong?: string }
const row = (e: Entering) => `${e.key.padEnd(12)} ${show(e.type).padEnd(40)} from ${e.text}${e.wrong ? `   wants ${wants(e.port)}` : ''}`;

/** A port that its wire does not fill, in words, or undefined. */
function mismatch(port: Port, type: Typed, bound: Record<string, string>): { lead: readonly string[] | null; wrong?: string } {
  if (port.dtype !== type.dtype) return { lead: null, wrong: `is ${type.dtype}, not ${port.dtype}` };
  if (port.of !== undefined && type.of !== undefined && port.of !== type.of) return { lead: null, wrong: `indexes ${type.of}, not ${port.of}` };
  const f = fit(port, type.dims, bound);
  if ('missing' in f) return { lead: null, wrong: `has no dim ${f.missing.replace('?', '')}${bound[f.missing] === undefined || bound[f.missing] === f.missing ? '' : ` that is ${bound[f.missing]}, as at another port`}` };
  if ('extra' in f) return { lead: null, wrong: `has ${f.extra.join(' and ')} too many` };
  return { lead: f.lead };
}
function remedy(list: readonly Entering[], lead: readonly string[]): { line: string; fix: string } | undefined {
  const slots = list.filter(e => e.lead?.some(x => base(x) === 'time+1')), steps = list.filter(e => e.lead?.some(x => base(x) === 'time'));
  if (slots.length && steps.length) {
    const names = slots.map(s => s.key).join(', ');
    return { line: `${names} still ${slots.length > 1 ? 'hold' : 'holds'} the bootstrap slot`, fix: slots.map(s => `${s.key}: now(${code(s.text)})`).join(', ') + ', or next(...)' };
  }
  const widest = list.reduce<readonly string[]>((a, e) => (e.lead && e.lead.length > a.length ? e.lead : a), lead);
  const thin = list.filter(e => e.lead && e.lead.length < widest.length), dims = widest.filter(x => thin.some(e => !e.lead!.includes(x)));
  const sources = [...new Set(list.flatMap(e => e.type.dims.filter(x => x.includes('@') || base(x) === 'batch')))].filter(x => base(x) === 'batch');
  if (sources.length > 1) return { line: `they come from different sources: ${sources.join(', ')}`, fix: 'wire them from one source' };
  if (thin.length && dims.length && !dims.some(x => isTime(x) || base(x) === 'batch')) return { line: `${thin.map(e => e.key).join(', ')} ${thin.length > 1 ? 'lack' : 'lacks'} ${dims.join(' ')}`, fix: thin.map(e => `${e.key}: ${dims.filter(x => !e.lead!.includes(x)).reduce((x, dim) => `each('${dim}', ${x})`, code(e.text))}`).join(', ') };
  return undefined;
}

/** What stands near a wire that does not exist, as a page would write it. */
function meant(text: string, why: string): string | undefined {
  const { from, port, via } = parse(text), near = /did you mean (\w+)\?/.exec(why)?.[1], again = (f: string, p: string, v: readonly string[]) => code([`${f}.${p}`, ...v].join(' | '));
  if (near) return why.startsWith('nothing is called') ? again(near, port, via) : again(from, near, via);
  return /^(now|next)\(\) drops|repeats along \w+, which \w+\.\w+ has/.test(why) ? again(from, port, via.slice(0, -1)) : undefined;
}

/** Types of all outputs and the binding of all nodes, of a page that may be wrong: its issues say what does not fit. */
export function infer(d: Definition): Inference {
  const types = new Map<string, Typed>(), places = new Map<string, Placement>(), issues: Issue[] = [], { order, cycles } = topology(d), spoiled = new Set<string>(cycles.flat());
  const unwired = (node: string, key: string, text: string, why: string, want: string): Issue => {
    const better = meant(text, why);
    return { code: 'WIRE', at: `${node}.${key}`, what: `${node}.${key}: ${why}`, expected: want, got: code(text), lines: [`wire     ${code(text)}`, `wants    ${want}`], fix: better ? `${key}: ${better}` : `wire ${key} to something that is ${want}` };
  };
  for (const name of order) {
    const entry = d.page.nodes[name]!, { spec, per } = use(d, name), ports = spec.in as Record<string, Port>, outs = spec.out as Record<string, Port>;
    if (!isKnown(d, name)) { spoiled.add(name); continue; }
    const found = issues.length, bound = Object.create(null) as Record<string, string>, entering: Entering[] = [], role = d.page.nodes[owner(d.page, name)]!.role;
    const absent = Object.keys(ports).filter(k => !(k in entry.in)), surplus = spec.rest ? [] : Object.keys(entry.in).filter(k => !Object.hasOwn(ports, k)), offered = Object.keys(entry.in).join(', ') || 'nothing';
    const own = d.page.nodes[owner(d.page, name)]!;
    if (entry.of !== undefined && absent.some(k => !(k in own.in))) { spoiled.add(name); continue; }        // said at the node whose weights it uses
    if (absent.length || (spec.rest && !Object.keys(entry.in).length)) {
      const asks = absent.map(k => `${k} ${wants(ports[k]!)}`).join(', ') || `at least one input, ${wants(spec.rest!)}`;
      issues.push({
        code: 'OFFER', at: absent.length ? `${name}.${absent[0]!}` : name, what: `${role === 'slot' ? 'slot ' : ''}${name}: ${spec.type} asks for ${absent.join(', ') || 'at least one input'}`, expected: asks, got: offered,
        lines: [`asks     ${asks}`, `offered  ${offered}`],
        fix: role === 'slot' ? `offer ${absent.join(', ') || 'one'} at ${name}, or choose a node whose ports are among those offered` : `wire ${absent.map(k => `${k}: ...`).join(', ') || 'an input'}`,
      });
    }
    const has = Object.entries(ports).map(([p, x]) => `${p} ${wants(x)}`).join(', ') || 'none';
    if (role === 'add') for (const k of surplus) {
      const near = nearest(k, Object.keys(ports));
      issues.push({ code: 'PORT', at: `${name}.${k}`, what: `${name}: ${spec.type} has no port ${k}`, expected: has, got: `${k}: ${code(entry.in[k]!)}`, lines: [`ports    ${has}`, `wired    ${k}: ${code(entry.in[k]!)}`], fix: near ? `did you mean ${near}?` : `leave ${k} out, or make ${name} a slot` });
    }
    let muddy = false;
    for (const [key, text] of taken(d, name)) {
      if (spoiled.has(parse(text).from)) { muddy = true; continue; }
      const port = Object.hasOwn(ports, key) ? ports[key]! : spec.rest!, type = typeOf(d, text, types);
      if (typeof type === 'string') issues.push(unwired(name, key, text, type, wants(port)));
      else entering.push({ key, text, port, type, ...mismatch(port, type, Object.hasOwn(ports, key) ? bound : {}) });
    }
    const lead = entering.find(e => e.lead)?.lead ?? [], same = (a: readonly string[]) => [...a].sort().join() === [...lead].sort().join();
    const bad = entering.filter(e => e.wrong), apart = entering.filter(e => e.lead && !same(e.lead));
    if (bad.length || apart.length) issues.push(misfit(name, entering, bad, apart, lead));
    if (per !== undefined && !lead.includes(per) && !bad.length && !muddy) {
      const mixes = Object.values(ports).some(p => named(p).includes(per)), known = isDim(d, per, types);
      issues.push({ code: 'PER', at: name, what: `per('${per}', ...) of ${name}: ${mixes ? `${spec.type} mixes ${per} itself` : `its inputs have no leading dim ${per}`}`, expected: `${per} among the leading dims`, got: `[${lead.join(' ')}]`, lines: entering.map(row),
        fix: mixes ? `leave per out: one ${spec.type} sees all of ${per}` : known ? `give it inputs over ${per}: each('${per}', ...)` : `g.dim('${per}', n) gives ${per} a size, each('${per}', ...) puts it on the inputs` });
    }
    if (muddy || issues.length > found) { spoiled.add(name); continue; }
    places.set(name, { lead, bound });
    for (const [key, port] of Object.entries(outs)) {
      const own = named(port).map(w => bound[w] ?? w);
      types.set(`${name}.${key}`, { dtype: port.dtype, dims: canonical([...(open(port) ? lead : []), ...own]), ...(port.of === undefined ? {} : { of: port.of }) });
    }
  }
  for (const [name, entry] of Object.entries(d.page.nodes)) if (!spoiled.has(name) && entry.role === 'slot') for (const [key, text] of Object.entries(entry.in)) {
    if (Object.hasOwn(use(d, name).spec.in as object, key) || spoiled.has(parse(text).from)) continue;
    const type = typeOf(d, text, types);                                  // offered and not taken: a later swap takes it
    if (typeof type === 'string') issues.push(unwired(name, key, text, type, 'a wire to offer'));
  }
  return { types, places, issues };
}

/** One issue for all inputs of a node: the code cannot know which of them is wrong. */
function misfit(name: string, entering: readonly Entering[], bad: readonly Entering[], apart: readonly Entering[], lead: readonly string[]): Issue {
  const help = remedy(entering.filter(e => !e.wrong), lead), first = bad[0] ?? apart[0]!, slots = bad.find(e => e.type.dims.some(x => base(x) === 'time+1'));
  const plainFix = bad.length ? `wire ${bad.map(e => `${e.key} to something that is ${wants(e.port)}`).join(', ')}` : `wire ${apart.map(e => e.key).join(', ')} over [${lead.join(' ')}]`;
  return {
    code: 'SHAPE', at: `${name}.${first.key}`,
    what: bad.length ? `${name}: ${bad.map(e => `${e.key} ${e.wrong!}`).join('; ')}` : `the inputs of ${name} do not agree on the leading dims`,
    expected: bad.length ? wants(first.port) : `${wants(first.port)} with ... = [${lead.join(' ')}], as ${entering.find(e => e.lead)!.key} has`, got: show(first.type),
    lines: [...entering.map(row), ...(help ? [help.line] : [])],
    fix: help?.fix ?? (slots && named(slots.port).includes('time') ? `${slots.key}: now(${code(slots.text)}) or next(...)` : plainFix),
  };
}
