/** The other side of `beside.ts`: sessions that live in a thread of their own. */
import { parentPort, workerData } from 'node:worker_threads';
import type { TypedArray } from '../../../core/environment.ts';
import type { Outputs } from '../../../core/engine.ts';
import type { Model } from './emit.ts';
import { loadRuntime, type Session } from './session.ts';

/** What is asked of the thread: a session of a model, a call of one, its end. */
export type Order = { readonly session: number } & ({ readonly open: Model; readonly threads: number } | { readonly run: ReadonlyMap<string, TypedArray> } | { readonly dispose: true });
/** Answers come in the order of what was asked; an end has none. */
export type Answer = { readonly outputs: Outputs } | { readonly error: string };

const port = parentPort!, runtime = loadRuntime(workerData as Parameters<typeof loadRuntime>[0]), sessions = new Map<number, Session>();
async function obey(order: Exclude<Order, { dispose: true }>): Promise<Outputs> {
  if ('run' in order) return sessions.get(order.session)!.run(name => order.run.get(name)!);
  sessions.set(order.session, await runtime.open(order.open, order.threads));
  return {};
}
let last: Promise<unknown> = Promise.resolve();
port.on('message', (order: Order) => {
  if ('dispose' in order) { sessions.get(order.session)?.dispose(); sessions.delete(order.session); return; }
  last = last.then(() => obey(order)).then(
    given => {                                                                 // memory of the runtime's own does not change hands
      const outputs: Outputs = Object.fromEntries(Object.entries(given).map(([name, o]) => [name, { ...o, data: o.data.slice() }]));
      port.postMessage({ outputs } satisfies Answer, Object.values(outputs).map(o => o.data.buffer as ArrayBuffer));
    },
    (e: unknown) => { port.postMessage({ error: e instanceof Error ? e.message : String(e) } satisfies Answer); },
  );
});
