/** Long work that is no run: a line with the time left on a terminal, a line every ten seconds elsewhere, and none of it in the answer. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Work } from '../../../plugins/trackers/console.ts';
import { RecordingOutput } from '../trackers/recording-output.ts';
import { scratch, skein, skeinWith, TINY } from './skein.ts';

const folder = scratch(), run = folder.in('run');
beforeAll(async () => { expect((await skein('train', 'qmix', ...TINY, '--out', run)).code).toBe(0); });
afterAll(folder.remove);
afterEach(() => { vi.restoreAllMocks(); });
/** Each look at the clock finds it so many milliseconds later. */
const passing = (milliseconds: number) => { let now = 0; vi.spyOn(performance, 'now').mockImplementation(() => now += milliseconds); };
const EVALUATE = ['evaluate', run, '--episodes', '64'], CHECK = ['env', 'check', 'matrix/two-step', '--steps', '50'];

describe.each([['evaluate', EVALUATE, 'episodes', 64], ['env check', CHECK, 'steps', 200]] as const)('skein %s', (_, argv, unit, of) => {
  it('draws one line anew on a terminal, and takes it away', async () => {
    passing(60);
    const { stdout, stderr } = await skeinWith({ columns: 80, environment: { NO_COLOR: '1' } }, ...argv), [before, ...drawn] = stdout.split('\r\x1b[K');
    expect({ before, stderr }).toEqual({ before: '', stderr: '' });
    expect(drawn.length).toBeGreaterThan(1);
    for (const line of drawn.slice(0, -1)) expect(line).toMatch(new RegExp(`^ *\\d+% {2}[━╸─]+ +\\d+/${of} ${unit} +(-:--|\\d+:\\d\\d) left +\\d+/s *$`));
    expect(drawn.at(-1)).toMatch(/^(qmix on|matrix\/two-step keeps)/);
  });
  it('writes a line every ten seconds elsewhere', async () => {
    passing(900);
    const { stdout } = await skein(...argv), told = stdout.split('\n').filter(line => line.startsWith('kind=progress '));
    expect(told.length).toBeGreaterThan(0);
    const at = told.map(line => { expect(line).toMatch(new RegExp(`^kind=progress ${unit}=\\d+ of=${of} percent=[\\d.]+ ${unit}_per_second=[\\d.]+( eta_seconds=\\d+)? seconds=\\d+$`)); return Number(/ seconds=(\d+)/.exec(line)![1]); });
    at.forEach((seconds, i) => { expect(seconds - (at[i - 1] ?? 0)).toBeGreaterThanOrEqual(9); });
  });
  it('keeps it out of the document of --json, and off with --quiet', async () => {
    passing(900);
    const { stdout, stderr } = await skein(...argv, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ environment: 'matrix/two-step' });
    expect(stderr).toMatch(/^(kind=progress .*\n)+$/);
    expect((await skein(...argv, '--quiet')).stdout).not.toContain('kind=progress');
  });
});

describe('work', () => {
  it('says how long it will take, once it can know', () => {
    const out = new RecordingOutput(false, 80);
    let now = 0;
    const work = new Work('episodes', 100, { stdout: out, stderr: out, environment: {}, clock: () => now });
    for (const [seconds, done] of [[0, 0], [9, 3], [10, 4], [11, 5], [20, 40], [40, 100]] as const) { now = seconds * 1000; work.at(done); }
    work.close();
    expect(out.text).toBe(`kind=progress episodes=4 of=100 percent=4 episodes_per_second=0.4 eta_seconds=240 seconds=10
kind=progress episodes=40 of=100 percent=40 episodes_per_second=2 eta_seconds=30 seconds=20
kind=progress episodes=100 of=100 percent=100 episodes_per_second=2.5 eta_seconds=0 seconds=40
`);
  });
});
