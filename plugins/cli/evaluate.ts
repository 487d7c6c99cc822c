/** `skein evaluate`: greedy episodes from a checkpoint. */
import { Command } from 'commander';
import { InputError } from '../../core/error.ts';
import { counted, grouped } from './layout.ts';
import { checkpointOf, countOf, option, seedOf } from './options.ts';
import type { ConsoleFlags } from './running.ts';
import type { Session } from './session.ts';

interface Flags extends ConsoleFlags { readonly env?: string; readonly episodes?: string; readonly seed?: string; readonly at?: string; readonly engine?: string; readonly plugin?: readonly string[] }
export const evaluate = (session: Session): Command => new Command('evaluate')
  .summary('play greedy episodes from the newest checkpoint of a run')
  .description('Plays greedy episodes from the newest complete checkpoint of a run. The interval is of the mean, by bootstrap over episodes; IQM is the mean of the middle half. One player of several plays with the others of its run, who are at their newest checkpoint.\n--env plays another environment that the weights fit: other maps, another number of agents.')
  .argument('<run>', 'folder of the run, as skein train printed it')
  .addOption(option.env('environment to play (default: that of the run)'))
  .option('--episodes <n>', 'how many (default 100)')
  .addOption(option.seed('seed of the episodes (default 1)'))
  .addOption(option.at())
  .addOption(option.engine())
  .addOption(option.plugin())
  .addOption(option.json())
  .action(async (run: string, flags: Flags) => {
    const episodes = countOf(flags.episodes ?? 100, '--episodes'), seed = seedOf(flags.seed ?? 1, '--seed'), from = flags.at === undefined ? undefined : checkpointOf(flags.at);
    const { readRecord } = await import('../stores/read-run.ts'), { evaluateTogether } = await import('./players.ts'), { isTogether, seatOf } = await import('../players.ts'), there = await readRecord(run), seat = seatOf(there), { env } = flags;
    if (env !== undefined && (seat || isTogether(there))) throw new InputError(`--env: ${run} is of several players, who play where they have learned`, 'leave it out');
    if (isTogether(there)) {
      if (from !== undefined) throw new InputError(`--at: ${run} is of several players, who play where all have a checkpoint`, 'leave it out, or name one player: its folder is in this one');
      await evaluateTogether(session, run, flags, { episodes, seed });
      return;
    }
    const { openRun } = await import('./recorded-run.ts'), { score: figure } = await import('../trackers/readable.ts');
    const { composition: { catalogue, training, joint }, remarks, engine } = await openRun(run, flags), world = env === undefined ? {} : { environment: await catalogue.environmentId(env) }, setting = { episodes, seed, engine, ...(from === undefined ? {} : { from }) };
    const { score, update, record, environment, beside } = await session.work('episodes', episodes, flags, async told => (seat ? { ...await joint.evaluateOne(run, { ...setting, told }), environment: there.environment } : { ...await training.evaluate(run, { ...setting, ...world, told }), beside: undefined }));
    session.remarks.print(...remarks.map(remark => `note: ${remark}`));
    if (flags.json) { session.json({ run, algorithm: record.algorithm, environment, ...(seat ? { player: seat.player, beside } : {}), update, seed, ...score }); return; }
    const rows = [['mean', `${figure(score.mean)} return per episode (95 % interval ${figure(score.low)} .. ${figure(score.high)})`], ['IQM', figure(score.iqm)], ...(score.win === undefined ? [] : [['win rate', `${Math.round(score.win * 1000) / 10} %`]]), ['length', `${figure(score.length)} steps`]] as const;
    session.answer.print(`[[bold|${record.algorithm}]] on [[bold|${environment}]] after ${counted(update, 'update')}: ${counted(score.episodes, 'greedy episode')}, seed ${grouped(seed)}${beside === undefined ? '' : `, beside ${beside.join(', ')}`}`, ...rows.map(([label, value]) => `  ${label.padEnd(8)}  ${value}`));
  });
