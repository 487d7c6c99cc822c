/** docs/tutorial-mixer.md: its blocks, in order, are one program, and what it prints is what the page says that it prints. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, joined, pageText } from './blocks.ts';
import { makeProject, type Project } from './project.ts';

const blocks = blocksOf(pageText('docs/tutorial-mixer.md'));
let project: Project;
beforeAll(async () => { project = await makeProject({ 'my-mixer.ts': joined(blocks, 'ts') }); }, 60_000);
afterAll(() => project.remove());

describe('docs/tutorial-mixer.md', () => {
  it('prints what it says', async () => {
    expect(await project.run('my-mixer.ts')).toEqual({ code: 0, stdout: joined(blocks, 'text'), stderr: '' });
  }, 240_000);
});
