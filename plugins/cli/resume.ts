/** `skein resume`: a run goes on. */
import { Command } from 'commander';
import { InputError } from '../../core/error.ts';
import { checkpointOf, countOf, option } from './options.ts';
import type { ConsoleFlags } from './running.ts';
import type { Session } from './session.ts';

interface Flags extends ConsoleFlags { readonly steps?: string; readonly at?: string; readonly engine?: string; readonly plugin?: readonly string[] }
export const resume = (session: Session): Command => new Command('resume')
  .summary('go on where the newest checkpoint of a run stands')
  .description('Goes on where the newest complete checkpoint of a run stands, on the engine that it began with.\nOn a CPU the result is bit for bit that of a run that was never interrupted. A run that was killed before its first checkpoint begins again.')
  .argument('<run>', 'folder of the run, as skein train printed it')
  .addOption(option.steps('a longer run: environment steps in all, those already made included'))
  .addOption(option.at())
  .addOption(option.engine())
  .addOption(option.plugin())
  .addOption(option.json('progress, metrics, events and a summary as JSON lines on standard output'))
  .action(async (run: string, flags: Flags) => {
    const steps = flags.steps === undefined ? undefined : countOf(flags.steps, '--steps'), from = flags.at === undefined ? undefined : checkpointOf(flags.at);
    const { readRecord } = await import('../stores/read-run.ts'), { resumeTogether } = await import('./players.ts'), { isTogether } = await import('../players.ts');
    if (isTogether(await readRecord(run))) {
      if (from !== undefined) throw new InputError(`--at: ${run} is of several players, who go on where all have a checkpoint`, 'leave it out');
      session.code = await resumeTogether(session, run, flags, steps);
      return;
    }
    const { openRun } = await import('./recorded-run.ts'), { runOnConsole } = await import('./running.ts');
    const { composition: { training }, remarks, engine } = await openRun(run, flags);
    session.code = await runOnConsole(session, { because: flags.engine === undefined ? 'the one it began on' : 'the one named', edits: [], remarks }, flags, console => training.resume(run, {
      ...console, ...(steps === undefined ? {} : { steps }), ...(from === undefined ? {} : { from }), engine,
    }));
  });
