/** Runs put together: settings, faults of environments and of numbers (T15, T16), what a long run holds (T28), and where it runs (T29). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { config } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromJson, toJson, type Definition } from '../../../core/definition.ts';
import type { EngineFactory } from '../../../core/engine.ts';
import type { EnvironmentFamily, TrackerFactory } from '../../../plugins/factories.ts';
import { GraphError, InputError, RunError } from '../../../core/error.ts';
import { derive } from '../../../core/graph.ts';
import { a2c, dqn, prioritisedDqn, qmix } from '../../../graphs/index.ts';
import { nodeTypes } from '../../../nodes/index.ts';
import { Catalogue } from '../../../plugins/catalogue.ts';
import { tfjs } from '../../../plugins/engines/tfjs.ts';
import { episodes } from '../../../plugins/replay/episodes.ts';
import { rollouts } from '../../../plugins/replay/rollouts.ts';
import { transitions } from '../../../plugins/replay/transitions.ts';
import { Checkpoints } from '../../../plugins/stores/checkpoints.ts';
import { readRun } from '../../../plugins/stores/read-run.ts';
import { applySettings } from '../../../plugins/page-settings.ts';
import { Training, type TrainOptions } from '../../../plugins/training.ts';
import { version } from '../../../plugins/version.ts';
import { registry } from '../../pages/index.ts';
import { Scripted, type Script } from '../rollout/scripted.ts';
import { facts } from './facts.ts';

let folder: string;
beforeAll(async () => { folder = await mkdtemp(path.join(os.tmpdir(), 'skein-training-')); });
afterAll(() => rm(folder, { recursive: true }));

const plans = (copies: number): Script['plans'] => Array.from({ length: copies }, (_, c) => [{ length: 3 + c, end: 'terminated' as const }, { length: 5, end: 'truncated' as const }]);
/** Training in scripted environments, which it gives back, and how many engines are open. */
function training(script: Omit<Script, 'plans'> & { readonly plans?: Script['plans'] } = {}, trackers: readonly TrackerFactory[] = []): { training: Training; made: Scripted[]; open(): number } {
  let engines = 0;
  const counted: EngineFactory = { ...tfjs, open: async backend => { const engine = await tfjs.open(backend); engines++; return { info: engine.info, alive: () => engine.alive(), compile: program => engine.compile(program), close: () => { engines--; } }; } };
  const made: Scripted[] = [], family: EnvironmentFamily = { family: 'scripted', about: 'plays a script', tasks: { play: 'as written' }, options: {}, make: (_, __, { copies }) => { const env = new Scripted({ plans: plans(copies), ...script }); made.push(env); return env; } };
  return { training: new Training(new Catalogue([], nodeTypes, [family], [counted], [episodes, transitions, rollouts], trackers)), made, open: () => engines };
}
const tiny = applySettings(dqn, { 'q.hidden': [4], 'data.batch': 2, 'data.start': 4, 'data.every': 1, 'data.keep': 50 });
const OPTIONS = { environment: 'scripted/play', steps: 40, seed: 1, engine: 'tfjs:wasm', evaluate: { episodes: 2, every: 20 }, logEvery: 10, out: false } as const satisfies TrainOptions;

