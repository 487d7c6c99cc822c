/** Swaps on the command line: at a step, of a run that stands still, of one that runs, and as a fork. */
import { EventEmitter } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../core/tracker.ts';
import { Checkpoints } from '../../../plugins/stores/checkpoints.ts';
import { processes } from '../../../plugins/stores/run-lock.ts';
import { scratch, skein, skeinWith, type Answer } from './skein.ts';

const folder = scratch();
afterAll(folder.remove);
const TINY = ['--env', 'matrix/two-step', '--steps', '60', '--engine', 'tfjs:cpu', '--evaluate', '30:4', '--checkpoint', '30', '--set', 'data.batch=2', '--set', 'agentQ.hidden=4'];
const SMALL = 'mixer=duplexMixer:{"heads":1,"hypernet":[2]}';
interface Record_ { readonly name: string; readonly hash: string; readonly steps: number; readonly swaps: readonly unknown[]; readonly parent?: unknown; readonly original?: { readonly page: Page; readonly hash: string }; readonly page: Page }
interface Page { readonly nodes: Readonly<Record<string, { readonly type: string; readonly config?: object }>> }
const recordOf = (run: string): Record_ => JSON.parse(readFileSync(`${run}/run.json`, 'utf8')) as Record_;
const eventsOf = (run: string): RunEvent[] => readFileSync(`${run}/events.jsonl`, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line) as RunEvent);
const newest = async (run: string, back = 1) => { const store = new Checkpoints(`${run}/checkpoints`, { version: 'test' }), update = (await store.list()).at(-back)!; return { update, ...await store.load(update) }; };
const bits = ({ arrays }: Awaited<ReturnType<typeof newest>>, of = '') => Object.fromEntries(Object.entries(arrays).filter(([k]) => k.startsWith(of)).map(([k, a]) => [k, Buffer.from(a.data.buffer, a.data.byteOffset, a.data.byteLength).toString('hex')]));
const trained = async (name: string, ...more: string[]) => { const run = folder.in(name), answer = await skein('train', 'vdn', ...TINY, ...more, '--out', run); expect(answer).toMatchObject({ code: 0, stderr: '' }); return { run, answer }; };

