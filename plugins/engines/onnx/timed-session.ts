/** A session whose first calls ONNX Runtime times operator by operator; operators bear the names of their nodes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spend, type Placed, type ProgramTimes } from '../program.ts';
import type { Model } from './emit.ts';
import type { Runtime, Session } from './session.ts';

/** Calls that are timed by operator, besides the first, which is slower than all others. The notes cost time and room. */
const SAMPLE = 20;
interface Event { readonly cat: string; readonly name: string; readonly ts: number; readonly dur: number; readonly args: { readonly op_name?: string; readonly provider?: string } }
export interface TimedSession extends Session { settle(): void }

export async function timedSession(runtime: Runtime, model: Model, threads: number, times: ProgramTimes, elsewhere: boolean): Promise<TimedSession> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-profile-'));
  let open = true, timed = 0;
  try {
    const session = await runtime.open(model, threads, path.join(folder, 'calls')), settle = () => {
      if (!open) return;
      open = false;
      session.endProfile();
      for (const file of readdirSync(folder)) {
        const events = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Event[];
        read(events, times);
        if (elsewhere) times.placed = placed(events);
      }
      rmSync(folder, { recursive: true, force: true });
    };
    return {
      room: session.room, settle, endProfile: settle, dispose: () => { settle(); session.dispose(); },
      run: async supply => {
        const began = performance.now(), out = await session.run(supply);
        times.seconds += (performance.now() - began) / 1000; times.calls++;
        if (timed++ === SAMPLE) settle();
        return out;
      },
    };
  } catch (e) { rmSync(folder, { recursive: true, force: true }); throw e; }
}
/** Operators of a body run within its Scan, which counts for them. */
function read(events: readonly Event[], times: ProgramTimes): void {
  const runs = events.filter(e => e.name === 'model_run').sort((a, b) => a.ts - b.ts), first = runs.length > 1 ? runs[0]!.ts + runs[0]!.dur : -1;
  let until = first;
  for (const { name, ts, dur } of events.filter(e => e.cat === 'Node' && e.name.endsWith('_kernel_time')).sort((a, b) => a.ts - b.ts || b.dur - a.dur)) {
    if (ts < until) continue;
    until = ts + dur;
    const [, node = ''] = /^(?:fused )?([^/]*)\//.exec(name) ?? [];
    spend(times, node, dur / 1e6);
  }
  times.sampled += Math.max(1, runs.length - 1);
}
/** Which operators the provider has not; copies to it and back are none. */
function placed(events: readonly Event[]): Placed {
  const operators = new Map(events.filter(e => e.cat === 'Node' && e.name.endsWith('_kernel_time') && !e.args.op_name?.startsWith('Memcpy')).map(e => [e.name, e.args])), onCpu: Record<string, number> = {};
  for (const { op_name: type = '', provider } of operators.values()) if (provider === 'CPUExecutionProvider') onCpu[type] = (onCpu[type] ?? 0) + 1;
  return { operators: operators.size, onCpu };
}
