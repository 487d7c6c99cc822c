/** `skein export`: the file it writes plays as the run does, episode after episode; what is said, and what is refused. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromJson } from '../../../core/definition.ts';
import type { TypedArray, VectorEnvironment } from '../../../core/environment.ts';
import { plan } from '../../../core/plan.ts';
import { Learner } from '../../../core/step.ts';
import { freshState, fromArrays } from '../../../core/weights.ts';
import { compose } from '../../../plugins/compose.ts';
import { seenBy } from '../../../plugins/joint-environment.ts';
import type { PolicyFacts } from '../../../plugins/policy.ts';
import { Rollout, sizesOf } from '../../../plugins/rollout.ts';
import { Checkpoints } from '../../../plugins/stores/checkpoints.ts';
import { readRecord } from '../../../plugins/stores/read-run.ts';
import { version } from '../../../plugins/version.ts';
import { engineOn } from '../engines/on.ts';
import { begin } from '../tiny-runs.ts';
import { scratch, skein, TINY } from './skein.ts';

const folder = scratch();
afterAll(() => { folder.remove(); });
const factsOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as PolicyFacts;
beforeAll(async () => { await skein('train', 'qmix', ...TINY, '--out', folder.in('run'), '--no-picture'); }, 60_000);

/** Steps in which every copy chose by the file what the run chooses. */
async function agreement(run: string, file: string, copies: number, ticks: number, inside: (env: VectorEnvironment) => VectorEnvironment = env => env): Promise<number> {
  const { catalogue } = await compose(), record = await readRecord(run), store = new Checkpoints(`${run}/checkpoints`, { version: version() }), facts = factsOf(file.replace('.onnx', '.json')), { arrays } = await store.load(facts.checkpoint);
  const d = fromJson(record['page'], catalogue.registry), env = inside(await catalogue.environment(record.environment, { copies, seed: 9 })), learner = new Learner(plan(d, sizesOf(d, env)), await engineOn('cpu')), state = fromArrays(learner.plan, arrays, freshState(learner.plan, 1)).state, rollout = new Rollout(d, learner, env, 9);
  const session = await ort.InferenceSession.create(file), carries = facts.inputs.filter(i => i.from !== undefined), carry = new Map<string, Float32Array>(carries.map(i => [i.name, new Float32Array(i.shape.reduce((a, b) => a * b, 1))]));
  const fresh = new Set<number>(Array.from({ length: copies }, (_, c) => c)), data = (from: Readonly<Record<string, TypedArray>>, name: string) => from[name]!.slice();
  let agreed = 0, chosen: TypedArray = new Int32Array();
  await rollout.begin(() => undefined);
  for (let tick = 0; tick < ticks; tick++) {
    for (const h of carry.values()) for (const c of fresh) h.fill(0, c * h.length / copies, (c + 1) * h.length / copies);
    fresh.clear();
    const { fields } = rollout.acting(), out = await session.run(Object.fromEntries(facts.inputs.map(i => [i.name, new ort.Tensor(i.dtype as 'float32', (carry.get(i.name) ?? data(fields, i.name)) as Float32Array, i.shape)])));
    await rollout.tick(state, { step: () => { chosen = rollout.row()['action']!; }, slot: (c, start) => { if (start) fresh.add(c); } }, { best: true });
    agreed += Number(Buffer.compare(Buffer.from((out['action']!.data as Int32Array).slice().buffer), Buffer.from(chosen.slice().buffer)) === 0);
    for (const i of carries) carry.set(i.name, out[i.from!]!.data as Float32Array);
  }
  learner.dispose();
  await session.release();
  return agreed;
}