describe('train --swap slot=type@step', () => {
  let run: string, answer: Answer;
  beforeAll(async () => { ({ run, answer } = await trained('planned', '--swap', `${SMALL}@20`, '--swap', 'mixer=sumMixer@40')); });
  it('makes the swaps at their steps, and says so', () => {
    expect(answer.stdout.replace(/\n {11}/g, ' ')).toContain('  edits    mixer = duplexMixer at step 20, mixer = sumMixer at step 40, data.batch = 2, agentQ.hidden = 4\n');
    expect(answer.stdout.match(/kind=swap .*/g)!.map(line => line.replace(/(update|episode|seconds)=\d+ /g, ''))).toEqual(['kind=swap step=20 what="mixer: sumMixer -> duplexMixer"', 'kind=swap step=40 what="mixer: duplexMixer -> sumMixer"']);
    expect(eventsOf(run).filter(e => e.kind === 'swap').map(e => [e.step, e.detail['fresh'], e.detail['dropped'], e.detail['tried']])).toEqual([[20, ['mixer'], [], true], [40, [], ['mixer'], true]]);
    expect(readFileSync(`${run}/curve.svg`, 'utf8')).toContain('mixer: sumMixer -&gt; duplexMixer');
  });
  it('and keeps them in the record, beside the page that it began with', () => {
    const { swaps, page, original, hash } = recordOf(run);
    expect(swaps).toEqual([{ at: 20, swaps: [{ slot: 'mixer', type: 'duplexMixer', config: { heads: 1, hypernet: [2] } }] }, { at: 40, swaps: [{ slot: 'mixer', type: 'sumMixer', config: {} }] }]);
    expect([page.nodes['mixer']!.type, original!.page.nodes['mixer']!.type, original!.hash]).toEqual(['sumMixer', 'sumMixer', hash]);
  });
  it('is the same run where it stands in a file, and where it is interrupted on the way', async () => {
    writeFileSync(folder.in('e.yaml'), `algorithm: vdn\nenv: matrix/two-step\nsteps: 60\nengine: tfjs:cpu\nevaluate: 30:4\ncheckpoint: 30\nset: { data.batch: 2, agentQ.hidden: 4 }\nswap: ['${SMALL}@20', 'mixer=sumMixer@40']\nout: ${folder.in('filed')}\n`);
    const signals = new EventEmitter();
    let stopped = false;
    const first = await skeinWith({ signals, heard: text => { if (!stopped && text.includes('kind=swap')) { stopped = true; signals.emit('SIGINT'); } } }, 'train', folder.in('e.yaml'));
    expect(first.code).toBe(130);
    expect((await newest(folder.in('filed'))).meta).toMatchObject({ page: { nodes: { mixer: { type: 'duplexMixer' } } } });
    expect((await skein('resume', folder.in('filed'))).code).toBe(0);
    expect(bits(await newest(folder.in('filed')))).toEqual(bits(await newest(run)));
  });
  it('works for any slot of any page: a network of another width on transitions, one after another', async () => {
    const run = folder.in('dqn'), answer = await skein('train', 'dqn', '--env', 'classic/cartpole', '--steps', '90', '--engine', 'tfjs:cpu', '--evaluate', '45:2', '--set', 'data.start=20', '--set', 'data.batch=4', '--set', 'q.hidden=[4]', '--swap', 'q=mlpQ:{"hidden":[3]}@40', '--swap', 'explore=epsilonGreedy:{"epsilon":0.5}@60', '--out', run);
    expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: '' });
    expect(eventsOf(run).filter(e => e.kind === 'swap').map(e => [e.step, e.detail['what'], e.detail['kept'], e.detail['fresh'], e.detail['dropped']])).toEqual([
      [40, 'q.hidden', [], ['q'], ['q']], [60, 'explore.epsilon', ['q'], [], []]]);
    expect(recordOf(run).page.nodes['explore']!.config).toEqual({ epsilon: 0.5 });
    expect((await skein('evaluate', run, '--episodes', '2')).code).toBe(0);
  });
  it.each([
    [['--swap', 'mixr=sumMixer@20'], /^error: --swap mixr: vdn has no slot mixr; did you mean mixer\?\n {2}fix: its slots are agentQ, mixer, tdTarget, tdLoss, explore\n$/],
    [['--swap', 'mixer=duplexMixer@20', '--swap', 'mixer=maskedMse@30'], /^error: 1 problem in graph vdn\n\n1 {2}OFFER {4}slot mixer: maskedMse asks for prediction, target\n/],
    [['--swap', 'mixer=duplexMixer@60'], /^error: --swap mixer at step 60: the run has 60 steps\n {2}fix: an earlier step, or more --steps\n$/],
  ])('%j is refused before there is a folder', async (argv, stderr) => {
    expect(await skein('train', 'vdn', ...TINY, ...argv, '--out', folder.in('never'))).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) as string });
    expect(existsSync(folder.in('never'))).toBe(false);
  });
  it('check and table know no steps', async () => {
    expect((await skein('check', 'vdn', '--swap', 'mixer=sumMixer@20')).stderr).toBe('error: --swap mixer=sumMixer@20: a step behind @ is for skein train\n  fix: leave out @20: the swap is made at once\n');
  });
});

