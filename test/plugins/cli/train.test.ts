/** Runs on the command line: what they print, leave and go on from. */
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun } from '../../../plugins/cli/recorded-run.ts';
import { scratch, skein, skeinWith, TINY, type Answer } from './skein.ts';

const folder = scratch();
afterAll(folder.remove);
const PLUGINS = './test/fixtures/plugins';
interface Record_ { readonly engine: { readonly engine: string; readonly backend: string }; readonly plugins: readonly object[]; readonly settings: Readonly<Record<string, number>>; readonly page: { readonly nodes: Readonly<Record<string, { readonly type: string; readonly config?: object }>> }; readonly seed: number }
const recordOf = (run: string): Record_ => JSON.parse(readFileSync(`${run}/run.json`, 'utf8')) as Record_;
/** Times, versions and folders differ from run to run. */
const steady = (text: string): string => text.replaceAll(folder.path, '.').replace(/seconds=\d+/g, 'seconds=N').replace(/[\d,]+ steps\/s/g, 'N steps/s').replace(/tfjs \d+\.\d+\.\d+/g, 'tfjs N');
const lines = (text: string) => text.trimEnd().split('\n').map(line => JSON.parse(line) as Record<string, unknown> & { readonly kind: string });

describe('train', () => {
  const run = folder.in('first');
  let answer: Answer;
  beforeAll(async () => { answer = await skein('train', 'qmix', ...TINY, '--out', run); });

  it('prints a head, its progress and the score with what to compare it with', () => {
    expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: '' });
    expect(steady(answer.stdout)).toMatchInlineSnapshot(`
      "kind=run name=first algorithm=qmix environment=matrix/two-step steps=60 seed=1
        world    2 agents, 2 actions, obs 3, state 3, at most 2 steps an episode
        weights  243: agentQ 162, mixer 81
        engine   tfjs N on cpu (plain JavaScript): the one named
        edits    data.batch = 2, agentQ.hidden = 4, mixer.embed = 2, mixer.hypernet = [4]
        random   4.920 return per episode by random play (100 episodes)
        folder   ./first

      kind=start step=0 update=0 episode=0 seconds=N
      kind=eval step=30 update=13 episode=15 seconds=N eval/return=7 eval/length=2
      kind=checkpoint step=30 update=13 episode=15 seconds=N what="update 13"
      kind=eval step=60 update=28 episode=30 seconds=N eval/return=7 eval/length=2
      kind=checkpoint step=60 update=28 episode=30 seconds=N what="update 28"
      kind=end step=60 update=28 episode=30 seconds=N what="reason finished"

        curve    ./first/curve.svg
      return 7.000 per episode (random play 4.920, at most 8.000), N steps/s, ./first
      "
    `);
  });
  it('leaves a folder', () => {
    expect(readdirSync(run).sort()).toEqual(['checkpoints', 'curve.svg', 'events.jsonl', 'graph.svg', 'metrics.jsonl', 'run.json', 'tensorboard']);
    expect(readFileSync(`${run}/curve.svg`, 'utf8')).toContain('random 4.');
    expect(recordOf(run)).toMatchObject({ algorithm: 'qmix', environment: 'matrix/two-step', seed: 1, settings: { steps: 60, evaluateEvery: 30, episodes: 4, checkpointEvery: 30, copies: 1 }, page: { nodes: { agentQ: { config: { hidden: 4 } }, mixer: { config: { embed: 2, hypernet: [4] } } } }, plugins: [] });
  });
  it('never writes into a folder that is taken', async () => {
    const before = readFileSync(`${run}/metrics.jsonl`, 'utf8');
    expect(await skein('train', 'qmix', ...TINY, '--out', run)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('holds a run already') as string });
    expect(readFileSync(`${run}/metrics.jsonl`, 'utf8')).toBe(before);
  });
  it('is evaluated', async () => {
    const { code, stdout, stderr } = await skein('evaluate', run, '--episodes', '20', '--seed', '3');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^qmix on matrix\/two-step after \d+ updates: 20 greedy episodes, seed 3\n {2}mean {6}\d\.000 return per episode \(95 % interval \d\.000 \.\. \d\.000\)\n {2}IQM {7}\d\.000\n {2}length {4}2\.000 steps\n$/);
    const json = JSON.parse((await skein('evaluate', run, '--episodes', '20', '--seed', '3', '--json')).stdout) as Record<string, unknown>;
    expect(json).toMatchObject({ run, algorithm: 'qmix', environment: 'matrix/two-step', episodes: 20, seed: 3, length: 2 });
    expect(Object.keys(json)).toEqual(expect.arrayContaining(['update', 'mean', 'iqm', 'low', 'high', 'std']));
  });
  it('is not evaluated where its weights do not fit', async () => {
    const { code, stdout, stderr } = await skein('evaluate', run, '--env', 'matrix/m1');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`error: ${run} has learned in matrix/two-step, and its weights do not fit matrix/m1\n  shape `);
    expect(stderr).toMatch(/shape {4}weights\/agentQ\/.* is \[\d+, \d+\], the page has \[\d+, \d+\]/);
    expect(stderr).not.toMatch(/lagged|slots/);
    expect(stderr).toContain('  fix: name one in which the page has the same sizes; without --env it plays matrix/two-step\n');
    expect((await skein('evaluate', run, '--env', 'lbf/5x5-2p-1f?players=7')).stderr).toContain('no option players');
  });
  it('goes on where it stood, bit for bit', async () => {
    const whole = folder.in('whole'), longer = TINY.map(word => (word === '60' ? '90' : word));
    expect((await skein('train', 'qmix', ...longer, '--out', whole)).code).toBe(0);
    const { code, stdout } = await skein('resume', run, '--steps', '90');
    expect(code).toBe(0);
    expect(stdout).toContain('on cpu (plain JavaScript): the one it began on\n');
    expect(stdout).toMatch(/kind=resume step=60/);
    const weights = (path: string) => { const last = readdirSync(`${path}/checkpoints`).map(Number).sort((a, b) => a - b).at(-1)!; return { last, bytes: readFileSync(`${path}/checkpoints/${last}/${readdirSync(`${path}/checkpoints/${last}`).find(f => f.endsWith('.safetensors'))!}`) }; };
    expect(weights(run).last).toBe(weights(whole).last);
    expect(weights(run).bytes.equals(weights(whole).bytes)).toBe(true);
  });
  it('that has all its steps says so', async () => {
    expect((await skein('resume', folder.in('whole'))).stdout).toMatch(/note {5}the run has all its 90 steps; --steps makes it longer\nreturn .* per episode .*, no step made, /);
  });
});

