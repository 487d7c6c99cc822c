/** docs/players.md: its commands work, shortened, and its program runs. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../plugins/cli/command-line.ts';
import { blocksOf, commandsOf, pageText } from './blocks.ts';
import { makeProject, type Project } from './project.ts';

const blocks = blocksOf(pageText('docs/players.md')), program = blocks.find(b => b.language === 'ts')!.text;
let folder: string, project: Project;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'skein-players-'));
  project = await makeProject({ 'players.ts': `${program.replace('steps: 200_000', 'steps: 60, evaluate: { every: 60, episodes: 2 }').replace('copies: 32', 'copies: 2')}console.log(hunters.reason, prey.reason);\n` });
});
afterAll(() => Promise.all([project.remove(), rm(folder, { recursive: true, force: true })]));

describe('docs/players.md', () => {
  it('has commands that work, one after another', async () => {
    for (const [, , ...words] of commandsOf(blocks)) {
      const said = { out: '', error: '' }, short = words.map(w => (w.startsWith('runs/tag') ? w.replace('runs', folder) : w === '2k' ? '60' : w === '3k' ? '120' : w === '20' ? '2' : w));
      const code = await main([...short, ...(words[0] === 'train' ? ['--evaluate', '60:2', '--envs', '2'] : [])], { stdout: { write: t => { said.out += t; } }, stderr: { write: t => { said.error += t; } }, environment: {}, signals: process, exit: () => undefined });
      expect({ words, code, error: said.error }).toEqual({ words, code: 0, error: '' });
    }
    expect(JSON.parse(await readFile(`${folder}/tag/good/run.json`, 'utf8'))).toMatchObject({ algorithm: 'iql', seat: { player: 'good', agents: [3] }, steps: 120 });
  }, 120_000);
  it('has a program that trains both', async () => {
    const { code, stdout, stderr } = await project.run('players.ts'), lines = stdout.trimEnd().split('\n');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines.at(-1)).toBe('finished finished');
  }, 120_000);
});
