import { describe, expect, it } from 'vitest';
import type { Moment, Progress, RunEvent, Tracker } from '../../../core/tracker.ts';
import { consoleTrackers } from '../../../plugins/trackers/console.ts';
import { RecordingOutput } from './recording-output.ts';

const record = { name: 'first', algorithm: 'qmix', environment: 'lbf/8x8-2p-3f-coop', steps: 200_000, seed: 1, engine: { engine: 'onnx', backend: 'cpu', version: '1.2' } };
const at = (step: number): Moment => ({ step, update: step / 32, episode: step / 50, seconds: step / 5000 });
const progress = (step: number): Progress => ({ ...at(step), steps: 200_000, stepsPerSecond: 5000, latest: { 'train/return': 0.25, 'loss/q': 0.0123 } });
const evaluation = (step: number, values: Readonly<Record<string, number>> = { 'eval/return': step / 400_000, 'eval/win': 0.24 }) => ({ ...at(step), values });
const event = (kind: RunEvent['kind'], detail: Readonly<Record<string, unknown>> = {}): RunEvent => ({ ...at(84_000), kind, detail });

function started({ tty = true, columns = 80, environment = {}, ...options }: { tty?: boolean; columns?: number; environment?: Record<string, string>; json?: boolean; quiet?: boolean; ascii?: boolean } = {}) {
  const stdout = new RecordingOutput(tty, columns), stderr = new RecordingOutput(tty, columns);
  let now = 0;
  const trackers = consoleTrackers({ stdout, stderr, environment, clock: () => now, ...options });
  const tell = (say: (tracker: Tracker) => unknown) => { trackers.forEach(say); };
  tell(t => t.start?.(record));
  return { stdout, stderr, tell, pass: (milliseconds: number) => { now += milliseconds; } };
}
/** Twenty seconds of a run, told as a run tells it. */
function whole({ tell, pass }: ReturnType<typeof started>) {
  for (let step = 500; step <= 100_000; step += 500) {
    pass(100);
    if (step % 20_000 === 0) tell(t => t.metrics?.(evaluation(step)));
    if (step === 84_000) { tell(t => t.event?.(event('swap', { what: 'mixer: monotonicMixer -> duplexMixer' }))); tell(t => t.event?.(event('alarm', { code: 'NAN', what: 'loss of q was NaN' }))); tell(t => t.event?.(event('checkpoint', { update: 3 }))); }
    tell(t => t.progress?.(progress(step)));
  }
}

