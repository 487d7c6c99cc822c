/** The command line inside the test's process: arguments in, exit code and both streams out. */
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main } from '../../../plugins/cli/command-line.ts';

export interface Answer { readonly code: number; readonly stdout: string; readonly stderr: string }
export interface Setting {
  readonly environment?: Readonly<Record<string, string>>;
  /** Makes both streams terminals of this width. */
  readonly columns?: number;
  readonly signals?: EventEmitter;
  readonly exit?: (code: number) => void;
  /** Hears everything that is written. */
  readonly heard?: (text: string) => void;
}
export async function skeinWith({ environment = {}, columns, signals = new EventEmitter(), exit = () => { throw new Error('exits'); }, heard = () => undefined }: Setting, ...argv: readonly string[]): Promise<Answer> {
  const written = { stdout: '', stderr: '' }, stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => { written[name] += text; heard(text); }, ...(columns === undefined ? {} : { isTTY: true, columns }) });
  const code = await main(argv, { stdout: stream('stdout'), stderr: stream('stderr'), environment, signals, exit });
  return { code, ...written };
}
export const skein = (...argv: readonly string[]): Promise<Answer> => skeinWith({}, ...argv);

/** A folder that is taken away after the tests. */
export function scratch(): { readonly path: string; readonly remove: () => void; in(name: string): string } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'skein-cli-'));
  return { path: folder, remove: () => { rmSync(folder, { recursive: true, force: true }); }, in: name => path.join(folder, name) };
}
/** Options that make a run of QMIX as small as it can be. */
export const TINY = ['--env', 'matrix/two-step', '--steps', '60', '--engine', 'tfjs:cpu', '--evaluate', '30:4', '--checkpoint', '30', '--set', 'data.batch=2', '--set', 'agentQ.hidden=4', '--set', 'mixer.embed=2', '--set', 'mixer.hypernet=[4]'];