describe('a run that stands still', () => {
  let run: string;
  beforeAll(async () => { ({ run } = await trained('still')); });
  it('--check says what would happen, and leaves the folder as it was', async () => {
    const before = readFileSync(`${run}/run.json`, 'utf8'), { code, stdout, stderr } = await skein('swap', run, SMALL, '--check');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/[0-9a-f]{16}/g, 'HASH')).toMatchInlineSnapshot(`
      "mixer: sumMixer -> duplexMixer would change, after 28 updates and 60 steps
        kept     agentQ: weights, lagged weights and moments
        fresh    mixer
        dropped  none
        carries  kept agentQ; zero none
        tried    one update on a batch, and one action
        graph    HASH -> HASH
          node    mixer: sumMixer -> duplexMixer
          wire    mixer.maxAgentQs: none -> "chosen.best"
          wire    mixer.action: none -> "data.action"
          wire    mixer.state: none -> "data.state | now"
          node    targetMixer: sumMixer -> duplexMixer
          wire    targetMixer.maxAgentQs: none -> "nextChosen.best"
          wire    targetMixer.action: none -> "nextGreedy.action"
          wire    targetMixer.state: none -> "data.state | next"
      "
    `);
    expect(readFileSync(`${run}/run.json`, 'utf8')).toBe(before);
    expect(readdirSync(run)).not.toContain('run.lock');
  });
  it('keeps the edit, and makes it when it is resumed: once', async () => {
    const before = await newest(run), said = JSON.parse((await skein('swap', run, SMALL, '--json')).stdout) as { readonly when: string; readonly kept: readonly string[]; readonly fresh: readonly string[] };
    expect(said).toMatchObject({ when: 'changes when it is resumed', kept: ['agentQ'], fresh: ['mixer'], update: before.update, step: 60, tried: true });
    expect(recordOf(run).swaps).toEqual([{ at: 60, swaps: [{ slot: 'mixer', type: 'duplexMixer', config: { heads: 1, hypernet: [2] } }] }]);
    expect(bits(await newest(run))).toEqual(bits(before));
    expect((await skein('resume', run)).stdout).toContain('kind=swap step=60 ');
    const after = await newest(run);
    for (const of of ['weights/agentQ/', 'lagged/agentQ/', 'slots/q/v/agentQ/', 'replay/', 'rollout/']) expect(bits(after, of)).toEqual(bits(before, of));
    expect(recordOf(run).page.nodes['mixer']!.type).toBe('duplexMixer');
    expect((await skein('resume', run, '--steps', '70')).stdout).not.toContain('kind=swap');
    expect((await skein('evaluate', run, '--episodes', '4')).code).toBe(0);
  });
  it('--undo takes it back when it is resumed', async () => {
    expect((await skein('swap', run, '--undo')).stdout).toContain('mixer: duplexMixer -> sumMixer changes when it is resumed');
    const { stdout } = await skein('resume', run, '--steps', '80');
    expect(stdout).toContain('what="mixer: duplexMixer -> sumMixer"');
    expect(stdout).toMatch(/^ {2}weights {2}([\d,]+): agentQ \1$/m);
    expect((await skein('swap', run, '--undo')).stderr).toBe('error: there is no edit to take back\n  fix: the last 10 can be taken back\n');
  });
  it('--sync-targets copies all lagged weights anew', async () => {
    const differ = async () => { const b = bits(await newest(run)); return Object.keys(b).filter(k => k.startsWith('weights/') && b[k] !== b[k.replace('weights/', 'lagged/')]).length; };
    expect(await differ()).toBeGreaterThan(0);
    await skein('swap', run, SMALL, '--sync-targets');
    await skein('resume', run);
    expect(await differ()).toBe(0);
  });
  it.each<[string[], RegExp, number?]>([
    [[], /^error: no edit is named\n {2}fix: write skein swap .* slot=type, for example mixer=sumMixer\n$/],
    [['--undo', 'mixer=sumMixer'], /^error: --undo takes no other edit\n/],
    [['mixr=sumMixer'], /^error: --swap mixr: vdn has no slot mixr; did you mean mixer\?\n {2}fix: its slots are agentQ, mixer, tdTarget, tdLoss, explore\n$/],
    [['mixer=sumMixr'], /^error: no node type is called "sumMixr"; did you mean sumMixer\?\n/],
    [['tdTarget=sumMixer'], /^error: 1 problem in graph vdn\n\n1 {2}OFFER {4}slot tdTarget: sumMixer asks for agentQs\n {5}asks {5}agentQs f32 \[\.\.\. agent\]\n {5}offered {2}reward, terminated, truncated, valid, nextValue\n/],
    [['mixer=duplexMixer:{"haeds":4}'], /^error: 1 problem in graph vdn\n\n1 {2}CONFIG {3}mixer: duplexMixer has no setting haeds\n/],
    [[SMALL], /^error: the edit changes nothing: the page vdn is so already\n {2}fix: another node, or other settings of this one\n$/],
    [['mixer=sumMixer@5'], /a step behind @ is for skein train/],
  ])('refuses %j', async (argv, stderr, code = 2) => {
    const before = readFileSync(`${run}/run.json`, 'utf8');
    expect(await skein('swap', run, ...argv)).toEqual({ code, stdout: '', stderr: expect.stringMatching(stderr) as string });
    expect(readFileSync(`${run}/run.json`, 'utf8')).toBe(before);
  });
  it('refuses what is no run, and a run that another process holds', async () => {
    expect(await skein('swap', folder.in('nowhere'), SMALL)).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a run') as string });
    writeFileSync(`${run}/run.lock`, `${JSON.stringify(processes.self)}\n`);
    expect(await skein('swap', run, 'mixer=sumMixer')).toEqual({ code: 3, stdout: '', stderr: `error: ${run} is in use by process ${process.pid}\n  fix: stop that process, or name another folder\n` });
    writeFileSync(`${run}/run.lock`, `${JSON.stringify({ ...processes.self, pid: 4_000_000 })}\n`);     // of a process that is gone
  });
  it('refuses a checkpoint of another graph, with all that differs (T06)', async () => {
    const { run: wide } = await trained('wide', '--set', 'agentQ.hidden=5'), { run: other } = await trained('other'), store = new Checkpoints(`${other}/checkpoints`, { version: 'test' }), { update, arrays, meta } = await newest(wide), { page: _, ...old } = meta as Record<string, unknown>;
    await store.save(update + 1, { arrays, meta: old });                  // as versions wrote it that did not keep the page
    const { code, stderr } = await skein('swap', other, SMALL);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*checkpoints\/\d+ is not a checkpoint of this run: checkpoint: the weights are not those of page vdn\n {2}shape {4}weights\/agentQ\/.* is \[.*5\], the page has \[.*4\]\n/);
  });
});

