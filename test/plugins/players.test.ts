/** Several populations in one environment, each with its page: they learn side by side, are stopped, killed and resumed as one. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VectorEnvironment } from '../../core/environment.ts';
import type { Tracker } from '../../core/tracker.ts';
import { dqn, iql, primal, qmix, vdn } from '../../graphs/index.ts';
import { compose, type Composition } from '../../plugins/compose.ts';
import { readJoint } from '../../plugins/cli/experiment.ts';
import { parseDocument } from '../../plugins/documents.ts';
import { actionsOf, JointEnvironment, seenBy } from '../../plugins/joint-environment.ts';
import type { JointOptions } from '../../plugins/joint-run.ts';
import type { Players } from '../../plugins/players.ts';
import { Checkpoints } from '../../plugins/stores/checkpoints.ts';
import { readRun } from '../../plugins/stores/read-run.ts';
import { train } from '../../plugins/library.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { outcomeOf, TINY_RUNS } from './tiny-runs.ts';

const small = { 'data.batch': 4, 'data.start': 4, 'agentQ.hidden': 6, 'data.keep': 12, 'targets.everyEpisodes': 7 }, WORLD = 'lbf/5x5-2p-1f?steps=6';
const page = (d: typeof iql, more: object = {}) => applySettings(d as never, { ...small, ...more });
const players: Players = { red: { agents: [0], page: page(iql) }, blue: { agents: [1], page: page(vdn as never, { 'agentQ.hidden': 5 }) } };
const options: JointOptions = { environment: WORLD, steps: 240, copies: 2, seed: 3, engine: 'tfjs', evaluate: { episodes: 3, every: 80 }, logEvery: 40, checkpointEvery: 60, picture: false };
let composition: Composition, folder: string;
beforeAll(async () => { composition = await compose(); folder = mkdtempSync(path.join(os.tmpdir(), 'skein-players-')); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
const at = (name: string) => path.join(folder, name);
const open = (id: string, copies = 2) => composition.catalogue.environment(id, { copies, seed: 5 });

describe('an environment of several populations', () => {
  it('shows each its own agents, and is stepped by the choices of all', async () => {
    const [whole, parted] = [await open('lbf/8x8-3p-3f'), await open('lbf/8x8-3p-3f')], joint = new JointEnvironment(parted, { b: [2], a: [1, 0] }), [a, b] = [joint.view('a'), joint.view('b')], width = whole.spec.sizes['obs']!, K = whole.copies;
    expect([a.spec.sizes['agent'], b.spec.sizes['agent']]).toEqual([2, 1]);
    const same = () => {
      for (let c = 0; c < K; c++) for (const [view, agents] of [[a, [1, 0]], [b, [2]]] as const) agents.forEach((agent, i) => {
        const rows = (e: VectorEnvironment, n: number, row: number) => [...e.fields['obs']!.subarray((c * n + row) * width, (c * n + row + 1) * width)];
        expect(rows(view, agents.length, i)).toEqual(rows(whole, 3, agent));
      });
    };
    const all = new Uint8Array(K).fill(1);
    await whole.reset(all);
    await Promise.all([a.reset(all), b.reset(all)]);
    same();
    for (let t = 0; t < 20; t++) {
      const choice = Int32Array.from({ length: 3 * K }, (_, i) => (t * 5 + i * 3) % 6), of = (agents: readonly number[]) => Int32Array.from({ length: agents.length * K }, (_, i) => choice[Math.floor(i / agents.length) * 3 + agents[i % agents.length]!]!);
      await whole.step(choice);
      await Promise.all([b.step(of([2])), a.step(of([1, 0]))]);
      same();
    }
    await whole.close(); await joint.close();
  });
  it('may be seen by some agents, while the others do their part of what is said for all', async () => {
    const [whole, parted] = [await open('lbf/8x8-3p-3f'), await open('lbf/8x8-3p-3f')], width = whole.spec.sizes['obs']!, all = new Uint8Array(2).fill(1);
    let choice = new Int32Array(6);
    const seen = seenBy(parted, [2, 0], () => choice), rows = (e: VectorEnvironment, n: number, row: number) => [...e.fields['obs']!.subarray(row * width, (row + 1) * width), n];
    await whole.reset(all);
    await seen.reset(all);
    for (let t = 0; t < 12; t++) {
      choice = Int32Array.from({ length: 6 }, (_, i) => (t * 5 + i * 3) % 6);
      expect([...actionsOf([2, 0], choice, whole)]).toEqual([choice[2], choice[0], choice[5], choice[3]]);
      await whole.step(choice);
      await seen.step(actionsOf([2, 0], choice, whole) as Int32Array);
      for (const [i, row] of [2, 0, 5, 3].entries()) expect(rows(seen, t, i)).toEqual(rows(whole, t, row));
    }
    await expect((async () => { await seenBy(await open(WORLD), [0]).step(new Int32Array(2)); })()).rejects.toThrow('nobody plays the other agents');
  });
  it('says of each how large its fields are', async () => {
    for (const id of ['lbf/8x8-3p-3f', 'parity/line?agents=3']) {
      const env = await open(id), joint = new JointEnvironment(env, { b: [2], a: [1, 0] });
      for (const name of ['a', 'b']) {
        const { spec: { sizes, fields }, fields: arrays, copies } = joint.view(name);
        for (const [field, { dims }] of Object.entries(fields)) expect([field, arrays[field]!.length]).toEqual([field, dims.split(' ').filter(Boolean).reduce((n, dim) => n * sizes[dim]!, copies)]);
      }
      await joint.close();
    }
  });
  it('waits for the last, and for nobody once one has failed', async () => {
    const joint = new JointEnvironment(await open(WORLD), { a: [0], b: [1] }), all = new Uint8Array(2).fill(1);
    let over = false;
    const waiting = joint.view('a').reset(all) as Promise<void>;
    void waiting.then(() => { over = true; }, () => undefined);
    await new Promise(r => { setTimeout(r, 20); });
    expect(over).toBe(false);
    joint.fail(new Error('b is gone'));
    await expect(waiting).rejects.toThrow('b is gone');
    await expect(joint.view('b').reset(all)).rejects.toThrow('b is gone');
    await joint.close();
  });
  it.each([
    [{ a: [0] }, 'agent 1 of', 'has no player'], [{ a: [0, 1], b: [1] }, 'agent 1 of', 'is of a and of b'], [{ a: [0, 1], b: [] }, 'player b has no agent', 'are 0 .. 1'], [{ a: [0, 2], b: [1] }, 'player a:', 'has no agent 2'],
  ])('refuses %j', async (seats, ...words) => {
    const env = await open(WORLD);
    for (const word of words) expect(() => new JointEnvironment(env, seats as Record<string, number[]>)).toThrow(word);
    await env.close();
  });
});

describe('players', () => {
  it('learn side by side, each in a folder of its own, with metrics under their names', async () => {
    const lines: Record<string, number>[] = [], tracker: Tracker = { metrics: m => { lines.push({ ...m.values, step: m.step }); } }, run = await composition.joint.prepare(players, { ...options, out: at('both'), trackers: [tracker] }), done = await run.begin();
    expect(Object.keys(done)).toEqual(['red', 'blue']);
    for (const name of ['red', 'blue']) {
      expect(done[name]!.state.counters.steps).toBeGreaterThanOrEqual(240);
      expect(done[name]!.state.counters.updates).toBeGreaterThan(5);
      expect(existsSync(at(`both/${name}/run.json`))).toBe(true);
    }
    const { metrics, record } = await readRun(at('both'));
    expect(metrics.map(m => ({ ...m.values, step: m.step }))).toEqual(lines);
    expect(Object.keys(Object.assign({}, ...lines) as object)).toEqual(expect.arrayContaining(['red/train/return', 'blue/train/return', 'red/eval/return', 'blue/eval/return', 'red/loss/q', 'blue/loss/q']));
    expect(record.algorithm).toBe('red iql, blue vdn');
  });
  it('one that has all agents runs as without the others that are not there', async () => {
    const plain = await composition.training.prepare(page(qmix as never, { 'mixer.embed': 4 }), { ...options, out: at('plain') });
    await plain.begin();
    await (await composition.joint.prepare({ all: { agents: [0, 1], page: page(qmix as never, { 'mixer.embed': 4 }) } }, { ...options, out: at('one') })).begin();
    const [a, b] = [await outcomeOf(at('plain')), await outcomeOf(at('one/all'))], timeless = ({ meta, ...rest }: typeof a) => { const { rollout: _, ...more } = meta; return { ...rest, meta: more }; };
    // evaluations are keyed apart: only what was learned and played on the way is compared
    const learned = (x: typeof a) => { const { run: _, ...meta } = timeless(x).meta as Record<string, unknown>; return { arrays: x.arrays, meta }; };
    expect(learned(b)).toEqual(learned(a));
  });
  it('that are stopped go on together, to the same bits', async () => {
    await (await composition.joint.prepare(players, { ...options, out: at('whole') })).begin();
    const first = await composition.joint.prepare(players, { ...options, out: at('parts') });
    first.players['blue']!.run.progress$.subscribe(p => { if (p.step > 90) first.stop(); });
    const half = await first.begin();
    expect(new Set(Object.values(half).map(o => `${o.reason} ${o.state.counters.steps}`)).size).toBe(1);
    expect(half['red']!.reason).toBe('stopped');
    expect(half['red']!.state.counters.steps).toBeLessThan(240);
    await (await composition.joint.resume(at('parts'))).begin();
    for (const name of ['red', 'blue']) expect(await outcomeOf(at(`parts/${name}`))).toEqual(await outcomeOf(at(`whole/${name}`)));
    const timeless = async (run: string) => (await readRun(run)).metrics.map(({ step, values }) => ({ step, values: Object.fromEntries(Object.entries(values).filter(([k]) => !k.includes('time/'))) }));
    expect(await timeless(at('parts'))).toEqual(await timeless(at('whole')));
  });
  it('go on from the newest step at which each has a checkpoint', async () => {
    const run = await composition.joint.prepare(players, { ...options, out: at('uneven') });
    await run.begin();
    const of = (name: string) => at(`uneven/${name}/checkpoints`), store = new Checkpoints(of('blue'), { version: '0' }), updates = await store.list();
    rmSync(path.join(of('blue'), String(updates.at(-1))), { recursive: true });
    const again = await composition.joint.resume(at('uneven')), done = await again.begin();
    expect(done['red']!.state.counters.steps).toBe(done['blue']!.state.counters.steps);
    for (const name of ['red', 'blue']) expect(await outcomeOf(at(`uneven/${name}`))).toEqual(await outcomeOf(at(`whole/${name}`)));
  });
  it('of whom one is refused stay as they are, all of them, and go on once it fits', async () => {
    cpSync(at('whole'), at('refused'), { recursive: true });
    const of = at('refused/blue/checkpoints'), [earlier, newest] = (await new Checkpoints(of, { version: '0' }).list()).slice(-2), arrays = path.join(of, String(earlier), 'arrays.safetensors'), sound = readFileSync(arrays);
    rmSync(path.join(of, String(newest)), { recursive: true });
    writeFileSync(arrays, Buffer.concat([sound.subarray(0, -1), Buffer.of(sound.at(-1)! ^ 1)]));
    const files = () => Object.fromEntries(readdirSync(at('refused'), { recursive: true, withFileTypes: true }).filter(f => f.isFile()).map(f => [path.join(f.parentPath, f.name), readFileSync(path.join(f.parentPath, f.name), 'hex')])), before = files();
    await expect(composition.joint.resume(at('refused'))).rejects.toThrow('has the digest');
    expect(files()).toEqual(before);
    writeFileSync(arrays, sound);
    const ready = await composition.joint.resume(at('refused'));
    await ready.close();
    expect(Object.keys(files())).toEqual(Object.keys(before));
    await (await composition.joint.resume(at('refused'))).begin();
    for (const name of ['red', 'blue']) expect(await outcomeOf(at(`refused/${name}`))).toEqual(await outcomeOf(at(`whole/${name}`)));
  });
  it('that cannot go on end the others, with the reason', async () => {
    const run = await composition.joint.prepare(players, { ...options, out: false });
    const { learner } = run.players['blue']!.run, update = learner.update.bind(learner);
    let updates = 0;
    learner.update = (...a) => (++updates > 3 ? Promise.reject(new Error('broken')) : update(...a));
    await expect(run.begin()).rejects.toThrow('broken');
  });
  it('that are not to begin give back what they hold', async () => {
    const run = await composition.joint.prepare(players, { ...options, out: at('idle') }), closed: string[] = [];
    for (const [name, { run: { learner } }] of Object.entries(run.players)) { const dispose = learner.dispose.bind(learner); learner.dispose = () => { closed.push(name); dispose(); }; }
    await run.close();
    expect(closed.sort()).toEqual(['blue', 'red']);
    expect(existsSync(at('idle/run.lock'))).toBe(false);
  });
  it('play against a run that is there, which does not change', async () => {
    const before = readFileSync(at('both/red/run.json'), 'utf8'), run = await composition.joint.prepare({ blue: { agents: [1], page: page(vdn as never) }, red: { agents: [0], run: at('both/red') } }, { ...options, out: at('against') }), done = await run.begin();
    expect(Object.keys(done)).toEqual(['blue']);
    expect(readFileSync(at('both/red/run.json'), 'utf8')).toBe(before);
    expect(existsSync(at('against/red'))).toBe(false);
    const { record } = await readRun(at('against'));
    expect((record['players'] as Record<string, { at?: number }>)['red']!.at).toBeGreaterThan(0);
  });
  it('play against what they were themselves, renewed at its steps, and resume to the same bits', async () => {
    const self: Players = { me: { agents: [0], page: page(iql) }, past: { agents: [1], copyOf: 'me', every: 100 } };
    await (await composition.joint.prepare(self, { ...options, out: at('self') })).begin();
    const first = await composition.joint.prepare(self, { ...options, out: at('self2') });
    first.players['me']!.run.progress$.subscribe(p => { if (p.step > 130) first.stop(); });
    await first.begin();
    await (await composition.joint.resume(at('self2'))).begin();
    expect(await outcomeOf(at('self2/me'))).toEqual(await outcomeOf(at('self/me')));
    const { arrays, meta } = await outcomeOf(at('self/me'));
    expect(arrays).toHaveProperty(['rollout/guest/past/weights']);
    expect((meta['rollout'] as { renewed: object }).renewed).toEqual({ past: 2 });
  });
  it('are evaluated together', async () => {
    const { scores, step } = await composition.joint.evaluate(at('both'), { episodes: 5, engine: 'tfjs' });
    expect(Object.keys(scores)).toEqual(['red', 'blue']);
    expect(scores['red']!.episodes).toBe(5);
    expect(step).toBeGreaterThanOrEqual(240);
    await expect(composition.training.evaluate(at('both/red'))).rejects.toThrow('one of several');
  });
  it('are evaluated one alone, with the others of its run; by an earlier checkpoint too', async () => {
    const { joint } = composition, setting = { episodes: 5, engine: 'tfjs', seed: 4 }, { scores, updates } = await joint.evaluate(at('both'), setting), { score, update, record, beside } = await joint.evaluateOne(at('both/blue'), setting);
    expect({ score, update, algorithm: record.algorithm, beside }).toEqual({ score: scores['blue'], update: updates['blue'], algorithm: 'vdn', beside: ['red'] });
    const [first] = await new Checkpoints(at('both/blue/checkpoints'), { version: '0' }).list(), before = await joint.evaluateOne(at('both/blue'), { ...setting, from: first! });
    expect(before.update).toBe(first);
    expect(before.update).toBeLessThan(update);
    expect((await joint.evaluate(at('both'), { ...setting, at: { blue: first! } })).scores['blue']).toEqual(before.score);
    await expect(joint.evaluateOne(at('both/blue'), { ...setting, from: 9999 })).rejects.toThrow('9999');
    cpSync(at('both/blue'), at('alone'), { recursive: true });
    await expect(joint.evaluateOne(at('alone'), setting)).rejects.toThrow(`alone is the run of player blue, one of several, and ${folder} does not hold the others`);
  });
  it('may imitate an expert, who plays all agents and of whose episodes each sees its own; stopped and resumed, to the same bits', async () => {
    const { environment, set, steps } = TINY_RUNS['primal']!, of = (agents: readonly number[]) => ({ agents, page: applySettings(primal as never, set) }), two: Players = { red: of([1]), blue: of([0]) }, setting = { ...options, environment, steps };
    const whole = await composition.joint.prepare(two, { ...setting, out: at('planned') });
    expect(whole.players['red']!.plan.sizes['agent']).toBe(1);
    await whole.begin();
    const { metrics, events } = await readRun(at('planned')), first = await composition.joint.prepare(two, { ...setting, out: at('planned2') });
    expect(events.filter(e => e.kind === 'start' || e.kind === 'end').map(e => [e.kind, 'player' in e.detail])).toEqual([['start', false], ['end', false]]);       // of all, not of one
    expect(Object.keys(Object.assign({}, ...metrics.map(m => m.values)) as object)).toEqual(expect.arrayContaining(['red/loss/imitation', 'blue/loss/imitation', 'red/eval/return']));
    first.players['red']!.run.progress$.subscribe(p => { if (p.step > steps / 2) first.stop(); });
    await first.begin();
    await (await composition.joint.resume(at('planned2'))).begin();
    for (const name of ['red', 'blue']) expect(await outcomeOf(at(`planned2/${name}`))).toEqual(await outcomeOf(at(`planned/${name}`)));
  }, 60_000);
  it('can be edited while they run, one alone', async () => {
    const run = await composition.joint.prepare({ red: players['red']!, blue: { agents: [1], page: page(qmix as never, { 'mixer.embed': 4 }) } }, { ...options, out: false }), { sumMixer } = await import('../../nodes/index.ts'), { swap } = await import('../../core/graph.ts');
    let done: Promise<unknown> | undefined;
    run.players['blue']!.run.progress$.subscribe(p => { if (p.step > 100) done ??= run.players['blue']!.run.edit(d => swap(d, 'mixer', sumMixer(), { name: 'mine' })); });
    await run.begin();
    await expect(done).resolves.toMatchObject({ what: 'mixer: monotonicMixer -> sumMixer' });
    expect(run.players['red']!.run.learner.plan.d.page.name).toBe('iql');
  });
  it('are trained from a program, with the streams of each', async () => {
    const run = await train(players, { ...options, out: false }), seen: string[] = [];
    for (const [name, p] of Object.entries(run.players)) p.metrics$.subscribe(m => { if ('eval/return' in m.values) seen.push(name); });
    expect(Object.keys(await run.done)).toEqual(['red', 'blue']);
    expect(new Set(seen)).toEqual(new Set(['red', 'blue']));
  });
  it('are named in a file, whose errors say where', async () => {
    const read = async (text: string) => readJoint(await parseDocument(text, 'yaml', 'p.yaml'), 'p.yaml');
    expect(await read('players:\n  a: { page: iql, set: { q.lr: 1 } }\n  b: { agents: [1], copyOf: a, every: 10k }\nenv: mpe/tag')).toMatchObject({ players: { a: { page: 'iql' }, b: { every: '10k' } } });
    await expect(read('players: { a: qmix }')).rejects.toThrow('p.yaml:1: players.a: expected page (with set and swap), run (with at), or copyOf and every; and agents');
    await expect(read('players: { a: { page: iql } }\nset: { a: 1 }')).rejects.toThrow('p.yaml:2: no option is called "set"');
  });
  it.each([
    ['nobody learns', { a: { agents: [0, 1], copyOf: 'a', every: 5 } }, 'no player learns'],
    ['a copy of nobody', { a: { agents: [0], page: page(iql) }, b: { agents: [1], copyOf: 'c', every: 5 } }, 'copies c, which is no player'],
    ['a copy of a larger team', { a: { agents: [0, 1], page: page(iql) }, b: { agents: [2], copyOf: 'a', every: 5 } }, 'as many agents'],
    ['a name with a slash', { 'a/b': { agents: [0, 1], page: page(iql) } }, 'letters and digits'],
    ['a page for one agent and a team of two', { a: { agents: [0, 1], page: dqn } }, 'is for one agent'],
    ['a run that is not there', { a: { agents: [0], page: page(iql) }, b: { agents: [1], run: 'nowhere' } }, 'nowhere is not a run'],
    ['no steps', players, 'steps is 0', { steps: 0 }], ['half a step between records', players, 'logEvery is 0.5', { logEvery: 0.5 }], ['a backend that its engine does not have', players, 'no backend cuda', { engine: 'tfjs:cuda' }],
    ['an expert of no name', { a: { agents: [0, 1], page: applySettings(primal as never, { ...TINY_RUNS['primal']!.set, 'expert.by': 'nobody' }) } }, 'no expert is called "nobody"', { environment: TINY_RUNS['primal']!.environment }],
  ])('are refused before anything is made: %s', async (_, wrong, word, more?: Partial<JointOptions>) => {
    await expect(composition.joint.prepare(wrong as Players, { ...options, ...more, out: at('never') })).rejects.toThrow(word);
    expect(existsSync(at('never'))).toBe(false);
  });
});
