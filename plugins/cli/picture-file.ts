/** A view into a file: the format is the file's ending, and a reader sees the old file or the whole new one. */
import path from 'node:path';
import { InputError, nearest } from '../../core/error.ts';
import type { Rendering } from '../../visualizer/picture.ts';
import type { ViewGraph } from '../../visualizer/view-graph.ts';
import { codeOf, disk, reasonOf, replaceFile } from '../stores/file-system.ts';

export type PictureFormat = 'svg' | 'png' | 'dot' | 'mmd' | 'json' | 'html' | 'md';
const ALIASES: Readonly<Record<string, PictureFormat>> = { gv: 'dot', mermaid: 'mmd', htm: 'html', markdown: 'md' };

/** The format that a file's name asks for; `-` is standard output, and SVG. */
export function formatFor<const F extends PictureFormat>(file: string, known: readonly F[], command: string): F | 'svg' {
  if (file === '-') return 'svg';
  const ending = path.extname(file).slice(1).toLowerCase(), format = known.find(f => f === (ALIASES[ending] ?? ending));
  if (format !== undefined) return format;
  const near = ending ? nearest(ending, known) : undefined;
  throw new InputError(`-o ${file}: ${ending ? `no format is called ${ending}${near ? `; did you mean .${near}?` : ''}` : 'a file without an ending has no format'}`, `${command} writes ${known.map(f => `.${f}`).join(', ')}`);
}

/** Whole or not at all. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const folder = path.dirname(file), failed = (e: unknown) => new InputError(`-o ${file}: ${codeOf(e) === 'ENOENT' ? `there is no folder ${folder}` : codeOf(e) === 'EISDIR' ? 'that is a folder' : reasonOf(e)}`, codeOf(e) === 'ENOENT' ? `mkdir -p ${folder}` : 'name a file that can be written');
  try { await replaceFile(disk, folder, path.basename(file), content); } catch (e) {
    await disk.remove(path.join(folder, `.${path.basename(file)}.new`)).catch(() => undefined);
    throw failed(e);
  }
}

/** Pixels of a PNG for each pixel of the picture. */
const SCALE = 2;
async function rastered(svg: string): Promise<Uint8Array> {
  const { png, LARGEST } = await import('../../visualizer/png.ts'), [, w = '0', h = '0'] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [], size = [Number(w) * SCALE, Number(h) * SCALE] as const;
  if (Math.max(...size) > LARGEST.side || size[0] * size[1] > LARGEST.area) throw new InputError(`a PNG of this picture would be ${size[0]} x ${size[1]} pixels`, 'write .svg, or fold it: --level 0, --collapse');
  try { return await png(svg, SCALE); } catch (e) {
    if (codeOf(e) !== 'ERR_MODULE_NOT_FOUND' && codeOf(e) !== 'MODULE_NOT_FOUND') throw e;
    throw new InputError('PNG is drawn by the package @resvg/resvg-js, which is not installed', 'npm install @resvg/resvg-js, or write .svg');
  }
}

/** The same page at other levels, for a file that has several pictures. */
export interface Sheets { readonly first: number; readonly all: readonly { readonly name: string; readonly view: () => ViewGraph }[] }
export async function pictureText(view: ViewGraph, format: Exclude<PictureFormat, 'md'>, rendering: Rendering, sheets?: Sheets): Promise<string | Uint8Array> {
  const direction = rendering.direction ?? 'LR';
  switch (format) {
    case 'json': return (await import('../../visualizer/json.ts')).json(view);
    case 'dot': return (await import('../../visualizer/dot.ts')).dot(view, { direction });
    case 'mmd': {
      const { mermaid, MERMAID_BOXES } = await import('../../visualizer/mermaid.ts');
      if (view.level > 1) throw new InputError(`--level ${view.level}: Mermaid has no ports, and nothing inside a box`, '--level 0 or 1, or write .svg');
      if (view.nodes.length > MERMAID_BOXES) throw new InputError(`${view.nodes.length} boxes are more than the ${MERMAID_BOXES} that can be read in Mermaid`, '--level 0, --collapse, or write .svg');
      return mermaid(view, { direction });
    }
    case 'svg': return (await import('../../visualizer/picture.ts')).svg(view, rendering);
    case 'png': { const { svg } = await import('../../visualizer/picture.ts'); return rastered(svg(view, { ...rendering, theme: rendering.theme === undefined || rendering.theme === 'auto' ? 'light' : rendering.theme })); }
    case 'html': {
      const { svg } = await import('../../visualizer/picture.ts'), { html } = await import('../../visualizer/html.ts'), sheet = (v: ViewGraph) => svg(v, { ...rendering, zoomable: true });
      return html(view.title, sheets ? sheets.all.map(s => ({ name: s.name, svg: sheet(s.view()) })) : [{ name: view.title, svg: sheet(view) }], sheets?.first ?? 0);
    }
  }
}
