/** `skein draw`: a page as a picture. */
import { Command } from 'commander';
import type { Engine } from '../../core/engine.ts';
import { InputError, nearest } from '../../core/error.ts';
import type { Plan } from '../../core/plan.ts';
import type { Folding } from '../../visualizer/picture.ts';
import type { ViewGraph } from '../../visualizer/view-graph.ts';
import type { Traced } from '../operations.ts';
import { takesPage, withPage, type PageFlags } from './page-command.ts';
import { foldingOf, output, renderingOf, takesFolding, takesLooks, type PictureFlags } from './picture-options.ts';
import type { Session } from './session.ts';

const FORMATS = ['svg', 'png', 'dot', 'mmd', 'json', 'html'] as const;

export const draw = (session: Session): Command => takesLooks(takesFolding(takesPage(new Command('draw')
  .summary('the topology of a page or a run as a picture')
  .description(`Draws a page, or the page of a run, into a file: ${FORMATS.map(f => `.${f}`).join(', ')} by its ending, or - for SVG on standard output.`)
  .addOption(output('file to write: qmix.svg')), 'the boxes and lines of the picture as one JSON document')))
  .action(async (algorithm: string, flags: PageFlags & PictureFlags) => {
    const { formatFor, pictureText, writeWhole } = await import('./picture-file.ts'), file = flags.output;
    if (file === undefined && !flags.json) throw new InputError('no file is named', `-o ${/^\w+$/.test(algorithm) ? algorithm : 'page'}.svg (or ${FORMATS.slice(1).map(f => `.${f}`).join(', ')}); -o - writes SVG to standard output`);
    const format = file === undefined ? undefined : formatFor(file, FORMATS, 'draw'), folding = foldingOf(flags), rendering = renderingOf(flags, flags.env !== undefined);
    await withPage(algorithm, flags, async ({ world, open: read, engine }) => {
      const { pictureOf } = await import('../../visualizer/picture.ts'), { describedFor, inSomeWorld, kindOf } = await import('./described.ts'), { page, sizes, plan } = await read(), described = describedFor(page, sizes, folding.expand ? 2 : folding.level ?? 1);
      const traces = folding.level === 3 ? '--level 3' : folding.level === 2 && folding.expand ? `--expand ${folding.expand.join(' ')} at level 2` : undefined;
      if (traces !== undefined && !plan) throw new InputError(`${traces}: operations are traced on tensors, and no environment gives them sizes`, '--env <id>; skein list environments shows them');
      const open = (folding.level ?? 1) > 1 || folding.expand !== undefined || format === 'html', inside = open ? await traced(plan ?? inSomeWorld(page), engine) : undefined;
      const asked = { kinds: kindOf, sized: sizes !== undefined, ...(inside ? { threads: (n: string) => inside.get(n)?.layers, ...(plan ? { operations: (n: string) => inside.get(n)?.operations ?? { parts: [] } } : {}) } : {}) }, whole = pictureOf(described, { ...asked, level: 1 });
      checkWords(whole, folding, page.page.name);
      const view = pictureOf(described, { ...asked, ...folding }), told: ViewGraph = world === undefined ? view : { ...view, caption: [...view.caption, `in ${world}`] };
      if (flags.json) session.json(told);
      if (file === undefined || format === undefined) return;
      const names = ['parts', 'nodes', 'layers'] as const, level = Math.min(2, folding.level ?? 1), sheets = { first: level, all: names.map((name, i) => ({ name, view: () => (i === level ? told : pictureOf(describedFor(page, sizes, i), { ...asked, ...folding, level: i as 0 | 1 | 2 })) })) };
      const content = await pictureText(told, format, rendering, sheets);
      if (file === '-') { if (!flags.json) session.stdout.write(content.toString()); return; }
      await writeWhole(file, content);
      if (!flags.json) session.answer.print(`[[bold|${page.page.name}]] drawn: ${file}, ${Math.ceil(content.length / 1000)} kB, level ${told.level}, ${told.nodes.length} boxes, ${told.edges.length} lines`);
    });
  });

/** What is inside every node, watched on the plainest backend; undefined of a page that no such small world can have. */
async function traced(plan: Plan | undefined, engine: (name: string) => Promise<Engine>): Promise<ReadonlyMap<string, Traced> | undefined> {
  if (!plan) return undefined;
  const { operationsOf } = await import('../operations.ts'), opened = await engine('tfjs:cpu');
  try { return operationsOf(plan); } finally { opened.close(); }
}
/** Names that are asked for and are not there. */
function checkWords(view: ViewGraph, { expand = [], collapse = [], path }: Folding, name: string): void {
  const boxes = new Set([...view.nodes.map(n => n.id), ...view.nodes.map(n => n.group)]), places = new Set([...boxes, ...view.nodes.flatMap(n => [...n.outputs, ...n.inputs].flatMap(p => [p.id, `${n.id}.${p.id}`]))]);
  const known = (word: string, option: string, all: ReadonlySet<string>) => {
    if (all.has(word)) return;
    const near = nearest(word, all);
    throw new InputError(`${option} ${word}: ${name} has no ${word}${near === undefined ? '' : `; did you mean ${near}?`}`, `nodes and parts: ${[...boxes].slice(0, 40).join(', ')}`);
  };
  for (const word of expand) known(word, '--expand', boxes);
  for (const word of collapse) known(word, '--collapse', boxes);
  for (const word of path ?? []) known(word, '--path', places);
}
