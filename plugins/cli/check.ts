/** `skein check`: does a page fit together? */
import { Command } from 'commander';
import { GraphError, InputError, report, type Issue } from '../../core/error.ts';
import { counted, labelled } from './layout.ts';
import { option, type PageOptions } from './options.ts';
import type { Session } from './session.ts';

interface Flags extends PageOptions { readonly env?: string }
export const check = (session: Session): Command => new Command('check')
  .summary('all wiring problems of a page at once, with places and remedies')
  .description('Judges a page as a whole and prints every problem with its place and its remedy. Nothing runs. Exit code 1 if there are any.')
  .argument('<algorithm>', 'a name (skein list algorithms), ./page.ts[#export], ./page.json or npm:package#export')
  .addOption(option.env())
  .addOption(option.set())
  .addOption(option.swap())
  .addOption(option.plugin())
  .addOption(option.json())
  .action(async (algorithm: string, flags: Flags) => {
    const { compose } = await import('../compose.ts'), { findPage, openPage } = await import('../pages.ts'), { edited, settingOf, swapOf } = await import('./edits.ts'), { plan } = await import('../../core/plan.ts'), { sizesOf } = await import('../rollout.ts'), { worldInWords } = await import('./world-facts.ts');
    const { catalogue } = await compose({ plugins: flags.plugin ?? [] }), set = Object.fromEntries((flags.set ?? []).map(settingOf)), swap = (flags.swap ?? []).map(swapOf);
    const source = await findPage(algorithm, catalogue), env = flags.env === undefined ? undefined : await catalogue.environment(flags.env, { copies: 1, seed: 1 });
    try {
      const page = edited(await openPage(source, catalogue), { set, swap }, catalogue), sizes = env && sizesOf(page, env), sized = sizes && plan(page, sizes);
      if (flags.json) { session.json({ page: page.page.name, from: source.subject, environment: env?.spec.id ?? null, sizes: sizes ?? null, weights: sized?.total ?? null, problems: [] }); return; }
      const nodes = Object.values(page.page.nodes), slots = nodes.filter(n => n.role === 'slot').length;
      session.answer.print(`[[bold|${page.page.name}]] fits together: ${counted(nodes.length, 'node')}, ${counted(slots, 'slot')}, ${counted(Object.keys(page.page.train).length, 'train rule')}`);
      if (env && sized) session.answer.print(...labelled('in', `${env.spec.id}: ${worldInWords(env.spec)}; ${counted(sized.total, 'weight')}`, 2, session.answer.columns));
    } catch (e) {
      const found = problemsIn(e, source.subject);
      if (!found) throw e;
      session.code = 1;
      if (flags.json) session.json({ page: found.page, from: source.subject, environment: env?.spec.id ?? null, sizes: null, weights: null, problems: found.issues });
      else session.answer.print(...report(found.where, found.issues).split('\n'));
    } finally { await env?.close(); }
  });

/** What `check` is asked for: a page that is wrong is an answer here, and no error. */
function problemsIn(e: unknown, subject: string): { readonly page: string | null; readonly where: string; readonly issues: readonly Issue[] } | undefined {
  if (e instanceof GraphError) return { page: e.graph, where: `graph ${e.graph}`, issues: e.issues };
  if (!(e instanceof InputError)) return undefined;
  const fix = e.fix ?? 'see docs/page.schema.json', [first = '', ...rest] = e.message.split('\n').filter(line => line !== `  fix: ${e.fix}`);
  const issue = (at: string, what: string): Issue => ({ code: 'PAGE', at, what, expected: 'a page', got: what, fix });
  const placed = rest.flatMap(line => { const at = /^\s+([^:]+): /.exec(line)?.[1]; return at === undefined ? [] : [issue(at, line.trim())]; });   // a document's problems, each with its path
  return { page: null, where: subject, issues: placed.length === rest.length && placed.length ? placed : [{ ...issue(subject, first.replace(`${subject}: `, '')), ...(rest.length ? { lines: rest.map(line => line.trim()) } : {}) }] };
}
