/** `skein list`: everything that can be named. */
import { Command } from 'commander';
import type { Definition } from '../../core/definition.ts';
import type { EngineFactory } from '../../core/engine.ts';
import type { EnvironmentSpec } from '../../core/environment.ts';
import { InputError, nearest } from '../../core/error.ts';
import type { NodeFactory } from '../../core/node.ts';
import type { Port } from '../../core/port.ts';
import type { EnvironmentFamily } from '../factories.ts';
import type { Catalogue } from '../catalogue.ts';
import { labelled, wrap } from './layout.ts';
import { option } from './options.ts';
import type { Paper, Session } from './session.ts';
import { sizesInWords } from './world-facts.ts';

const KINDS = ['algorithms', 'nodes', 'environments', 'engines'] as const;
type Kind = (typeof KINDS)[number];
interface Flags { readonly plugin?: readonly string[]; readonly json?: boolean }

export const list = (session: Session): Command => new Command('list')
  .summary('what there is: algorithms, nodes, environments, engines')
  .description('What there is, by the names that other commands take. `skein list engines` also tries which backends load here.')
  .argument('[kind]', `one of ${KINDS.join(', ')}; without it, all`)
  .addOption(option.plugin())
  .addOption(option.json())
  .action(async (written: string | undefined, flags: Flags) => {
    const kind = written === undefined ? undefined : kindOf(written), { compose } = await import('../compose.ts'), { catalogue } = await compose({ plugins: flags.plugin ?? [] });
    const found: Partial<Record<Kind, unknown>> = {}, paper = session.answer;
    for (const each of kind === undefined ? KINDS : [kind]) {
      const { json, names, print } = await LISTS[each](catalogue, kind !== undefined);
      found[each] = json;
      if (flags.json) continue;
      if (kind !== undefined) { print(paper); continue; }
      paper.print(`[[bold|${each}]]`);
      rows(paper, names);
      paper.print('');
    }
    if (flags.json) session.json(kind === undefined ? found : found[kind]);
    else if (kind === undefined) paper.print(...wrap('skein list nodes adds papers, ports and settings; list environments sizes and options; list engines tries the backends.', paper.columns).map(line => `[[dim|${line}]]`));
  });

function kindOf(written: string): Kind {
  const near = nearest(written, KINDS), exact = KINDS.find(k => k === written || k === `${written}s`);
  if (exact) return exact;
  throw new InputError(`there is no list of ${JSON.stringify(written)}${near ? `; did you mean ${near}?` : ''}`, `skein list, or skein list ${KINDS.join(' | ')}`);
}

interface Listed {
  readonly json: unknown;
  /** Names and one line each. */
  readonly names: readonly Row[];
  /** Everything. */
  print(paper: Paper): void;
}
type Row = readonly [name: string, ...lines: readonly string[]];
/** Names in bold, and beside them a text for each line of a row. */
function rows(paper: Paper, all: readonly Row[], indent = 2): void {
  const width = Math.max(0, ...all.map(([name]) => name.length).filter(length => length <= 24));        // a longer name has a line of its own
  for (const [name, ...lines] of all) {
    const long = name.length > width, set = [...long ? [' '.repeat(indent) + name] : [], ...lines.flatMap((text, i) => labelled(i || long ? '' : name, text, width, paper.columns, indent))];
    paper.print(...set.map((line, i) => (i ? line : `${' '.repeat(indent)}[[bold|${name}]]${line.slice(indent + name.length)}`)));
  }
}

