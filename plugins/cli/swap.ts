/** `skein swap`: edits a run, while it runs or while it stands still. */
import { Command } from 'commander';
import { InputError } from '../../core/error.ts';
import type { Swapped } from '../../core/run.ts';
import type { Swap } from '../edits.ts';
import type { PluginFile } from '../plugin.ts';
import { counted, grouped, labelled } from './layout.ts';
import { option } from './options.ts';
import type { Session } from './session.ts';

interface Flags { readonly check?: boolean; readonly undo?: boolean; readonly syncTargets?: boolean; readonly engine?: string; readonly plugin?: readonly string[]; readonly json?: boolean }
export const swap = (session: Session): Command => new Command('swap')
  .summary('another node in a slot of a run, also while it runs')
  .description('Puts other nodes into slots of a run. One that runs changes over between two updates, after a trial on a batch of its replay; one that stands still is tried on its newest checkpoint and changes when it is resumed. Everything that the edit does not touch stays: weights, moments, replay.')
  .argument('<run>', 'folder of the run, as skein train printed it')
  .argument('[slot=type...]', 'what to put where: mixer=duplexMixer, mixer=duplexMixer:{"heads":4}, mixer=./mine.ts#export')
  .option('--undo', 'take back the last edit (of the last ten), with the weights that it dropped')
  .option('--check', 'say what would happen, and change nothing')
  .option('--sync-targets', 'lagged weights of all nodes become equal to their source')
  .addOption(option.engine())
  .addOption(option.plugin())
  .addOption(option.json())
  .action(async (run: string, written: readonly string[], { check = false, undo = false, syncTargets = false, json, ...flags }: Flags) => {
    if (undo ? written.length : !written.length) throw new InputError(undo ? '--undo takes no other edit' : 'no edit is named', `write skein swap ${run} slot=type, for example mixer=sumMixer${undo ? '; or --undo alone' : ''}`);
    const { swapNow } = await import('./edits.ts'), { ask } = await import('../transports/control-socket.ts'), { readRun } = await import('../stores/read-run.ts');
    const edits = written.map(swapNow), options = syncTargets ? { syncTargets } : {};
    const { record } = await readRun(run);                               // a folder that is no run is said to be none
    const { swaps, load } = await named(edits, flags.plugin ?? []), answer = await ask(run, { do: check ? 'check' : 'swap', swaps: undo ? 'undo' : swaps, ...options, ...(load.length ? { load } : {}) });
    if (answer) { reportSwap(session, answer.done as Swapped, { json, head: check ? 'would change' : 'changed' }); return; }
    const { openRun } = await import('./recorded-run.ts'), { composition: { training }, engine, remarks, swaps: again } = await openRun(run, { ...flags, swaps: edits });
    session.remarks.print(...remarks.map(remark => `note: ${remark}`));
    const what = await training.swap(run, undo ? 'undo' : [...again], { ...options, dry: check, engine }), over = what.step >= record.steps ? ` --steps N, more than its ${grouped(record.steps)}` : '';
    reportSwap(session, what, { json, head: check ? 'would change' : 'changes when it is resumed', ...(check ? {} : { next: `skein resume ${run}${over}` }) });
  });

/** What a run that runs is told: names of node types, and the files that it has to load for them. They are loaded here too, so that one that is none is refused here. */
async function named(swaps: Swap[], plugin: readonly string[]): Promise<{ readonly swaps: Swap[]; readonly load: PluginFile[] }> {
  const { referenceOf } = await import('../reference.ts');
  if (!plugin.length && !swaps.some(s => referenceOf(s.type))) return { swaps, load: [] };
  const { compose } = await import('../compose.ts'), { namedSwaps } = await import('./edits.ts'), { catalogue } = await compose({ plugins: plugin });
  return { swaps: await namedSwaps(swaps, catalogue), load: [...catalogue.files] };
}
const list = (names: readonly string[]) => names.join(', ') || 'none';
/** What an edit did: the lists, and what goes on how. */
export function reportSwap(session: Session, what: Swapped, { json, head, next }: { readonly json?: boolean | undefined; readonly head: string; readonly next?: string }): void {
  if (json) { session.json({ ...what, when: head }); return; }
  const { update, step, kept, fresh, dropped, restarted, carries, changes, before, after, tried } = what, say = (x: unknown) => (x === undefined ? 'none' : typeof x === 'object' && x !== null && 'type' in x ? String(x.type) : JSON.stringify(x));
  const rows: readonly (readonly [string, string])[] = [
    ['kept', `${list(kept)}: weights, lagged weights and moments`], ['fresh', list(fresh)], ['dropped', list(dropped)],
    ...(restarted.length ? [['anew', `moments of ${list(restarted)}`] as const] : []),
    ...(carries.zero.length || carries.kept.length ? [['carries', `kept ${list(carries.kept)}; zero ${list(carries.zero)}`] as const] : []),
    ['tried', tried ? 'one update on a batch, and one action' : 'one action; the replay holds no batch yet'],
    ['graph', `${before} -> ${after}`],
  ];
  session.answer.print(`[[bold|${what.what}]] ${head}, after ${counted(update, 'update')} and ${grouped(step)} steps`, ...rows.flatMap(([label, text]) => labelled(label, text, 7, session.answer.columns)), ...changes.map(c => `    ${c.kind.padEnd(7)} ${c.at}: ${say(c.before)} -> ${say(c.after)}`), ...(next === undefined ? [] : labelled('next', next, 7, session.answer.columns)));
}
