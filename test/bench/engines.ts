/**
 * Time of an update and of an acting step on two engines, in turns: `npx tsx test/bench/engines.ts [engine engine]`, tfjs:wasm and onnx unless
 * named. QMIX at 32 episodes of 50 steps of 5 agents, a minibatch of PPO, a batch of DQN. Least and median of each, how often the second goes
 * into the first, and the CPU time of both, which other work on the machine changes less. SECONDS=n for each row, 20 otherwise.
 */
import type { Definition } from '../../core/definition.ts';
import type { Engine } from '../../core/engine.ts';
import type { TypedArray } from '../../core/environment.ts';
import { derive } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { plan } from '../../core/plan.ts';
import { Learner } from '../../core/step.ts';
import { freshState } from '../../core/weights.ts';
import { dqn, qmix } from '../../graphs/index.ts';
import { onnx } from '../../plugins/engines/onnx/engine.ts';
import { tfjs } from '../../plugins/engines/tfjs.ts';
import { batchOf, presentOf, SIZES, type Sizes } from '../pages/lab.ts';
import { ppo } from '../pages/single.ts';

const open = (name: string): Promise<Engine> => { const [kind, backend] = name.split(':') as [string, string?]; return [tfjs, onnx].find(e => e.name === kind)!.open(backend); };
const names = process.argv.length > 3 ? process.argv.slice(2, 4) : ['tfjs:wasm', 'onnx'], engines = [await open(names[0]!), await open(names[1]!)], limit = 1000 * Number(process.env['SECONDS'] ?? 20);

interface Row { readonly what: string; readonly page: Definition; readonly sizes: Sizes; readonly steps: number; readonly act?: boolean }
const reference = derive(qmix, 'qmix', g => { g.train('q', g.at('tdLoss').loss, { optimiser: adam({ lr: 5e-4 }), clipNorm: 10 }); }), world = { ...SIZES, batch: 32, agent: 5, id: 5, obs: 30, state: 120, action: 11 };
/** One pass over what a rollout gave, all of it at once: what a minibatch of 2,048 costs. */
const once = derive(ppo, 'ppo', g => { g.rollout({ steps: 128, copies: 16, epochs: 1, minibatches: 1 }); });
const rows: readonly Row[] = [
  { what: 'QMIX update, 32 x 50 x 5', page: reference, sizes: world, steps: 50 },
  { what: 'PPO pass, 16 x 128', page: once, sizes: { ...world, batch: 16, agent: 1, id: 1, obs: 4, action: 2 }, steps: 128 },
  { what: 'DQN update, 128', page: dqn, sizes: { ...world, batch: 128, agent: 1, id: 1, obs: 4, action: 2 }, steps: 1 },
  { what: 'QMIX acting, 8 x 5', page: reference, sizes: { ...world, batch: 8 }, steps: 50, act: true },
  { what: 'DQN acting, 1', page: dqn, sizes: { ...world, batch: 1, agent: 1, id: 1, obs: 4, action: 2 }, steps: 1, act: true },
];

const data = (arrays: ReturnType<typeof batchOf>): Record<string, TypedArray> => Object.fromEntries(Object.entries(arrays).map(([k, a]) => [k, a.data]));
/** One more update or action, as often as it is called. */
function task({ page, sizes, steps, act }: Row, engine: Engine): () => Promise<void> {
  const learner = new Learner(plan(page, { ...sizes, time: steps }), engine), cuts = Object.fromEntries(Object.keys(page.page.sources).map(s => [s, { batch: sizes.batch, time: steps }])), fields = data(batchOf(page, { steps, sizes })), present = data(presentOf(page, { sizes }));
  let state = freshState(learner.plan, 1), carry: Readonly<Record<string, Float32Array>> = {}, n = 0;
  return act
    ? async () => { ({ carry } = await learner.act(state, present, sizes.batch, carry, { seed: 1, counters: [n++] })); }
    : async () => { const done = await learner.update(state, { cuts, fields }, { seed: 1 }); if (done.failed !== undefined) throw new Error(done.failed); ({ state } = done); };
}
interface Taken { readonly wall: number; readonly cpu: number }
async function time(f: () => Promise<void>, times: number): Promise<Taken> {
  const from = performance.now(), used = process.cpuUsage();
  for (let i = 0; i < times; i++) await f();
  const { user, system } = process.cpuUsage(used);
  return { wall: (performance.now() - from) / times, cpu: (user + system) / 1000 / times };
}
const ms = (x: number) => x.toPrecision(3), median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1]!;

console.log(engines.map(({ info }) => [info.engine, info.version, info.backend, info.device].filter(Boolean).join(' ')).join(' against '));
for (const row of rows) {
  const tasks = engines.map(e => task(row, e)), taken: [Taken[], Taken[]] = [[], []], first = [await time(tasks[0]!, 1), await time(tasks[1]!, 1)], until = performance.now() + limit, often: number[] = [];
  for (const f of tasks) { await time(f, 2); often.push(Math.max(1, Math.ceil(20 / (await time(f, 2)).wall))); }          // turns of 20 ms and more
  while (performance.now() < until || taken[1].length < 3) for (const i of [0, 1] as const) taken[i].push(await time(tasks[i]!, often[i]!));
  const [least, middle, cpu] = [taken.map(list => Math.min(...list.map(t => t.wall))), taken.map(list => median(list.map(t => t.wall))), taken.map(list => median(list.map(t => t.cpu)))] as [number[], number[], number[]], ratio = ([a, b]: number[]) => ms(a! / b!);
  console.log([`${row.what}:`, ...names.map((n, i) => `${n} ${ms(least[i]!)} ms (median ${ms(middle[i]!)}, CPU ${ms(cpu[i]!)}, first call ${ms(first[i]!.wall)}),`), `${ratio(least)} times (${ratio(middle)}, CPU ${ratio(cpu)})`].join(' '));
}
