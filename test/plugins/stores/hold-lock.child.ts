/** Takes the lock of a folder and keeps it: what `run-lock.test.ts` starts. */
import { lockRun } from '../../../plugins/stores/run-lock.ts';

lockRun(process.argv[2]!).then(
  () => { process.stdout.write('locked\n'); setInterval(() => undefined, 1000); },
  (error: unknown) => { process.stdout.write(`${String(error)}\n`); });