describe('a run that is there', () => {
  const run = folder.in('there');
  beforeAll(async () => { await skein('train', 'qmix', ...TINY, '--out', `${run}/`); });

  it('is named as its folder, also where that was written with a slash', () => { expect(recordOf(run)).toMatchObject({ name: 'there' }); });
  it('is not made shorter than it is', async () => {
    const before = readFileSync(`${run}/run.json`, 'utf8');
    expect(await skein('resume', run, '--steps', '59')).toEqual({ code: 2, stdout: '', stderr: `error: --steps 59: ${run} has made 60 environment steps already\n  fix: --steps 60 or more, or leave it out: the run is to take 60\n` });
    expect(readFileSync(`${run}/run.json`, 'utf8')).toBe(before);
  });
  it('opens the engine that its record names, whatever the words about its backend', async () => {
    const record = readFileSync(`${run}/run.json`, 'utf8');
    writeFileSync(`${run}/run.json`, record.replace(/"backend": "[^"]*"/, '"backend": "tensorflow, CPU build"'));
    expect((await openRun(run, {})).engine).toBe('tfjs:cpu');
    writeFileSync(`${run}/run.json`, record);
  });
  it('is evaluated and resumed where a line of its metrics is spoiled', async () => {
    writeFileSync(`${run}/metrics.jsonl`, readFileSync(`${run}/metrics.jsonl`, 'utf8').replace('{', '<'));
    expect(await skein('evaluate', run, '--episodes', '2')).toMatchObject({ code: 0, stderr: '' });
    expect(await skein('resume', run)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('bad usage', () => {
  it('a file as the folder of a run, or no name', async () => {
    writeFileSync(folder.in('file'), '');
    for (const out of [folder.in('file'), `${folder.in('file')}/below`]) expect(await skein('train', 'qmix', ...TINY, '--out', out)).toEqual({ code: 2, stdout: '', stderr: `error: ${out} is no folder: it, or a part of it, is a file\n  fix: name a new folder with --out\n` });
    expect(await skein('train', 'qmix', ...TINY, '--out', '')).toEqual({ code: 2, stdout: '', stderr: 'error: --out names no folder\n  fix: name a new folder, or leave --out out\n' });
  });
  it('more copies than any machine holds', async () => {
    for (const command of [['train', 'qmix', ...TINY], ['env', 'check', 'matrix/m1']]) expect(await skein(...command, '--envs', '1e9')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: environment matrix\/\S+: 1000000000 copies\n {2}fix: ask for 1 \.\. 65536\n$/) as string });
  });
});

describe('an error that nothing catches', () => {
  it.each(['uncaughtException', 'unhandledRejection'])('%s: the run stops with a checkpoint and a whole folder, and the exit code is 3', async fault => {
    const signals = new EventEmitter(), run = folder.in(fault), long = TINY.map(word => (word === '60' ? '1M' : word));
    let heard = false;
    const { code, stdout, stderr } = await skeinWith({ signals, heard: text => { if (!heard && text.includes('kind=eval')) { heard = true; signals.emit(fault, new Error('socket hang up')); signals.emit(fault, 'again'); } } }, 'train', 'qmix', ...long, '--out', run);
    expect({ code, stderr: stderr.replaceAll(folder.path, '.') }).toEqual({ code: 3, stderr: `error: the run was stopped by an error that nothing caught: socket hang up\n  fix: mend what threw it, a plugin, an environment or a backend; SKEIN_DEBUG=1 shows where; then skein resume ./${fault}\n` });
    expect(stdout).toContain('goes on\n');
    expect(readdirSync(run).sort()).toEqual(['checkpoints', 'curve.svg', 'events.jsonl', 'graph.svg', 'metrics.jsonl', 'run.json', 'tensorboard']);
    expect(lines(readFileSync(`${run}/events.jsonl`, 'utf8')).at(-1)).toMatchObject({ kind: 'end', detail: { reason: 'stopped' } });
    expect(signals.eventNames()).toEqual([]);
  });
  it('where no run is under way ends the process with exit code 3 and our words', async () => {
    const signals = new EventEmitter(), codes: number[] = [];
    const { stderr } = await skeinWith({ signals, exit: code => { codes.push(code); }, heard: text => { if (text.startsWith('qmix fits')) signals.emit('uncaughtException', new Error('late')); } }, 'check', 'qmix');
    expect({ codes, stderr }).toEqual({ codes: [3], stderr: 'error: late\n  fix: none is known; SKEIN_DEBUG=1 shows where it came from\n' });
  });
});

describe('how it is said', () => {
  it('--quiet is the last line', async () => {
    const { stdout, stderr } = await skein('train', 'qmix', ...TINY, '--quiet', '--out', folder.in('quiet'));
    expect(stderr).toBe('');
    expect(steady(stdout)).toMatch(/^return \d\.\d{3} per episode \(random play \d\.\d{3}, at most 8\.000\), N steps\/s, \.\/quiet\n$/);
  });
  it('--json is JSON lines on standard output, and the rest for people on standard error', async () => {
    const { stdout, stderr } = await skein('train', 'qmix', ...TINY, '--json', '--out', folder.in('json')), all = lines(stdout), kinds = new Set(all.map(l => l.kind));
    expect([...kinds].sort()).toEqual(['checkpoint', 'end', 'metrics', 'progress', 'run', 'start', 'summary']);
    expect([all[0]!.kind, all.at(-1)!.kind]).toEqual(['run', 'summary']);
    expect(all.at(-1)).toMatchObject({ reason: 'finished', step: 60, unit: 'return per episode', random: { episodes: 100 }, returns: { least: 0, most: 8 }, folder: folder.in('json'), curve: folder.in('json/curve.svg') });
    expect(stderr).toContain('  random   ');
    expect(stderr).toMatch(/\nreturn .* steps\/s, .*\/json\n$/);
  });
  it('on a terminal has colours and one line that is drawn anew, and fits it', async () => {
    const { stdout } = await skeinWith({ columns: 80 }, 'train', 'qmix', ...TINY, '--out', folder.in('terminal'));
    expect(stdout).toContain('\u001b[1mqmix\u001b[0m');
    for (const line of stdout.replace(/\x1b\[[\d;]*m/g, '').split(/[\n\r]/)) if (!line.includes(folder.path)) expect(line.replace('\u001b[K', '').length).toBeLessThanOrEqual(80);
  });
  it('--ascii and NO_COLOR leave plain text', async () => {
    const { stdout } = await skeinWith({ columns: 120, environment: { NO_COLOR: '1' } }, 'train', 'qmix', ...TINY, '--ascii', '--out', folder.in('ascii'));
    expect(stdout.replaceAll('\r\u001b[K', '')).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('what a run is asked for', () => {
  it('may stand in a file, and in edits of the page', async () => {
    writeFileSync(folder.in('e.yaml'), `algorithm: qmix\nenv: matrix/two-step\nsteps: 60\nseed: 5\nengine: tfjs:cpu\nevaluate: 60:4\nset: { data.batch: 2, agentQ.hidden: 4, mixer.heads: 1 }\nswap: [mixer=duplexMixer]\nout: ${folder.in('edited')}\n`);
    const { code, stdout } = await skein('train', folder.in('e.yaml'), '--seed', '6', '--set', 'agentQ.hidden=3');
    expect(code).toBe(0);
    expect(stdout).toContain('  edits    mixer = duplexMixer, data.batch = 2, agentQ.hidden = 3, mixer.heads = 1\n');
    expect(recordOf(folder.in('edited'))).toMatchObject({ seed: 6, settings: { steps: 60 }, page: { nodes: { mixer: { type: 'duplexMixer', config: { heads: 1 } }, targetMixer: { type: 'duplexMixer' }, agentQ: { config: { hidden: 3 } } } } });
  });
  it.each([
    [['--env', 'matrix/two-stp'], /^error: environment matrix\/two-stp: no task "two-stp"; did you mean matrix\/two-step\?\n {2}fix: tasks are /],
    [['--env', 'matrix/two-step?k=3'], /^error: environment matrix\/two-step\?k=3: option k belongs to penalty\n {2}fix: /],
    [['--env', 'classic/cartpole', '--swap', 'mixr=sumMixer'], /^error: --swap mixr: qmix has no slot mixr; did you mean mixer\?\n {2}fix: its slots are agentQ, mixer, tdTarget, tdLoss, explore\n$/],
    [['--env', 'matrix/m1', '--swap', 'mixer=sumMixr'], /^error: no node type is called "sumMixr"; did you mean sumMixer\?\n {2}fix: skein list nodes shows them\n$/],
    [['--env', 'matrix/m1', '--swap', 'agentInput=join'], /^error: --swap agentInput: qmix has no slot agentInput/],
    [['--env', 'matrix/m1', '--set', 'targetMixer.embed=3'], /^error: --set targetMixer\.embed: targetMixer has the numbers of mixer\n {2}fix: --set mixer\.embed=\.\.\.\n$/],
    [['--env', 'matrix/m1', '--set', 'mixer.embd=3'], /^error: 1 problem in graph qmix\n\n1 {2}CONFIG {3}mixer: monotonicMixer has no setting embd\n/],
    [['--env', 'matrix/m1', '--engine', 'tfj'], /^error: no engine is called "tfj"; did you mean tfjs\?\n {2}fix: skein list engines shows them\n$/],
    [['--env', 'matrix/m1', '--engine', 'tfjs:gpu'], /^error: engine tfjs has no backend gpu\n {2}fix: one of /],
    [['--env', 'matrix/m1', '--engine', 'onnx:cpu-1:2'], /^error: engine onnx has no backend cpu-1:2\n {2}fix: cpu, or cpu-<threads>/],
    [['--env', 'matrix/m1', '--engine', 'onnx:'], /^error: engine onnx: no backend stands behind the colon\n {2}fix: onnx alone, or one of onnx:cpu(, onnx:\w+)*\n$/],
    [['--env', 'matrix/m1', '--plugin', './absent.ts'], /^error: plugin \.\/absent\.ts: there is no such file\n/],
  ])('wrong words end with exit code 2 before there is a folder: %j', async (argv, stderr) => {
    const out = folder.in('never');
    expect(await skein('train', 'qmix', ...argv, '--out', out)).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) as string });
    expect(existsSync(out)).toBe(false);
  });
  it('stands merged in the record, as a file that trains the same', async () => {
    writeFileSync(folder.in('merge.yaml'), `algorithm: qmix\nenv: matrix/m1\nsteps: 5k\nseed: 5\nevaluate: 30:4\nset: { data.batch: 2, agentQ.hidden: 4 }\nswap: [mixer=sumMixer, 'mixer=duplexMixer:{"heads":1}@20']\n`);
    expect((await skein('train', folder.in('merge.yaml'), '--env', 'matrix/two-step', '--steps', '60', '--engine', 'tfjs:cpu', '--set', 'agentQ.hidden=3', '--envs', '2', '--no-picture', '--out', folder.in('merged'))).code).toBe(0);
    const { experiment } = JSON.parse(readFileSync(folder.in('merged/run.json'), 'utf8')) as { experiment: object };
    expect(experiment).toEqual({ algorithm: 'qmix', env: 'matrix/two-step', steps: 60, seed: 5, engine: 'tfjs:cpu', evaluate: '30:4', envs: 2, out: folder.in('merged'), picture: false, set: { 'data.batch': 2, 'agentQ.hidden': 3 }, swap: ['mixer=sumMixer', 'mixer=duplexMixer:{"heads":1}@20'], plugin: [] });
    writeFileSync(folder.in('again.json'), JSON.stringify(experiment));
    expect((await skein('train', folder.in('again.json'), '--out', folder.in('again'))).code).toBe(0);
    const weights = (run: string) => { const last = Math.max(...readdirSync(`${run}/checkpoints`).map(Number)); return readFileSync(`${run}/checkpoints/${last}/arrays.safetensors`).toString('hex'); };
    expect(weights(folder.in('again'))).toBe(weights(folder.in('merged')));
  });
  it('an engine that fails is an error of its own kind, said without its stack', async () => {
    writeFileSync(folder.in('broken.ts'), `import { ContainerModule } from 'inversify';\nexport const plugin = { name: 'broken', api: 1 };\nexport default new ContainerModule(({ bind }) => { bind(Symbol.for('skein.Engine')).toConstantValue({ name: 'broken', about: '', backends: [], open: async () => { throw new TypeError('out of luck'); } }); });`);
    const argv = ['train', 'qmix', ...TINY.map(word => (word === 'tfjs:cpu' ? 'broken' : word)), '--plugin', folder.in('broken.ts'), '--out', folder.in('never')];
    expect(await skein(...argv)).toEqual({ code: 3, stdout: '', stderr: 'error: out of luck\n  fix: none is known; SKEIN_DEBUG=1 shows where it came from\n' });
    expect((await skeinWith({ environment: { SKEIN_DEBUG: '1' } }, ...argv)).stderr).toMatch(/^error: out of luck\n +at .*broken\.ts/);
  });
  it('a run that is not there is bad input', async () => {
    for (const command of ['resume', 'evaluate']) expect(await skein(command, folder.in('absent'))).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a run: it has no run.json\n  fix: name the folder that skein train printed') as string });
    mkdirSync(folder.in('odd'));
    writeFileSync(folder.in('odd/run.json'), '{ "name": "x", "algorithm": "qmix", "environment": "matrix/m1", "steps": 1 }');
    expect((await skein('resume', folder.in('odd'))).stderr).toMatch(/run\.json: engine: .*; seed: /);
  });
});

describe('a run of agents with one policy', () => {
  const run = folder.in('paths'), maps = (task: string) => `mapf/${task}&density=0.1&sight=4&steps=12`;
  it('is evaluated on other maps and with other numbers of agents, as its weights play in its own', async () => {
    const small = ['data.steps=8', 'data.copies=2', 'look.near=2', 'look.far=3', 'look.hidden=8', 'look.goalUnits=3', 'memory.hidden=6', 'expert.batch=1'].flatMap(number => ['--set', number]);
    expect((await skein('train', 'primal', '--env', maps('4x4?agents=2'), '--steps', '32', '--engine', 'onnx:cpu-1', '--no-picture', ...small, '--out', run)).code).toBe(0);
    const evaluated = async (...where: readonly string[]) => JSON.parse((await skein('evaluate', run, '--episodes', '6', '--json', ...where)).stdout) as Record<string, number | string>;
    const here = await evaluated(), named = await evaluated('--env', maps('4x4?agents=2')), many = await evaluated('--env', maps('7x6?agents=5')), alone = await evaluated('--env', maps('4x4?agents=1'));
    expect(named).toEqual(here);
    expect([many['environment'], alone['environment']]).toEqual(['mapf/7x6?agents=5&density=0.1&sight=4&steps=12', 'mapf/4x4?agents=1&density=0.1&sight=4&steps=12']);
    expect(Number(many['low'])).toBeLessThan(Number(here['low']));                     // five that stand about pay more than two
  });
  it('is refused a window of another size', async () => {
    expect((await skein('evaluate', run, '--env', 'mapf/4x4?agents=2&density=0.1&sight=8&steps=12')).stderr).toMatch(/its weights do not fit mapf\/4x4\?agents=2&density=0.1&sight=8&steps=12\n {2}shape {4}weights\/look\/view/);
  });
});

describe('plugins of a run (T43)', () => {
  const run = folder.in('plugged'), named = ['--plugin', `${PLUGINS}/mean-mixer.ts`, '--plugin', `${PLUGINS}/notes.ts`, '--plugin', `${PLUGINS}/pair.ts`], SMALL = ['--steps', '30', '--engine', 'tfjs:cpu', '--evaluate', '30:4', '--set', 'data.batch=2', '--set', 'agentQ.hidden=4'];
  it('are used, shown and recorded', async () => {
    const { code, stdout, stderr } = await skein('train', 'vdnMean', '--env', 'pair/alike', ...SMALL, ...named, '--out', run);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`  plugin   mean-mixer 0.3.1 from ${PLUGINS}/mean-mixer.ts\n`);
    expect(stdout).toMatch(/kind=eval .* eval\/win=/);
    expect(readFileSync(`${run}/notes.txt`, 'utf8')).toMatch(/^start vdnMean\nstart\n(checkpoint\n)+end\nclose\n$/);
    expect(recordOf(run).plugins).toEqual([['mean-mixer', '0.3.1'], ['notes', '1.0.0'], ['pair', '1.2.0']].map(([name, version]) => ({ name, version, from: `${PLUGINS}/${name}.ts`, hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string })));
  });
  it('have to be named again, for a folder loads none', async () => {
    for (const command of ['resume', 'evaluate']) expect((await skein(command, run)).stderr).toBe(`error: ${run} was made with the plugins mean-mixer 0.3.1, notes 1.0.0, pair 1.2.0\n  fix: --plugin ${PLUGINS}/mean-mixer.ts --plugin ${PLUGINS}/notes.ts --plugin ${PLUGINS}/pair.ts\n`);
    expect((await skein('evaluate', run, ...named, '--episodes', '4')).stdout).toContain('  win rate  ');
    expect((await skein('resume', run, ...named)).code).toBe(0);
  });
  it('that are another file now are remarked on', async () => {
    writeFileSync(`${run}/run.json`, readFileSync(`${run}/run.json`, 'utf8').replace(/("name": "pair"[^}]*"hash": ")[0-9a-f]{16}/s, '$10123456789abcdef'));
    expect((await skein('evaluate', run, ...named, '--episodes', '4')).stderr).toBe('note: plugin pair is not the file that the run was made with\n');
  });
  it('an engine of one runs, and is what the record says (T44)', async () => {
    const relay = ['--plugin', `${PLUGINS}/relay.ts`], tiny = (engine: string) => TINY.map(word => (word === 'tfjs:cpu' ? engine : word));
    const { stdout } = await skein('train', 'qmix', ...tiny('relay'), ...relay, '--out', folder.in('relay'));
    expect(stdout).toContain('  engine   relay 9.0.0 on script: the one named\n');
    expect(recordOf(folder.in('relay')).engine).toMatchObject({ engine: 'relay', backend: 'script' });
    expect(await skein('train', 'qmix', ...tiny('relay:native'), ...relay, '--out', folder.in('never'))).toEqual({ code: 2, stdout: '', stderr: 'error: engine relay:native does not load: librelay.so.2: cannot open shared object file\n  fix: install librelay 2, or leave the backend out\n' });
  });
  it('a backend that is named never gives way to another, and the best that loads is taken where none is (T44)', async () => {
    const [{ backends, taken }] = JSON.parse((await skein('list', 'engines', '--json')).stdout) as [{ readonly backends: readonly { readonly name: string; readonly loads: boolean }[]; readonly taken: string }], tiny = TINY.filter((word, i) => word !== '--engine' && TINY[i - 1] !== '--engine');
    expect(backends.map(b => b.name)).toContain('cpu');
    for (const { name, loads } of backends) if (!loads) {
      const { code, stdout, stderr } = await skein('train', 'qmix', ...tiny, '--engine', `onnx:${name}`, '--out', folder.in('never'));
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(`^error: engine onnx:${name} does not load: [^\\n]+\\n {2}fix: `));
      expect(stderr).not.toContain(process.cwd());
    }
    const { stdout } = await skein('train', 'qmix', ...tiny, '--out', folder.in('best')), { engine: { engine, backend } } = recordOf(folder.in('best'));
    expect(stdout.replace(/\n {11}/g, ' ')).toContain(`  engine   ${taken}: the best that loads here\n`);
    expect(taken).toMatch(new RegExp(`^${engine} .* on ${backend.replace(/[()]/g, '\\$&')}`));
  });
  it('a page with a node type of its own is recorded as a plugin, that brings it', async () => {
    writeFileSync(folder.in('own.ts'), `import { meanMixer } from '${process.cwd()}/test/fixtures/plugins/mean-mixer.ts';\nimport { swap } from '${process.cwd()}/core/graph.ts';\nimport { vdn } from '${process.cwd()}/graphs/index.ts';\nexport default swap(vdn, 'mixer', meanMixer(), { name: 'mine' });\n`);
    const { code, stdout } = await skein('train', folder.in('own.ts'), '--env', 'matrix/two-step', ...SMALL, '--out', folder.in('own'));
    expect(code).toBe(0);
    expect(stdout.replace(/\n {11}/g, ' ')).toContain(`  plugin   own 0 from ${folder.in('own.ts')}\n`);
    expect((await skein('evaluate', folder.in('own'))).stderr).toBe(`error: ${folder.in('own')} was made with the plugin own 0\n  fix: --plugin ${folder.in('own.ts')}\n`);
    expect((await skein('evaluate', folder.in('own'), '--plugin', folder.in('own.ts'), '--episodes', '4')).code).toBe(0);
    expect((await skein('resume', folder.in('own'), '--plugin', folder.in('own.ts'), '--steps', '40')).code).toBe(0);
  });
});

describe('signals (T25)', () => {
  const endless = TINY.map(word => (word === '60' ? '1M' : word));
  /** A run that hears a signal each time that its output says so. */
  async function signalled(name: string, ...signals: readonly (readonly [when: string, signal: string])[]): Promise<Answer & { readonly exits: readonly number[]; readonly listeners: number }> {
    const emitter = new EventEmitter(), exits: number[] = [], due = [...signals];
    const answer = await skeinWith({ signals: emitter, exit: code => { exits.push(code); }, heard: text => { if (due[0] && text.includes(due[0][0])) setImmediate(() => emitter.emit(due.shift()![1])); } }, 'train', 'qmix', ...endless, '--out', folder.in(name));
    return { ...answer, exits, listeners: emitter.listenerCount('SIGINT') + emitter.listenerCount('SIGTERM') };
  }
  it.each([['SIGINT', 130], ['SIGTERM', 143]])('the first %s leaves a checkpoint and exit code %i', async (signal, code) => {
    const answer = await signalled(signal, ['kind=eval', signal]);
    expect(answer).toMatchObject({ code, exits: [], listeners: 0, stderr: 'stopping with a checkpoint; once more ends at once\n' });
    expect(answer.stdout).toMatch(/ {2}stopped {2}at \d+ of 1,000,000 steps; skein resume .* goes on\nreturn /);
    expect(readdirSync(folder.in(`${signal}/checkpoints`)).length).toBeGreaterThan(0);
    expect(existsSync(folder.in(`${signal}/run.lock`))).toBe(false);
    expect((await skein('evaluate', folder.in(signal), '--episodes', '4')).code).toBe(0);
  });
  it('the second ends at once', async () => { expect((await signalled('second', ['kind=eval', 'SIGINT'], ['stopping', 'SIGTERM'])).exits).toEqual([143]); });
});
