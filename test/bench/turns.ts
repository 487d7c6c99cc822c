/** Those who take part, each in a process of its own, and their turns. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PYTHON } from './peers/environment.ts';
import type { Row, Who } from './rows.ts';

export interface Turn { readonly seconds: number; readonly cpu: number; readonly units: number }
export type Numbers = Readonly<Record<string, readonly number[]>>;
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
/** One core means one core, where the system can say so. */
const pinned = (command: string, args: readonly string[]): [string, readonly string[]] => spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', ['-c', '0', command, ...args]] : [command, args];

/** A process that does one task when it is asked to, and waits otherwise. */
export class Subject {
  readonly who: Who;
  readonly turns: Turn[] = [];
  readonly #child: ChildProcess; readonly #lines: AsyncIterator<string>;
  #times = 1;
  private constructor(who: Who, child: ChildProcess) {
    this.who = who; this.#child = child; this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }
  /** `data` is the file that peers take weights and a batch from, `worker` our own task. */
  static async open(row: Row, who: Who, { data, worker }: { readonly data: string; readonly worker: string }): Promise<Subject> {
    const peer = /^(torch|jax|sb3|epymarl|jaxmarl)(-gru|-unrolled)?-(\d)$/.exec(who), one = /-1$/.test(who) || who === 'skein';
    const command = peer ? PYTHON : process.execPath, args = peer ? [here(`peers/${peer[1]!}_${row.name.startsWith('train-') ? 'runs' : 'steps'}.py`), row.name, peer[3]!, data, ...(peer[2] ? [peer[2].slice(1)] : [])] : [worker, row.name, ...(who === 'skein' ? [] : [who])];
    const [run, given] = one ? pinned(command, args) : [command, args];
    const subject = new Subject(who, spawn(run, given, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...(peer ? { OMP_NUM_THREADS: peer[3]! } : {}) } }));
    await subject.#answer();
    return subject;
  }
  async #answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.who} ended before it answered`);
    return JSON.parse(value);
  }
  async #ask(what: unknown): Promise<unknown> { this.#child.stdin!.write(`${JSON.stringify(what)}\n`); return this.#answer(); }
  async check(): Promise<Numbers> { return await this.#ask('check') as Numbers; }
  async turn(): Promise<Turn> { return await this.#ask({ times: this.#times }) as Turn; }
  /** As much work a turn as takes `seconds`, found on warm code. */
  async warm(seconds: number): Promise<void> {
    for (let tries = 0; tries < 12; tries++) {
      const { seconds: took } = await this.turn();
      if (tries > 1 && took >= 0.7 * seconds) return;
      this.#times = Math.max(1, Math.min(10 * this.#times, Math.ceil(this.#times * seconds / Math.max(1e-6, took))));
      if (tries > 1 && this.#times === 1) return;
    }
  }
  close(): void { this.#child.kill(); }
}

/** Largest difference over the largest element of any array, which counts as 0.01 at least, 1e-6 among moments (`m/`); Infinity where names or lengths differ. */
export function distance(a: Numbers, b: Numbers): number {
  const shared = Object.keys(a).filter(k => k in b);
  if (shared.length < Math.min(Object.keys(a).length, Object.keys(b).length) || !shared.length) return Infinity;
  return Math.max(...shared.map(k => {
    const [x, y] = [a[k]!, b[k]!];
    if (x.length !== y.length) return Infinity;
    let most = k.startsWith('m/') ? 1e-6 : 1e-2, off = 0;
    for (let i = 0; i < x.length; i++) { most = Math.max(most, Math.abs(x[i]!)); off = Math.max(off, Math.abs(x[i]! - y[i]!)); }
    return Number.isFinite(off) ? off / most : Infinity;
  }));
}
