import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lockRun, processes, type Holder, type Processes } from '../../../plugins/stores/run-lock.ts';
import { disk } from '../../../plugins/stores/file-system.ts';
import { emptyFolder } from './folder.ts';

const me: Holder = { pid: 100, began: '5000', host: 'here' };
/** A machine on which these processes run. */
const machine = (alive: Readonly<Record<number, string>> = {}, self = me): Processes => ({ self, began: pid => ({ [self.pid]: self.began, ...alive })[pid] });
const put = (folder: string, lock: unknown) => writeFile(`${folder}/run.lock`, typeof lock === 'string' ? lock : JSON.stringify(lock));

describe('lockRun', () => {
  it('names its holder to nobody but the owner, and goes when it is given back', async () => {
    const folder = await emptyFolder(), unlock = await lockRun(folder);
    expect(JSON.parse(await readFile(`${folder}/run.lock`, 'utf8'))).toEqual(processes.self);
    expect((await stat(`${folder}/run.lock`)).mode & 0o777).toBe(0o600);
    await unlock();
    expect(await readdir(folder)).toEqual([]);
  });

  it('knows its own process', () => {
    expect(processes.began(process.pid)).toBe(processes.self.began);
    expect(processes.began(2 ** 22 + 1)).toBeUndefined();
  });

  it('is refused while its holder lives, by name', async () => {
    const folder = await emptyFolder();
    await put(folder, { ...me, pid: 7, began: '1' });
    await expect(lockRun(folder, disk, machine({ 7: '1' }))).rejects.toThrow(`${folder} is in use by process 7\n  fix: stop that process, or name another folder`);
    expect(await readdir(folder)).toEqual(['run.lock']);
  });

  it('is refused a second time in one process', async () => {
    const folder = await emptyFolder();
    await lockRun(folder);
    await expect(lockRun(folder)).rejects.toThrow(`in use by process ${process.pid}`);
  });

  it.each([['its holder is gone', {}], ['another process has its pid now', { 7: '2' }]])('is taken over where %s', async (_, alive) => {
    const folder = await emptyFolder();
    await put(folder, { ...me, pid: 7, began: '1' });
    await lockRun(folder, disk, machine(alive));
    expect(JSON.parse(await readFile(`${folder}/run.lock`, 'utf8'))).toEqual(me);
    expect(await readdir(folder)).toEqual(['run.lock']);
  });

  it('of another machine holds, since nobody can be asked there', async () => {
    const folder = await emptyFolder();
    await put(folder, { ...me, pid: 7, host: 'there' });
    await expect(lockRun(folder, disk, machine())).rejects.toThrow(/in use by process 7 on there\n {2}fix: stop it there; if it no longer runs, remove .*run\.lock/);
  });

  it.each(['', '{"pid"', '{"pid":-1}', 'null'])('that never got its content is taken over after a while: %j', async content => {
    const folder = await emptyFolder();
    await put(folder, content);
    await lockRun(folder, disk, machine());
    expect(JSON.parse(await readFile(`${folder}/run.lock`, 'utf8'))).toEqual(me);
  });

  it('goes to exactly one of many that find the same dead one', async () => {
    for (let round = 0; round < 10; round++) {
      const folder = await emptyFolder(), rivals = Array.from({ length: 6 }, (_, i): Holder => ({ ...me, pid: 100 + i }));
      const alive = Object.fromEntries(rivals.map(({ pid, began }) => [pid, began]));
      await put(folder, { ...me, pid: 7 });
      const outcomes = await Promise.allSettled(rivals.map(self => lockRun(folder, disk, machine(alive, self))));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });

  it('that another took over meanwhile is not given back', async () => {
    const folder = await emptyFolder(), unlock = await lockRun(folder, disk, machine());
    await put(folder, { ...me, pid: 8 });
    await unlock();
    expect(await readdir(folder)).toEqual(['run.lock']);
  });

  it.runIf(process.platform === 'linux')('of a killed process is taken over, though nobody asks how it ended (T08)', async () => {
    const folder = await emptyFolder(), child = fileURLToPath(new URL('hold-lock.child.ts', import.meta.url));
    // the shell becomes a `sleep`, which never waits for the child that the shell had started
    const parent = spawn('sh', ['-c', '"$0" --import tsx "$1" "$2" & exec sleep 600', process.execPath, child, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(parent.stdout, 'data');
    const { pid } = JSON.parse(await readFile(`${folder}/run.lock`, 'utf8')) as Holder;
    await expect(lockRun(folder)).rejects.toThrow(`${folder} is in use by process ${pid}`);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => readFile(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /);
    await (await lockRun(folder))();
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('holds between processes, until the holder is killed (T08)', async () => {
    const folder = await emptyFolder(), child = fileURLToPath(new URL('hold-lock.child.ts', import.meta.url));
    const holder = spawn(process.execPath, ['--import', 'tsx', child, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(holder.stdout, 'data') as [Buffer];
    expect(String(said)).toBe('locked\n');
    await expect(lockRun(folder)).rejects.toThrow(`${folder} is in use by process ${holder.pid}`);
    holder.kill('SIGKILL');
    await once(holder, 'close');
    await lockRun(folder);
  });
});
