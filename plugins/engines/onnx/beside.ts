/** Sessions in a thread of their own, which work while this one goes on. Numbers cross by copy: the runtime takes no memory that is shared. */
import { Worker } from 'node:worker_threads';
import type { Outputs } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';
import { RunError } from '../../../core/error.ts';
import { dtypeOf } from '../../arrays.ts';
import type { Provider } from './provider.ts';
import type { Answer, Order } from './session-thread.ts';
import type { Runtime } from './session.ts';

interface Waiting { resolve(outputs: Outputs): void; reject(why: unknown): void }
export interface Beside extends Runtime { close(): void }

/** From the sources, as tests run, a thread needs the loader that its process has. */
function started(provider: Provider | undefined): Worker {
  const workerData = provider && { asked: provider.asked }, here = import.meta.url, file = new URL('session-thread.ts', here).href;
  return here.endsWith('.ts') ? new Worker(`import('tsx/esm/api').then(api => api.tsImport('${file}', '${here}'))`, { eval: true, workerData }) : new Worker(new URL('session-thread.js', here), { workerData });
}
/** Starts the thread. It keeps no process alive unless something is asked of it. */
export function beside({ version, direct }: Pick<Runtime, 'version' | 'direct'>, provider?: Provider): Beside {
  const worker = started(provider), waiting: Waiting[] = [];
  let sessions = 0, over: Error | undefined;
  const fail = (why: Error) => { over ??= why; for (const { reject } of waiting.splice(0)) reject(over); };
  worker.unref();
  worker.on('error', fail).on('exit', () => { fail(new RunError('the thread of the learner has ended', 'without --overlap it learns in the thread of the environments')); });
  worker.on('message', (answer: Answer) => {
    const { resolve, reject } = waiting.shift()!;
    if (!waiting.length) worker.unref();
    if ('error' in answer) reject(new Error(answer.error)); else resolve(answer.outputs);
  });
  const ask = (order: Order, moved: readonly ArrayBuffer[] = []) => new Promise<Outputs>((resolve, reject) => {
    if (over !== undefined) { reject(over); return; }
    waiting.push({ resolve, reject });
    worker.ref();
    worker.postMessage(order, moved);
  });
  return {
    version, direct,
    async open(model, threads) {
      const session = sessions++, names = new Map(model.inputs.map(i => [i.name, i]));
      await ask({ session, open: model, threads });
      return {
        room: model.room, endProfile: () => undefined, dispose: () => { worker.postMessage({ session, dispose: true } satisfies Order); },
        run: supply => {
          const run = new Map<string, TypedArray>([...names.values()].map(({ name, whole, dtype }) => [name, supply(name, whole, dtypeOf({ dtype })).slice()]));
          return ask({ session, run }, [...run.values()].map(a => a.buffer as ArrayBuffer));
        },
      };
    },
    close: () => { over ??= new RunError('the engine is closed'); void worker.terminate(); },
  };
}