describe('settings', () => {
  it('reach nodes, sources, rules, targets and acting', () => {
    const d = applySettings(qmix, { 'agentQ.hidden': 8, 'data.batch': 4, 'q.lr': 0.5, 'q.clipNorm': 3, 'targets.polyak': 0.01, 'act.randomSteps': 7, 'tdTarget.gamma': 0.5 }), { nodes, sources, train, targets, act } = d.page;
    expect([nodes['agentQ']!.config!['hidden'], nodes['tdTarget']!.config!['gamma'], sources['data']!.batch, train['q']!.optimiser.lr, train['q']!.clipNorm, targets['*'], act!.randomSteps]).toEqual([8, 0.5, 4, 0.5, 3, { polyak: 0.01 }, 7]);
    expect(train['q']!.optimiser).toEqual({ ...qmix.page.train['q']!.optimiser, lr: 0.5 });
    expect(qmix.page.nodes['agentQ']!.config!['hidden']).toBe(64);
  });
  it('that nothing has are refused, with what there is, and nothing changes', () => {
    const before = JSON.stringify(toJson(qmix));
    expect(applySettings(dqn, { 'q.lr': 0.5, 'q.hidden': [3] }).page).toMatchObject({ train: { q: { optimiser: { lr: 0.5 } } }, nodes: { q: { config: { hidden: [3] } } } });
    expect(() => applySettings(qmix, { 'nobody.gamma': 1 })).toThrow('--set nobody.gamma: the page qmix has no nobody');
    expect(() => applySettings(qmix, { gamma: 1 })).toThrow('--set gamma: write name.setting=value');
    expect(() => applySettings(qmix, { 'agentQ.widht': 1 })).toThrow(GraphError);
    expect(() => applySettings(qmix, { 'data.batch': 0.5 })).toThrow(InputError);
    expect(() => applySettings(qmix, { 'constructor.x': 1, 'agentQ.hidden': 4 })).toThrow('the page qmix has no constructor');
    expect(() => applySettings(a2c, { 'targets.everyUpdates': 3 })).toThrow(/--set targets.everyUpdates: the page a2c has no targets\n {2}fix: nodes [^;]*; sources data; rules [^;]*; act$/);
    expect(JSON.stringify(toJson(qmix))).toBe(before);
  });
  it('left out of a page file are the documented ones: an optimiser of a type and a rate alone', () => {
    const page = toJson(dqn), bare = { ...page, train: { q: { ...page.train['q']!, optimiser: { type: 'adam', lr: 2.5e-4 } } } }, { optimiser } = fromJson(bare, registry).page.train['q']!;
    expect({ eps: 1e-8, ...optimiser }).toEqual({ type: 'adam', lr: 2.5e-4, eps: 1e-8 });
    expect(fromJson(bare, registry).page.nodes['q']!.config).toEqual(dqn.page.nodes['q']!.config);
  });
});

