/**
 * One task in a process of its own: `worker.ts <task> [engine]`. Lines of JSON, the same as the peers' scripts: "check" gives the numbers of one
 * step by name, {"times": k} does the work k times and gives the seconds.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../core/engine.ts';
import { describe } from '../../core/describe.ts';
import { swap } from '../../core/graph.ts';
import { Random } from '../../core/random.ts';
import { Learner } from '../../core/step.ts';
import { view } from '../../core/weights.ts';
import { mappo, qmix, vdn } from '../../graphs/index.ts';
import { sumMixer } from '../../nodes/index.ts';
import { compose } from '../../plugins/compose.ts';
import { nestedIn } from '../../visualizer/inside.ts';
import { layered } from '../../visualizer/layered.ts';
import { measure } from '../../visualizer/measure.ts';
import { pictureOf } from '../../visualizer/picture.ts';
import type { ViewGraph } from '../../visualizer/view-graph.ts';
import { EPSILON, laid, STEPS, type Step } from './reference.ts';
import { RUNS, type WholeRun } from './runs.ts';

type Numbers = Readonly<Record<string, ArrayLike<number>>>;
/** `run` does the work so many times and says how much that was; some time themselves, because not all of it counts. */
interface Task { check?(): Promise<Numbers>; run(times: number): Promise<{ readonly units: number; readonly seconds?: number }> | { readonly units: number; readonly seconds?: number } }

function learning(step: Step, engine: Engine): Task {
  const { plan, state: begin, fields } = laid(step), learner = new Learner(plan, engine), cuts = { data: { batch: step.sizes.batch, time: step.steps } };
  const update = async (from: typeof begin) => { const done = await learner.update(from, { cuts, fields }, { seed: 1 }); if (done.failed !== undefined) throw new Error(done.failed); return done; };
  let state = begin;
  return {
    async check() {
      const { state: { weights, slots }, losses, norms } = await update(begin), [rule = ''] = Object.keys(norms), { slices } = plan.rules.get(rule)!, m = slots[rule]!.moments['m']!;
      let from = 0;
      return { loss: [losses[rule]!], norm: [norms[rule]!], ...Object.fromEntries(slices.flatMap(s => [[`w/${s.name}`, view(weights, s)], [`m/${s.name}`, m.subarray(from, from += s.size)]])) };
    },
    async run(times) { for (let i = 0; i < times; i++) ({ state } = await update(state)); return { units: times }; },
  };
}
function acting(step: Step, engine: Engine): Task {
  const { plan, state, fields, noise, carry: begin } = laid(step), learner = new Learner(plan, engine), copies = step.sizes.batch;
  let carry = begin, n = 0;
  return {
    async check() { const { action, carry: { agentQ } } = await learner.act(state, fields, copies, begin, { seed: 1, counters: [0], noise, knobs: { 'explore.epsilon': EPSILON } }); return { action: action.data, carry: agentQ! }; },
    async run(times) { for (let i = 0; i < times; i++) ({ carry } = await learner.act(state, fields, copies, carry, { seed: 1, counters: [n++] })); return { units: times }; },
  };
}

