/** The plain data of a page. JSON is this object, TypeScript pages build it; node specs are looked up by type and never stored in it. */
import { z } from 'zod';
import { InputError, nearest } from './error.ts';
import type { NodeSpec, NodeUse } from './node.ts';
import type { Optimiser } from './optimiser.ts';
import { isSchedule, type Schedule } from './schedule.ts';
import { WORLDS, type World } from './world.ts';

export type Role = 'add' | 'slot' | 'target' | 'shared' | 'frozen';
export interface Entry {
  readonly type: string; readonly role: Role;
  /** The node whose weights this place lags, shares or freezes; it has that node's type and config. */
  readonly of?: string;
  readonly config?: Readonly<Record<string, unknown>>; readonly per?: string;
  /** Port -> wire, `agentQ.q | now`. A slot offers more than its node takes. */
  readonly in: Readonly<Record<string, string>>;
}
export interface Source {
  readonly cut: 'episodes' | 'transitions' | 'rollout';
  /** Whose actions: the page's own, unless named. */
  readonly by?: string;
  readonly keep?: number; readonly batch?: number; readonly start?: number; readonly every?: number; readonly burnIn?: number;
  /** Steps of a piece: what is drawn from a replay of transitions, and what a rollout is cut into where the page unrolls time. */
  readonly length?: number;
  readonly steps?: number; readonly copies?: number; readonly epochs?: number | Schedule; readonly minibatches?: number;
  readonly prioritised?: { readonly alpha: number; readonly beta: number | Schedule };
}
export interface Term { readonly loss: string; readonly weight: number | Schedule }
export interface TrainRule {
  readonly losses: readonly Term[]; readonly optimiser: Optimiser;
  /** `clipNorm`: most that the norm of the whole gradient may be; `clipEach`: that of each tensor, under `per` of each index's own. */
  readonly only?: readonly string[]; readonly clipNorm?: number | Schedule; readonly clipEach?: number | Schedule; readonly after?: string; readonly every?: number;
  readonly sweep?: { readonly over: string; readonly order: 'shuffled' | 'backwards' };
  /** A step at which this wire, one number, is above that number is not made, nor any after it on the same batch. */
  readonly until?: { readonly wire: string; readonly above: number | Schedule };
}
export interface TargetRule { readonly polyak?: number | Schedule; readonly everyUpdates?: number; readonly everyEpisodes?: number; readonly everySteps?: number }
export interface ActRule {
  readonly action: string; readonly best?: string; readonly inTurn?: string;
  readonly sees?: 'local' | 'agents' | 'all'; readonly randomSteps?: number;
  /** What is done is the nearest action within [-1, 1]; what is learned from is the action as it was chosen. */
  readonly clipped?: boolean;
}
type Table<T> = Readonly<Record<string, T>>;
/** What a number of memory starts at; with `over`, one for each index of these dims, and of `batch` one for each copy. */
export type Begin = number | { readonly over: string; readonly start: number };
export interface Page {
  readonly format: 1; readonly name: string; readonly parent?: string; readonly about?: string; readonly paper?: string;
  readonly world: World; readonly sources: Table<Source>; readonly nodes: Table<Entry>; readonly train: Table<TrainRule>;
  /** By the node whose lagged weights follow; '*' for all others. */
  readonly targets: Table<TargetRule>;
  readonly memory: Table<Table<Begin>>; readonly keep: Table<Table<string>>; readonly priority: Table<string>; readonly dims: Table<number>; readonly act?: ActRule;
}
declare const WORLD: unique symbol;
export type Registry = ReadonlyMap<string, NodeSpec>;
export interface Definition<R = unknown, W = World> {
  readonly [WORLD]?: W; readonly page: Page;
  /** Specs of the node types that the page names. */
  readonly specs: Registry;
  /** What derived pages may hold on to; undefined for a page read from JSON. */
  readonly handles: R;
}

/** A wire: where it comes from and what is applied to it, in that order. */
export interface Ref { readonly from: string; readonly port: string; readonly via: readonly string[] }
export const parse = (text: string): Ref => {
  const [head = '', ...via] = text.split(' | '), [from = '', port = ''] = head.split('.');
  return { from, port, via };
};
export const print = (r: Ref): string => [`${r.from}.${r.port}`, ...r.via].join(' | ');

/** Deep copy of plain data whose objects inherit nothing, so that a node called `constructor` is a node and nothing else is found. */
export function bare<T>(x: T): T {
  if (Array.isArray(x)) return x.map(bare) as T;
  if (typeof x !== 'object' || x === null) return x;
  const out = Object.create(null) as Record<string, unknown>;
  for (const [k, v] of Object.entries(x)) if (v !== undefined) out[k] = bare(v);
  return out as T;
}

/** The page as a JSON document; a world of ours by its name. `fromJson` reads it back. */
export const toJson = (d: Definition): Page => {
  const world = Object.entries(WORLDS).find(([, w]) => JSON.stringify(w) === JSON.stringify(d.page.world))?.[0];
  return JSON.parse(JSON.stringify({ ...d.page, ...(world ? { world } : {}) })) as Page;
};

