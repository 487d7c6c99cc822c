/** Plugins: a local file or an npm package, named explicitly, whose default export is a ContainerModule that binds edge objects to TOKENS. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Container, ContainerModule } from 'inversify';
import type { Definition } from '../core/definition.ts';
import { InputError } from '../core/error.ts';
import { PLUGIN_API, TOKENS } from '../core/tokens.ts';

/** What goes into the record of a run. */
export interface PluginRecord { readonly name: string; readonly version: string; readonly from: string; readonly hash: string }
export interface LoadedPlugin extends PluginRecord { readonly module: ContainerModule }

const reason = (e: unknown): string => (e instanceof Error ? e.message : String(e)).split('\n', 1)[0]!;
/** A file of the user's, TypeScript or JavaScript. tsx translates it where this version of Node cannot. */
export async function importFile(file: string): Promise<Record<string, unknown>> {
  if (/\.[cm]?js$/.test(file)) return await import(pathToFileURL(file).href) as Record<string, unknown>;
  const { tsImport } = await import('tsx/esm/api');
  return await tsImport(pathToFileURL(file).href, import.meta.url) as Record<string, unknown>;
}
/** The file that `./file.ts` or `npm:package` names, seen from the folder that the command was started in. */
export function resolveModule(reference: string, kind = 'plugin'): string {
  if (!reference.startsWith('npm:')) return path.resolve(reference);
  const name = reference.slice(4);
  try { return createRequire(path.resolve('package.json')).resolve(name); } catch { throw new InputError(`${kind} ${reference}: there is no package ${name} here`, `npm install ${name}`); }
}

/** Global names and what Object.prototype holds: a plugin that changes them is refused. */
const globals = () => [...Object.getOwnPropertyNames(globalThis), ...Reflect.ownKeys(Object.prototype).map(k => `Object.prototype.${String(k)}`), ...Reflect.ownKeys(Array.prototype).map(k => `Array.prototype.${String(k)}`)];

export async function loadPlugin(reference: string): Promise<LoadedPlugin> {
  const file = resolveModule(reference), refuse = (why: string, fix: string): never => { throw new InputError(`plugin ${reference}: ${why}`, fix); };
  const text = await readFile(file).catch((e: unknown) => refuse(`it cannot be read (${reason(e)})`, 'name a file or npm:package')), before = new Set(globals());
  const loaded = await importFile(file).catch((e: unknown) => refuse(`importing it fails: ${reason(e)}`, 'mend it, or leave --plugin out'));
  const added = globals().filter(k => !before.has(k) && !k.startsWith('Symbol('));
  for (const k of added) { const [owner, name] = k.includes('.prototype.') ? [k.startsWith('Object') ? Object.prototype : Array.prototype, k.split('.').at(-1)!] : [globalThis, k]; Reflect.deleteProperty(owner, name); }
  if (added.length) refuse(`it changes globals: ${added.join(', ')}`, 'a plugin binds to TOKENS and changes nothing else');
  const about = loaded['plugin'] as { name?: unknown; version?: unknown; api?: unknown } | undefined, module = loaded['default'];
  if (typeof about?.name !== 'string') refuse('it does not say what it is', `export const plugin = { name: 'mine', version: '1.0.0', api: ${PLUGIN_API} }`);
  if (about!.api !== PLUGIN_API) refuse(`it is written for plugin API ${String(about!.api)}, and this is ${PLUGIN_API}`, 'install a version of it for this version of skein');
  if (!(module instanceof ContainerModule)) refuse('its default export is no ContainerModule', "export default new ContainerModule(({ bind }) => { bind(TOKENS.NodeType).toConstantValue(myNode) }), with ContainerModule from 'skein'");
  return { name: about!.name as string, version: String(about!.version ?? '0'), from: reference, hash: createHash('sha256').update(text).digest('hex').slice(0, 16), module: module as ContainerModule };
}

/** Names that a container binds, by kind. */
function bound(container: Container): Map<string, string[]> {
  const names = new Map<string, string[]>(), of = (kind: string, token: symbol, name: (x: never) => string) => names.set(kind, (container.isBound(token) ? container.getAll<never>(token) : []).map(name));
  of('algorithm', TOKENS.Page, (d: Definition) => d.page.name); of('node type', TOKENS.NodeType, (n: { spec: { type: string } }) => n.spec.type);
  of('environment family', TOKENS.Environment, (f: { family: string }) => f.family); of('engine', TOKENS.Engine, (e: { name: string }) => e.name);
  of('replay', TOKENS.Replay, (r: { cut: string }) => r.cut); of('tracker', TOKENS.Tracker, (t: { name: string }) => t.name);
  return names;
}
/** Adds a plugin to what is there; a name that is taken refuses the whole plugin. */
export async function install(container: Container, plugin: LoadedPlugin): Promise<void> {
  const alone = new Container();
  let fresh: Map<string, string[]>;
  try { await alone.load(plugin.module); fresh = bound(alone); } catch (e) { throw new InputError(`plugin ${plugin.from}: its module fails: ${reason(e)}`, 'bind plain objects to TOKENS'); }
  const there = bound(container);
  for (const [kind, names] of fresh) {
    const taken = names.find((n, i) => there.get(kind)?.includes(n) || names.indexOf(n) !== i);
    if (taken !== undefined) throw new InputError(`plugin ${plugin.from}: there is ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind} called ${taken} already`, 'give it another name');
  }
  if ([...fresh.values()].every(n => n.length === 0)) throw new InputError(`plugin ${plugin.from}: it binds nothing`, `bind(TOKENS.NodeType).toConstantValue(...), or one of ${Object.keys(TOKENS).join(', ')}`);
  await container.load(plugin.module);
}
