/**
 * Plugins: a local file or an npm package, named explicitly. Its default export is a ContainerModule that binds edge objects to TOKENS; or it has
 * none, and what it exports (environments, node types, engines) is what it brings.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createRequire, register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Container, ContainerModule } from 'inversify';
import type { Definition } from '../core/definition.ts';
import { InputError } from '../core/error.ts';
import { defineNode, type NodeFactory } from '../core/node.ts';
import { PLUGIN_API, TOKENS } from './tokens.ts';

/** What goes into the record of a run. */
export interface PluginRecord { readonly name: string; readonly version: string; readonly from: string; readonly hash: string }
/** `kind`: what it is loaded for, in words. `file`: where a reference leads, for one that was written elsewhere. */
export interface LoadSetting { readonly kind?: string; readonly file?: string }
/** A plugin as it was named, and where that leads. */
export interface PluginFile { readonly from: string; readonly file: string }
export interface LoadedPlugin extends PluginRecord, PluginFile {
  /** What it brings; its ContainerModule is run for it, where it has one. */
  offers(): Promise<readonly Offer[]>;
}

/** What has a name and may be brought along: in words, the token that it is bound to, how one is made, how its name is found, and how one is told from anything else. */
export interface Kind { readonly kind: string; readonly token: symbol; readonly made: string; readonly example: string; nameOf(x: never): unknown; is(x: Has): boolean }
type Has = Readonly<Record<string, unknown>>;
const isList = (x: unknown): x is object => typeof x === 'object' && x !== null;
export const KINDS = {
  page: { kind: 'algorithm', token: TOKENS.Page, made: 'graph(...)', example: "export const mine = graph('mine', world, g => { ... })", nameOf: (d?: { page?: { name?: unknown } }) => d?.page?.name, is: x => x['specs'] instanceof Map && isList(x['page']) },
  nodeType: { kind: 'node type', token: TOKENS.NodeType, made: 'defineNode(...)', example: 'export const mine = defineNode({ type, in, out, forward })', nameOf: (n?: { spec?: { type?: unknown } }) => n?.spec?.type, is: x => typeof x === 'function' && isList((x as Has)['spec']) && 'in' in ((x as Has)['spec'] as object) },
  environment: { kind: 'environment family', token: TOKENS.Environment, made: 'an EnvironmentFamily', example: 'export const mine: EnvironmentFamily = { family, about, tasks, options, make }', nameOf: (f?: { family?: unknown }) => f?.family, is: x => isList(x['tasks']) && isList(x['options']) && typeof x['make'] === 'function' },
  engine: { kind: 'engine', token: TOKENS.Engine, made: 'an EngineFactory', example: 'export const mine: EngineFactory = { name, about, backends, open }', nameOf: (e?: { name?: unknown }) => e?.name, is: x => Array.isArray(x['backends']) && typeof x['open'] === 'function' },
  replay: { kind: 'replay', token: TOKENS.Replay, made: 'a ReplayFactory', example: '', nameOf: (r?: { cut?: unknown }) => r?.cut, is: () => false },
  tracker: { kind: 'tracker', token: TOKENS.Tracker, made: 'a TrackerFactory', example: '', nameOf: (t?: { name?: unknown }) => t?.name, is: () => false },
  expert: { kind: 'expert', token: TOKENS.Expert, made: 'an ExpertFactory', example: 'export const mine: ExpertFactory = { name, about, plays, make }', nameOf: (e?: { name?: unknown }) => e?.name, is: x => typeof x['plays'] === 'function' && typeof x['make'] === 'function' },
} as const satisfies Readonly<Record<string, Kind>>;
export interface Offer {
  readonly kind: Kind; readonly thing: object;
  /** Under which name it was exported, where it was. */
  readonly exported?: string;
  /** A node type of a page: of use where nobody has one of its name. */
  readonly spare?: true;
}
export const nameOf = ({ kind, thing }: Pick<Offer, 'kind' | 'thing'>): unknown => kind.nameOf(thing as never);

/** What of a module's exports is of a kind that can be told from anything else. */
export const exportsOf = (module: Readonly<Record<string, unknown>>): Offer[] => Object.entries(module).flatMap(([exported, x]) => {
  const kind = (typeof x === 'object' || typeof x === 'function') && x !== null ? Object.values<Kind>(KINDS).find(k => k.is(x as Has)) : undefined;
  return kind ? [{ kind, thing: x as object, exported }] : [];
});
/** Pages bring the node types that they are made of, so that a run of them can be read back. */
const withTypes = (offers: readonly Offer[]): Offer[] => [...offers, ...offers.flatMap(({ kind, thing }) => (kind === KINDS.page ? [...(thing as Definition).specs.values()].map((spec): Offer => ({ kind: KINDS.nodeType, thing: defineNode(spec) as NodeFactory, spare: true })) : []))];