const NAME = /^[A-Za-z][A-Za-z0-9]*$/;
const name = z.string().regex(NAME, 'a name is letters and digits, a letter first').max(64);
const WIRE = /^[A-Za-z][A-Za-z0-9]{0,63}\.[A-Za-z][A-Za-z0-9]{0,63}( \| (now|next|once|stop|each [A-Za-z][A-Za-z0-9]{0,63}))*$/;
const wire = z.string().max(1000).regex(WIRE, "a wire is 'node.port', then ' | now', ' | next', ' | once', ' | stop' or ' | each dim'");
/** What programs are made for, or what is counted by, stays one number. */
const fixed = (about: string) => z.number({ error: ({ input }) => (isSchedule(input) ? `${about}: no schedule can stand for it` : about) });
const within = (about: string, least: number, most = Number.MAX_VALUE) => fixed(about).min(least, about).max(most, about), whole = (about: string, least: number) => within(about, least, Number.MAX_SAFE_INTEGER).int(about);
const real = z.number('a finite number'), positive = real.positive('a number above 0'), count = whole('a whole number above 0', 1), size = whole('a whole number, 0 or above', 0), choice = <const T extends readonly string[]>(of: T) => z.enum(of, `one of ${of.join(', ')}`);
const schedule = z.strictObject({ schedule: choice(['linear', 'exponential']), from: real, to: real, over: positive, clock: choice(['steps', 'updates', 'episodes']) });
const scheduled = z.union([real, schedule], 'a finite number or a schedule'), changing = (own: z.ZodType<number>, about: string) => z.union([own, schedule], `${about}, or a schedule`);
const table = <T extends z.ZodType>(value: T, key: z.ZodType<string, string> = name) => z.record(key, value);
const spec = z.string().max(200).regex(/^([A-Za-z][A-Za-z0-9]*( [A-Za-z][A-Za-z0-9]*)*)?$/, 'names of dims with a space between');
const field = z.strictObject({ dtype: choice(['f32', 'i32', 'bool']), spec, at: choice(['slot', 'step']), sight: choice(['local', 'central', 'after']), of: name.optional() });
const worldName = z.enum(Object.keys(WORLDS) as [string, ...string[]]);
const setting = z.union([real, z.boolean(), z.string().max(200), z.array(real).max(1000), schedule], 'a finite number, true or false, a text of at most 200 characters, a list of numbers or a schedule');
const optimiser = z.strictObject({ type: choice(['adam', 'rmsprop', 'sgd']), lr: scheduled, decay: within('a number from 0 to below 1', 0).lt(1, 'a number from 0 to below 1').optional(), eps: within('a number, 0 or above', 0).optional() });

/** The schema of a page file; `docs/page.schema.json` is made from it. */
export const pageSchema = z.strictObject({
  $schema: z.string().max(1000).optional(),
  format: z.literal(1), name, parent: name.optional(), about: z.string().max(2000).optional(), paper: z.string().max(500).optional(),
  world: z.union([worldName, z.object({ extends: worldName }).catchall(field), table(field)], 'the name of a world, its fields, or { extends: a name, further fields }'),
  sources: table(z.strictObject({
    cut: choice(['episodes', 'transitions', 'rollout']), by: name.optional(), keep: count.optional(), batch: count.optional(), start: count.optional(),
    every: positive.optional(), length: count.optional(), burnIn: size.optional(),
    prioritised: z.strictObject({ alpha: within('a number, 0 or above', 0), beta: scheduled }).optional(),
    steps: count.optional(), copies: count.optional(), epochs: changing(count, 'a whole number above 0').optional(), minibatches: count.optional(),
  })),
  memory: table(table(z.union([real, z.strictObject({ over: spec.min(1), start: real })], 'a finite number, or { over: dims, start: a finite number }'))), keep: table(table(wire)),
  nodes: table(z.strictObject({
    type: name, role: choice(['add', 'slot', 'target', 'shared', 'frozen']), of: name.optional(), config: table(setting).optional(), per: name.optional(), in: table(wire),
  })),
  train: table(z.strictObject({
    losses: z.array(z.strictObject({ loss: wire, weight: scheduled })).min(1).max(100), optimiser,
    only: z.array(name).max(1000).optional(), clipNorm: changing(positive, 'a number above 0').optional(), clipEach: changing(positive, 'a number above 0').optional(), after: name.optional(), every: count.optional(), until: z.strictObject({ wire, above: scheduled }).optional(),
    sweep: z.strictObject({ over: name, order: choice(['shuffled', 'backwards']) }).optional(),
  })),
  targets: table(z.strictObject({ polyak: changing(positive.max(1), 'a number above 0, at most 1').optional(), everyUpdates: count.optional(), everyEpisodes: count.optional(), everySteps: count.optional() }), z.union([name, z.literal('*')])),
  priority: table(wire), dims: table(count),
  act: z.strictObject({ action: wire, best: wire.optional(), inTurn: name.optional(), sees: choice(['local', 'agents', 'all']).optional(), randomSteps: size.optional(), clipped: z.boolean().optional() }).optional(),
});

