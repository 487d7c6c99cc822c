/** Files and packages where a name is asked for: environments, node types, engines; recorded as plugins are, and named again as these. */
import { EventEmitter } from 'node:events';
import { cpSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vdn } from '../../../graphs/index.ts';
import { train } from '../../../plugins/library.ts';
import { referenceOf } from '../../../plugins/reference.ts';
import { scratch, skein, skeinWith, type Answer } from './skein.ts';

const folder = scratch();
afterAll(folder.remove);
const AT = './test/fixtures/plugins', PAIR = `${AT}/only-pair.ts`, MIXERS = `${AT}/two-mixers.ts`, RELAY = `${AT}/only-relay.ts`;
const TINY = ['--steps', '60', '--evaluate', '30:4', '--checkpoint', '30', '--set', 'data.batch=2', '--set', 'agentQ.hidden=4'], TWO = ['--env', 'matrix/two-step', '--engine', 'tfjs:cpu', ...TINY];
interface Record_ { readonly environment: string; readonly engine: object; readonly plugins: readonly { readonly name: string }[]; readonly swaps: readonly unknown[]; readonly experiment: Readonly<Record<string, unknown>>; readonly page: { readonly nodes: Readonly<Record<string, { readonly type: string }>> } }
const recordOf = (run: string): Record_ => JSON.parse(readFileSync(`${run}/run.json`, 'utf8')) as Record_;
const pluginOf = (file: string, name = path.parse(file).name) => ({ name, version: '0', from: file, hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string });
const weights = (run: string) => { const last = Math.max(...readdirSync(`${run}/checkpoints`).map(Number)); return readFileSync(`${run}/checkpoints/${last}/arrays.safetensors`).toString('hex'); };

describe('a reference', () => {
  it.each([
    ['./a.ts', ['./a.ts', undefined, '']], ['a.ts#b', ['a.ts', 'b', '']], ['../x/a.mjs#b/c?d=1', ['../x/a.mjs', 'b', '/c?d=1']], ['./a.ts?d=./b', ['./a.ts', undefined, '?d=./b']],
    ['npm:p', ['npm:p', undefined, '']], ['npm:@me/p#e:fast', ['npm:@me/p', 'e', ':fast']], ['/a/b.js:x', ['/a/b.js', undefined, ':x']], ['C:\\a\\b.ts#c', ['C:\\a\\b.ts', 'c', '']], ['./dir', ['./dir', undefined, '']],
  ])('%s', (written, parts) => { const { module, exported, behind } = referenceOf(written)!; expect([module, exported, behind]).toEqual(parts); });
  it.each(['lbf/8x8-2p-2f-coop?sight=2', 'matrix/m1', 'tfjs:wasm', 'sumMixer', 'python:./file.py#f', ''])('is not %j', written => { expect(referenceOf(written)).toBeUndefined(); });
});

