/** `skein compare`: groups, numbers, notes, the picture, and what cannot be compared. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { swap } from '../../../core/graph.ts';
import { qmix, vdn } from '../../../graphs/index.ts';
import { sumMixer } from '../../../nodes/index.ts';
import { Random } from '../../../core/random.ts';
import { interval, iqm, probabilityOfImprovement } from '../../../plugins/statistics.ts';
import type { Comparison } from '../../../plugins/comparison.ts';
import { applySettings } from '../../../plugins/page-settings.ts';
import { recordRun, rising, type Recorded } from './recorded-runs.ts';
import { scratch, skein, skeinWith, TINY, type Answer } from './skein.ts';

const folder = scratch();
afterAll(folder.remove);
beforeEach(() => { mkdirSync(folder.in('runs')); });
afterEach(() => { rmSync(folder.in('runs'), { recursive: true }); });
const recorded = (name: string, run: Recorded): string => recordRun(folder.in(`runs/${name}`), run);
const group = (algorithm: string, scores: readonly number[], more: Partial<Recorded> = {}): string[] => scores.map((score, i) => recorded(`${algorithm}-${more.environment?.replaceAll('/', '-') ?? ''}${i + 1}`, { algorithm, seed: i + 1, points: rising(score), ...more }));
const plain = ({ code, stdout, stderr }: Answer): Answer => ({ code, stdout: stdout.replaceAll(`${folder.path}/`, ''), stderr: stderr.replaceAll(`${folder.path}/`, '') });
const compare = async (...argv: readonly string[]): Promise<Answer> => plain(await skein('compare', ...argv));
const compared = async (...argv: readonly string[]): Promise<Comparison> => { const { code, stdout } = await skein('compare', ...argv, '--json'); expect(code).toBe(0); return JSON.parse(stdout) as Comparison; };
const QMIX = [7.9, 8, 8, 7.2, 8, 7.7], VDN = [7, 6.9, 7, 7.3, 6.8, 7];

describe('compare', () => {
  it('prints a table and how likely each is better', async () => {
    const { code, stdout, stderr } = await compare(...group('vdn', VDN), ...group('qmix', QMIX));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "eval/return on matrix/two-step at step 10,000
        algorithm  runs    IQM   95 % interval   mean  lowest  highest
        qmix          6  7.900  7.525 .. 8.000  7.800   7.200    8.000
        vdn           6  6.975  6.875 .. 7.150  7.000   6.800    7.300

        How likely a run of the first has a higher eval/return than one of the second
        0.97  0.83 .. 1.00  qmix over vdn
      "
    `);
  });
  it('has the numbers of the statistics as JSON, with every run', async () => {
    const { metric, environments: [field], overall, notes } = await compared(...group('vdn', VDN), ...group('qmix', QMIX));
    expect({ metric, environment: field!.environment, step: field!.step, overall, notes }).toEqual({ metric: 'eval/return', environment: 'matrix/two-step', step: 10_000, overall: [], notes: [] });
    expect(field!.groups.map(g => [g.name, g.iqm, g.mean, g.lowest, g.highest])).toEqual([['qmix', QMIX], ['vdn', VDN]].map(([name, scores]) => [name, iqm([scores as number[]]), (scores as number[]).reduce((a, b) => a + b, 0) / 6, Math.min(...scores as number[]), Math.max(...scores as number[])]));
    expect(field!.groups[0]!.runs[2]).toMatchObject({ seed: 3, step: 10_000, score: 8 });
    expect(field!.groups[0]!.interval).toEqual(interval(s => iqm(s!), [[QMIX]], 10_000, Random.of(1, 'compare qmix')));
    expect(field!.improvements).toEqual([{ first: 'qmix', second: 'vdn', probability: probabilityOfImprovement([QMIX], [VDN]), interval: interval((a, b) => probabilityOfImprovement(a!, b!), [[QMIX], [VDN]], 10_000, Random.of(1, 'compare qmix vdn')) }]);
  });
  it('is the same in any order of the folders', async () => {
    const runs = [...group('vdn', VDN), ...group('qmix', QMIX)];
    expect(await compare(...runs.toReversed())).toEqual(await compare(...runs));
  });
  it('compares at the steps that all runs have made, and says who goes no further', async () => {
    const runs = [...group('vdn', VDN), ...group('qmix', QMIX.slice(1)), recorded('short', { algorithm: 'qmix', seed: 9, points: rising(4, 5000, 5) })];
    const { environments: [field], notes } = await compared(...runs);
    expect(field!.step).toBe(5000);
    expect(field!.groups.find(g => g.name === 'vdn')!.runs[0]).toMatchObject({ step: 5000, score: 3.5 });
    expect(notes.map(n => n.replaceAll(`${folder.path}/`, ''))).toEqual(['matrix/two-step: runs/short goes no further than step 5000; others go on to 10000']);
    expect((await compared(...runs, '--steps', '2k')).environments[0]!.groups.find(g => g.name === 'vdn')!.runs[0]).toMatchObject({ step: 2000, score: 1.4 });
  });
  it('takes the nearest evaluation, since copies of an environment step together', async () => {
    const { environments: [field] } = await compared(recorded('a', { algorithm: 'vdn', seed: 1, points: [[5002, 1], [10_006, 2]] }), recorded('b', { algorithm: 'vdn', seed: 2, points: [[5000, 1], [10_000, 3]] }));
    expect(field!.step).toBe(10_000);
    expect(field!.groups[0]!.runs.map(r => [r.step, r.score])).toEqual([[10_006, 2], [10_000, 3]]);
  });
  it('keeps runs of other settings apart, by what differs', async () => {
    const names = async (...runs: readonly string[]) => (await compared(...runs)).environments[0]!.groups.map(g => [g.name, g.runs.length]), points = rising(1);
    const page = (name: string, seed: number, settings: Readonly<Record<string, unknown>>, more: Partial<Recorded> = {}) => recorded(name, { algorithm: 'qmix', seed, points, page: applySettings(qmix, settings), ...more });
    expect(await names(page('a', 1, {}), page('b', 2, {}), page('c', 1, { 'q.lr': 1e-3 }), page('d', 1, { 'q.lr': 1e-3, 'mixer.embed': 8 }))).toEqual([['qmix, mixer.embed = 32, q.lr = 0.0005', 2], ['qmix, mixer.embed = 32, q.lr = 0.001', 1], ['qmix, mixer.embed = 8, q.lr = 0.001', 1]]);
    expect(await names(page('a', 1, {}), page('b', 2, {}, { copies: 8 }))).toEqual([['qmix, copies = 1', 1], ['qmix, copies = 8', 1]]);
    expect(await names(page('a', 1, {}), page('b', 2, {}, { page: swap(qmix, 'mixer', sumMixer()) }))).toEqual([['qmix, mixer = monotonicMixer', 1], ['qmix, mixer = sumMixer', 1]]);
    const planned = { swaps: [{ at: 5000, swaps: [{ slot: 'mixer', type: 'sumMixer', config: {} }] }], swapped: ['mixer: monotonicMixer -> sumMixer'] };
    expect(await names(page('a', 1, {}), page('b', 2, {}, planned), page('c', 2, {}, { swapped: ['mixer: monotonicMixer -> duplexMixer'] }))).toEqual([['qmix', 1], ['qmix, mixer = sumMixer at step 5000', 1], ['qmix, mixer: monotonicMixer -> duplexMixer', 1]]);
    expect(await names(page('a', 1, {}, planned), page('b', 2, {}, { swapped: ['mixer: monotonicMixer -> duplexMixer'] }))).toEqual([['qmix, mixer = sumMixer at step 5000', 1], ['qmix, mixer: monotonicMixer -> duplexMixer', 1]]);
  });
  it('shows each environment by itself, and how likely one is better over all of them', async () => {
    const runs = [...group('vdn', VDN), ...group('qmix', QMIX), ...group('vdn', [0.1, 0.2, 0.3, 0.2, 0.1], { environment: 'lbf/8x8-2p-2f-coop' }), ...group('qmix', [0.4, 0.5, 0.6, 0.2, 0.3], { environment: 'lbf/8x8-2p-2f-coop' }), ...group('iql', [0.1, 0.1, 0.2, 0.1, 0.1], { environment: 'lbf/8x8-2p-2f-coop' })];
    expect((await compare(...runs)).stdout).toMatchInlineSnapshot(`
      "eval/return on matrix/two-step at step 10,000
        algorithm  runs    IQM   95 % interval   mean  lowest  highest
        qmix          6  7.900  7.525 .. 8.000  7.800   7.200    8.000
        vdn           6  6.975  6.875 .. 7.150  7.000   6.800    7.300

        How likely a run of the first has a higher eval/return than one of the second
        0.97  0.83 .. 1.00  qmix over vdn

      eval/return on lbf/8x8-2p-2f-coop at step 10,000
        algorithm  runs    IQM   95 % interval   mean  lowest  highest
        qmix          5  0.400  0.233 .. 0.567  0.400   0.200    0.600
        vdn           5  0.167  0.100 .. 0.267  0.180   0.100    0.300
        iql           5  0.100  0.100 .. 0.167  0.120   0.100    0.200

        How likely a run of the first has a higher eval/return than one of the second
        0.90  0.68 .. 1.00  qmix over vdn
        0.98  0.88 .. 1.00  qmix over iql
        0.72  0.40 .. 1.00  vdn over iql

      over all environments that both have runs in
        Each counts alike; IQMs are not put together, since returns of unlike environments have no common
        scale
        0.94  0.82 .. 1.00  qmix over vdn, 2 environments
      "
    `);
    const { overall } = await compared(...runs);
    expect(overall.map(o => [o.first, o.second, o.environments.length])).toEqual([['qmix', 'vdn', 2]]);
    expect(await compare(...runs, '-o', folder.in('x.svg'))).toMatchObject({ code: 2, stdout: '', stderr: 'error: -o x.svg: the runs are of matrix/two-step and lbf/8x8-2p-2f-coop, and one picture is of one environment\n  fix: name the runs of one environment\n' });
  });
  it('notes what its numbers cannot say', async () => {
    const { code, stdout, stderr } = await compare(...group('vdn', [7, 7, 7]), ...group('qmix', [8]), recorded('again', { algorithm: 'vdn', seed: 1, points: rising(7) }), recorded('unborn', { algorithm: 'iql', seed: 1 }));
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "eval/return on matrix/two-step at step 10,000
        algorithm  runs    IQM   95 % interval   mean  lowest  highest
        qmix          1  8.000               -  8.000   8.000    8.000
        vdn           4  7.000  7.000 .. 7.000  7.000   7.000    7.000

        How likely a run of the first has a higher eval/return than one of the second
        1.00  -  qmix over vdn
      "
    `);
    expect(stderr).toMatchInlineSnapshot(`
      "note: runs/unborn has no eval/return yet and is left out
      note: matrix/two-step: qmix has one run, and one run has no interval; skein train with another --seed adds one
      note: matrix/two-step: of vdn there are fewer than 5 runs, and intervals of so few are too narrow; skein train with another --seed adds one
      note: matrix/two-step: runs/again and runs/vdn-1 are vdn with seed 1, so they are one sample and count as 2
      note: matrix/two-step: all runs of vdn have the same eval/return, so its interval is one point
      "
    `);
  });
  it('compares by any number that is in the metrics', async () => {
    const runs = group('vdn', [1, 2], { metric: 'eval/length' });
    expect((await compared(...runs, '--metric', 'eval/length')).metric).toBe('eval/length');
    expect(await compare(...runs)).toMatchObject({ code: 2, stderr: 'error: no run has eval/return\n  fix: --metric with one of eval/length\n' });
    expect(await compare(...group('dqn', [1, 2], { metric: 'loss/q' }))).toMatchObject({ code: 2, stderr: 'error: no run has eval/return\n  fix: none was evaluated yet: skein resume goes on with them, or --metric with one of loss/q\n' });
    expect(await compare(...group('qmix', [1, 2]), '--metric', 'eval/retrun')).toMatchObject({ code: 2, stderr: 'error: no run has eval/retrun; did you mean eval/return?\n  fix: --metric with one of eval/return\n' });
    expect(await compare(...group('iql', [1, 2], { points: [] }))).toMatchObject({ code: 2, stderr: 'error: no run has eval/return\n  fix: they have no metrics yet: skein resume goes on with them\n' });
  });
  it('draws the curves', async () => {
    const runs = [...group('vdn', VDN), ...group('qmix', QMIX)], file = folder.in('curves.svg');
    expect((await compare(...runs, '-o', file)).stdout).toMatch(/\n\ncurves: curves\.svg\n$/);
    const svg = readFileSync(file, 'utf8');
    expect(svg).toContain('matrix/two-step');
    expect(svg).toContain('eval/return: IQM and 95 % interval of 6 runs');
    expect(svg).toMatch(/>qmix 7\.9/);
    expect(svg.match(/class="band f/g)).toHaveLength(2);
    expect(await compare(...runs, '-o', '-')).toEqual({ code: 0, stdout: svg, stderr: '' });
    expect(await compare(...runs, '-o', 'x.png')).toMatchObject({ code: 2, stderr: 'error: -o x.png: no format is called png; did you mean .svg?\n  fix: compare writes .svg\n' });
  });
  it('reads runs as they are trained', async () => {
    const runs = ['1', '2'].map(seed => folder.in(`runs/trained-${seed}`));
    for (const [i, run] of runs.entries()) expect((await skein('train', 'qmix', ...TINY, '--seed', String(i + 1), '--quiet', '--no-picture', '--out', run)).code).toBe(0);
    const { environments: [field] } = await compared(...runs);
    expect(field).toMatchObject({ environment: 'matrix/two-step', groups: [{ name: 'qmix', runs: [{ seed: 1 }, { seed: 2 }] }], improvements: [] });
    expect(field!.step).toBeGreaterThanOrEqual(60);
  });
  it('fits every terminal, with names however long', async () => {
    const page = (embed: number) => applySettings(qmix, { 'mixer.embed': embed, 'q.lr': embed / 1e4, 'data.batch': embed, 'tdTarget.gamma': 0.9 + embed / 1000 });
    const runs = [1, 2, 3].flatMap(embed => [1, 2].map(seed => recorded(`long-${embed}-${seed}`, { algorithm: 'qmix', seed, page: page(embed), points: rising(-1234.5 * embed * seed) }))).concat(group('vdn', [1, 2], { page: vdn }));
    for (const columns of [60, 80, 100]) for (const line of (await skeinWith({ columns, environment: { NO_COLOR: '1' } }, 'compare', ...runs)).stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
    expect((await skeinWith({ columns: 80, environment: { NO_COLOR: '1' } }, 'compare', ...runs)).stdout).toMatchInlineSnapshot(`
      "eval/return on matrix/two-step at step 10,000
        algorithm                  runs    IQM   95 % interval   mean  lowest  highest
        vdn                           2  1.500  1.000 .. 2.000  1.500   1.000    2.000
        qmix, data.batch = 1,         2  -1852  -2469 .. -1234  -1852   -2469    -1234
        mixer.embed = 1,
        tdTarget.gamma = 0.901,
        q.lr = 0.0001
        qmix, data.batch = 2,         2  -3703  -4938 .. -2469  -3703   -4938    -2469
        mixer.embed = 2,
        tdTarget.gamma = 0.902,
        q.lr = 0.0002
        qmix, data.batch = 3,         2  -5555  -7407 .. -3703  -5555   -7407    -3703
        mixer.embed = 3,
        tdTarget.gamma = 0.903,
        q.lr = 0.0003

        How likely a run of the first has a higher eval/return than one of the second
        1.00  1.00 .. 1.00  vdn over qmix, data.batch = 1, mixer.embed = 1,
                            tdTarget.gamma = 0.901, q.lr = 0.0001
        1.00  1.00 .. 1.00  vdn over qmix, data.batch = 2, mixer.embed = 2,
                            tdTarget.gamma = 0.902, q.lr = 0.0002
        1.00  1.00 .. 1.00  vdn over qmix, data.batch = 3, mixer.embed = 3,
                            tdTarget.gamma = 0.903, q.lr = 0.0003
        0.88  0.50 .. 1.00  qmix, data.batch = 1, mixer.embed = 1, tdTarget.gamma =
                            0.901, q.lr = 0.0001 over qmix, data.batch = 2,
                            mixer.embed = 2, tdTarget.gamma = 0.902, q.lr = 0.0002
        1.00  1.00 .. 1.00  qmix, data.batch = 1, mixer.embed = 1, tdTarget.gamma =
                            0.901, q.lr = 0.0001 over qmix, data.batch = 3,
                            mixer.embed = 3, tdTarget.gamma = 0.903, q.lr = 0.0003
        0.75  0.00 .. 1.00  qmix, data.batch = 2, mixer.embed = 2, tdTarget.gamma =
                            0.902, q.lr = 0.0002 over qmix, data.batch = 3,
                            mixer.embed = 3, tdTarget.gamma = 0.903, q.lr = 0.0003
      "
    `);
  });
});

describe('what cannot be compared', () => {
  it.each<[string, () => string[], string]>([
    ['one folder that is not there', () => [folder.in('runs/nowhere')], 'error: runs/nowhere is not a run: it has no run.json\n  fix: name the folder that skein train printed\n'],
    ['one run', () => group('vdn', [7]), 'error: runs/vdn-1 alone cannot be compared\n  fix: name two runs or more: skein compare runs/*\n'],
    ['a run twice', () => { const [a = ''] = group('vdn', [7]); return [a, `${a}/`]; }, 'error: runs/vdn-1/ is named twice\n  fix: name each run once\n'],
    ['no folder', () => [...group('vdn', [7]), folder.in('runs/nosuch')], 'error: runs/nosuch is not a run: it has no run.json\n  fix: name the folder that skein train printed\n'],
    ['two that are none', () => [...group('vdn', [7]), folder.in('runs/nosuch'), folder.path], 'error: 2 of 3 folders cannot be compared\n  runs/nosuch is not a run: it has no run.json\n  SCRATCH is not a run: it has no run.json\n  fix: name folders that skein train printed\n'],
    ['a record without a seed', () => { const runs = group('vdn', [7, 7]); writeFileSync(`${runs[1]}/run.json`, JSON.stringify({ name: 'x', algorithm: 'vdn', environment: 'matrix/m1', steps: 5 })); return runs; }, 'error: runs/vdn-2/run.json: seed: Invalid input: expected number, received undefined\n  fix: name the folder that skein train printed\n'],
    ['metrics that are no JSON', () => { const runs = group('vdn', [7, 7]); writeFileSync(`${runs[1]}/metrics.jsonl`, '{"step":1,\n'); return runs; }, 'error: runs/vdn-2/metrics.jsonl:1 is not JSON\n  fix: remove the line\n'],
    ['a score that is not finite', () => [...group('vdn', [7]), recorded('nan', { algorithm: 'vdn', seed: 2, points: [[10_000, NaN]] })], 'error: runs/nan: eval/return at step 10000 is not finite\n  fix: leave the run out, and say so where you report the others; or --steps before it\n'],
    ['steps that a run has not made', () => [...group('vdn', [7, 7]), '--steps', '20k'], 'error: runs/vdn-1 has no eval/return near step 20000: its values go from 1000 to 10000\n  fix: --steps 10000, which all runs have made\n'],
    ['a run that has hardly begun beside others', () => [...group('vdn', [7], { points: rising(7, 100_000, 2) }), recorded('new', { algorithm: 'vdn', seed: 2, points: [[1000, 0]] })], 'error: runs/vdn-1 has no eval/return near step 1000: its values go from 50000 to 100000\n  fix: leave out runs/new, which goes no further than 1000, or skein resume runs/new --steps 50000\n'],
    ['no count of steps', () => [...group('vdn', [7, 7]), '--steps', 'many'], 'error: --steps: "many" is no count\n  fix: write a whole number above 0; 200k, 2M and 1e6 are understood\n'],
  ])('%s', async (_, argv, text) => {
    const { code, stdout, stderr } = await compare(...argv());
    expect({ code, stdout, stderr: stderr.replace(folder.path, 'SCRATCH') }).toEqual({ code: 2, stdout: '', stderr: text });
  });
});