type Prepared = Awaited<ReturnType<Awaited<ReturnType<typeof compose>>['training']['prepare']>>;
/** A run of a page that ends when it is told to; evaluations and checkpoints are far away. */
async function prepared({ page, environment, copies }: WholeRun, who: string, logEvery: number): Promise<Prepared> {
  const { training } = await compose(), beside = who.endsWith(' beside'), engine = who.replace(' beside', ''), far = 1e9;
  return training.prepare(page, { environment, copies, engine, overlap: beside ? 'on' : 'off', steps: far, logEvery, evaluate: { every: 4 * far, episodes: 1 }, checkpointEvery: 4 * far, out: false, picture: false });
}
/** Seconds from `from` on, when the programs are made and the replay has a batch. */
async function trained({ from, to, by, ...run }: WholeRun, who: string): Promise<{ units: number; seconds: number }> {
  const marks: { step: number; seconds: number }[] = [], { run: going, begin } = await prepared({ from, to, ...run }, who, by ? 1e9 : (to - from) / 2);
  let over = false, batches = -1;
  const mark = (at: number, { step, seconds }: { readonly step: number; readonly seconds: number }): void => {
    if (over || at < from) return;
    marks.push({ step, seconds });
    over = at >= to;
    if (over) going.stop();
  };
  // the first step after a batch: all that belongs to it is done, and what comes next belongs to the next
  if (by) going.progress$.subscribe(place => { if (place.update !== batches) mark(batches = place.update, place); });
  else going.metrics$.subscribe(({ values, ...place }) => { if ('time/steps_per_second' in values) mark(place.step, place); });
  await begin();
  const [first, last] = [marks[0]!, marks.at(-1)!];
  if (!(last.step > first.step)) throw new Error(`it ended before ${to}`);
  return { units: last.step - first.step, seconds: last.seconds - first.seconds };
}
/** Weights that learn, and how often an optimiser steps per 1,000 steps of the environment once updates have begun. */
async function configuration(run: WholeRun, who: string): Promise<Numbers> {
  const { run: going, plan, begin } = await prepared(run, who, 1e9), updates = run.by ? run.from + 2 : 50;
  let first: { step: number; update: number } | undefined, last = { step: 0, update: 0 };
  going.progress$.subscribe(({ step, update }) => {
    if (update > last.update) { last = { step, update }; first ??= last; }
    if (update >= updates) going.stop();
  });
  const { state: { slots, counters } } = await begin(), each = Object.values(slots).reduce((sum, { count }) => sum + count, 0) / counters.updates;
  return { weights: [[...plan.rules.values()].reduce((sum, { slices }) => sum + slices.reduce((n, s) => n + s.size, 0), 0)], steps: [1000 * each * (last.update - first!.update) / (last.step - first!.step)] };
}
/** A fifth of the way with the plain engine: it takes that much longer. */
const training = (run: WholeRun, engine: string): Task => ({ check: () => configuration(run, engine), run: () => trained(engine.startsWith('tfjs') ? { ...run, to: run.from + (run.to - run.from) / 5 } : run, engine) });
/** From asking for another mixer until the run goes on with it, tried on a batch. */
const swapping = (engine: string): Task => ({
  async run() {
    const every = RUNS['train-qmix'].from, { run, begin } = await prepared(RUNS['train-qmix'], engine, every);
    let asked = false, seconds = 0;
    run.metrics$.subscribe(({ step, values }) => {
      if (asked || !('time/steps_per_second' in values) || step < every) return;
      asked = true;
      const began = performance.now();
      void run.edit(d => swap(d, 'mixer', sumMixer())).then(() => { seconds = (performance.now() - began) / 1000; }).finally(() => { run.stop(); });
    });
    await begin();
    return { units: 1, seconds };
  },
});
/** From the start of a process until the QMIX page has made one update at its reference sizes, from what is built. */
const starting = (engine: string): Task => ({
  run: () => new Promise((resolve, reject) => {
    const began = performance.now(), child = spawn(process.execPath, [fileURLToPath(new URL('cold.js', import.meta.url)), engine], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => { resolve({ units: 1, seconds: (performance.now() - began) / 1000 }); });
    child.once('exit', code => { reject(new Error(`cold.js ended with ${code}`)); });
  }),
});

async function stepping(id: string, copies: number): Promise<Task> {
  const { catalogue } = await compose(), env = await catalogue.environment(id, { copies, seed: 1 }), { agent = 1, action: n = 1 } = env.spec.sizes, actions = new Int32Array(copies * agent), ended = new Uint8Array(copies).fill(1), { avail, terminated, truncated } = env.fields as { avail?: Uint8Array; terminated: Uint8Array; truncated: Uint8Array };
  let lot = 1;
  const draw = () => (lot = (Math.imul(lot, 1664525) + 1013904223) >>> 0) >>> 16;
  await env.reset(ended);
  return { async run(times) {
    for (let i = 0; i < times; i++) {
      for (let row = 0; row < actions.length; row++) { let a = draw() % n; while (avail && !avail[row * n + a]) a = (a + 1) % n; actions[row] = a; }
      await env.step(actions);
      let any = false;
      for (let c = 0; c < copies; c++) { ended[c] = terminated[c]! | truncated[c]!; any ||= ended[c] === 1; }
      if (any) await env.reset(ended);
    }
    return { units: times * copies };
  } };
}

