/** The tutorials: the blocks of each, in order, are one program, and what it prints is what the page says that it prints. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, joined, pageText } from './blocks.ts';
import { makeProject, type Project } from './project.ts';

describe.each(['docs/tutorial-mixer.md', 'docs/tutorial-swap.md'])('%s', page => {
  const blocks = blocksOf(pageText(page));
  let project: Project;
  beforeAll(async () => { project = await makeProject({ 'program.ts': joined(blocks, 'ts') }); }, 60_000);
  afterAll(() => project.remove());

  it('prints what it says', async () => {
    expect(await project.run('program.ts')).toEqual({ code: 0, stdout: joined(blocks, 'text'), stderr: '' });
  }, 240_000);
});
