/** What may stand where a name is asked for: `./file.ts#export` or `npm:package#export`, and behind it what stands behind the name (`/task?option=value`, `:backend`). */
import path from 'node:path';
import { InputError, nearest } from '../core/error.ts';
import { plainName } from './plain-name.ts';
import { UsageError } from './usage.ts';

export interface Reference { readonly written: string; readonly module: string; readonly exported: string | undefined; readonly behind: string }

export const isCode = (file: string): boolean => ['.ts', '.mts', '.js', '.mjs'].includes(path.extname(file).toLowerCase());
const PARTS = /^(npm:@?[^#?:@]+|(?:[A-Za-z]:(?=[\\/]))?[^#?:]+)(?:#([^/?:]*))?(.*)$/s;
/** Undefined for a name. */
export function referenceOf(written: string): Reference | undefined {
  const [, module = '', exported, behind = ''] = PARTS.exec(written) ?? [];
  return module.startsWith('npm:') || /^(\.{1,2}|[A-Za-z]:)?[\\/]/.test(module) || isCode(module) ? { written, module, exported, behind } : undefined;
}

/** One of what a module exports, and the name that it has itself: `#` may name either. */
export interface Exported<T> { readonly name: string; readonly own?: string | undefined; readonly thing: T }
/** Of the exports of one kind the one that is meant: the one that is named, else the default export, else the only one. */
export function chosen<T>({ written, module, exported }: Pick<Reference, 'written' | 'module' | 'exported'>, what: string, all: readonly Exported<T>[], example: string, others = ''): T {
  const by = (name: string) => all.find(e => e.name === name) ?? all.find(e => e.own !== undefined && plainName(e.own) === plainName(name));
  const only = new Set(all.map(e => e.thing)).size === 1 ? all[0] : undefined, found = exported === undefined ? by('default') ?? only : by(exported);
  if (found) return found.thing;
  const names = all.map(e => e.name), near = exported === undefined ? undefined : nearest(exported, names), fix = names.length ? `${what}s are ${names.join(', ')}; write ${module}#${names[0]!}` : example;
  if (exported === undefined && !names.length) throw new InputError(`${written} exports no ${what}${others}`, fix);
  throw new UsageError(exported === undefined ? `${written} exports several ${what}s` : `${written}: ${exported} is no ${what} that it exports${near ? `; did you mean ${near}?` : ''}${names.length ? '' : others}`, fix);
}
