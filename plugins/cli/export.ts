/** `skein export`: the best actions of a run as a file that other programs run. */
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { InputError } from '../../core/error.ts';
import type { PolicyPort } from '../policy.ts';
import { counted, grouped, labelled } from './layout.ts';
import { checkpointOf, countOf, option } from './options.ts';
import type { Session } from './session.ts';

interface Flags { readonly output?: string; readonly at?: string; readonly copies?: string; readonly plugin?: readonly string[]; readonly json?: boolean; readonly quiet?: boolean }
export const exported = (session: Session): Command => new Command('export')
  .summary('the best actions of a run as an ONNX file, for other programs')
  .description('Writes one acting step of the newest complete checkpoint as an ONNX file that needs nothing else: standard operators, weights inside, best actions, nothing drawn. Beside it a JSON file of the same name says what goes in and comes out. See docs/export.md.')
  .argument('<run>', 'folder of the run, as skein train printed it')
  .addOption(new Option('-o, --output <file>', 'the file: policy.onnx, and policy.json beside it'))
  .addOption(option.at())
  .option('--copies <n>', 'environments side by side that one call acts for (default 1)')
  .addOption(option.plugin())
  .addOption(option.json('what stands in the JSON file, on standard output too'))
  .action(async (run: string, { output, at, copies = '1', json, quiet, ...flags }: Flags) => {
    if (output === undefined) throw new InputError('no file is named', `skein export ${run} -o policy.onnx`);
    if (!/[^/\\]\.onnx$/.test(output)) throw new InputError(`-o ${output}: the file is an ONNX model`, `skein export ${run} -o policy.onnx`);
    const from = at === undefined ? {} : { from: checkpointOf(at) }, rows = countOf(copies, '--copies'), beside = output.replace(/onnx$/, 'json');
    const { openRun } = await import('./recorded-run.ts'), { writeWhole } = await import('./picture-file.ts');
    await ours(beside);
    const { composition: { training }, remarks } = await openRun(run, flags), { model, facts } = await training.export(run, { ...from, copies: rows });
    await writeWhole(output, model);
    await writeWhole(beside, `${JSON.stringify(facts, null, 2)}\n`);
    session.remarks.print(...remarks.map(remark => `note: ${remark}`));
    if (json) { session.json(facts); return; }
    const { algorithm, environment, checkpoint, inputs, outputs } = facts, paper = session.answer, width = Math.max(...[...inputs, ...outputs].map(p => p.name.length));
    const ports = (way: string, list: readonly PolicyPort[]) => list.flatMap((p, i) => labelled(`${(i ? '' : way).padEnd(3)}  ${p.name.padEnd(width)}`, `${p.dtype} [${p.dims.map((dim, k) => `${dim}:${p.shape[k]}`).join(' ')}]  ${p.means}`, width + 5, paper.columns));
    if (!quiet) paper.print(`[[bold|${algorithm}]] on [[bold|${environment}]] after ${counted(checkpoint, 'update')}, ${counted(rows, 'copy', 'copies')}`, ...ports('in', inputs), ...ports('out', outputs), '');
    paper.print(`${output}, ${grouped(model.length)} bytes, and ${beside}`);
  });

/** The second file is not named by the user, so it replaces nothing but one of its kind. */
async function ours(file: string): Promise<void> {
  const there = await readFile(file, 'utf8').catch(() => undefined);
  if (there !== undefined && !/"kind": ?"skein policy"/.test(there)) throw new InputError(`${file} is there already, and was not made by skein export`, 'name another file, or move this one away');
}
