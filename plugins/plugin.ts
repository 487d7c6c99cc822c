/** Plugins: a local file or an npm package, named explicitly, whose default export is a ContainerModule that binds edge objects to TOKENS. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createRequire, register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Container, ContainerModule } from 'inversify';
import { InputError } from '../core/error.ts';
import { PLUGIN_API, TOKENS } from '../core/tokens.ts';
import { plainName } from './plain-name.ts';

/** What goes into the record of a run. */
export interface PluginRecord { readonly name: string; readonly version: string; readonly from: string; readonly hash: string }
export interface LoadedPlugin extends PluginRecord { readonly module: Pick<ContainerModule, 'load'> }

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

export async function loadPlugin(reference: string): Promise<LoadedPlugin> {
  const refuse = (why: string, fix: string): never => { throw new InputError(`plugin ${reference}: ${why}`, fix); };
  const file = resolveModule(reference), found = await stat(file).catch(() => refuse('there is no such file', 'name a file (./mine.ts) or a package (npm:mine)'));
  if (!found.isFile()) refuse('it is not a file', 'name a file (./mine.ts) or a package (npm:mine)');
  const text = await readFile(file).catch((e: unknown) => refuse(`it cannot be read: ${reason(e)}`, 'name a file or npm:package'));
  if (!/\.[cm]?js$/.test(file)) await (translating ??= translateTypeScript());
  const imported = await watched(() => importFile(file));
  if ('changed' in imported) {
    if (imported.changed.length) refuse(`it changes globals: ${imported.changed.slice(0, 10).join(', ')}`, 'a plugin binds to TOKENS and changes nothing else');
    refuse(`importing it fails: ${reason(imported.error)}`, 'mend it, or leave --plugin out');
  }
  const loaded = (imported as { result: Readonly<Record<string, unknown>> }).result, about = loaded['plugin'] as { name?: unknown; version?: unknown; api?: unknown } | undefined, module = loaded['default'];
  if (typeof about?.name !== 'string') refuse('it does not say what it is', `export const plugin = { name: 'mine', version: '1.0.0', api: ${PLUGIN_API} }`);
  if (about!.api !== PLUGIN_API) refuse(`it is written for plugin API ${String(about!.api)}, and this is ${PLUGIN_API}`, 'install a version of it for this version of skein');
  if (!isModule(module)) refuse('its default export is no ContainerModule', "export default new ContainerModule(({ bind }) => { bind(TOKENS.NodeType).toConstantValue(myNode) }), with ContainerModule from 'skein'");
  return { name: about!.name as string, version: String(about!.version ?? '0'), from: reference, hash: createHash('sha256').update(text).digest('hex').slice(0, 16), module: module as ContainerModule };
}
/** Also one of another copy of inversify, which a plugin beside its own skein brings. */
const isModule = (x: unknown): x is ContainerModule => x instanceof ContainerModule || (typeof x === 'object' && x !== null && x.constructor.name === 'ContainerModule' && typeof (x as { load?: unknown }).load === 'function');

/** What may be bound: in words, to which token, how its name is found, and what gives one. */
const KINDS: readonly { readonly kind: string; readonly token: symbol; readonly made: string; nameOf(x: never): unknown }[] = [
  { kind: 'algorithm', token: TOKENS.Page, made: 'graph(...)', nameOf: (d?: { page?: { name?: unknown } }) => d?.page?.name },
  { kind: 'node type', token: TOKENS.NodeType, made: 'defineNode(...)', nameOf: (n?: { spec?: { type?: unknown } }) => n?.spec?.type },
  { kind: 'environment family', token: TOKENS.Environment, made: 'an EnvironmentFamily', nameOf: (f?: { family?: unknown }) => f?.family },
  { kind: 'engine', token: TOKENS.Engine, made: 'an EngineFactory', nameOf: (e?: { name?: unknown }) => e?.name },
  { kind: 'replay', token: TOKENS.Replay, made: 'a ReplayFactory', nameOf: (r?: { cut?: unknown }) => r?.cut },
  { kind: 'tracker', token: TOKENS.Tracker, made: 'a TrackerFactory', nameOf: (t?: { name?: unknown }) => t?.name },
];
const all = (container: Container, token: symbol) => (container.isBound(token) ? container.getAll<never>(token) : []);

/**
 * Adds what a plugin binds to what is there; a name that is taken refuses the whole plugin. Its module sees a container of its own, so it
 * can neither unbind nor rebind what is ours.
 */
export async function install(container: Container, plugin: LoadedPlugin): Promise<void> {
  const refuse = (why: string, fix: string): never => { throw new InputError(`plugin ${plugin.from}: ${why}`, fix); };
  const alone = new Container();
  const bound = await watched(async () => { await alone.loadAsync(plugin.module as ContainerModule); return KINDS.map(({ token }) => all(alone, token)); });
  if ('changed' in bound) {
    if (bound.changed.length) refuse(`it changes globals: ${bound.changed.slice(0, 10).join(', ')}`, 'a plugin binds to TOKENS and changes nothing else');
    refuse(`its module fails: ${reason(bound.error)}`, 'bind plain objects to TOKENS');
  }
  const fresh = (bound as { result: readonly (readonly never[])[] }).result;
  if (fresh.every(list => list.length === 0)) refuse('it binds nothing', `bind(TOKENS.NodeType).toConstantValue(...), or one of ${Object.keys(TOKENS).join(', ')}`);
  KINDS.forEach(({ kind, token, made, nameOf }, i) => {
    const taken = new Map(all(container, token).map(x => [plainName(String(nameOf(x))), String(nameOf(x))]));
    for (const x of fresh[i]!) {
      const name = nameOf(x);
      if (typeof name !== 'string' || name === '') refuse(`what it binds as ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind} has no name`, `bind ${made}`);
      const other = taken.get(plainName(name as string));
      if (other !== undefined) refuse(`there is ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind} called ${other} already`, `give ${other === name ? 'it' : String(name)} another name`);
      taken.set(plainName(name as string), name as string);
    }
  });
  KINDS.forEach(({ token }, i) => { for (const x of fresh[i]!) container.bind(token).toConstantValue(x); });
}
