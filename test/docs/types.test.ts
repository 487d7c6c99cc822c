/** What the compiler says of the code in README.md and docs/: nothing. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocksOf, filesOf, joined, pageText } from './blocks.ts';
import { makeProject, typeErrors, type Project } from './project.ts';

const { 'vdn.ts': readme } = filesOf(blocksOf(pageText('README.md'))), tutorials = Object.fromEntries(['tutorial-mixer', 'tutorial-swap', 'players'].map(name => [`${name}.ts`, joined(blocksOf(pageText(`docs/${name}.md`)), 'ts')]));
const extending = Object.entries(filesOf(blocksOf(pageText('docs/extending.md')))).filter(([name]) => name.endsWith('.ts'));
let project: Project;
beforeAll(async () => { project = await makeProject({ 'vdn.ts': readme!, ...tutorials, ...Object.fromEntries(extending) }); });
afterAll(() => project.remove());

it('the code of the documents compiles as strictly as ours', () => {
  expect(typeErrors(project.folder, ['vdn.ts', ...Object.keys(tutorials), ...extending.map(([name]) => name)])).toEqual([]);
}, 120_000);