describe('a run at a terminal', () => {
  it('is a list of results over one line of progress', () => {
    const run = started();
    whole(run);
    expect(run.stdout.screen).toMatchInlineSnapshot(`
      [
        "qmix on lbf/8x8-2p-3f-coop · seed 1 · 200k steps · onnx cpu",
        "    20k steps  eval  0.050  win  24%  0:04",
        "    40k steps  eval  0.100  win  24%  0:08",
        "    60k steps  eval  0.150  win  24%  0:12",
        "    80k steps  eval  0.200  win  24%  0:16",
        "⇄ swap mixer: monotonicMixer -> duplexMixer (84k steps)",
        "! loss of q was NaN (84k steps)",
        "   100k steps  eval  0.250  win  24%  0:20",
        " 49%  ━━━━━━━━━╸──────────  99.5k/200k steps   0:20 left  train 0.250      5k/s",
      ]
    `);
    expect(run.stderr.text).toBe('');
    run.tell(t => t.close?.());
    expect(run.stdout.screen.at(-1)).toBe('');
  });

  it('draws four times a second, in its own line and in colours', () => {
    const { stdout, tell, pass } = started();
    stdout.take();
    for (let i = 0; i < 100; i++) { pass(10); tell(t => t.progress?.(progress(i))); }
    expect(stdout.text.split('\r').length - 1).toBe(4);
    expect(stdout.text).toMatch(/^(\r\x1b\[K\x1b\[1m {2}0%\x1b\[0m[^\r\n]*)+$/);
  });

  it('keeps to the width that the terminal has now', () => {
    const { stdout, tell, pass } = started();
    for (const columns of [100, 50, 20]) { stdout.columns = columns; pass(300); tell(t => t.progress?.(progress(500))); expect(stdout.screen.at(-1)!.length).toBeLessThan(columns); }
  });

  it('takes a terminal that does not know its width for one of 80 columns', () => {
    const run = started({ columns: 0 });
    run.pass(1000);
    run.tell(t => t.progress?.(progress(1000)));
    expect(run.stdout.screen.at(-1)).toMatch(/^ {2}0% .* left/);
  });
  it('has no colours with NO_COLOR, and none but ASCII with --ascii', () => {
    const plain = started({ environment: { NO_COLOR: '1' } }), ascii = started({ ascii: true, environment: { NO_COLOR: '' } });
    whole(plain); whole(ascii);
    expect(plain.stdout.text).not.toContain('\x1b[1m');
    expect(plain.stdout.text).toContain('━');
    expect(ascii.stdout.text).toContain('\x1b[1m');
    expect(ascii.stdout.text).toMatch(/^[\x00-\x7f]*$/);
  });

  it('says an alarm and nothing else with --quiet', () => {
    const run = started({ quiet: true });
    whole(run);
    expect(run.stdout.screen).toEqual(['! loss of q was NaN (84k steps)', '']);
  });

  it('shows names of others as text', () => {
    const { stdout, tell } = started();
    stdout.take();
    tell(t => t.start?.({ ...record, algorithm: 'evil\x1b[2J\u202e', environment: 'a\nb' }));
    tell(t => t.event?.(event('alarm', { what: 'x\x1b]0;title\x07' })));
    tell(t => t.metrics?.(evaluation(1, { 'a\x1b[31m/eval/return': 1 })));
    expect(stdout.text.replace(/\x1b\[[\d;]*m/g, '')).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
    expect(stdout.screen).toEqual(['evil\ufffd[2J\ufffd on a\ufffdb · seed 1 · 200k steps · onnx cpu', '! x\ufffd]0;title\ufffd (84k steps)', '      1 steps  a\ufffd[31m eval  1.000  0:00', '']);
  });

  it('says the fields of an event that has no words of its own', () => {
    const { stdout, tell } = started();
    stdout.take();
    tell(t => t.event?.(event('swap', { slot: 'mixer', to: 'sumMixer', kept: ['agentQ'] })));
    tell(t => t.event?.(event('resume')));
    tell(t => t.event?.(event('alarm', { what: 'update not applied', reason: 'NaN in loss q', inARow: 1 })));
    tell(t => t.event?.(event('alarm', { what: 'a planned swap was not made', reason: 'node mixer: it reads values\n  fix: --engine tfjs' })));
    expect(stdout.screen).toEqual(['⇄ swap slot mixer, to sumMixer (84k steps)', 'resumed at 84k steps', '! update not applied: NaN in loss q (84k steps)', '! a planned swap was not made: node mixer: it reads values; --engine tfjs (84k steps)', '']);
  });

  it('is treated as a log where it cannot draw a line anew', () => {
    const run = started({ environment: { TERM: 'dumb' } });
    whole(run);
    expect(run.stdout.text).not.toMatch(/[\r\x1b]/);
  });
});

describe('a run in a log', () => {
  it('is key=value lines, one of progress every ten seconds', () => {
    const run = started({ tty: false });
    whole(run);
    expect(run.stdout.text.trimEnd().split('\n')).toMatchInlineSnapshot(`
      [
        "kind=run name=first algorithm=qmix environment=lbf/8x8-2p-3f-coop steps=200000 seed=1",
        "kind=eval step=20000 update=625 episode=400 seconds=4 eval/return=0.05 eval/win=0.24",
        "kind=eval step=40000 update=1250 episode=800 seconds=8 eval/return=0.1 eval/win=0.24",
        "kind=progress step=50000 update=1563 episode=1000 seconds=10 of=200000 percent=25 steps_per_second=5000 eta_seconds=30 train/return=0.25 loss/q=0.0123",
        "kind=eval step=60000 update=1875 episode=1200 seconds=12 eval/return=0.15 eval/win=0.24",
        "kind=eval step=80000 update=2500 episode=1600 seconds=16 eval/return=0.2 eval/win=0.24",
        "kind=swap step=84000 update=2625 episode=1680 seconds=17 what="mixer: monotonicMixer -> duplexMixer"",
        "kind=alarm step=84000 update=2625 episode=1680 seconds=17 code=NAN what="loss of q was NaN"",
        "kind=checkpoint step=84000 update=2625 episode=1680 seconds=17 what="update 3"",
        "kind=eval step=100000 update=3125 episode=2000 seconds=20 eval/return=0.25 eval/win=0.24",
        "kind=progress step=100000 update=3125 episode=2000 seconds=20 of=200000 percent=50 steps_per_second=5000 eta_seconds=20 train/return=0.25 loss/q=0.0123",
      ]
    `);
  });

  it('quotes what is not a plain word, on one line', () => {
    const { stdout, tell } = started({ tty: false });
    stdout.take();
    tell(t => t.event?.(event('alarm', { what: 'a "b"\n=c' })));
    expect(stdout.text).toBe('kind=alarm step=84000 update=2625 episode=1680 seconds=17 what="a \\"b\\"\ufffd=c"\n');
  });

  it('says an alarm and nothing else with --quiet', () => {
    const run = started({ tty: false, quiet: true });
    whole(run);
    expect(run.stdout.text).toMatch(/^kind=alarm .*\n$/);
  });
});

describe('a run with --json', () => {
  it('is JSON lines on standard output; people read standard error', () => {
    const run = started({ json: true });
    whole(run);
    const lines = run.stdout.text.trimEnd().split('\n').map(line => JSON.parse(line) as { kind: string; step: number });
    expect(lines[0]).toEqual({ kind: 'run', ...record });
    expect(lines[1]).toEqual({ kind: 'progress', ...at(500), steps: 200_000, stepsPerSecond: 5000, 'train/return': 0.25, 'loss/q': 0.0123 });
    expect(lines.filter(line => line.kind === 'progress')).toHaveLength(20);
    expect(lines.filter(line => line.kind === 'metrics').map(line => line.step)).toEqual([20_000, 40_000, 60_000, 80_000, 100_000]);
    expect(lines.find(line => line.kind === 'alarm')).toEqual({ kind: 'alarm', ...at(84_000), detail: { code: 'NAN', what: 'loss of q was NaN' } });
    expect(run.stderr.screen[0]).toMatch(/^qmix on lbf/);
  });

  it('stays on standard output with --quiet', () => {
    const run = started({ json: true, quiet: true, tty: false });
    whole(run);
    expect(run.stdout.text.split('\n').length).toBeGreaterThan(20);
    expect(run.stderr.text).toMatch(/^kind=alarm .*\n$/);
  });
});

describe('a reader that goes away', () => {
  it('ends the writing and not the run', () => {
    const listeners: ((error: Error) => void)[] = [], written: string[] = [];
    const stdout = { isTTY: false, write: (text: string) => { written.push(text); }, on: (_: 'error', listener: (error: Error) => void) => { listeners.push(listener); } };
    const [tracker] = consoleTrackers({ stdout, stderr: stdout, environment: {} });
    void tracker!.start?.(record);
    listeners.forEach(listener => { listener(new Error('EPIPE')); });
    void tracker!.start?.(record);
    expect(written).toHaveLength(1);
  });
});
