/** `skein table`: a page node by node. */
import { Command } from 'commander';
import type { Description, NodeDescription, PortDescription } from '../../core/describe.ts';
import { grouped, labelled, wrap } from './layout.ts';
import type { Work } from './multiply-adds.ts';
import { takesPage, withPage, type PageFlags } from './page-command.ts';
import type { Paper, Session } from './session.ts';

export const table = (session: Session): Command => takesPage(new Command('table')
  .summary('nodes, ports with dims and sizes, weights, multiply-adds')
  .description('A page node by node: ports with their dims and, with --env, their sizes, weights, and multiply-adds a row.'), 'the description of the page as one JSON document')
  .action(async (algorithm: string, flags: PageFlags) => withPage(algorithm, flags, async ({ world, open }) => {
    const { describe } = await import('../../core/describe.ts'), { workOf } = await import('./multiply-adds.ts'), { page, sizes, plan } = await open(), described = describe(page, sizes), work = plan && new Map(described.nodes.map(n => [n.name, workOf(plan, n.name)]));
    if (flags.json) session.json(work ? { ...described, nodes: described.nodes.map(n => ({ ...n, multiplyAdds: work.get(n.name) })) } : described);
    else print(session.answer, described, world && `in ${world}`, work);
  }));

/** Columns of the numbers at the right end of a line. */
const NUMBERS = [11, 13] as const;
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
  for (const [rule, { trains, optimiser: { type, lr }, clipNorm }] of Object.entries(d.train)) paper.print(...labelled(`rule ${rule}`, [`trains ${trains.join(', ')}`, `${type}, lr ${typeof lr === 'number' ? lr : `${lr.from} to ${lr.to}`}`, ...(clipNorm === undefined ? [] : [`clipNorm ${clipNorm}`])].join('; '), 8, width, 0));
  if (!work) { paper.print('[[dim|--env <id> adds sizes, weights and multiply-adds]]'); return; }
  const total = (nodes: readonly NodeDescription[]) => grouped(nodes.reduce((sum, n) => sum + work.get(n.name)!.perRow * work.get(n.name)!.rows, 0)), lagged = d.nodes.some(n => n.role === 'target');
  paper.print(
    ...labelled('weights', `${grouped(d.nodes.reduce((sum, n) => sum + (n.weights ?? 0), 0))}${lagged ? ', and lagged copies for the targets' : ''}`, 8, width, 0),
    ...labelled('acting', `${total(d.nodes.filter(n => n.acts))} multiply-adds a time step, all agents`, 8, width, 0),
    ...labelled('learning', `${total(d.nodes.filter(n => n.learns))} multiply-adds a time step forward, targets included`, 8, width, 0),
    '', ...wrap('mult-adds are those of dense, gru and convolution kernels, for one row x rows of a time step (a convolution: for one place of its output); products without weights are not counted.', width).map(text => `[[dim|${text}]]`),
  );
}
function roleOf({ type, role, of, per }: NodeDescription): string {
  const place = role === 'add' ? '' : of === undefined ? `, ${role}` : `, ${role} of ${of}`;
  return `${type}${place}${per === undefined ? '' : `, one for each ${per}`}`;
}
/** `batch time+1 agent:2 action:6`; batch and time are open. */
const dimsOf = ({ dims, shape }: PortDescription): string => (dims.length ? dims.map((dim, i) => (shape?.[i] ? `${dim}:${shape[i]}` : dim)).join(' ') : 'one number');