const look = { direction: 'LR', shapes: 'symbolic' } as const;
/** `count` boxes, about 1.5 lines a box, ten a column. */
function synthetic(count: number): ViewGraph {
  const base_ = pictureOf(describe(vdn)), { of: _, ...base } = base_.nodes.find(n => n.id === 'nextGreedy')!, edges: ViewGraph['edges'][number][] = [];
  for (let i = 0; i < count; i++) for (const [k, to] of [i + 10 + (i % 3), ...(i % 2 ? [i + 14] : [])].entries()) if (to < count) edges.push({ id: `${i}.${k}`, from: [`n${i}`, 'out'], to: [`n${to}`, `in${i}`], kind: 'data', net: `n${i}.out` });
  return { ...base_, cards: [], edges, nodes: Array.from({ length: count }, (__, i) => ({ ...base, id: `n${i}`, title: `n${i}`, inputs: edges.filter(e => e.to[0] === `n${i}`).map(e => ({ id: e.to[1], label: 'in', marks: [], used: true })), outputs: [{ id: 'out', label: 'out', marks: [], used: true }] })) };
}
function drawing(view: ViewGraph): Task { return { run(times) { for (let i = 0; i < times; i++) layered(view, measure(view, look, nestedIn), look); return { units: times }; } }; }

/** A product of two 128 x 128 matrices in plain JavaScript, which no release changes. */
function yardstick(): Task {
  const n = 128, a = Float64Array.from({ length: n * n }, (_, i) => i % 7), b = Float64Array.from({ length: n * n }, (_, i) => i % 5), c = new Float64Array(n * n);
  return { run(times) {
    for (let k = 0; k < times; k++) for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) { let sum = 0; for (let l = 0; l < n; l++) sum += a[i * n + l]! * b[l * n + j]!; c[i * n + j] = sum; }
    return { units: times };
  } };
}

/** Loads that each need the one before, in an order that nobody foresees, through 8 MiB: more than a core has for itself, less than the cache that it shares. */
function cache(): Task {
  const n = 2 ** 21, order = Random.of(1, 'cache').permutation(n), ring = new Int32Array(n);
  order.forEach((x, i) => { ring[x] = order[(i + 1) % n]!; });
  let at = 0;
  return { run(times) {
    for (let i = 0; i < times * 10_000; i++) at = ring[at]!;
    return { units: times * 10_000 };
  } };
}

/** The same beside a process that keeps a core busy while it runs. */
function loaded(task: Task): Task {
  const busy = spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' });
  busy.kill('SIGSTOP');
  process.once('exit', () => { busy.kill('SIGKILL'); }).once('SIGTERM', () => { process.exit(); });
  return { ...task, async run(times) {
    busy.kill('SIGCONT');
    try { return await task.run(times); } finally { busy.kill('SIGSTOP'); }
  } };
}
async function taskOf(name: string, who: string): Promise<Task> {
  const engine = who.replace(' loaded', ''), task = await plainTask(name, engine);
  return engine === who ? task : loaded(task);
}
async function plainTask(name: string, engine: string): Promise<Task> {
  if (name in STEPS) {
    const step: Step = STEPS[name as keyof typeof STEPS], opened = await (await compose()).catalogue.engine(engine);
    return step.acts ? acting(step, opened) : learning(step, opened);
  }
  if (name in RUNS) return training(RUNS[name as keyof typeof RUNS], engine);
  const [kind, of_ = ''] = name.split(' ') as [string, string?];
  switch (kind) {
    case 'yardstick': return yardstick();
    case 'cache': return cache();
    case 'swap': return swapping(engine);
    case 'cold': return starting(engine);
    case 'environment': return stepping(of_, 8);
    case 'layout': return drawing(of_ === 'qmix' ? pictureOf(describe(qmix)) : of_ === 'mappo' ? pictureOf(describe(mappo)) : synthetic(500));
    default: throw new Error(`no task is called ${name}`);
  }
}

const [name = '', engine = ''] = process.argv.slice(2), task = await taskOf(name, engine), say = (line: unknown) => { console.log(JSON.stringify(line)); };
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as 'check' | { times: number };
  if (asked === 'check') { say(Object.fromEntries(Object.entries(await task.check!()).map(([k, x]) => [k, Array.from(x)]))); continue; }
  const began = performance.now(), used = process.cpuUsage(), { units, seconds } = await task.run(asked.times), { user, system } = process.cpuUsage(used);
  say({ seconds: seconds ?? (performance.now() - began) / 1000, cpu: (user + system) / 1e6, units });
}
process.exit();