const LIMIT = { depth: 12, nodes: 10_000 };
/** Refuses documents that are too deep or too large, and keys that reach into prototypes, before anything walks them. Iterative: nesting cannot overflow it. */
function screen(document: unknown, subject: string): void {
  const queue: [unknown, string, number][] = [[document, '', 0]];
  for (let seen = 0; queue.length; seen++) {
    const [x, path, depth] = queue.pop()!;
    if (depth > LIMIT.depth) throw new InputError(`${subject}: nested deeper than ${LIMIT.depth} at ${path.slice(0, 200)}`, 'a page is flat: see docs/page.schema.json');
    if (seen > 40 * LIMIT.nodes) throw new InputError(`${subject}: more than ${40 * LIMIT.nodes} values`, 'split the page');
    if (typeof x !== 'object' || x === null) continue;
    for (const key of Object.keys(x)) {
      if (key === '__proto__') throw new InputError(`${subject}: the key ${key} at ${path || 'the top'}`, 'a name is letters and digits, a letter first');
      queue.push([(x as Record<string, unknown>)[key], path ? `${path}.${key}` : key, depth + 1]);
    }
  }
}

/** A page from plain data. Node types come from the registry by their name; nothing in the data can name code. The page is not checked yet: see `check`. */
export function fromJson(document: unknown, registry: Registry, subject = 'page'): Definition {
  screen(document, subject);
  const format = (document as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > 1) throw new InputError(`${subject}: page format ${format} is newer than 1, which this version of skein reads`, 'update skein');
  const parsed = pageSchema.safeParse(document);
  if (!parsed.success) {
    const all = parsed.error.issues.slice(0, 20).map(i => `  ${i.path.join('.').slice(0, 200) || 'the document'}: ${i.message.slice(0, 300)}`);
    throw new InputError(`${subject}: not a page\n${all.join('\n')}`, 'see docs/page.schema.json');
  }
  const { $schema: _, world, ...rest } = parsed.data;
  const page = bare({ ...rest, world: worldOf(world as World | string) }) as Page, specs = new Map<string, NodeSpec>();
  if (Object.keys(page.nodes).length > LIMIT.nodes) throw new InputError(`${subject}: ${Object.keys(page.nodes).length} nodes, more than ${LIMIT.nodes}`, 'split the page');
  const unknown: string[] = [], nodes = page.nodes as Record<string, Entry>;
  for (const [node, entry] of Object.entries(nodes)) {
    const { type } = entry, spec = registry.get(type);
    if (spec) {
      specs.set(type, spec);
      if (entry.of === undefined) nodes[node] = bare({ ...entry, config: { ...(spec.config as object), ...(spec.knobs as object), ...entry.config } });
      continue;
    }
    const near = unknown.length < 20 ? nearest(type, registry.keys()) : undefined;
    unknown.push(`  nodes.${node}.type: no node type ${type}${near ? `; did you mean ${near}?` : ''}`);
  }
  if (unknown.length) throw new InputError(`${subject}: unknown node types\n${unknown.slice(0, 20).join('\n')}`, "skein list nodes shows them all; a third party's comes with --plugin");
  return { page, specs, handles: undefined };
}
/** A world by name, whole, or as { extends, further fields }. */
function worldOf(w: World | string): World {
  if (typeof w === 'string') return WORLDS[w]!;
  const { extends: parent, ...fields } = w as World & { extends?: unknown };
  return typeof parent === 'string' ? { ...WORLDS[parent]!, ...fields } : fields;
}

/** The node that owns the weights, spec and config of a place: itself, or the one it lags, shares or freezes. */
export function owner(page: Page, node: string): string {
  for (let at = node, hops = 0; hops < 100; hops++) {
    const of = page.nodes[at]?.of;
    if (of === undefined) return at;
    at = of;
  }
  return node;
}
/** Stands for a type that nobody knows, until `check` has said so. */
const UNKNOWN: NodeSpec = { type: '', in: {}, out: {} };
/** Spec and config of a node; of one that is not known a spec without ports. */
export function use(d: Definition, node: string): NodeUse {
  const e = d.page.nodes[owner(d.page, node)];
  return { spec: d.specs.get(e?.type ?? '') ?? UNKNOWN, config: e?.config ?? {}, ...(e?.per === undefined ? {} : { per: e.per }) };
}
export const isKnown = (d: Definition, node: string): boolean => use(d, node).spec !== UNKNOWN;
/** The wires that a node takes: of those offered, the ones its ports name. */
export function taken(d: Definition, node: string): [port: string, wire: string][] {
  const { spec } = use(d, node);
  return Object.entries(d.page.nodes[node]!.in).filter(([k]) => spec.rest !== undefined || Object.hasOwn(spec.in as object, k));
}