/** One line of why an import failed; of a file that cannot be translated, the place. */
export function reason(e: unknown): string {
  const [first = '', second] = (e instanceof Error ? e.message : String(e)).split('\n');
  return (second && first.startsWith('Transform failed') ? second : first).replaceAll(`${process.cwd()}${path.sep}`, '').trim();
}

/** TypeScript outside a package of ES modules is one all the same: as CommonJS it would get a second copy of skein. */
const ASMODULES = `data:text/javascript,${encodeURIComponent(`
  const typescript = url => /\\.tsx?(\\?|$)/.test(url);
  export async function resolve(specifier, context, next) { const found = await next(specifier, context); return typescript(found.url) ? { ...found, format: 'module' } : found; }
  export const load = (url, context, next) => next(url, typescript(url) ? { ...context, format: 'module' } : context);
`)}`;
let translating: Promise<void> | undefined;
async function translateTypeScript(): Promise<void> {
  process.env['TSX_DISABLE_CACHE'] ??= '1';                              // it would keep its translations in the system's temporary folder
  (await import('tsx/esm/api')).register();
  register(ASMODULES);
}
/** A file of the user's, TypeScript or JavaScript, that shares its modules with skein. */
export async function importFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (!/\.[cm]?js$/.test(file)) await (translating ??= translateTypeScript());
  return await import(pathToFileURL(file).href) as Record<string, unknown>;
}

/** The entry of a package that offers itself to `import` only, which `require.resolve` does not find. */
function entryOf(exported: unknown): string | undefined {
  if (typeof exported === 'string') return exported;
  if (typeof exported !== 'object' || exported === null) return undefined;
  const all = exported as Readonly<Record<string, unknown>>;
  for (const key of ['.', 'node', 'import', 'default']) { const entry = Object.hasOwn(all, key) ? entryOf(all[key]) : undefined; if (entry !== undefined) return entry; }
  return undefined;
}
/** The file that `./file.ts` or `npm:package` names, seen from the folder that the command was started in. */
export function resolveModule(reference: string, kind = 'plugin'): string {
  if (!reference.startsWith('npm:')) return path.resolve(reference);
  const name = reference.slice(4), require = createRequire(path.resolve('package.json'));
  try { return require.resolve(name); } catch (e) {
    const folder = (require.resolve.paths(name) ?? []).map(p => path.join(p, name)).find(p => existsSync(path.join(p, 'package.json')));
    if (folder === undefined) throw new InputError(`${kind} ${reference}: there is no package ${name} here`, `npm install ${name}`);
    const entry = entryOf((require(path.join(folder, 'package.json')) as { exports?: unknown }).exports);
    if (entry === undefined) throw new InputError(`${kind} ${reference}: the package has no entry (${reason(e)})`, 'see which versions of it do');
    return path.join(folder, entry);
  }
}

type Owner = readonly [name: string, object: object];
/** Object.prototype comes first: until it is what it was, every other object here inherits what was added to it. */
const OWNERS: readonly Owner[] = [['Object.prototype', Object.prototype], ['', globalThis], ['Math', Math], ['JSON', JSON], ['Reflect', Reflect], ['Object', Object],
  ...[Function, Array, String, Number, Boolean, Symbol, Promise, Map, Set, Date, RegExp, Error].flatMap((c): Owner[] => [[c.name, c], [`${c.name}.prototype`, c.prototype as object]])];
const { defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
/** Of a property, as an object that inherits nothing. */
const descriptor = (object: object, key: PropertyKey): PropertyDescriptor | undefined => { const found = getOwnPropertyDescriptor(object, key); return found && Object.assign(Object.create(null) as PropertyDescriptor, found); };
/**
 * Runs code of a plugin and takes back what it did to global objects; gives their names. A getter that became a value is one of Node's
 * that loads what it names at its first use.
 */
async function watched<T>(work: () => Promise<T>): Promise<{ readonly result: T } | { readonly error: unknown; readonly changed: readonly string[] }> {
  const before = OWNERS.map(([, object]) => new Map(ownKeys(object).map(key => [key, descriptor(object, key)!]))), changed: string[] = [];
  let outcome: { readonly result: T } | { readonly error: unknown };
  try { outcome = { result: await work() }; } catch (error) { outcome = { error }; }
  for (const [i, [owner, object]] of OWNERS.entries()) {
    const then = before[i]!;
    for (const key of new Set([...then.keys(), ...ownKeys(object)])) {
      const was = then.get(key), is = descriptor(object, key);
      if (was && is && (was.get ? is.get === was.get || 'value' in is : Object.is(was.value, is.value))) continue;
      if (!was && typeof key === 'symbol') continue;                       // registries of libraries, found by nobody else
      if (was) defineProperty(object, key, was); else deleteProperty(object, key);
      changed.push(owner ? `${owner}.${String(key)}` : String(key));
    }
  }
  return changed.length || 'error' in outcome ? { error: 'error' in outcome ? outcome.error : undefined, changed } : outcome;
}

export async function loadPlugin(reference: string, { kind = 'plugin', file = resolveModule(reference, kind) }: LoadSetting = {}): Promise<LoadedPlugin> {
  const refuse = (why: string, fix: string): never => { throw new InputError(`${kind} ${reference}: ${why}`, fix); };
  const found = await stat(file).catch(() => refuse('there is no such file', 'name a file (./mine.ts) or a package (npm:mine)'));
  if (!found.isFile()) refuse('it is not a file', 'name a file (./mine.ts) or a package (npm:mine)');
  const text = await readFile(file).catch((e: unknown) => refuse(`it cannot be read: ${reason(e)}`, 'name a file or npm:package'));
  if (!/\.[cm]?js$/.test(file)) await (translating ??= translateTypeScript());
  const imported = await watched(() => importFile(file));
  if ('changed' in imported) {
    if (imported.changed.length) refuse(`it changes globals: ${imported.changed.slice(0, 10).join(', ')}`, 'a plugin binds to TOKENS and changes nothing else');
    refuse(`importing it fails: ${reason(imported.error)}`, kind === 'plugin' ? 'mend it, or leave --plugin out' : 'mend it');
  }
  const loaded = (imported as { result: Readonly<Record<string, unknown>> }).result, about = loaded['plugin'] as { name?: unknown; version?: unknown; api?: unknown } | undefined, module = loaded['default'];
  const record = { from: reference, hash: createHash('sha256').update(text).digest('hex').slice(0, 16), file };
  if (about === undefined && !isModule(module)) {
    const offers = exportsOf(loaded), others = Object.keys(loaded).slice(0, 10).map(name => `${name} (${loaded[name] === null ? 'null' : typeof loaded[name]})`);
    if (!offers.length) refuse(others.length ? `it exports no environment, node type, engine or page, only ${others.join(', ')}` : 'it exports nothing', Object.values<Kind>(KINDS).find(k => k.kind.startsWith(kind))?.example ?? 'export one of these, or a ContainerModule and what it is: docs/extending.md');
    return { ...named(reference, file), ...record, offers: () => Promise.resolve(withTypes(offers).filter(o => o.kind !== KINDS.page)) };        // a page has its name where it is named
  }
  if (typeof about?.name !== 'string') refuse('it does not say what it is', `export const plugin = { name: 'mine', version: '1.0.0', api: ${PLUGIN_API} }`);
  if (about!.api !== PLUGIN_API) refuse(`it is written for plugin API ${String(about!.api)}, and this is ${PLUGIN_API}`, 'install a version of it for this version of skein');
  if (!isModule(module)) refuse('its default export is no ContainerModule', "export default new ContainerModule(({ bind }) => { bind(TOKENS.NodeType).toConstantValue(myNode) }), with ContainerModule from 'skein'");
  return { name: about!.name as string, version: String(about!.version ?? '0'), ...record, offers: async () => withTypes(await bound(module as ContainerModule, refuse)) };
}
/** A file or package that does not say what it is has the name of its file, or name and version of its package. */
function named(reference: string, file: string): { readonly name: string; readonly version: string } {
  if (!reference.startsWith('npm:')) return { name: path.parse(file).name, version: '0' };
  const name = reference.slice(4), roots = [...file.matchAll(/[\\/]node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+/g)].map(m => `${file.slice(0, m.index + m[0].length)}/package.json`), about = roots.at(-1);
  return { name, version: about !== undefined && existsSync(about) ? String((JSON.parse(readFileSync(about, 'utf8')) as { version?: unknown }).version ?? '0') : '0' };
}
/** Also one of another copy of inversify, which a plugin beside its own skein brings. */
const isModule = (x: unknown): x is ContainerModule => x instanceof ContainerModule || (typeof x === 'object' && x !== null && x.constructor.name === 'ContainerModule' && typeof (x as { load?: unknown }).load === 'function');

/** What a module binds. It sees a container of its own, so it can neither unbind nor rebind what is ours. */
async function bound(module: ContainerModule, refuse: (why: string, fix: string) => never): Promise<Offer[]> {
  const alone = new Container(), kinds = Object.values<Kind>(KINDS);
  const found = await watched(async () => { await alone.loadAsync(module); return kinds.map(({ token }) => (alone.isBound(token) ? alone.getAll<object>(token) : [])); });
  if ('changed' in found) {
    if (found.changed.length) refuse(`it changes globals: ${found.changed.slice(0, 10).join(', ')}`, 'a plugin binds to TOKENS and changes nothing else');
    refuse(`its module fails: ${reason(found.error)}`, 'bind plain objects to TOKENS');
  }
  const offers = kinds.flatMap((kind, i) => (found as { result: readonly (readonly object[])[] }).result[i]!.map((thing): Offer => ({ kind, thing })));
  if (!offers.length) refuse('it binds nothing', `bind(TOKENS.NodeType).toConstantValue(...), or one of ${Object.keys(TOKENS).join(', ')}`);
  return offers;
}
