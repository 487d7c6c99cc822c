/** The program itself, as a process: exit codes, signals, streams that close, TypeScript that Node does not read. */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject } from '../../docs/project.ts';
import { scratch, TINY } from './skein.ts';

const folder = scratch(), root = process.cwd();
afterAll(folder.remove);
const LOADER = new URL('../../../node_modules/tsx/dist/loader.mjs', import.meta.url).href, PROGRAM = path.resolve('plugins/cli/main.ts'), environment = { ...process.env, TSX_TSCONFIG_PATH: path.resolve('tsconfig.json'), NO_COLOR: '1' };
async function program(argv: readonly string[], cwd = root): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return promisify(execFile)(process.execPath, ['--import', LOADER, PROGRAM, ...argv], { cwd, env: environment }).then(({ stdout, stderr }) => ({ code: 0, stdout, stderr }), (e: unknown) => { const { code, stdout, stderr } = e as { code: number; stdout: string; stderr: string }; return { code, stdout, stderr }; });
}
const MINUTE = 60_000;

describe('a process', () => {
  it('ends with the exit code of its answer', async () => {
    const [help, usage, no] = await Promise.all([program(['--help']), program(['trian']), program(['check', 'dqn', '--env', 'matrix/m1', '--json'])]);
    expect([help.code, usage.code, no.code]).toEqual([0, 2, 1]);
    expect([help.stderr, usage.stdout, no.stderr]).toEqual(['', '', '']);
    expect(JSON.parse(no.stdout)).toMatchObject({ problems: [{ code: 'PAGE' }] });
  }, MINUTE);
  it('loads nothing for its help but what it prints', () => {
    const heavy = ['@tensorflow', 'zod', 'yaml', 'inversify', 'rxjs', 'tsx'], seen = new Set<string>(), open = [PROGRAM];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      for (const [, type, from = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (type )?(?:[^'"]*? from )?'([^']+)';$/gm)) {
        if (type !== undefined) continue;
        expect(heavy.filter(name => from === name || from.startsWith(`${name}/`))).toEqual([]);
        if (from.startsWith('.')) open.push(path.resolve(path.dirname(file), from));
      }
    }
    expect(seen.size).toBeLessThan(33);
  });
  it('survives a reader that goes away', async () => {
    const child = spawn('bash', ['-o', 'pipefail', '-c', `"${process.execPath}" --import "${LOADER}" "${PROGRAM}" list --json | head -n 1; echo "code $?"`], { env: environment });
    let out = '', errors = '';
    child.stdout.on('data', (text: Buffer) => { out += String(text); });
    child.stderr.on('data', (text: Buffer) => { errors += String(text); });
    await new Promise(resolve => { child.on('close', resolve); });
    expect(out).toBe('{\ncode 0\n');
    expect(errors).toBe('');
  }, MINUTE);
  it('stops a run whose reader goes away, with a checkpoint, and says so on standard error', async () => {
    const run = folder.in('unread'), child = spawn(process.execPath, ['--import', LOADER, PROGRAM, 'train', 'qmix', ...TINY.map(word => (word === '60' ? '1M' : word)), '--out', run], { env: environment });
    let errors = '';
    child.stdout.on('data', (text: Buffer) => { if (String(text).includes('kind=eval')) child.stdout.destroy(); });
    child.stderr.on('data', (text: Buffer) => { errors += String(text); });
    const code = await new Promise(resolve => { child.on('close', resolve); });
    expect({ code, errors }).toEqual({ code: 130, errors: `nobody reads standard output any more: stopping with a checkpoint; skein resume ${run} goes on\n` });
    expect(readFileSync(`${run}/events.jsonl`, 'utf8')).toContain('{"reason":"stopped"}');
    expect((await program(['evaluate', run, '--episodes', '4', '--json'])).code).toBe(0);
  }, 2 * MINUTE);
  it('stops at SIGINT with a checkpoint, and can be resumed', async () => {
    const run = folder.in('interrupted'), child = spawn(process.execPath, ['--import', LOADER, PROGRAM, 'train', 'qmix', ...TINY.map(word => (word === '60' ? '1M' : word)), '--out', run], { env: environment });
    let out = '', errors = '';
    child.stdout.on('data', (text: Buffer) => { out += String(text); if (out.includes('kind=eval') && !child.killed) child.kill('SIGINT'); });
    child.stderr.on('data', (text: Buffer) => { errors += String(text); });
    const code = await new Promise(resolve => { child.on('close', resolve); });
    expect({ code, errors }).toEqual({ code: 130, errors: 'stopping with a checkpoint; once more ends at once\n' });
    expect(readdirSync(`${run}/checkpoints`).length).toBeGreaterThan(0);
    expect(out).toMatch(/skein resume .* goes on\n/);
    expect((await program(['evaluate', run, '--episodes', '4', '--json'])).code).toBe(0);
  }, 2 * MINUTE);
});

describe("a user's TypeScript, in a folder that is no package", () => {
  beforeAll(() => {
    mkdirSync(folder.in('user'));
    symlinkSync(path.resolve('node_modules'), folder.in('user/node_modules'));
    const from = (file: string) => JSON.stringify(path.resolve(file));
    writeFileSync(folder.in('user/page.ts'), `import { graph } from ${from('core/graph.ts')};\nimport { swap } from ${from('core/graph.ts')};\nimport { qmix } from ${from('graphs/index.ts')};\nimport { sumMixer } from ${from('nodes/index.ts')};\nenum Word { mine = 'mine' }\nvoid graph;\nexport const mine = swap(qmix, 'mixer', sumMixer(), { name: Word.mine });\n`);
    writeFileSync(folder.in('user/plugin.ts'), `import { ContainerModule } from 'inversify';\nimport { TOKENS } from ${from('plugins/tokens.ts')};\nconst name: string = 'quiet';\nexport const plugin = { name, version: '0.1.0', api: 1 };\nexport default new ContainerModule(({ bind }) => { bind(TOKENS.Tracker).toConstantValue({ name, make: () => ({}) }); });\n`);
    writeFileSync(folder.in('user/syntax.ts'), 'export const x: = 1;\n');
  });
  it('is a page, and a plugin that shares its modules with skein', async () => {
    const { code, stdout, stderr } = await program(['check', './page.ts', '--plugin', './plugin.ts', '--env', 'matrix/m1'], folder.in('user'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('mine fits together');
  }, MINUTE);
  it('leaves nothing in the system\'s temporary folder', async () => {
    const project = await makeProject({ 'plugin.ts': "import { ContainerModule, TOKENS } from 'skein';\nconst name: string = 'quiet';\nexport const plugin = { name, version: '0.1.0', api: 1 };\nexport default new ContainerModule(({ bind }) => { bind(TOKENS.Tracker).toConstantValue({ name, make: () => ({}) }); });\n" }), { TMPDIR } = process.env;
    mkdirSync(folder.in('tmp'));
    process.env['TMPDIR'] = folder.in('tmp');
    try { expect(await project.skein('check', 'qmix', '--plugin', './plugin.ts')).toMatchObject({ code: 0, stderr: '' }); } finally {
      if (TMPDIR === undefined) delete process.env['TMPDIR']; else process.env['TMPDIR'] = TMPDIR;
      await project.remove();
    }
    expect(readdirSync(folder.in('tmp'))).toEqual([]);
  }, MINUTE);
  it('that does not parse is refused with its place', async () => {
    const [page, plugin] = await Promise.all([program(['check', './syntax.ts'], folder.in('user')), program(['list', '--plugin', './syntax.ts'], folder.in('user'))]);
    expect(page).toEqual({ code: 1, stdout: '1 problem in ./syntax.ts\n\n1  PAGE     importing it fails: syntax.ts:1:16: ERROR: Unexpected "="\n     fix      mend the file\n', stderr: '' });
    expect(plugin).toEqual({ code: 2, stdout: '', stderr: 'error: plugin ./syntax.ts: importing it fails: syntax.ts:1:16: ERROR: Unexpected "="\n  fix: mend it, or leave --plugin out\n' });
  }, MINUTE);
});