describe('a run', () => {
  it('is refused before anything is made where its numbers make no sense', async () => {
    const { training: t, made } = training();
    for (const wrong of [{ steps: 0 }, { steps: 1.5 }, { copies: 0 }, { evaluate: { episodes: 0 } }, { logEvery: -1 }, { checkpointEvery: NaN }, { failures: 0 }, { seed: NaN }, { seed: 1.5 }, { seed: -1 }, { seed: 2 ** 53 }]) await expect(t.prepare(tiny, { ...OPTIONS, ...wrong, out: `${folder}/never` })).rejects.toThrow(InputError);
    await expect(t.prepare(tiny, { ...OPTIONS, engine: 'tfjs:cuda', out: `${folder}/never` })).rejects.toThrow('no backend cuda');
    await expect(t.prepare(tiny, { ...OPTIONS, environment: 'script/play', out: `${folder}/never` })).rejects.toThrow('did you mean scripted?');
    await expect(t.prepare(qmix, { ...OPTIONS, engine: 'onnx', out: `${folder}/never` })).rejects.toThrow('no engine is called');
    expect(made).toEqual([]);
    expect(await readdir(folder)).not.toContain('never');
  });
  it('closes its environments, whether it ends or fails', async () => {
    const good = training();
    await (await good.training.prepare(tiny, OPTIONS)).begin();
    expect(good.made.every(e => e.closed)).toBe(true);
    const bad = training({ spoil: at => { if (at.episode === 1 && at.t === 2) throw new Error('crashed'); } });
    await expect((await bad.training.prepare(tiny, OPTIONS)).begin()).rejects.toThrow('crashed');
    expect(bad.made.every(e => e.closed)).toBe(true);
  });
  it.each(Object.entries({
    'an environment with other actions': [{ continuous: true }, dqn, {}], 'a page for several agents less': [{ agents: 2 }, dqn, {}], 'a replay of which there is none': [{}, prioritisedDqn, {}],
    'a swap that cannot be made': [{}, dqn, { swaps: [{ at: 5, swaps: [{ slot: 'nobody', type: 'greedy', config: {} }] }] }], 'an overlap that its engine does not have': [{}, dqn, { overlap: 'on' }], 'a folder of another': [{}, dqn, { out: os.tmpdir() }],
  } satisfies Record<string, [Omit<Script, 'plans'>, Definition, Partial<TrainOptions>]>))('that cannot be prepared leaves nothing open: %s', async (_, [script, d, more]) => {
    const { training: t, made, open } = training(script);
    await expect(t.prepare(applySettings(d, { 'q.hidden': [4] }), { ...OPTIONS, ...more })).rejects.toThrow();
    expect(made.length).toBeGreaterThan(0);
    expect([made.filter(e => !e.closed).length, open()]).toEqual([0, 0]);
  });
  it('gives its engine back at its end, and where it never begins', async () => {
    const { training: t, made, open } = training();
    await (await t.prepare(tiny, OPTIONS)).begin();
    expect(open()).toBe(0);
    const idle = await t.prepare(tiny, OPTIONS);
    expect(open()).toBe(1);
    await idle.close();
    expect([made.filter(e => !e.closed).length, open()]).toEqual([0, 0]);
  });
  it('stops when it is asked from outside, by a timer or a signal: it lets the event loop turn', async () => {
    const prepared = await training().training.prepare(tiny, { ...OPTIONS, steps: 100_000 }), timer = setTimeout(() => { prepared.run.stop(); }, 30), { reason } = await prepared.begin();
    clearTimeout(timer);
    expect(reason).toBe('stopped');
  });
  it('goes on where a tracker fails, whatever it fails at', async () => {
    const unhandled: unknown[] = [];
    config.onUnhandledError = e => { unhandled.push(e); };
    try {
      const fail = () => { throw new Error('no disk'); }, { reason } = await (await training().training.prepare(tiny, { ...OPTIONS, trackers: [{ metrics: fail, event: () => Promise.reject(new Error('no net')), progress: fail }] })).begin();
      expect(reason).toBe('finished');
      await new Promise(resolve => { setTimeout(resolve, 5); });
    } finally { config.onUnhandledError = null; }
    expect(unhandled).toEqual([]);
  });
  it.each(['make', 'start', 'event', 'close'] as const)('whose tracker throws in %s ends whole: curve, last events, no lock; the tracker is named', async where => {
    const fail = () => { throw new Error('no net'); }, out = `${folder}/fails-at-${where}`, made = where === 'make' ? fail : () => ({ [where]: fail });
    const { training: t } = training({}, [{ name: 'net', make: made }]), { reason } = await (await t.prepare(tiny, { ...OPTIONS, out })).begin(), { events } = await readRun(out);
    expect(reason).toBe('finished');
    expect((await readdir(out)).sort()).toEqual(['checkpoints', 'curve.svg', 'events.jsonl', 'graph.svg', 'metrics.jsonl', 'run.json']);
    expect(events.filter(e => e.kind === 'alarm').map(e => e.detail)).toEqual([{ code: 'TRACKER', what: where === 'make' ? 'tracker net cannot be made: no net' : 'tracker net failed and is not told again: no net' }]);
    expect(events.some(e => e.kind === 'end')).toBe(true);
  });
});

describe('a tracker that answers to nothing', () => {
  it('costs the run no step: all are made while it is at the first record (T27)', async () => {
    let release = () => {}, records = 0;
    const gate = new Promise<void>(resolve => { release = resolve; }), heard: string[] = [];
    const prepared = await training().training.prepare(tiny, { ...OPTIONS, steps: 200, trackers: [
      { metrics: async () => { records++; await gate; } },
      { event: e => { heard.push(e.kind); if (e.kind === 'end') { expect(records).toBe(1); release(); } } },
    ] });
    expect((await prepared.begin()).reason).toBe('finished');
    expect(records).toBeGreaterThan(10);                                   // what waited for it is told when it answers at last
    expect(heard).toEqual(['start', 'end']);
  });
});