describe('--env ./file.ts', () => {
  const run = folder.in('env');
  it('is the family that the file exports, and its record has the id and the file', async () => {
    const { code, stdout, stderr } = await skein('train', 'vdn', '--env', PAIR, '--engine', 'tfjs:cpu', ...TINY, '--out', run);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`environment=pair/alike`);
    expect(stdout).toContain(`  plugin   only-pair 0 from ${PAIR}\n`);
    expect(recordOf(run)).toMatchObject({ environment: 'pair/alike', plugins: [pluginOf(PAIR)], experiment: { env: PAIR } });
  });
  it('whose record names what a shell would run is answered with one word of it', async () => {
    const hostile = folder.in('foreign');
    cpSync(run, hostile, { recursive: true });
    writeFileSync(`${hostile}/run.json`, JSON.stringify({ ...recordOf(run), plugins: [{ ...pluginOf(PAIR), hash: '0', from: "./it's; rm -rf x" }] }));
    expect((await skein('resume', hostile)).stderr).toBe(`error: ${hostile} was made with the plugin only-pair 0\n  fix: --plugin './it'\\''s; rm -rf x'\n`);
  });
  it('is named again to go on, as a plugin', async () => {
    for (const command of ['resume', 'evaluate']) expect(await skein(command, run)).toEqual({ code: 2, stdout: '', stderr: `error: ${run} was made with the plugin only-pair 0\n  fix: --plugin ${PAIR}\n` });
    for (const env of [[], ['--env', PAIR]]) expect((await skein('evaluate', run, '--plugin', PAIR, '--episodes', '4', ...env)).stdout).toContain('  win rate  ');
    expect((await skein('resume', run, '--plugin', PAIR, '--steps', '70')).code).toBe(0);
    expect(recordOf(run).plugins).toEqual([pluginOf(PAIR)]);
  });
  it('is named again for several players too, to go on and to be evaluated', async () => {
    const file = folder.in('players.yaml'), both = folder.in('both'), small = 'page: vdn, set: { data.batch: 2, agentQ.hidden: 4 }';
    writeFileSync(file, `players:\n  a: { agents: [0], ${small} }\n  b: { agents: [1], ${small} }\n`);
    expect(await skein('train', file, '--env', PAIR, '--engine', 'tfjs:cpu', '--steps', '60', '--evaluate', '30:4', '--checkpoint', '30', '--no-picture', '--out', both)).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['resume', 'evaluate']) expect(await skein(command, both)).toEqual({ code: 2, stdout: '', stderr: `error: ${both} was made with the plugin only-pair 0\n  fix: --plugin ${PAIR}\n` });
    expect(await skein('evaluate', both, '--plugin', PAIR, '--episodes', '4', '--engine', `${RELAY}#relay:script`)).toMatchObject({ code: 0, stderr: '' });
    expect(await skein('resume', both, '--plugin', PAIR, '--steps', '70')).toMatchObject({ code: 0, stderr: '' });
  });
  it('is spelled as an id behind #, and what there is one of may be left out', async () => {
    for (const spelled of [PAIR, `${PAIR}#pair`, `${PAIR}#pair/alike`, `${PAIR}#pair?`, `${AT}/pair.ts`, path.resolve(PAIR)]) expect((await skein('env', 'check', spelled, '--steps', '20')).stdout).toMatch(/^pair\/alike keeps the contract\n/);
    expect((await skein('check', 'vdn', '--env', PAIR)).stdout).toContain('  in  pair/alike: 2 agents, 2 actions');
    expect((await skein('table', 'vdn', '--env', PAIR)).stdout).toContain('in pair/alike: ');
    expect((await skein('diff', 'vdn', 'qmix', '--env', PAIR)).code).toBe(1);
  });
  it.each([
    [`${PAIR}#pear`, /^error: environment \S+#pear: pear is no environment that it exports; did you mean pair\?\n {2}fix: environments are pair; write \.\/test\/fixtures\/plugins\/only-pair\.ts#pair\n$/],
    [`${PAIR}#pair/other`, /^error: environment pair\/other: no task "other"/],
    [`${PAIR}?sight=1`, /^error: environment pair\/alike\?sight=1: no option sight\n/],
    [`${PAIR}#pair:fast`, /^error: environment \S+: ":fast" stands behind the export\n {2}fix: \S+only-pair\.ts#export\/task\?option=value\n$/],
    [MIXERS, /^error: environment \S+two-mixers\.ts exports no environment; it has node type meanMixer, node type maxMixer\n {2}fix: export const mine: EnvironmentFamily = \{ family, about, tasks, options, make \}\n$/],
    [`${AT}/nothing.ts`, /^error: environment \S+nothing\.ts: it exports no environment, node type, engine or page, only (default \(function\), x \(number\)|x \(number\), default \(function\))\n {2}fix: export const mine: EnvironmentFamily = /],
    ['./absent.ts', /^error: environment \.\/absent\.ts: there is no such file\n {2}fix: name a file \(\.\/mine\.ts\) or a package \(npm:mine\)\n$/],
    [AT, /^error: environment \S+: it is not a file\n/],
    ['npm:absent#x', /^error: environment npm:absent: there is no package absent here\n {2}fix: npm install absent\n$/],
    [`${AT}/bad-throws.ts`, /^error: environment \S+bad-throws\.ts: importing it fails: the licence server does not answer\n {2}fix: mend it\n$/],
    [`${AT}/bad-globals.ts`, /^error: environment \S+bad-globals\.ts: it changes globals: /],
    [`${AT}/bad-environment.ts`, /^error: environment \S+bad-environment\.ts: there is an environment family called matrix already\n/],
  ])('%s is refused', async (written, stderr) => {
    expect(await skein('train', 'vdn', '--env', written, ...TINY, '--out', folder.in('never'))).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) as string });
    expect(existsSync(folder.in('never'))).toBe(false);
  });
  it('is what a program may name too', async () => {
    const run = await train(vdn, { environment: `${PAIR}#pair`, engine: `${RELAY}:script`, steps: 30, out: false, set: { 'data.batch': 2, 'agentQ.hidden': 4 } });
    await run.done;
    expect(run.record).toMatchObject({ environment: 'pair/alike', engine: { engine: 'relay' }, plugins: [pluginOf(PAIR), pluginOf(RELAY)] });
  });
  it('may come from a package, whose name and version are recorded', async () => {
    const start = process.cwd(), run = folder.in('packed');
    mkdirSync(folder.in('node_modules/@me/pairs'), { recursive: true });
    writeFileSync(folder.in('node_modules/@me/pairs/package.json'), '{ "name": "@me/pairs", "version": "2.1.0", "type": "module", "exports": "./index.mjs" }');
    writeFileSync(folder.in('node_modules/@me/pairs/index.mjs'), `export { pair } from '${path.resolve(AT, 'pair.ts')}';`);
    process.chdir(folder.path);
    try {
      expect((await skein('train', 'vdn', '--env', 'npm:@me/pairs#pair/alike', '--engine', 'tfjs:cpu', ...TINY, '--out', run)).code).toBe(0);
      expect(recordOf(run).plugins).toEqual([{ ...pluginOf('npm:@me/pairs', '@me/pairs'), version: '2.1.0' }]);
      expect((await skein('resume', run, '--plugin', 'npm:@me/pairs')).code).toBe(0);
    } finally { process.chdir(start); }
  });
});

