/** A run on the command line: told to the console, stopped by signals. */
import { RunError } from '../../core/error.ts';
import type { Tracker } from '../../core/tracker.ts';
import { consoleTrackers } from '../trackers/console.ts';
import type { Prepared, TrainOptions } from '../training.ts';
import { RunReport, type RunFacts } from './run-report.ts';
import type { ExitCode, Session, Signal } from './session.ts';

export interface ConsoleFlags { readonly json?: boolean; readonly quiet?: boolean; readonly ascii?: boolean }
const CODES: Readonly<Record<Signal, ExitCode>> = { SIGINT: 130, SIGTERM: 143 };

/** Milliseconds that a run has to end in after a fault; one that waits for what the fault broke would wait for ever. */
const PATIENCE = 60_000;
/** An error that nobody caught: a plugin, an environment or a backend has started something that failed later. */
function faultError(reason: unknown, folder: string | undefined): RunError {
  const error = new RunError(`the run was stopped by an error that nothing caught: ${reason instanceof Error ? reason.message : String(reason)}`, `mend what threw it, a plugin, an environment or a backend; SKEIN_DEBUG=1 shows where${folder === undefined ? '' : `; then skein resume ${folder}`}`);
  if (reason instanceof Error && reason.stack !== undefined) error.stack = reason.stack;
  return error;
}

/** The first signal asks the run to stop, which leaves a checkpoint; the second ends the process. So do an error that nobody caught, and a reader of standard output that goes away. */
export async function untilSignalled<T>(session: Session, folder: string | undefined, stop: () => void, work: () => Promise<T>): Promise<{ readonly result: T; readonly code: ExitCode; readonly fault: RunError | undefined }> {
  const { io } = session;
  let code: ExitCode = 0, fault: RunError | undefined, patience: NodeJS.Timeout | undefined;
  session.fault = reason => {
    if (fault) return;
    fault = faultError(reason, folder);
    patience = setTimeout(() => { session.remarks.print(`[[red|error:]] ${fault!.message}`); io.exit(3); }, PATIENCE);
    stop();
  };
  const end = (now: ExitCode, why: string) => {
    code = now;
    session.stderr.write(session.remarks.isTerminal ? '\r\x1b[K' : '');
    session.remarks.print(why);
    stop();
  };
  const hear = (signal: Signal) => () => { if (code === 0) end(CODES[signal], 'stopping with a checkpoint; once more ends at once'); else io.exit(CODES[signal]); };
  const { signal: unread } = session.unread, lost = () => { if (code === 0) end(CODES.SIGINT, `nobody reads standard output any more: stopping with a checkpoint${folder === undefined ? '' : `; skein resume ${folder} goes on`}`); };
  const listeners = (['SIGINT', 'SIGTERM'] as const).map(signal => [signal, hear(signal)] as const);
  for (const [signal, listener] of listeners) io.signals.on(signal, listener);
  unread.addEventListener('abort', lost);
  if (unread.aborted) lost();
  try {
    const result = await work();
    return { result, code, fault };
  } finally {
    for (const [signal, listener] of listeners) io.signals.off(signal, listener);
    unread.removeEventListener('abort', lost);
    clearTimeout(patience);
    session.fault = undefined;
  }
}

/** A run from its preparation to its last line. */
export async function runOnConsole(session: Session, facts: RunFacts, flags: ConsoleFlags, prepare: (o: Pick<TrainOptions, 'baseline'> & { readonly trackers: readonly Tracker[] }) => Promise<Prepared>): Promise<ExitCode> {
  const { stdout, stderr, io: { environment } } = session, report = new RunReport(session, facts, flags);
  const prepared = await prepare({ trackers: [...consoleTrackers({ stdout, stderr, ...flags, environment }), report], baseline: true });
  report.of(prepared);
  const { result, code, fault } = await untilSignalled(session, prepared.folder, () => { prepared.run.stop(); }, () => prepared.begin());
  report.end(result);
  if (fault) throw fault;
  return result.reason === 'stopped' ? code : 0;
}