describe.each(['tfjs:cpu', 'tfjs:wasm'])('on %s', engine => {
  const run = async (name: string, script: Omit<Script, 'plans'>, d: Definition, more: Partial<TrainOptions> = {}) => {
    const out = `${folder}/${name}-${engine.replace(':', '-')}`, { training: t } = training(script), error = await (await t.prepare(d, { ...OPTIONS, engine, out, checkpointEvery: 8, ...more })).begin().then(() => undefined, (e: unknown) => e), store = new Checkpoints(`${out}/checkpoints`, { version: version() }), newest = (await store.list()).at(-1)!;
    return { error, snapshot: await store.load(newest), ...await readRun(out) };
  };
  const finite = (arrays: Readonly<Record<string, { readonly data: ArrayLike<number> }>>) => Object.entries(arrays).every(([k, a]) => !/^(weights|lagged|slots)\//.test(k) || Array.from(a.data).every(Number.isFinite));
  it.each([['an observation', 'obs', NaN], ['a reward', 'reward', Infinity]] as const)('%s that is not finite ends the run before the optimiser sees it; the last checkpoint is whole (T15)', async (_, field, value) => {
    const { error, snapshot, metrics } = await run(`emits-${field}`, { spoil: (at, fields) => { if (at.episode === 4 && at.t === 2) fields[field]![0] = value; } }, tiny);
    expect(error).toBeInstanceOf(RunError);
    expect((error as Error).message).toContain(`scripted/play: copy 0, step 2 of its episode${field === 'obs' ? ', agent 0' : ''}: ${field} is ${value}`);
    expect(finite(snapshot.arrays)).toBe(true);
    // episodes of 3, 5, 3 and 5 steps, then 2 more: 18; checkpoints after 8 and 16
    expect((snapshot.meta as { counters: { steps: number } }).counters.steps).toBe(16);
    expect(metrics.every(m => Object.values(m.values).every(Number.isFinite))).toBe(true);
  });
  it('an exploding loss is not applied, is told of, and ends the run after so many in a row (T16)', async () => {
    // rewards of 1e25 square to infinity: every loss after them is infinite
    const { error, snapshot, events } = await run('explodes', { spoil: (at, fields) => { if (at.episode >= 4 && at.t > 0) fields['reward']![at.copy] = 1e25; } }, derive(tiny, 'short', g => { g.transitions({ keep: 2, batch: 2, start: 2 }); }), { failures: 3 });
    expect((error as Error).message).toMatch(/^3 updates in a row could not be applied; update \d+: rule q: tdLoss\.loss \(maskedMse\) is the first wire that is not finite/);
    expect(events.filter(e => e.kind === 'alarm').slice(-3).map(e => e.detail['inARow'])).toEqual([1, 2, 3]);
    expect(finite(snapshot.arrays)).toBe(true);
  });
});

describe('a long run', () => {
  it('holds as many tensors after 3,000 updates as after ten, and hardly more memory (T28)', async () => {
    const UPDATES = 3000, FROM = 500, { training: t } = training({ plans: [[{ length: 20, end: 'terminated' }]] }), alive = new Set<number>(), rss: number[] = [], kept: number[] = [];
    const prepared = await t.prepare(derive(tiny, 'long', g => { g.transitions({ keep: 50, batch: 2, start: 2, every: 0.2 }); }), { ...OPTIONS, steps: 602, logEvery: 1000, evaluate: { episodes: 1, every: 10_000 } });
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void, note = () => { collect(); const { rss: all, heapUsed, external } = process.memoryUsage(); rss.push(all); kept.push(heapUsed + external); };
    prepared.run.progress$.subscribe(p => { if (p.update >= 10) alive.add(prepared.engine.alive()); if (p.update >= FROM && p.update % 500 < 5) note(); });
    const { state } = await prepared.begin(), updates = state.counters.updates;
    note();
    expect(updates).toBeGreaterThanOrEqual(UPDATES);
    expect(alive.size).toBe(1);
    // What is still held after a collection. An update that kept its batch (eight typed arrays) or its state would keep 2 KB; compiled code and
    // tables of the collector account for some 0.2 KB at this length, less in longer runs. A tensor that stayed shows above.
    expect((kept.at(-1)! - kept[0]!) / (updates - FROM)).toBeLessThan(1024);
    // Pages of the heap and of WebAssembly are got in pieces of up to 16 MB: two of them over the whole
    expect(rss.at(-1)! - rss[0]!).toBeLessThan(32 * 2 ** 20);
  }, 120_000);
});

describe('another place', () => {
  it('changes no id, no number and no weight: Turkish letters, Nepal time (T29)', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('locale.child.ts', import.meta.url))], { env: { ...process.env, LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Asia/Kathmandu' }, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (x: Buffer) => { text += x.toString('utf8'); });
    const [here, [code]] = await Promise.all([facts(), once(child, 'close') as Promise<[number]>]), { digest, zone, ...there } = JSON.parse(text) as Record<string, unknown>;
    expect(code).toBe(0);
    expect(zone).toBe(-330);                                                // 1970: +5:30, so the child was in Kathmandu
    expect(there).toEqual(JSON.parse(JSON.stringify(here)));
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  }, 60_000);
});