describe('--engine ./file.ts', () => {
  it('runs, with its backend behind it', async () => {
    const run = folder.in('engine'), argv = ['--env', 'matrix/two-step', ...TINY];
    expect((await skein('train', 'vdn', ...argv, '--engine', `${RELAY}:script`, '--out', run)).stdout).toContain('  engine   relay 9.0.0 on script: the one named\n');
    expect(recordOf(run)).toMatchObject({ engine: { engine: 'relay', backend: 'script' }, plugins: [pluginOf(RELAY)], experiment: { engine: `${RELAY}:script` } });
    expect(await skein('train', 'vdn', ...argv, '--engine', `${RELAY}#relay:native`, '--out', folder.in('never'))).toEqual({ code: 2, stdout: '', stderr: 'error: engine relay:native does not load: librelay.so.2: cannot open shared object file\n  fix: install librelay 2, or leave the backend out\n' });
    expect((await skein('resume', run)).stderr).toContain(`  fix: --plugin ${RELAY}\n`);
    expect((await skein('evaluate', run, '--engine', RELAY, '--episodes', '4')).code).toBe(0);
    expect((await skein('evaluate', run, '--engine', PAIR)).stderr).toMatch(/^error: engine \S+only-pair\.ts exports no engine; it has environment family pair\n {2}fix: export const mine: EngineFactory = /);
  });
});

