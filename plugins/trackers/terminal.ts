/** A run in a terminal: one line at the bottom that is drawn anew, results and alarms as lines of their own above it. */
import type { MetricRecord, Progress, RunEvent, RunRecord, Tracker } from '../../core/tracker.ts';
import { progressLine, remainingOf, returnsOf, widthOf, type Line, type Part, type Tone } from './progress-line.ts';
import { count, duration, oneLine, score } from './readable.ts';
import type { TextOutput } from './text-output.ts';

export interface TerminalSettings {
  readonly colour?: boolean;
  readonly ascii?: boolean;
  /** What progress counts, where it is not steps. */
  readonly unit?: string;
  /** Milliseconds, from a clock that never goes back. */
  readonly clock?: () => number;
}

const SGR: Readonly<Record<Tone, string>> = { plain: '', quiet: '2', strong: '1', accent: '36', alarm: '1;33' };
const ERASE = '\r\x1b[K';
/** Milliseconds between two drawings: fast enough to look alive, slow enough to read. */
const REDRAW = 250;

const part = (text: string, tone: Tone = 'plain'): Part => ({ text, tone });
const text = (x: unknown): string | undefined => (typeof x === 'string' ? x : typeof x === 'number' || typeof x === 'boolean' ? String(x) : undefined);

/** An event in words: its own with their reason, and the remedy of an error behind these; else its plain fields. */
export function wordsOf({ detail }: RunEvent): string {
  const { what, reason } = detail;
  if (typeof what === 'string') return oneLine((typeof reason === 'string' && !what.includes(reason) ? `${what}: ${reason}` : what).replace(/\n *fix: /g, '; '));
  return Object.entries(detail).flatMap(([key, value]) => { const shown = text(value); return shown === undefined ? [] : [oneLine(`${key} ${shown}`)]; }).join(', ');
}

/** What the run's record says of its engine: `onnx cpu`. */
function engineOf({ engine }: RunRecord): string | undefined {
  if (typeof engine !== 'object' || engine === null) return text(engine);
  const { engine: name, backend } = engine as { engine?: unknown; backend?: unknown };
  return [text(name), text(backend)].filter(Boolean).join(' ') || undefined;
}

export class Terminal implements Tracker {
  readonly #colour: boolean;
  readonly #ascii: boolean;
  readonly #unit: { readonly unit?: string };
  readonly #clock: () => number;
  #line: Line | undefined;
  #drawnAt = -Infinity;

  constructor(readonly out: TextOutput, { colour = true, ascii = false, unit, clock = () => performance.now() }: TerminalSettings = {}) {
    this.#colour = colour; this.#ascii = ascii; this.#unit = unit === undefined ? {} : { unit }; this.#clock = clock;
  }

  start(record: RunRecord): void {
    const { seed, steps, algorithm, environment } = record, engine = engineOf(record);
    const facts = [...(typeof seed === 'number' ? [`seed ${seed}`] : []), `${count(steps)} steps`, ...(engine ? [engine] : [])];
    this.#print([part(oneLine(algorithm), 'strong'), part(' on '), part(oneLine(environment), 'strong'),
      ...facts.flatMap(fact => [part(this.#ascii ? ', ' : ' · ', 'quiet'), part(oneLine(fact), 'quiet')])]);
  }

  metrics({ step, seconds, values }: MetricRecord): void {
    const returns = returnsOf(values, 'eval');
    if (!returns.length) return;
    const wins = Object.entries(values).filter(([name]) => /(^|\/)eval\/win$/.test(name)).map(([, share]) => `  win ${String(Math.round(share * 100)).padStart(3)}%`);
    this.#print([part(`${count(step).padStart(7)}`), part(' steps', 'quiet'),
      ...returns.flatMap(([name, x]) => [part(`  ${name} `, 'quiet'), part(score(x).padStart(6), 'strong')]),
      ...wins.map(win => part(win)), part(`  ${duration(seconds)}`, 'quiet')]);
  }

  event(event: RunEvent): void {
    const at = part(` (${count(event.step)} steps)`, 'quiet');
    if (event.kind === 'alarm') this.#print([part('! ', 'alarm'), part(wordsOf(event), 'alarm'), at]);
    else if (event.kind === 'swap') this.#print([part(this.#ascii ? '~ ' : '⇄ ', 'accent'), part(`swap ${wordsOf(event)}`), at]);
    else if (event.kind === 'overlap') this.#print([part(wordsOf(event), 'quiet'), at]);
    else if (event.kind === 'resume') this.#print([part(`resumed at ${count(event.step)} steps`, 'quiet')]);
  }

  progress(progress: Progress): void {
    const now = this.#clock();
    if (now - this.#drawnAt < REDRAW) return;
    this.#drawnAt = now;
    // One column stays free: a terminal that is full to its edge may start a new line.
    this.#line = progressLine(progress, remainingOf(progress), { columns: (this.out.columns || 80) - 1, ascii: this.#ascii, ...this.#unit });
    this.out.write(ERASE + this.#styled(this.#line));
  }

  /** The line goes; what was printed stays. */
  close(): void {
    if (this.#line) this.out.write(ERASE);
    this.#line = undefined;
  }

  #print(line: Line): void {
    this.out.write(`${this.#line ? ERASE : ''}${this.#styled(line)}\n${this.#line && widthOf(this.#line) < (this.out.columns || 80) ? this.#styled(this.#line) : ''}`);
  }
  #styled(line: Line): string {
    return line.map(({ text: shown, tone }) => (this.#colour && SGR[tone] ? `\x1b[${SGR[tone]}m${shown}\x1b[0m` : shown)).join('');
  }
}
