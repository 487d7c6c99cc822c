/** docs/pictures.md: its commands print what it says, and the pictures beside it are what they draw. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, commandsOf, joined, pageText } from './blocks.ts';
import { makeProject, type Project } from './project.ts';

const blocks = blocksOf(pageText('docs/pictures.md'));
let project: Project;
beforeAll(async () => { project = await makeProject(); }, 60_000);
afterAll(() => project.remove());

describe('docs/pictures.md', () => {
  it('prints what it says, and its pictures are those', async () => {
    const said: string[] = [];
    for (const [npx, program, ...words] of commandsOf(blocks)) {
      expect([npx, program]).toEqual(['npx', 'skein']);
      const { code, stdout, stderr } = await project.skein(...words);
      expect([code, stderr]).toEqual([words[0] === 'diff' ? 1 : 0, '']);
      said.push(stdout);
    }
    expect(said.join('')).toBe(joined(blocks, 'text'));
    for (const name of ['qmix.svg', 'vdn-qmix.svg']) expect(readFileSync(`${project.folder}/${name}`, 'utf8')).toBe(pageText(`docs/pictures/${name}`));
  }, 240_000);
});