describe('--swap slot=./file.ts', () => {
  const run = folder.in('swapped'), BEST = `mixer=${MIXERS}#maxMixer:{"scale":2}`;
  beforeAll(async () => { expect(await skein('train', 'vdn', ...TWO, '--swap', BEST, '--swap', `mixer=${MIXERS}#meanMixer@30`, '--out', run)).toMatchObject({ code: 0, stderr: '' }); });
  it('puts a node type of the file into the slot, at once and on the way; by its export or its own name', () => {
    expect(recordOf(run)).toMatchObject({ plugins: [pluginOf(MIXERS)], swaps: [{ at: 30, swaps: [{ slot: 'mixer', type: 'meanMixer', config: {} }] }], page: { nodes: { mixer: { type: 'meanMixer' } } }, experiment: { swap: [BEST, `mixer=${MIXERS}#meanMixer@30`] } });
    expect(readFileSync(`${run}/events.jsonl`, 'utf8')).toContain('mixer: maxMixer -> meanMixer');
  });
  it('is the same run where it is stopped on the way and goes on', async () => {
    const signals = new EventEmitter(), again = folder.in('interrupted');
    let stopped = false;
    const first = await skeinWith({ signals, heard: text => { if (!stopped && text.includes('kind=eval step=30')) { stopped = true; signals.emit('SIGINT'); } } }, 'train', 'vdn', ...TWO, '--swap', BEST, '--swap', `mixer=${MIXERS}#meanMixer@30`, '--out', again);
    expect(first.code).toBe(130);
    expect((await skein('resume', again)).stderr).toBe(`error: ${again} was made with the plugin two-mixers 0\n  fix: --plugin ${MIXERS}\n`);
    expect((await skein('resume', again, '--plugin', MIXERS)).code).toBe(0);
    expect(weights(again)).toBe(weights(run));
    writeFileSync(folder.in('two-mixers.mjs'), `export { pair } from '${path.resolve(AT, 'pair.ts')}';`);
    expect((await skein('evaluate', again, '--plugin', folder.in('two-mixers.mjs'))).stderr).toBe(`error: ${again}/run.json: unknown node types\n  nodes.mixer.type: no node type meanMixer\n  nodes.targetMixer.type: no node type meanMixer\n  plugin two-mixers is not the file that the run was made with\n  fix: name the files that the run was made with, by --plugin\n`);
  });
  it('works in a file of options, in check and draw, and for a page that is not a run', async () => {
    writeFileSync(folder.in('e.yaml'), `algorithm: vdn\nenv: ${PAIR}#pair/alike\nengine: tfjs:cpu\nsteps: 30\nset: { data.batch: 2, agentQ.hidden: 4 }\nswap: ['mixer=${MIXERS}#best']\nout: ${folder.in('filed')}\n`);
    expect((await skein('train', folder.in('e.yaml'))).stdout).toContain('  edits    mixer = maxMixer, data.batch = 2, agentQ.hidden = 4\n');
    expect(recordOf(folder.in('filed')).plugins).toEqual([pluginOf(PAIR), pluginOf(MIXERS)]);
    expect((await skein('check', 'vdn', '--swap', `mixer=${MIXERS}#best`)).stdout).toMatch(/^vdn fits together/);
    expect((await skein('check', 'vdn', '--swap', `tdTarget=${MIXERS}#best`))).toMatchObject({ code: 1, stdout: expect.stringContaining('slot tdTarget: maxMixer asks for agentQs, state') as string });
    expect((await skein('draw', run, '--plugin', MIXERS, '--swap', `mixer=${MIXERS}#best`, '-o', '-')).stdout).toContain('maxMixer');
  });
  it.each([
    [`mixer=${MIXERS}`, /^error: node type \S+two-mixers\.ts exports several node types\n {2}fix: node types are (best, meanMixer|meanMixer, best); write \.\/test\/fixtures\/plugins\/two-mixers\.ts#\w+\n$/],
    [`mixer=${MIXERS}#minMixer`, /^error: node type \S+#minMixer: minMixer is no node type that it exports; did you mean meanMixer\?\n/],
    [`mixer=${PAIR}`, /^error: node type \S+only-pair\.ts exports no node type; it has environment family pair\n {2}fix: export const mine = defineNode\(\{ type, in, out, forward \}\)\n$/],
    [`mixer=${PAIR}#pair`, /^error: node type \S+: pair is no node type that it exports; it has environment family pair\n/],
    [`mixer=${MIXERS}#best/x`, /^error: node type \S+: "\/x" stands behind the export\n {2}fix: \S+two-mixers\.ts#export\n$/],
    [`mixer=${AT}/bad-node.ts`, /^error: node type \S+bad-node\.ts: there is a node type called sumMixer already\n/],
    ['mixer=./absent.ts@30', /^error: node type \.\/absent\.ts: there is no such file\n/],
  ])('%s is refused', async (swap, stderr) => {
    expect(await skein('train', 'vdn', ...TWO, '--swap', swap, '--out', folder.in('never'))).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) as string });
    expect(existsSync(folder.in('never'))).toBe(false);
  });
  it('two files that cannot be told apart by their names are refused', async () => {
    mkdirSync(folder.in('other'));
    writeFileSync(folder.in('other/two-mixers.ts'), `export { meanMixer } from '${path.resolve(AT, 'mean-mixer.ts')}';\n`);
    expect((await skein('train', 'vdn', ...TWO, '--swap', `mixer=${MIXERS}#best`, '--plugin', folder.in('other/two-mixers.ts'), '--out', folder.in('never'))).stderr).toBe(`error: node type ${MIXERS}: there is a plugin called two-mixers already, from ${folder.in('other/two-mixers.ts')}\n  fix: give one of the files another name\n`);
  });
  it('a page in JSON names no file', async () => {
    writeFileSync(folder.in('page.json'), JSON.stringify(recordOf(run).page).replaceAll('"meanMixer"', JSON.stringify(`${path.resolve(MIXERS)}#best`)));
    expect(await skein('check', folder.in('page.json'))).toMatchObject({ code: 1, stdout: expect.stringMatching(/nodes\.mixer\.type: a name is letters and digits/) as string });
  });
});

