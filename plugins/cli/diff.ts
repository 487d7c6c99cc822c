/** `skein diff`: what differs between two pages, in words and as one picture of both. */
import { Command } from 'commander';
import type { Definition } from '../../core/definition.ts';
import { wrap } from './layout.ts';
import { option } from './options.ts';
import { withPage, type PageFlags } from './page-command.ts';
import { output, renderingOf, takesLooks, type PictureFlags } from './picture-options.ts';
import type { Session } from './session.ts';

const FORMATS = ['svg', 'png', 'md', 'json', 'dot', 'mmd', 'html'] as const;

export const diff = (session: Session): Command => takesLooks(new Command('diff')
  .summary('what differs between two pages or runs, in words and as a picture')
  .description(`Compares two pages node by node. Each is an algorithm, a page file or the folder of a run. Exit code 1 if they differ.\nWrites ${FORMATS.map(f => `.${f}`).join(', ')} by the ending of the file.`)
  .argument('<a>', 'before').argument('<b>', 'after')
  .addOption(output('file to write: d.svg'))
  .addOption(option.env()).addOption(option.plugin()).addOption(option.json('what differs as one JSON document')))
  .action(async (first: string, second: string, flags: PageFlags & PictureFlags) => {
    const { formatFor, pictureText, writeWhole } = await import('./picture-file.ts'), file = flags.output, format = file === undefined ? undefined : formatFor(file, FORMATS, 'diff'), rendering = renderingOf(flags, flags.env !== undefined);
    await withPage(first, flags, async before => {
      await withPage(second, flags, async after => {
        const [{ page: a, sizes }, { page: b, sizes: sizesB }] = [await before.open(), await after.open()], { describe } = await import('../../core/describe.ts'), { guaranteesOf, kindOf } = await import('./described.ts'), { sentences, unionOf } = await import('../../visualizer/union.ts');
        const named = (d: Definition, written: string) => (a.page.name === b.page.name ? written : d.page.name), [x, y] = [{ ...describe(a, sizes), name: named(a, first) }, { ...describe(b, sizesB), name: named(b, second) }], { view, comparison } = unionOf(x, y, { kinds: kindOf, guarantees: guaranteesOf }), told = { ...sentencesAndWorld(sentences(comparison, y), after.world) }, picture = { ...view, lead: told.lines };
        if (file !== undefined && format !== undefined) {
          const content = format === 'md' ? (await import('../../visualizer/difference-text.ts')).markdown(comparison, told.lines) : format === 'json' ? `${JSON.stringify({ comparison, view: picture }, null, 1)}\n` : await pictureText(picture, format, rendering);
          if (file === '-') session.stdout.write(content.toString()); else await writeWhole(file, content);
        }
        if (flags.json && file !== '-') session.json({ ...comparison, hashes: hashes(x.hash, y.hash), summary: told.lines });
        else if (file !== '-') session.answer.print(`[[bold|${x.name} → ${y.name}]]`, ...told.lines.flatMap(line => wrap(line, session.answer.columns)), ...(file === undefined ? [] : [`drawn: ${file}`]));
        session.code = comparison.same ? 0 : 1;
      });
    });
  });
const hashes = (before: string, after: string) => ({ before, after });
const sentencesAndWorld = (lines: readonly string[], world: string | undefined) => ({ lines: world === undefined ? lines : [...lines, `In ${world}.`] });