describe('a file', () => {
  it.each([['qmix', 3], ['vdn', 1], ['dqn', 4]])('of %s plays as its run does, %i copies at once, over many episodes', async (name, copies) => {
    const run = folder.in(name), file = folder.in(`${name}.onnx`), made = await compose();
    await (await begin(made, name, run, 'tfjs:cpu')).begin();
    expect((await skein('export', run, '-o', file, '--copies', String(copies), '--quiet')).code).toBe(0);
    expect(await agreement(run, file, copies, 60)).toBe(60);
  }, 60_000);
  it('of one player of several plays as that player does, and says whose agents it moves', async () => {
    writeFileSync(folder.in('players.yaml'), 'players:\n  red: { agents: [2, 0], page: iql, set: { agentQ.hidden: 6, data.batch: 4, data.keep: 12 } }\n  blue: { agents: [1], page: vdn, set: { agentQ.hidden: 6, data.batch: 4, data.keep: 12 } }\nenv: lbf/8x8-3p-2f?steps=6\n');
    await skein('train', folder.in('players.yaml'), '--steps', '60', '--evaluate', '60:2', '--out', folder.in('players'), '--no-picture', '--engine', 'tfjs:cpu');
    const run = folder.in('players/red'), file = folder.in('red.onnx'), { code, stderr } = await skein('export', run, '-o', file, '--copies', '2', '--quiet');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(factsOf(folder.in('red.json'))).toMatchObject({ environment: 'lbf/8x8-3p-2f?steps=6', algorithm: 'iql', player: { name: 'red', agents: [2, 0] }, outputs: [{ name: 'action', shape: [2, 2] }, {}] });
    expect(await agreement(run, file, 2, 40, env => seenBy(env, [2, 0], () => new Int32Array(6)))).toBe(40);
    expect((await skein('export', folder.in('players'), '-o', file)).stderr).toContain('is of several players');
    const { stdout } = await skein('evaluate', run, '--episodes', '2', '--engine', 'tfjs:cpu');
    expect(stdout).toMatch(/^iql on lbf\/8x8-3p-2f\?steps=6 after \d+ updates?: 2 greedy episodes, seed 1, beside blue\n {2}mean /);
  }, 120_000);
  it('comes with what there is to know of it, and is told', async () => {
    const file = folder.in('policy.onnx'), { code, stdout, stderr } = await skein('export', folder.in('run'), '-o', file), model = readFileSync(file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replaceAll(folder.path, '').replace(/[\d,]+ bytes/, 'N bytes')).toMatchInlineSnapshot(`
      "qmix on matrix/two-step after 28 updates, 1 copy
        in   obs                float32 [copy:1 agent:2 obs:3] what is seen, as the environment gives it
             lastAction         float32 [copy:1 agent:2 action:2] the action before, one-hot where actions
                                are numbered; zeros where an episode starts
             carry.agentQ       float32 [copy:1 agent:2 carry:4] memory of agentQ: zeros where an episode
                                starts, then next.carry.agentQ of the step before
             avail              bool [copy:1 agent:2 action:2] which actions are allowed, one or more
        out  action             int32 [copy:1 agent:2] the best allowed action, by its number
             next.carry.agentQ  float32 [copy:1 agent:2 carry:4] goes into carry.agentQ at the next step

      /policy.onnx, N bytes, and /policy.json
      "
    `);
    const { versions, hash, ...facts } = factsOf(folder.in('policy.json'));
    expect(facts).toMatchObject({ format: 1, kind: 'skein policy', algorithm: 'qmix', environment: 'matrix/two-step', run: 'run', steps: 60, model: { bytes: model.length, sha256: createHash('sha256').update(model).digest('hex') } });
    expect([versions, hash, facts.checkpoint]).toEqual([{ skein: version(), opset: 18, ir: 8 }, (await readRecord(folder.in('run')))['hash'], Math.max(...readdirSync(folder.in('run/checkpoints')).map(Number))]);
    expect(facts.inputs.map(i => [i.name, i.dtype, i.shape, i.from])).toEqual([['obs', 'float32', [1, 2, 3], undefined], ['lastAction', 'float32', [1, 2, 2], undefined], ['carry.agentQ', 'float32', [1, 2, 4], 'next.carry.agentQ'], ['avail', 'bool', [1, 2, 2], undefined]]);
    expect(facts.outputs.map(o => [o.name, o.dtype, o.dims, o.shape])).toEqual([['action', 'int32', ['copy', 'agent'], [1, 2]], ['next.carry.agentQ', 'float32', ['copy', 'agent', 'carry'], [1, 2, 4]]]);
  });
  it('may be of an earlier checkpoint, is written over its like, and says the same as JSON', async () => {
    const file = folder.in('policy.onnx'), [first] = readdirSync(folder.in('run/checkpoints')).map(Number).sort((a, b) => a - b), before = readFileSync(file), { code, stdout } = await skein('export', folder.in('run'), '-o', file, '--at', String(first), '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, factsOf(folder.in('policy.json'))]);
    expect((JSON.parse(stdout) as PolicyFacts).checkpoint).toBe(first);
    expect(readFileSync(file).equals(before)).toBe(false);
    expect(readdirSync(folder.path).filter(name => name.startsWith('.'))).toEqual([]);
  });
});

describe('is refused, and nothing is written,', () => {
  const no = async (...argv: readonly string[]) => { const { code, stdout, stderr } = await skein('export', ...argv); expect([code, stdout]).toEqual([2, '']); return stderr.replaceAll(folder.path, ''); };
  it('without a file, or with another kind of file', async () => {
    expect(await no(folder.in('run'))).toBe('error: no file is named\n  fix: skein export /run -o policy.onnx\n');
    expect(await no(folder.in('run'), '-o', 'policy.pt')).toBe('error: -o policy.pt: the file is an ONNX model\n  fix: skein export /run -o policy.onnx\n');
    expect(await no(folder.in('run'), '-o', folder.in('no/policy.onnx'))).toMatch(/^error: -o .no.policy.onnx: there is no folder .no\n {2}fix: mkdir -p .no\n$/);
  });
  it('where the JSON file beside it is something else', async () => {
    writeFileSync(folder.in('page.json'), '{"nodes":{}}');
    expect(await no(folder.in('run'), '-o', folder.in('page.onnx'))).toBe('error: /page.json is there already, and was not made by skein export\n  fix: name another file, or move this one away\n');
    expect([readFileSync(folder.in('page.json'), 'utf8'), readdirSync(folder.path).includes('page.onnx')]).toEqual(['{"nodes":{}}', false]);
  });
  it('without a run, a checkpoint, or copies', async () => {
    expect(await no(folder.in('nowhere'), '-o', folder.in('a.onnx'))).toContain('is not a run: it has no run.json');
    expect(await no(folder.in('run'), '-o', folder.in('a.onnx'), '--copies', '0')).toContain('--copies: "0" is no count');
    expect(await no(folder.in('run'), '-o', folder.in('a.onnx'), '--at', '7777')).toContain('7777');
    rmSync(folder.in('run/checkpoints'), { recursive: true });
    expect(await no(folder.in('run'), '-o', folder.in('a.onnx'))).toBe('error: /run has no complete checkpoint\n  fix: skein resume /run goes on with it, and leaves one at its end\n');
    expect(readdirSync(folder.path).includes('a.onnx')).toBe(false);
  });
  it('where ONNX Runtime is not installed', async () => {
    const script = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`, loader = new URL('../../../node_modules/tsx/dist/loader.mjs', import.meta.url).href;
    const absent = script("import Module from 'node:module'; const found = Module._resolveFilename; Module._resolveFilename = function (name, ...rest) { if (name === 'onnxruntime-node') throw Object.assign(new Error('Cannot find module ' + name), { code: 'MODULE_NOT_FOUND' }); return found.call(this, name, ...rest); };");
    const said = await promisify(execFile)(process.execPath, ['--import', loader, '--import', absent, path.resolve('plugins/cli/main.ts'), 'export', folder.in('run'), '-o', folder.in('b.onnx')], { env: { ...process.env, TSX_TSCONFIG_PATH: path.resolve('tsconfig.json'), NO_COLOR: '1' } }).then(() => undefined, (e: unknown) => e as { code: number; stdout: string; stderr: string });
    expect(said).toMatchObject({ code: 2, stdout: '', stderr: 'error: ONNX Runtime, which an exported file is tried with, does not load: Cannot find module onnxruntime-node\n  fix: npm install onnxruntime-node\n' });
    expect(readdirSync(folder.path).includes('b.onnx')).toBe(false);
  }, 60_000);
});
