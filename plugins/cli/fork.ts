/** `skein fork`: a new run from a checkpoint of another, with an edit. */
import path from 'node:path';
import { Command } from 'commander';
import { InputError } from '../../core/error.ts';
import { checkpointOf, countOf, option } from './options.ts';
import type { ConsoleFlags } from './running.ts';
import type { Session } from './session.ts';
import { reportSwap } from './swap.ts';

interface Flags extends ConsoleFlags { readonly swap?: readonly string[]; readonly name: string; readonly at?: string; readonly steps?: string; readonly syncTargets?: boolean; readonly engine?: string; readonly plugin?: readonly string[] }
export const fork = (session: Session): Command => new Command('fork')
  .summary('a new run from a checkpoint of another, with an edit')
  .description('Goes on from a checkpoint of a run in a folder of its own beside it, with other nodes in some slots. Seed, replay and environments are those of the checkpoint, so that fork and parent differ by the edit alone. The parent stays as it is; what it still planned is not taken over.')
  .argument('<run>', 'folder of the run, as skein train printed it')
  .requiredOption('--name <name>', 'name of the new folder, beside that of the run')
  .addOption(option.swap())
  .addOption(option.at())
  .option('--sync-targets', 'lagged weights of all nodes become equal to their source')
  .addOption(option.steps('environment steps in all, those of the checkpoint included (default: those of the parent)'))
  .addOption(option.engine())
  .addOption(option.plugin())
  .addOption(option.json('progress, metrics, events and a summary as JSON lines on standard output'))
  .action(async (run: string, { swap = [], name, at, syncTargets = false, ...flags }: Flags) => {
    if (!swap.length) throw new InputError('no edit is named', '--swap slot=type, for example --swap mixer=sumMixer');
    if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name)) throw new InputError(`--name ${name}: no name of a folder`, 'letters, digits, ., _ and -');
    const { swapNow } = await import('./edits.ts'), { openRun } = await import('./recorded-run.ts'), { runOnConsole } = await import('./running.ts');
    const steps = flags.steps === undefined ? undefined : countOf(flags.steps, '--steps'), from = at === undefined ? undefined : checkpointOf(at);
    const out = path.join(path.dirname(run), name), { composition: { training }, engine, remarks, swaps } = await openRun(run, { ...flags, swaps: swap.map(swapNow) });
    const what = await training.fork(run, out, [...swaps], { from, steps, engine, ...(syncTargets ? { syncTargets } : {}) });
    if (!flags.json && !flags.quiet) { reportSwap(session, what, { head: `changes in ${out}` }); session.answer.print(''); }
    session.code = await runOnConsole(session, { because: flags.engine === undefined ? 'that of the run' : 'the one named', edits: [what.what], remarks: [`fork of ${run} at checkpoint ${what.update}`, ...remarks] }, flags, console => training.resume(out, { ...console, engine }));
  });
