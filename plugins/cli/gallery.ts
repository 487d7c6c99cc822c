/** `skein gallery`: a page of pictures, formulas and results for every algorithm. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { InputError } from '../../core/error.ts';
import { codeOf, disk, reasonOf, unlessMissing } from '../stores/file-system.ts';
import { counted } from './layout.ts';
import { option } from './options.ts';
import { output } from './picture-options.ts';
import type { Session } from './session.ts';

const RESULTS = 'reproductions.md';
interface Flags { readonly output?: string; readonly plugin?: readonly string[]; readonly json?: boolean }
export const gallery = (session: Session): Command => new Command('gallery')
  .summary('a page for every algorithm: picture, formulas, paper, results')
  .description(`Writes a folder with a Markdown page and a picture for every algorithm: its nodes and their formulas, how it is trained, what differs from the page that it is made from, its paper, and its rows of ${RESULTS} where that lies beside the folder.\nOther files in the folder stay.`)
  .addOption(output('folder to write: docs/gallery'))
  .addOption(option.plugin())
  .addOption(option.json())
  .action(async ({ output: folder, plugin = [], json }: Flags) => {
    if (folder === undefined) throw new InputError('no folder is named', '-o docs/gallery');
    const { compose } = await import('../compose.ts'), { galleryIndex, galleryPage } = await import('./gallery-page.ts'), { writeWhole } = await import('./picture-file.ts'), { kinds } = await import('../../nodes/index.ts');
    const { catalogue: { pages } } = await compose({ plugins: plugin }), heads = new Map<string, string>();
    for (const [type, kind] of kinds) { const head = await headOf(kind, type); if (head !== undefined) heads.set(type, head); }
    const text = (await disk.read(path.join(folder, '..', RESULTS)).catch(unlessMissing)), results = text && { text: Buffer.from(text).toString(), link: `../${RESULTS}` };
    await disk.makeFolder(folder).catch((e: unknown) => { throw new InputError(`-o ${folder}: ${codeOf(e) === 'EEXIST' || codeOf(e) === 'ENOTDIR' ? 'that, or a part of it, is a file' : reasonOf(e)}`, 'name a folder that can be written'); });
    for (const page of pages.values()) {
      const { name, markdown, picture } = galleryPage(page, pages.get(page.page.parent ?? ''), type => heads.get(type), results);
      await writeWhole(path.join(folder, `${name}.md`), markdown);
      await writeWhole(path.join(folder, `${name}.svg`), picture);
    }
    await writeWhole(path.join(folder, 'README.md'), galleryIndex([...pages.values()]));
    if (json) session.json({ folder, algorithms: [...pages.keys()] }); else session.answer.print(`[[bold|${counted(pages.size, 'algorithm')}]] in ${path.join(folder, 'README.md')}`);
  });

const kebab = (type: string) => type.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`);
/** What stands at the head of the file of one of our node types, without the stars. */
async function headOf(kind: string, type: string): Promise<string | undefined> {
  const file = new URL(`../../nodes/${kind}/${kebab(type)}${path.extname(import.meta.url)}`, import.meta.url), [, head] = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(await readFile(file, 'utf8')) ?? [];
  return head?.split('\n').map(line => line.replace(/^ \* ?/, '')).join('\n');
}
