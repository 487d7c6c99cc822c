/** `skein table`: a page node by node. */
import { Command } from 'commander';
import type { Definition } from '../../core/definition.ts';
import type { Description, NodeDescription, PortDescription } from '../../core/describe.ts';
import { InputError } from '../../core/error.ts';
import type { Schedule } from '../../core/schedule.ts';
import { grouped, labelled, wrap } from './layout.ts';
import type { Work } from './multiply-adds.ts';
import { option } from './options.ts';
import { takesPage, withPage, type PageFlags } from './page-command.ts';
import { printProfile } from './profile-report.ts';
import type { ProfileFacts } from '../profile.ts';
import type { Training } from '../training.ts';
import type { Paper, Session } from './session.ts';

interface Flags extends PageFlags { readonly profile?: boolean; readonly engine?: string }
/** A profile is of a run of so many updates, or of so many seconds where these come first. */
const UPDATES = 200, SECONDS = 20;
/** A run that leaves nothing. */
async function profiled(training: Training, page: Definition, environment: string, engine: string | undefined): Promise<ProfileFacts> {
  const steps = Number.MAX_SAFE_INTEGER, { run, begin } = await training.prepare(page, { environment, steps, evaluate: { every: steps }, checkpointEvery: steps, logEvery: steps, out: false, profile: true, ...(engine === undefined ? {} : { engine }), trackers: [{ progress: p => { if (p.update >= UPDATES || p.seconds >= SECONDS) run.stop(); } }] });
  return (await begin()).profile!;
}

export const table = (session: Session): Command => takesPage(new Command('table')
  .summary('nodes, ports with dims and sizes, weights, multiply-adds')
  .description('A page node by node: ports with their dims and, with --env, their sizes, weights, and multiply-adds a row.\nWith --profile the page is trained for a moment as well, without a folder, to see where the time goes.'), 'the description of the page as one JSON document')
  .option('--profile', `where the time goes in ${UPDATES} updates, or ${SECONDS} seconds; needs --env`)
  .addOption(option.engine())
  .action(async (algorithm: string, { profile, engine, ...flags }: Flags) => withPage(algorithm, flags, async ({ env, world, training, engineName, open }) => {
    if (!profile && engine !== undefined) throw new InputError('--engine says nothing of a table', 'with --profile it is what computes');
    if (profile && !env) throw new InputError('--profile without an environment', `--env <id>, for example skein table ${algorithm} --env lbf/8x8-2p-2f-coop --profile`);
    const { describe } = await import('../../core/describe.ts'), { workOf } = await import('./multiply-adds.ts'), { page, sizes, plan } = await open(), described = describe(page, sizes), work = plan && new Map(described.nodes.map(n => [n.name, workOf(plan, n.name)]));
    const times = profile ? await profiled(training, page, env!.spec.id, engine === undefined ? undefined : await engineName(engine)) : undefined;
    if (flags.json) { session.json({ ...described, ...(work ? { nodes: described.nodes.map(n => ({ ...n, multiplyAdds: work.get(n.name) })) } : {}), ...(times ? { profile: times } : {}) }); return; }
    print(session.answer, described, world && `in ${world}`, work);
    if (times) { session.answer.print(''); printProfile(session.answer, times); }
  }));

/** Columns of the numbers at the right end of a line. */
const NUMBERS = [11, 13] as const;
const said = (x: number | Schedule): string => (typeof x === 'number' ? String(x) : `${x.from} to ${x.to}`);
function print(paper: Paper, d: Description, world: string | undefined, work: ReadonlyMap<string, Work> | undefined): void {
  const width = Math.min(paper.columns, 100), textWidth = width - (work ? NUMBERS[0] + NUMBERS[1] : 0);
  const line = (text: string, ...numbers: readonly string[]) => `${text.padEnd(textWidth)}${numbers.map((n, i) => n.padStart(NUMBERS[i]!)).join('')}`.trimEnd();
  paper.print(`[[bold|${d.name}]]${d.parent === undefined ? '' : `, derived from ${d.parent}`}`, ...[d.about, d.paper, world].flatMap(text => (text === undefined ? [] : wrap(text, width))), '');
  if (work) paper.print(`[[dim|${line('node, type and role', 'weights', 'mult-adds')}]]`);
  for (const node of d.nodes) {
    const { perRow, rows } = work?.get(node.name) ?? { perRow: 0, rows: 0 }, ports = [...node.inputs.map(p => ['in', p] as const), ...node.outputs.map(p => ['out', p] as const)];
    const name = Math.max(0, ...ports.map(([, p]) => p.name.length));
    paper.print(`[[bold|${node.name}]]${line(`${node.name}  ${roleOf(node)}`, node.weights ? grouped(node.weights) : '', perRow ? `${grouped(perRow)}${rows > 1 ? ` x ${rows}` : ''}` : '').slice(node.name.length)}`);
    for (const [i, [way, port]] of ports.entries()) paper.print(...labelled(`${(ports[i - 1]?.[0] === way ? '' : way).padEnd(5)}${port.name.padEnd(name)}  ${port.dtype}`, dimsOf(port), 11 + name, width));
    if (node.untaken.length) paper.print(...wrap(`offered and not taken: ${node.untaken.join(', ')}`, width - 2).map(text => `[[dim|  ${text}]]`));
    paper.print('');
  }
  for (const [rule, { trains, optimiser: { type, lr }, clipNorm }] of Object.entries(d.train)) paper.print(...labelled(`rule ${rule}`, [`trains ${trains.join(', ')}`, `${type}, lr ${said(lr)}`, ...(clipNorm === undefined ? [] : [`clipNorm ${said(clipNorm)}`])].join('; '), 8, width, 0));
  if (!work) { paper.print('[[dim|--env <id> adds sizes, weights and multiply-adds]]'); return; }
  const total = (nodes: readonly NodeDescription[]) => grouped(nodes.reduce((sum, n) => sum + work.get(n.name)!.perRow * work.get(n.name)!.rows, 0)), lagged = d.nodes.some(n => n.role === 'target');
  paper.print(
    ...labelled('weights', `${grouped(d.nodes.reduce((sum, n) => sum + (n.weights ?? 0), 0))}${lagged ? ', and lagged copies for the targets' : ''}`, 8, width, 0),
    ...labelled('acting', `${total(d.nodes.filter(n => n.acts))} multiply-adds a time step, all agents`, 8, width, 0),
    ...labelled('learning', `${total(d.nodes.filter(n => n.learns))} multiply-adds a time step forward, targets included`, 8, width, 0),
    '', ...wrap('mult-adds are those of dense, gru, lstm and convolution kernels, for one row x rows of a time step (a convolution: for one place of its output); products without weights are not counted.', width).map(text => `[[dim|${text}]]`),
  );
}
function roleOf({ type, role, of, per }: NodeDescription): string {
  const place = role === 'add' ? '' : of === undefined ? `, ${role}` : `, ${role} of ${of}`;
  return `${type}${place}${per === undefined ? '' : `, one for each ${per}`}`;
}
/** `batch time+1 agent:2 action:6`; batch and time are open. */
const dimsOf = ({ dims, shape }: PortDescription): string => (dims.length ? dims.map((dim, i) => (shape?.[i] ? `${dim}:${shape[i]}` : dim)).join(' ') : 'one number');
