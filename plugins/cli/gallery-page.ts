/** One algorithm as a Markdown page: picture, what differs from its parent, nodes, formulas, paper and results. */
import type { Definition } from '../../core/definition.ts';
import { describe, type Description, type NodeDescription } from '../../core/describe.ts';
import { isSchedule } from '../../core/schedule.ts';
import { escaped } from '../../visualizer/difference-text.ts';
import { pictureOf, svg } from '../../visualizer/picture.ts';
import { sentences, unionOf } from '../../visualizer/union.ts';
import { plainName } from '../plain-name.ts';
import { guaranteesOf, kindOf } from './described.ts';

/** Text at the head of the file of a node type; undefined where there is no such file, as of a plugin's. */
export type Docs = (type: string) => string | undefined;

const list = (names: readonly string[]): string => names.map(n => `\`${n}\``).join(', ').replace(/, ([^,]*)$/, ' and $1');
/** Numbers of the arXiv as links. */
const linked = (text: string): string => text.replace(/arXiv (\d{4}\.\d{4,5})/g, 'arXiv [$1](https://arxiv.org/abs/$1)');
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Words with code between backticks. */
const prose = (text: string): string => linked(text.split(/(`[^`]*`)/).map((part, i) => (i % 2 ? part : escaped(part))).join(''));

/** A docstring as Markdown: the first sentence, formulas as they are set, words with what they mean as a list, the rest as paragraphs. */
function docAsMarkdown(doc: string): string[] {
  const out: string[] = [], blocks: { kind: 'text' | 'formula' | 'term'; lines: string[] }[] = [];
  let open = false;
  for (const line of doc.split('\n')) {
    if (!line.trim()) { open = false; continue; }
    const kind = /^ {2}/.test(line) ? 'formula' : /^[A-Za-z_]\w* {2,}\S/.test(line) ? 'term' : 'text', last = blocks.at(-1);
    if (open && last?.kind === kind) last.lines.push(line); else blocks.push({ kind, lines: [line] });
    open = true;
  }
  for (const { kind, lines } of blocks) {
    if (kind === 'formula') out.push('```text', ...lines.map(l => l.slice(2)), '```', '');
    else if (kind === 'term') out.push(...lines.map(l => { const [, name = '', what = ''] = /^(\w+) +(.*)$/.exec(l)!; return `- \`${name}\`: ${prose(what)}`; }), '');
    else out.push(...lines.map(prose), '');
  }
  return out;
}

const said = (x: unknown): string => (isSchedule(x) ? `${x.from} to ${x.to} over ${x.over} ${x.clock}` : JSON.stringify(x));
function placeOf({ role, of }: NodeDescription): string {
  return role === 'slot' ? 'slot' : of === undefined ? '' : role === 'target' ? `lagged \`${of}\`` : `${role} \`${of}\``;
}
function nodesOf(d: Description): string[] {
  return ['| node | type | place | settings |', '|---|---|---|---|', ...d.nodes.map(n => row(`\`${n.name}\``, `[\`${n.type}\`](#${n.type.toLowerCase()})`, placeOf(n), n.of === undefined ? Object.entries(n.config).map(([k, v]) => `${k} ${escaped(said(v))}`).join(', ') : '')), ''];
}
function trainingOf(d: Description): string[] {
  const rules = Object.entries(d.train).map(([name, { losses, optimiser: { type, lr }, clipNorm, trains }]) => `- Rule \`${name}\` takes ${list(losses.map(l => l.loss))}, trains ${list(trains)}, by ${type} at ${said(lr)}${clipNorm === undefined ? '' : `, gradients clipped to a norm of ${said(clipNorm)}`}.`);
  const sources = Object.entries(d.sources).map(([name, { cut, ...numbers }]) => `- Data \`${name}\`: ${cut}, ${Object.entries(numbers).map(([k, v]) => `${k} ${said(v)}`).join(', ')}.`);
  const targets = Object.entries(d.targets).map(([of, rule]) => `- ${of === '*' ? 'Lagged weights follow' : `Those of \`${of}\` follow`}: ${Object.entries(rule).map(([k, v]) => `${k} ${said(v)}`).join(', ')}.`);
  return [...sources, ...rules, ...targets, ''];
}

/** Sections of a page of results, each with the rows of its tables that are of this algorithm: those whose first cell names it. */
export function resultsOf(name: string, results: string): string[] {
  const out: string[] = [];
  let section = '', head: string[] = [], told = { section: '', head: '' };
  for (const line of results.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    if (!line.startsWith('|')) { head = []; continue; }
    if (head.length < 2) { head.push(line); continue; }
    const names = line.split('|')[1]!.split(',').map(part => plainName(part.replaceAll(' ', '')));
    if (!/^\| *algorithm/.test(head[0]!) || !names.includes(plainName(name))) continue;
    if (told.section !== section) out.push('', `### ${section}`);
    if (told.section !== section || told.head !== head[0]) out.push('', ...head);
    told = { section, head: head[0]! };
    out.push(line);
  }
  return out.slice(1);
}

export interface GalleryPage { readonly name: string; readonly markdown: string; readonly picture: string }
export function galleryPage(page: Definition, parent: Definition | undefined, docs: Docs, results: { readonly text: string; readonly link: string } | undefined): GalleryPage {
  const d = describe(page), { name, about, paper } = d, looks = { kinds: kindOf, guarantees: guaranteesOf }, types = [...new Set(d.nodes.map(n => n.type))];
  const differs = parent ? sentences(unionOf(describe(parent), d, looks).comparison, d) : [], found = results ? resultsOf(name, results.text) : [];
  const markdown = [
    `# ${name}`, '', ...(about === undefined ? [] : [`${escaped(about)}.`]), ...(paper === undefined ? [] : [`Paper: ${linked(escaped(paper))}.`]), '',
    `![${name}](${name}.svg)`, '', `\`skein draw ${name}\` draws it, \`skein train ${name}\` trains it.`, '',
    ...(parent ? [`## What differs from [${parent.page.name}](${parent.page.name}.md)`, '', ...differs.map(s => `- ${escaped(s)}`), ''] : []),
    '## Nodes', '', ...nodesOf(d), '## Training', '', ...trainingOf(d), '## Formulas', '',
    ...types.map(type => ({ type, at: d.nodes.filter(n => n.type === type) })).flatMap(({ type, at }) => [`### ${type}`, '', `${at.length > 1 ? 'Nodes' : 'Node'} ${list(at.map(n => n.name))}.`, '', ...(docs(type) === undefined ? [`${escaped(at[0]!.about ?? '')}.`, ''] : docAsMarkdown(docs(type)!))]),
    ...(results ? ['## Results', '', ...(found.length ? [...found, '', `How they were made: [${results.link.replace(/^.*\//, '')}](${results.link}).`] : [`None of its own in [${results.link.replace(/^.*\//, '')}](${results.link}) yet.`]), ''] : []),
  ];
  return { name, markdown: markdown.join('\n'), picture: svg(pictureOf(d, { kinds: kindOf })) };
}
export function galleryIndex(pages: readonly Definition[]): string {
  return ['# Algorithms', '', 'Every algorithm there is, drawn and described from the page that runs. `skein gallery` makes this folder.', '', '| algorithm | | paper | made from |', '|---|---|---|---|',
    ...pages.map(({ page: { name, about, paper, parent } }) => row(`[${name}](${name}.md)`, escaped(about ?? ''), linked(escaped(paper ?? '')), parent === undefined ? '' : pages.some(p => p.page.name === parent) ? `[${parent}](${parent}.md)` : parent)), ''].join('\n');
}
