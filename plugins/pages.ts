/** Where a page comes from: a name, a TypeScript or JavaScript file, a JSON or YAML document, a package. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { check } from '../core/check.ts';
import { fromJson, type Definition, type Registry } from '../core/definition.ts';
import { GraphError, InputError, type Issue } from '../core/error.ts';
import type { Catalogue } from './catalogue.ts';
import { formatOf, readDocument, type Document } from './documents.ts';
import { exportsOf, importFile, KINDS, reason, resolveModule } from './plugin.ts';
import { chosen, isCode } from './reference.ts';

export type PageSource =
  | { readonly kind: 'name'; readonly subject: string; readonly page: Definition }
  | { readonly kind: 'module'; readonly subject: string; readonly module: string; readonly file: string; readonly exported: string | undefined }
  | { readonly kind: 'document'; readonly subject: string; readonly file: string };

const isPath = (reference: string) => /[/\\]/.test(reference) || isCode(reference) || formatOf(reference) !== undefined;

/** Finds what a reference names, without reading it: `qmix`, `./page.ts#mine`, `./page.json`, `npm:package#mine`. */
export async function findPage(reference: string, catalogue: Pick<Catalogue, 'page'>): Promise<PageSource> {
  const [, place = '', exported] = /^(.*?)(?:#([^#]*))?$/s.exec(reference)!, module = { kind: 'module', subject: reference, module: place, exported } as const;
  if (place.startsWith('npm:')) return { ...module, file: resolveModule(place, 'page') };
  if (!isPath(place)) return { kind: 'name', subject: reference, page: catalogue.page(reference) };
  const found = await stat(place).catch(() => undefined);
  if (!found) throw new InputError(`${place}: there is no such file`, 'name a file that is there, or an algorithm: skein list algorithms');
  if (!found.isFile()) throw new InputError(`${place} is not a file`, 'name a .ts, .js, .json or .yaml file');
  if (isCode(place)) return { ...module, file: path.resolve(place) };
  if (!formatOf(place)) throw new InputError(`${place}: a page is a .ts, .js, .json or .yaml file`, 'give it one of these endings');
  if (exported !== undefined) throw new InputError(`${reference}: a document exports nothing`, `name ${place}`);
  return { kind: 'document', subject: place, file: place };
}

/** Errors of a page whose file has a copy of skein of its own are told by their names. */
const issuesIn = (e: unknown): { readonly graph: string; readonly issues: readonly Issue[]; readonly page?: Definition } | undefined =>
  (e instanceof Error && e.name === 'GraphError' && 'issues' in e ? e as GraphError : undefined);

async function fromModule(source: Extract<PageSource, { kind: 'module' }>): Promise<Definition> {
  let module: Readonly<Record<string, unknown>>;
  try { module = await importFile(source.file); } catch (e) {
    const wrong = issuesIn(e);
    if (wrong) throw new GraphError(wrong.graph, wrong.issues, wrong.page);
    const missing = e instanceof ReferenceError ? /^(\w+) is not defined$/.exec(e.message)?.[1] : undefined;
    throw new InputError(`${source.subject}: importing it fails: ${reason(e)}`, missing === undefined ? 'mend the file' : `import ${missing} where the file begins, as skein's own pages do`);
  }
  const pages = exportsOf(module).flatMap(({ kind, exported: name = '', thing }) => (kind === KINDS.page ? [{ name, thing: thing as Definition }] : []));
  return chosen({ ...source, written: source.subject }, 'page', pages, KINDS.page.example);
}

/** A page from a document that was read. Not checked yet. */
const pageFrom = ({ value }: Document, registry: Registry, subject: string): Definition => fromJson(value, registry, subject);

/** The checked page; a `GraphError` has all problems. */
export async function openPage(source: PageSource, catalogue: Pick<Catalogue, 'registry'>): Promise<Definition> {
  const page = source.kind === 'name' ? source.page : source.kind === 'module' ? await fromModule(source) : pageFrom(await readDocument(source.file), catalogue.registry, source.subject), issues = check(page);
  if (issues.length) throw new GraphError(page.page.name, issues, page);
  return page;
}
/** Node types that a page has and the catalogue has not: a run of it can be read back only with a plugin that binds them. */
export const strangers = (page: Definition, registry: Registry): string[] => [...page.specs.keys()].filter(type => !registry.has(type));
