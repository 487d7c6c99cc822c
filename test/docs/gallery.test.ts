/** docs/gallery is what `skein gallery` makes, also from the package as it is installed. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pages } from '../../graphs/index.ts';
import { kinds } from '../../nodes/index.ts';
import { resultsOf } from '../../plugins/cli/gallery-page.ts';
import { scratch, skein } from '../plugins/cli/skein.ts';
import { pageText } from './blocks.ts';
import { makeProject, type Project } from './project.ts';

const folder = scratch();
const filesOf = (of: string): Record<string, string> => Object.fromEntries(readdirSync(of).sort().map(name => [name, readFileSync(`${of}/${name}`, 'utf8')]));
let project: Project;
beforeAll(async () => {
  project = await makeProject({ 'docs/reproductions.md': pageText('docs/reproductions.md') });
  mkdirSync(folder.in('docs'));
  copyFileSync('docs/reproductions.md', folder.in('docs/reproductions.md'));
});
afterAll(async () => { folder.remove(); await project.remove(); });

describe('docs/gallery', () => {
  it('is what skein gallery makes', async () => {
    expect(await skein('gallery', '-o', folder.in('docs/gallery'))).toEqual({ code: 0, stdout: `${Object.keys(pages).length} algorithms in ${folder.in('docs/gallery/README.md')}\n`, stderr: '' });
    expect(filesOf('docs/gallery')).toEqual(filesOf(folder.in('docs/gallery')));
  });
  it('is the same from the package', async () => {
    expect(await project.skein('gallery', '-o', 'docs/gallery')).toMatchObject({ code: 0, stderr: '' });
    expect(filesOf(`${project.folder}/docs/gallery`)).toEqual(filesOf('docs/gallery'));
  }, 120_000);
  it('has a page and a picture of every algorithm, and every formula of its nodes', () => {
    for (const [name, { page }] of Object.entries(pages)) {
      const text = pageText(`docs/gallery/${name}.md`);
      expect(text).toContain(`![${name}](${name}.svg)`);
      for (const type of new Set(Object.values(page.nodes).map(n => n.type))) {
        const source = pageText(`nodes/${kinds.get(type)!}/${type.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`)}.ts`), formulas = [...source.slice(0, source.indexOf('*/')).matchAll(/^ \* {3}(\S.*)$/gm)].map(([, formula]) => formula!);
        expect(formulas.length, type).toBeGreaterThan(0);
        for (const formula of formulas) expect(text).toContain(formula);
      }
      if (page.parent !== undefined) expect(text).toContain(`## What differs from [${page.parent}](${page.parent}.md)`);
    }
    expect(pageText('docs/gallery/qmix.md')).toContain('| QMIX, two-step | 1 |');
    expect(pageText('docs/gallery/qmix.md')).not.toContain('| VDN, ');
  });
  it('takes the rows that name an algorithm, with their heads and sections', () => {
    expect(resultsOf('doubleDqn', '## A\n\n| algorithm | seed |\n|---|---|\n| Double DQN, x | 1 |\n| DQN, x | 2 |\n\n| other | seed |\n|---|---|\n| Double DQN | 3 |\n\n## B\n\n| algorithm, game |\n| --- |\n| DQN, Double DQN |\n')).toEqual(['### A', '', '| algorithm | seed |', '|---|---|', '| Double DQN, x | 1 |', '', '### B', '', '| algorithm, game |', '| --- |', '| DQN, Double DQN |']);
  });
});

describe('skein gallery', () => {
  it('has no results where there are none, and leaves other files', async () => {
    mkdirSync(folder.in('alone'));
    writeFileSync(folder.in('alone/mine.txt'), 'mine');
    expect((await skein('gallery', '-o', folder.in('alone'), '--json')).stdout).toBe(`${JSON.stringify({ folder: folder.in('alone'), algorithms: Object.keys(pages) }, null, 2)}\n`);
    expect(readFileSync(folder.in('alone/mine.txt'), 'utf8')).toBe('mine');
    expect(readFileSync(folder.in('alone/qmix.md'), 'utf8')).not.toContain('## Results');
  });
  it('asks for a folder', async () => {
    expect(await skein('gallery')).toEqual({ code: 2, stdout: '', stderr: 'error: no folder is named\n  fix: -o docs/gallery\n' });
    writeFileSync(folder.in('file'), '');
    expect(await skein('gallery', '-o', folder.in('file'))).toMatchObject({ code: 2, stderr: expect.stringContaining('file: that, or a part of it, is a file\n  fix: name a folder that can be written\n') as string });
  });
});
