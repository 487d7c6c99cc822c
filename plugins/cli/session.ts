/** What one call of the command line talks to. Text for people goes to standard output, and to standard error where `--json` needs the other. */
import type { ConsoleSettings } from '../trackers/console.ts';
import { harmless } from '../trackers/readable.ts';
import { lasting, type TextOutput } from '../trackers/text-output.ts';

export interface Io {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signals: { on(event: Signal | Fault, listener: (reason: unknown) => void): unknown; off(event: Signal | Fault, listener: (reason: unknown) => void): unknown };
  /** Ends the process at once. */
  exit(code: number): void;
}
export type Signal = 'SIGINT' | 'SIGTERM';
/** What nobody caught: a timer or a promise of a plugin, an environment or a backend. */
export type Fault = 'uncaughtException' | 'unhandledRejection';
export type ExitCode = 0 | 1 | 2 | 3 | 130 | 143;

type Style = 'bold' | 'dim' | 'red';
const SGR: Readonly<Record<Style, string>> = { bold: '1', dim: '2', red: '1;31' };

const PLAIN: Readonly<Record<string, string>> = { '·': '-', '→': '->', '−': '-', '×': 'x', '…': '...', '≥': '>=', '≤': '<=', '±': '+-', '⇄': '~' };
const inAscii = (text: string) => text.replace(/[^\n -~]/g, c => PLAIN[c] ?? '?');

/** Text for people, on one stream. */
export class Paper {
  /** Nothing outside ASCII, as `--ascii` asks for. */
  ascii = false;
  readonly #out: TextOutput;
  readonly #colour: boolean;
  /** Characters that a line may take: the terminal's, and 100 where there is none. */
  readonly columns: number;
  readonly isTerminal: boolean;
  constructor(out: TextOutput, environment: Io['environment']) {
    this.#out = out;
    this.isTerminal = out.isTTY === true;
    this.columns = this.isTerminal ? Math.max(40, out.columns || 80) : 100;
    this.#colour = this.isTerminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  }
  /** Lines; `[[bold|text]]` marks a style. */
  print(...lines: readonly string[]): void {
    for (const line of lines) this.#out.write(`${this.#styled(line)}\n`);
  }
  #styled(line: string): string {
    return (this.ascii ? inAscii(line) : harmless(line)).replace(/\[\[(bold|dim|red)\|(.*?)\]\]/g, (_, style: Style, text: string) => (this.#colour ? `\x1b[${SGR[style]}m${text}\x1b[0m` : text));
  }
}

export class Session {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Where the answer of a command for people goes. */
  readonly answer: Paper;
  /** Errors and remarks. */
  readonly remarks: Paper;
  readonly io: Io;
  code: ExitCode = 0;
  /** Hears of what nobody caught, where a run is to be ended first. */
  fault: ((reason: unknown) => void) | undefined;
  /** Aborted once standard output has lost its reader (`| head`). */
  readonly unread = new AbortController();
  constructor(io: Io) {
    this.io = io;
    io.stdout.on?.('error', error => { if ('code' in error && error.code === 'EPIPE') this.unread.abort(); });
    this.stdout = lasting(io.stdout); this.stderr = lasting(io.stderr);
    this.answer = new Paper(this.stdout, io.environment); this.remarks = new Paper(this.stderr, io.environment);
  }
  /** Work that may take long: it tells how much of it is done, and a line shows that. */
  async work<T>(unit: string, of: number, flags: Pick<ConsoleSettings, 'json' | 'quiet' | 'ascii'>, does: (told: (done: number) => void) => Promise<T>): Promise<T> {
    const { Work } = await import('../trackers/console.ts'), { stdout, stderr, io: { environment } } = this, work = new Work(unit, of, { stdout, stderr, ...flags, environment });
    try { return await does(done => { work.at(done); }); } finally { work.close(); }
  }
  json(document: unknown): void { this.stdout.write(`${JSON.stringify(document, null, 2)}\n`); }
}
