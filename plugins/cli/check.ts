/** `skein check`: does a page fit together? */
import { Command } from 'commander';
import { GraphError, InputError, report, type Issue } from '../../core/error.ts';
import { UsageError } from '../usage.ts';
import { counted, labelled } from './layout.ts';
import { takesPage, withPage, type PageFlags } from './page-command.ts';
import type { Session } from './session.ts';

export const check = (session: Session): Command => takesPage(new Command('check')
  .summary('all wiring problems of a page at once, with places and remedies')
  .description('Judges a page as a whole and prints every problem with its place and its remedy. Nothing runs. Exit code 1 if there are any.'))
  .action(async (algorithm: string, flags: PageFlags) => withPage(algorithm, flags, async ({ subject, env, world, open }) => {
    const environment = env?.spec.id ?? null;
    try {
      const { page, sizes, plan } = await open();
      if (flags.json) { session.json({ page: page.page.name, from: subject, environment, sizes: sizes ?? null, weights: plan?.total ?? null, problems: [] }); return; }
      const nodes = Object.values(page.page.nodes), slots = nodes.filter(n => n.role === 'slot').length;
      session.answer.print(`[[bold|${page.page.name}]] fits together: ${counted(nodes.length, 'node')}, ${counted(slots, 'slot')}, ${counted(Object.keys(page.page.train).length, 'train rule')}`);
      if (world && plan) session.answer.print(...labelled('in', `${world}; ${counted(plan.total, 'weight')}`, 2, session.answer.columns));
    } catch (e) {
      const found = problemsIn(e, subject);
      if (!found) throw e;
      session.code = 1;
      if (flags.json) session.json({ page: found.page, from: subject, environment, sizes: null, weights: null, problems: found.issues });
      else session.answer.print(...report(found.where, found.issues).split('\n'));
    }
  }));

/** What `check` is asked for: a page that is wrong is an answer here, and no error. */
function problemsIn(e: unknown, subject: string): { readonly page: string | null; readonly where: string; readonly issues: readonly Issue[] } | undefined {
  if (e instanceof GraphError) return { page: e.graph, where: `graph ${e.graph}`, issues: e.issues };
  if (!(e instanceof InputError) || e instanceof UsageError) return undefined;
  const fix = e.fix ?? 'see docs/page.schema.json', [first = '', ...rest] = e.message.split('\n').filter(line => line !== `  fix: ${e.fix}`);
  const issue = (at: string, what: string): Issue => ({ code: 'PAGE', at, what, expected: 'a page', got: what, fix });
  const placed = rest.flatMap(line => { const at = /^\s+([^:]+): /.exec(line)?.[1]; return at === undefined ? [] : [issue(at, line.trim())]; });   // a document's problems, each with its path
  return { page: null, where: subject, issues: placed.length === rest.length && placed.length ? placed : [{ ...issue(subject, first.replace(`${subject}: `, '')), ...(rest.length ? { lines: rest.map(line => line.trim()) } : {}) }] };
}