describe('a run that runs', () => {
  /** Trains until it is told to stop; `then` begins at its first evaluation. */
  async function running(name: string, then: (run: string) => Promise<void>): Promise<Answer> {
    const run = folder.in(name), signals = new EventEmitter();
    let begun: Promise<void> | undefined;
    const answer = skeinWith({ signals, heard: text => { if (text.includes('kind=eval')) begun ??= then(run).finally(() => { signals.emit('SIGINT'); }); } }, 'train', 'vdn', ...TINY.map(word => (word === '60' ? '1M' : word)), '--out', run);
    const done = await answer;
    await begun;
    return done;
  }
  it('is changed from a second terminal, undone, and refuses what does not fit', async () => {
    const said: Answer[] = [];
    const { code, stdout } = await running('live', async run => {
      for (const argv of [[SMALL, '--check'], [SMALL], ['mixer=maskedMse'], ['mixr=sumMixer'], ['--undo'], ['--undo'], [SMALL, '--json']]) said.push(await skein('swap', run, ...argv));
    });
    expect(code).toBe(130);
    expect(said.map(s => s.code)).toEqual([0, 0, 2, 2, 0, 2, 0]);
    expect(said.slice(0, 2).map(s => s.stdout.split(',')[0])).toEqual(['mixer: sumMixer -> duplexMixer would change', 'mixer: sumMixer -> duplexMixer changed']);
    expect(said[1]!.stdout).toMatch(/\n {2}kept {5}agentQ: weights, lagged weights and moments\n {2}fresh {4}mixer\n/);
    expect(said[2]!.stderr).toMatch(/^error: 1 problem in graph vdn\n\n1 {2}OFFER {4}slot mixer: maskedMse asks for prediction, target\n/);
    expect(said[3]!.stderr).toContain('its slots are agentQ, mixer, tdTarget, tdLoss, explore');
    expect(said[5]!.stderr).toBe('error: there is no edit to take back\n  fix: the last 10 can be taken back\n');
    expect(JSON.parse(said[6]!.stdout)).toMatchObject({ when: 'changed', fresh: ['mixer'] });
    expect(stdout.match(/kind=swap .*what="(.*)"/g)!.map(line => /what="(.*)"/.exec(line)![1])).toEqual(['mixer: sumMixer -> duplexMixer', 'mixer: duplexMixer -> sumMixer', 'mixer: sumMixer -> duplexMixer']);
    expect(recordOf(folder.in('live')).page.nodes['mixer']!.type).toBe('duplexMixer');
    expect(readdirSync(folder.in('live'))).not.toContain('control');
  });
  it('listens where only its owner can reach it', async () => {
    const modes: number[] = [];
    await running('private', async run => { modes.push(statSync(`${run}/control`).mode & 0o777, statSync(`${run}/control/socket`).mode & 0o777); return Promise.resolve(); });
    expect(modes).toEqual([0o700, 0o600]);
  });
  it('is found where its folder has a path too long for a socket', async () => {
    const deep = path.join('deep'.padEnd(60, 'p'), 'deeper'.padEnd(60, 'r'));
    mkdirSync(folder.in(path.dirname(deep)));
    let said: Answer | undefined, socket = '';
    await running(deep, async run => { socket = readFileSync(`${run}/control/path`, 'utf8'); expect([statSync(path.dirname(socket)).mode & 0o777, statSync(socket).mode & 0o777]).toEqual([0o700, 0o600]); said = await skein('swap', run, SMALL); });
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(path.dirname(socket))).toBe(false);
  });
  it('refuses what is no request, and trains on', async () => {
    const send = (run: string, text: string) => new Promise<string>((resolve, reject) => { let heard = ''; const client = net.connect(`${run}/control/socket`); client.on('data', part => { heard += String(part); }).on('error', reject).on('close', () => { resolve(heard); }).write(text); });
    const hostile = ['nonsense\n', 'null\n', '{"do":"swap"}\n', '{"do":"stop","swaps":"undo"}\n', '{"do":"swap","swaps":"undo","plugin":"./evil.ts"}\n', '{"do":"swap","swaps":[]}\n', `{"do":"swap","swaps":[{"slot":"__proto__","type":"constructor","config":{}}]}\n`, `{"do":"swap","swaps":[{"slot":"mixer","type":"../evil","config":{}}]}\n`, `{"do":"swap","swaps":[{"slot":"mixer","type":"duplexMixer","config":{"hypernet":${'['.repeat(20_000)}${']'.repeat(20_000)}}}]}\n`, 'x'.repeat(70_000)], answers: string[] = [];
    const { code, stdout } = await running('hostile', async run => { for (const text of hostile) answers.push(await send(run, text)); });
    expect(code).toBe(130);
    expect(stdout).not.toContain('kind=swap');
    for (const [i, text] of answers.entries()) expect(JSON.parse(text), hostile[i]!.slice(0, 80)).toMatchObject({ error: { name: expect.any(String) as string, message: expect.any(String) as string } });
    expect(answers[2]).toContain('not a request: swaps: ');
    expect(answers.at(-1)).toContain('a request has at most 65536 bytes');
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});

describe('fork', () => {
  let parent: string;
  beforeAll(async () => { ({ run: parent } = await trained('parent')); });
  it('goes on from a checkpoint in a folder of its own, which names its parent; the parent stays as it is', async () => {
    const before = readFileSync(`${parent}/run.json`, 'utf8'), events = readFileSync(`${parent}/events.jsonl`, 'utf8'), [{ update }, old] = [await newest(parent, 2), await newest(parent, 2)];
    const { code, stdout, stderr } = await skein('fork', parent, '--name', 'b', '--swap', SMALL, '--at', String(update));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`mixer: sumMixer -> duplexMixer changes in ${folder.in('b')}, after ${update} updates and 30 steps\n`);
    expect(stdout).toContain('kind=resume step=30 ');
    expect(stdout).toMatch(/^ {2}weights {2}([\d,]+): agentQ [\d,]+, mixer [\d,]+$/m);
    const record = recordOf(folder.in('b'));
    expect(record).toMatchObject({ name: 'b', steps: 60, page: { nodes: { mixer: { type: 'duplexMixer' } } }, parent: { run: parent, name: 'parent', checkpoint: update, step: 30 } });
    expect(eventsOf(folder.in('b')).map(e => e.kind)).toEqual(['resume', 'swap', 'checkpoint', 'checkpoint', 'end']);
    expect([readFileSync(`${parent}/run.json`, 'utf8'), readFileSync(`${parent}/events.jsonl`, 'utf8')]).toEqual([before, events]);
    // the same as the parent, had it been changed at that step
    const { run: whole } = await trained('whole', '--swap', `${SMALL}@30`);
    expect(bits(await newest(folder.in('b')))).toEqual(bits(await newest(whole)));
    expect(Object.keys(old.arrays).some(k => k.startsWith('weights/mixer'))).toBe(false);
  });
  it('goes on from any checkpoint of the parent, the first too', async () => {
    const { run } = await trained('long', '--checkpoint', '10'), there = await new Checkpoints(`${run}/checkpoints`, { version: 'test' }).list();
    expect(there).toHaveLength(6);
    expect((await skein('fork', run, '--name', 'early', '--swap', SMALL, '--at', String(there[0]))).code).toBe(0);
    const { run: whole } = await trained('whole-early', '--checkpoint', '10', '--swap', `${SMALL}@10`);
    expect(bits(await newest(folder.in('early')))).toEqual(bits(await newest(whole)));
    expect(await new Checkpoints(`${run}/checkpoints`, { version: 'test' }).list()).toEqual(there);
  });
  it('does not take over what the parent still planned', async () => {
    const signals = new EventEmitter(), run = folder.in('planner');
    await skeinWith({ signals, heard: text => { if (text.includes('kind=checkpoint step=30')) signals.emit('SIGINT'); } }, 'train', 'vdn', ...TINY, '--swap', 'mixer=monotonicMixer:{"embed":2,"hypernet":[]}@45', '--out', run);
    expect((await skein('fork', run, '--name', 'd', '--swap', SMALL)).code).toBe(0);
    expect(eventsOf(folder.in('d')).filter(e => e.kind === 'swap').map(e => e.detail['what'])).toEqual(['mixer: sumMixer -> duplexMixer']);
    expect(recordOf(folder.in('d')).swaps).toHaveLength(1);
    expect((await skein('resume', run)).stdout).toContain('what="mixer: sumMixer -> monotonicMixer"');
  });
  it.each<[string[], RegExp]>([
    [['--swap', SMALL], /^error: required option '--name <name>' not specified\n {2}fix: skein fork --help\n$/],
    [['--name', 'x'], /^error: no edit is named\n {2}fix: --swap slot=type, for example --swap mixer=sumMixer\n$/],
    [['--name', '../x', '--swap', SMALL], /^error: --name \.\.\/x: no name of a folder\n/],
    [['--name', 'x', '--swap', 'mixr=sumMixer', '--steps', '90'], /its slots are agentQ, mixer, tdTarget, tdLoss, explore\n$/],
    [['--name', 'x', '--swap', 'mixer=maskedMse', '--steps', '90'], /slot mixer: maskedMse asks for prediction, target\n/],
    [['--name', 'x', '--swap', SMALL, '--at', 'last'], /^error: --at: "last" is no checkpoint\n {2}fix: write the number of an update, as a folder in checkpoints\/ is called\n$/],
    [['--name', 'x', '--swap', SMALL, '--at', '3'], /checkpoints\/3 is not a complete checkpoint\n {2}fix: complete are \d+, \d+\n$/],
    [['--name', 'x', '--swap', SMALL], /has made 60 steps by checkpoint \d+, and the fork would end at 60\n {2}fix: --steps makes it longer, --at names an earlier checkpoint\n$/],
    [['--name', 'parent', '--swap', SMALL, '--steps', '90'], /holds a run already\n/],
  ])('refuses %j, and leaves no folder', async (argv, stderr) => {
    cpSync(parent, folder.in('source'), { recursive: true });
    expect(await skein('fork', folder.in('source'), ...argv)).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) as string });
    expect(existsSync(folder.in('x'))).toBe(false);
  });
});
