/** A run that is there, with the plugins that it needs: what `resume` and `evaluate` begin with. */
import { z } from 'zod';
import { fromJson, type Definition, type Registry } from '../../core/definition.ts';
import { InputError } from '../../core/error.ts';
import type { RunRecord } from '../../core/tracker.ts';
import { compose, type Composition } from '../compose.ts';
import type { Swap } from '../edits.ts';
import { isTogether } from '../players.ts';
import { readRecord } from '../stores/read-run.ts';
import { engineName } from '../recorded-state.ts';
import { namedSwaps } from './edits.ts';

const plugin = z.object({ name: z.string(), version: z.string(), from: z.string(), hash: z.string() });
const facts = z.object({ plugins: z.array(plugin).default([]), engine: z.object({ engine: z.string(), opens: z.string().optional() }), seed: z.number() });
interface Opened { readonly composition: Composition; readonly record: RunRecord; readonly remarks: readonly string[]; readonly engine: string; readonly swaps: readonly Swap[] }
export interface RecordedRun extends Opened { readonly page: Definition }
/** What is named for it: plugins, and an engine and node types that may be files too. */
interface Named { readonly plugin?: readonly string[]; readonly engine?: string; readonly swaps?: readonly Swap[] }

export async function openRun(path: string, named: Named): Promise<RecordedRun> {
  const record = await readRecord(path);
  if (isTogether(record)) throw new InputError(`${path} is of several players`, `name one of them: ${Object.entries(record['players'] as object).flatMap(([name, p]) => ('page' in p ? [`${path}/${name}`] : [])).join(', ')}`);
  const opened = await openRecorded(path, named);
  return { ...opened, page: pageOf(record, path, opened.composition.catalogue.registry, opened.remarks) };
}
/** A run never loads a plugin or a file by itself: its folder may be anybody's. What it was made with has to be named again. */
export async function openRecorded(path: string, { plugin: named = [], engine, swaps = [] }: Named): Promise<Opened> {
  const record = await readRecord(path), read = facts.safeParse(record);
  if (!read.success) throw new InputError(`${path}/run.json: ${read.error.issues.map(i => `${i.path.join('.')}: ${i.message}`).join('; ')}`, 'name the folder that skein train printed');
  const composition = await compose({ plugins: named }), { catalogue } = composition, opened = engine === undefined ? engineName(record) : await catalogue.engineName(engine), edits = await namedSwaps(swaps, catalogue);
  const plugins = catalogue.records(), missing = read.data.plugins.filter(p => !plugins.some(q => q.name === p.name));
  if (missing.length) throw new InputError(`${path} was made with ${missing.length === 1 ? 'the plugin' : 'the plugins'} ${missing.map(p => `${p.name} ${p.version}`).join(', ')}`, missing.map(p => `--plugin ${shellWord(p.from)}`).join(' '));
  const changed = read.data.plugins.flatMap(p => plugins.filter(q => q.name === p.name && q.hash !== p.hash).map(q => `plugin ${p.name} is not the file that the run was made with${p.version === q.version ? '' : ` (${p.version}, now ${q.version})`}`));
  return { composition, record, remarks: changed, engine: opened, swaps: edits };
}
/** As one word of a shell: a record may be anybody's, and its words are copied into terminals. */
const shellWord = (word: string): string => (/^[\w@./:+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
/** A page that lacks a node type may lack it because a plugin is another file of the same name. */
function pageOf(record: RunRecord, path: string, types: Registry, changed: readonly string[]): Definition {
  try { return fromJson(record['page'], types, `${path}/run.json`); } catch (e) {
    if (!(e instanceof InputError) || !changed.length) throw e;
    throw new InputError([e.message.split('\n  fix: ')[0], ...changed.map(line => `  ${line}`)].join('\n'), 'name the files that the run was made with, by --plugin');
  }
}
