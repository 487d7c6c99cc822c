/** README.md: its page is the one in graphs/, its program runs, its commands are there and do what is said. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main, program } from '../../plugins/cli/command-line.ts';
import { Session, type Io } from '../../plugins/cli/session.ts';
import { blocksOf, commandsOf, filesOf, pageText } from './blocks.ts';
import { makeProject, type Project } from './project.ts';

const io = (out: (text: string) => void, error: (text: string) => void): Io => ({ stdout: { write: out }, stderr: { write: error }, environment: {}, signals: process, exit: () => undefined });
const blocks = blocksOf(pageText('README.md')), files = filesOf(blocks);
let project: Project, folder: string;
beforeAll(async () => {
  project = await makeProject({ 'vdn.ts': files['vdn.ts']!.replace('steps: 200_000', 'steps: 60, evaluate: { every: 30, episodes: 2 }') });
  folder = await mkdtemp(path.join(os.tmpdir(), 'skein-readme-'));
});
afterAll(() => Promise.all([project.remove(), rm(folder, { recursive: true })]));

describe('README.md', () => {
  it('shows the page that is trained', () => { expect(pageText('graphs/qmix.ts')).toContain(files['qmix.ts']); });

  it('has a program that trains: shortened, it prints its evaluations and the folder of its run', async () => {
    const { code, stdout, stderr } = await project.run('vdn.ts'), lines = stdout.trimEnd().split('\n');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines.map(line => line.split(' ')[0])).toEqual(['30', '60', 'runs/vdn-lbf-8x8-2p-2f-coop-1']);
    expect(await readdir(`${project.folder}/${lines.at(-1)}`)).toEqual(expect.arrayContaining(['run.json', 'metrics.jsonl', 'events.jsonl', 'checkpoints', 'curve.svg', 'graph.svg']));
  }, 120_000);

  const commands = commandsOf(blocks).filter(([, program]) => program === 'skein').map(words => words.slice(2)), show = commands.find(words => words.includes('matrix/m1'))!;
  const skein = async (words: readonly string[]) => {
    const said = { out: '', error: '' }, code = await main(words, io(text => { said.out += text; }, text => { said.error += text; }));
    expect({ code, error: said.error }).toEqual({ code: 0, error: '' });
    expect(said.out).not.toBe('');
  };
  const SHOWN = 'runs/stuck';
  /** A command as it is tried here: of fewer steps, in a folder of the test. */
  const tried = (words: readonly string[], out: string) => [
    ...words.map(word => (word === SHOWN ? out : word.replace('@4k', '@10'))),
    ...(words[0] === 'train' ? ['--steps', '20', '--evaluate', '20:2', '--out', out] : words[0] === 'fork' ? ['--steps', '40'] : []),
  ];
  it.each(commands.map((words, i) => [words.join(' '), i] as const))('has a command that works: skein %s', async (_, i) => {
    if (commands[i]!.includes(SHOWN)) await skein(tried(show.slice(0, -2), `${folder}/${i}`));       // the run that the page shows, without its swap
    await skein(tried(commands[i]!, `${folder}/${i}`));
  }, 120_000);

  it('names every command that there is, and no other', async () => {
    const there = program(new Session(io(() => undefined, () => undefined))).commands.map(c => c.name());
    const named = new Set([...pageText('README.md').matchAll(/^\| `skein ([a-z]+)/gm)].map(([, name]) => name));
    expect(named).toEqual(new Set(there));
  });
});