const LISTS: Readonly<Record<Kind, (catalogue: Catalogue, alone: boolean) => Promise<Listed>>> = {
  algorithms: async ({ pages }) => ({
    json: [...pages.values()].map(({ page: { name, parent, about, paper, ...page } }) => ({ name, parent: parent ?? null, about: about ?? null, paper: paper ?? null, slots: slotsOf(page), page: { name, ...page } })),
    names: [...pages.values()].map(({ page }): Row => [page.name, page.about ?? '']),
    print: paper => { rows(paper, [...pages.values()].map(({ page }): Row => [page.name, ...[page.about, page.paper].flatMap(text => (text === undefined ? [] : [text])), ...(slotsOf(page).length ? [`slots ${slotsOf(page).join(', ')}`] : [])])); },
  }),
  nodes: async ({ nodes }) => {
    const { kinds } = await import('../../nodes/index.ts');
    return {
      json: [...nodes.values()].map(({ spec }) => ({ type: spec.type, kind: kinds.get(spec.type) ?? null, about: spec.about ?? null, paper: spec.paper ?? null, config: (spec.config ?? {}) as unknown, knobs: (spec.knobs ?? {}) as unknown, ranges: spec.ranges ?? {}, in: spec.in as unknown, rest: spec.rest ?? null, noise: (spec.noise ?? {}) as unknown, out: spec.out as unknown })),
      names: [...nodes.values()].map(({ spec }): Row => [spec.type, spec.about ?? '']),
      print: paper => { rows(paper, [...nodes.values()].map((node): Row => [node.spec.type, ...[node.spec.about, node.spec.paper].flatMap(text => (text === undefined ? [] : [text])), portsOf(node), ...settingsOf(node)])); },
    };
  },
  environments: async ({ environments }) => {
    const { rangeOf } = await import('../environments/options.ts'), families = await Promise.all(environments.map(async family => ({ family, tasks: await Promise.all(Object.entries(family.tasks).map(async ([task, about]) => ({ task, about, spec: await specOf(family, task) }))) })));
    return {
      json: families.map(({ family, tasks }) => ({ family: family.family, about: family.about, tasks: tasks.map(({ task, about, spec }) => ({ id: `${family.family}/${task}`, about, spec: spec && { ...spec, limit: Number.isFinite(spec.limit) ? spec.limit : null } })), options: family.options })),
      names: families.flatMap(({ family, tasks }) => tasks.map(({ task, about }): Row => [`${family.family}/${task}`, about])),
      print: paper => {
        for (const [i, { family, tasks }] of families.entries()) {
          paper.print(...(i ? [''] : []), `[[bold|${family.family}]]`, ...wrap(family.about, paper.columns - 2).map(line => `  ${line}`));
          rows(paper, tasks.map(({ task, about, spec }): Row => [`${family.family}/${task}`, about, ...(spec ? [sizesInWords(spec)] : [])]));
          const options = Object.entries(family.options);
          if (!options.length) continue;
          paper.print('  options, written ?name=value&name=value');
          rows(paper, options.map(([name, o]): Row => [name, o.about, `${rangeOf(o)}, default ${o.default}`]), 4);
        }
      },
    };
  },
  engines: async ({ engines }, alone) => {
    const all = await Promise.all([...engines.values()].map(async engine => ({ engine, tried: alone ? await tried(engine) : undefined })));
    return {
      json: all.map(({ engine, tried: found }, i) => ({ name: engine.name, about: engine.about, default: i === 0, backends: found?.backends ?? engine.backends.map(name => ({ name })), ...(found ? { taken: found.taken } : {}) })),
      names: all.map(({ engine }): Row => [engine.name, engine.about]),
      print: paper => {
        for (const [i, { engine, tried: found }] of all.entries()) {
          const standard = i === 0 ? ' (taken unless --engine names another)' : '';
          rows(paper, [[engine.name, `${engine.about}${standard}`]]);
          for (const { name, loads, what } of found?.backends ?? []) paper.print(...labelled(`  ${engine.name}:${name}`, `${loads ? 'loads' : 'does not load'}: ${what}`, 18, paper.columns, 2));
          if (found) paper.print(...labelled('  taken', found.taken === null ? 'none loads' : found.taken, 18, paper.columns, 2));
        }
      },
    };
  },
};

const slotsOf = ({ nodes }: Pick<Definition['page'], 'nodes'>): string[] => Object.entries(nodes).filter(([, n]) => n.role === 'slot').map(([name]) => name);
const portIn = (name: string, { dtype, spec }: Port): string => `${name} ${dtype}${spec ? ` [${spec}]` : ''}`;
function portsOf({ spec }: NodeFactory): string {
  const from = [...Object.entries(spec.in as Readonly<Record<string, Port>>).map(([k, p]) => portIn(k, p)), ...(spec.rest ? [portIn('any number of', spec.rest)] : [])];
  return `${from.join(', ') || 'nothing'} -> ${Object.entries(spec.out as Readonly<Record<string, Port>>).map(([k, p]) => portIn(k, p)).join(', ')}`;
}
function settingsOf({ spec }: NodeFactory): string[] {
  const all = Object.entries({ ...(spec.config as object), ...(spec.knobs as object) });
  return all.length ? [`settings ${all.map(([k, x]) => `${k} = ${JSON.stringify(x)}`).join(', ')}`] : [];
}
/** What a task is like; undefined where it cannot be made here. */
async function specOf(family: EnvironmentFamily, task: string): Promise<EnvironmentSpec | undefined> {
  try {
    const options = Object.fromEntries(Object.entries(family.options).map(([name, { default: value }]) => [name, value])), env = await family.make(task, options, { copies: 1, seed: 1 });
    await env.close();
    return env.spec;
  } catch { return undefined; }
}

const inWords = ({ engine, backend, version, device }: Awaited<ReturnType<EngineFactory['open']>>['info']): string => `${engine} ${version} on ${backend}${device === undefined ? '' : `, ${device}`}`;
/** One line of why a backend does not load, without the remedy. */
const whyNot = (e: unknown): string => (e instanceof Error ? e.message : String(e)).split('\n', 1)[0]!.replace(/^engine \S+ does not load: /, '').replaceAll(`${process.cwd()}/`, '').replace(/\.?\s*$/, '');
/** Opens every backend in turn, and then the one that is taken where none is named. */
async function tried(engine: EngineFactory): Promise<{ readonly backends: readonly { readonly name: string; readonly loads: boolean; readonly what: string }[]; readonly taken: string | null }> {
  const backends = [];
  for (const name of engine.backends) {
    try { const opened = await engine.open(name); backends.push({ name, loads: true, what: inWords(opened.info) }); opened.close(); } catch (e) { backends.push({ name, loads: false, what: whyNot(e) }); }
  }
  const taken = await engine.open().then(opened => { opened.close(); return inWords(opened.info); }, () => null);
  return { backends, taken };
}