describe('skein swap and fork', () => {
  const parent = folder.in('parent'), MEAN = `mixer=${AT}/mean-mixer.ts`;
  beforeAll(async () => { expect(await skein('train', 'vdn', ...TWO, '--out', parent)).toMatchObject({ code: 0, stderr: '' }); });
  it('a fork is made with the file, and records it', async () => {
    const { code, stderr } = await skein('fork', parent, '--name', 'forked', '--swap', MEAN, '--steps', '90');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(recordOf(folder.in('forked')).plugins).toEqual([{ ...pluginOf(`${AT}/mean-mixer.ts`), version: '0.3.1' }]);
    expect(recordOf(parent).plugins).toEqual([]);
    expect((await skein('resume', folder.in('forked'))).stderr).toContain(`--plugin ${AT}/mean-mixer.ts\n`);
    expect((await skein('resume', folder.in('forked'), '--plugin', `${AT}/mean-mixer.ts`, '--steps', '95')).code).toBe(0);
  });
  it('an edit of a run that stands still is recorded with the file, and --check records nothing', async () => {
    const before = readFileSync(`${parent}/run.json`, 'utf8');
    expect((await skein('swap', parent, `mixer=${MIXERS}#best`, '--check')).code).toBe(0);
    expect(readFileSync(`${parent}/run.json`, 'utf8')).toBe(before);
    expect((await skein('swap', parent, `mixer=${MIXERS}#best`)).stdout).toContain('mixer: sumMixer -> maxMixer changes when it is resumed');
    expect(recordOf(parent)).toMatchObject({ plugins: [pluginOf(MIXERS)], swaps: [{ at: 60, swaps: [{ slot: 'mixer', type: 'maxMixer', config: {} }] }] });
    expect((await skein('resume', parent)).stderr).toContain(`--plugin ${MIXERS}\n`);
    expect((await skein('resume', parent, '--plugin', MIXERS, '--steps', '70')).stdout).toContain('what="mixer: sumMixer -> maxMixer"');
    expect((await skein('evaluate', parent, '--plugin', MIXERS, '--episodes', '4')).code).toBe(0);
  });

  /** Trains until it is told to stop; `then` begins at its first evaluation. */
  async function running(name: string, then: (run: string) => Promise<void>): Promise<Answer> {
    const run = folder.in(name), signals = new EventEmitter();
    let begun: Promise<void> | undefined;
    const done = await skeinWith({ signals, heard: text => { if (text.includes('kind=eval')) begun ??= then(run).finally(() => { signals.emit('SIGINT'); }); } }, 'train', 'vdn', ...TWO.map(word => (word === '60' ? '1M' : word)), '--out', run);
    await begun;
    return done;
  }
  it('a run that runs loads the file itself; what refuses leaves it and its record as they were', async () => {
    const file = folder.in('late.ts'), said: Answer[] = [], plugins: (readonly object[])[] = [];
    copyFileSync(MIXERS, file);
    writeFileSync(file, `export { best, meanMixer } from '${path.resolve(MIXERS)}';\n`);
    const { code } = await running('live', async run => {
      for (const argv of [[`mixer=${PAIR}`], [`tdTarget=${file}#best`], [`mixer=${file}#best`, '--check'], [`mixer=${file}#best`], ['mixer=meanMixer', '--plugin', file], ['--undo']]) { said.push(await skein('swap', run, ...argv)); plugins.push(recordOf(run).plugins); }
      writeFileSync(file, `${readFileSync(file, 'utf8')}export const more = 1;\n`);
      said.push(await skein('swap', run, `mixer=${file}#meanMixer`));
    });
    expect(code).toBe(130);
    expect(said.map(s => s.code)).toEqual([2, 2, 0, 0, 0, 0, 2]);
    expect(said[1]!.stderr).toContain('slot tdTarget: maxMixer asks for agentQs, state');
    expect(said.slice(2, 6).map(s => s.stdout.split(',')[0])).toEqual(['mixer: sumMixer -> maxMixer would change', 'mixer: sumMixer -> maxMixer changed', 'mixer: maxMixer -> meanMixer changed', 'mixer: meanMixer -> maxMixer changed']);
    expect(plugins.map(p => p.length)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(said[6]!.stderr).toBe(`error: plugin ${file}: the file has changed since it was loaded here\n  fix: give what is new a file of its own; or stop what has loaded it, a run or this command, and start that again\n`);
    expect(recordOf(folder.in('live'))).toMatchObject({ plugins: [pluginOf(file)], page: { nodes: { mixer: { type: 'maxMixer' } } } });
    expect((await skein('resume', folder.in('live'))).stderr).toContain(`--plugin ${file}\n`);
    expect((await skein('evaluate', folder.in('live'), '--plugin', file, '--episodes', '4')).code).toBe(0);
  });
  it('loads nothing that stands in the edit itself, nor what is not named by where it is', async () => {
    const marked = folder.in('evil.mjs');
    writeFileSync(marked, `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(folder.in('loaded'))}, '');\nexport const x = 1;\n`);
    const send = (run: string, request: object) => new Promise<string>((resolve, reject) => { let heard = ''; const client = net.connect(`${run}/control/socket`); client.on('data', part => { heard += String(part); }).on('error', reject).on('close', () => { resolve(heard); }).write(`${JSON.stringify(request)}\n`); });
    const answers: string[] = [], twice: string[] = [], swaps = (type: string) => [{ slot: 'mixer', type, config: {} }];
    await running('hostile', async run => { for (const request of [{ do: 'swap', swaps: swaps(marked) }, { do: 'swap', swaps: swaps(`${marked}#x`) }, { do: 'swap', swaps: swaps('sumMixer'), load: [{ from: marked, file: path.relative('', marked) }] }, { do: 'swap', swaps: swaps('sumMixer'), load: [marked] }]) answers.push(await send(run, request)); });
    const both = { do: 'check', swaps: swaps('maxMixer'), load: [{ from: MIXERS, file: path.resolve(MIXERS) }] };
    await running('twice', async run => { twice.push(...await Promise.all([both, both].map(request => send(run, request)))); });
    expect(twice.map(a => Object.keys(JSON.parse(a) as object)).flat().sort()).toEqual(expect.arrayContaining(['done']));
    expect(twice.join()).not.toContain('already');
    expect(answers.map(a => (JSON.parse(a) as { error: { name: string } }).error.name)).toEqual(Array(4).fill('InputError'));
    expect(existsSync(folder.in('loaded'))).toBe(false);
  });
});
