/** `skein check`: does a page fit together? */
import { Command } from 'commander';
import type { Definition } from '../../core/definition.ts';
import type { Description } from '../../core/describe.ts';
import { GraphError, InputError, report, type Issue } from '../../core/error.ts';
import { UsageError } from '../usage.ts';
import { counted, labelled } from './layout.ts';
import { takesPage, withPage, type PageFlags } from './page-command.ts';
import { output, renderingOf, takesLooks, type PictureFlags } from './picture-options.ts';
import type { Rendering } from '../../visualizer/picture.ts';
import type { Session } from './session.ts';

const FORMATS = ['svg', 'png', 'html', 'dot', 'mmd', 'json'] as const;

export const check = (session: Session): Command => takesLooks(takesPage(new Command('check')
  .summary('all wiring problems of a page at once, with places and remedies')
  .description('Judges a page as a whole and prints every problem with its place and its remedy. Nothing runs. Exit code 1 if there are any.\nWith -o a picture of what leads to them, where there are any: .svg, .png, .html, .dot, .mmd or .json.')
  .addOption(output('picture of the problems: error.svg'))))
  .action(async (algorithm: string, flags: PageFlags & PictureFlags) => withPage(algorithm, flags, async ({ subject, env, world, open, sizesIn }) => {
    const { formatFor } = await import('./picture-file.ts'), format = flags.output === undefined ? undefined : formatFor(flags.output, FORMATS, 'check'), rendering = renderingOf(flags, false);
    const environment = env?.spec.id ?? null;
    try {
      const { page, sizes, plan } = await open();
      if (flags.json) { session.json({ page: page.page.name, from: subject, environment, sizes: sizes ?? null, weights: plan?.total ?? null, problems: [] }); return; }
      const nodes = Object.values(page.page.nodes), slots = nodes.filter(n => n.role === 'slot').length;
      session.answer.print(`[[bold|${page.page.name}]] fits together: ${counted(nodes.length, 'node')}, ${counted(slots, 'slot')}, ${counted(Object.keys(page.page.train).length, 'train rule')}`);
      if (world && plan) session.answer.print(...labelled('in', `${world}; ${counted(plan.total, 'weight')}`, 2, session.answer.columns));
    } catch (e) {
      const problems = problemsIn(e, subject);
      if (!problems) throw e;
      const sizes = problems.built && sizesIn(problems.built), found = sizes ? { ...problems, issues: problems.issues.map(i => sizedIssue(i, sizes)) } : problems;
      session.code = 1;
      if (format !== undefined) await drawn(session, flags, format, rendering, found);
      if (flags.output === '-') return;
      if (flags.json) session.json({ page: found.page, from: subject, environment, sizes: sizes ?? null, weights: null, problems: found.issues });
      else session.answer.print(...report(found.where, found.issues).split('\n'));
    }
  }));

/** `f32 [batch time agent:2 obs]`: what has a size in the world has it beside its name. A column behind it stays where it was, where there is room. */
const sizedText = (text: string, sizes: Readonly<Record<string, number>>): string => text.replace(/\b((?:f32|i32|bool) \[)([^\]]*)\]( *)/g, (whole, head: string, dims: string, gap: string) => {
  const told = `${head}${dims.split(' ').map(dim => (Object.hasOwn(sizes, dim) ? `${dim}:${sizes[dim]}` : dim)).join(' ')}]`;
  return gap ? told.padEnd(Math.max(told.length + 1, whole.length)) : told;
});
function sizedIssue(issue: Issue, sizes: Readonly<Record<string, number>>): Issue {
  const { what, expected, got, fix, lines } = issue, sized = (text: string) => sizedText(text, sizes);
  return { ...issue, what: sized(what), expected: sized(expected), got: sized(got), fix: sized(fix), ...(lines ? { lines: lines.map(sized) } : {}) };
}

/** The problems as a picture: with what leads to them where the page could be built so far. */
async function drawn(session: Session, { output: file = '-' }: PictureFlags, format: (typeof FORMATS)[number], rendering: Rendering, { page, where, issues, built }: NonNullable<ReturnType<typeof problemsIn>>): Promise<void> {
  const { errorView } = await import('../../visualizer/error-picture.ts'), { pictureText, writeWhole } = await import('./picture-file.ts'), { kindOf } = await import('./described.ts');
  const content = await pictureText(errorView(page ?? where, issues, built && await partly(built), { kinds: kindOf }), format, rendering);
  if (file === '-') session.stdout.write(content.toString()); else await writeWhole(file, content);
}
/** Undefined where a page is too broken to be described. */
async function partly(page: Definition): Promise<Description | undefined> {
  const { describe } = await import('../../core/describe.ts');
  try { return describe(page); } catch { return undefined; }
}
/** What `check` is asked for: a page that is wrong is an answer here, and no error. */
function problemsIn(e: unknown, subject: string): { readonly page: string | null; readonly where: string; readonly issues: readonly Issue[]; readonly built?: Definition } | undefined {
  if (e instanceof GraphError) return { page: e.graph, where: `graph ${e.graph}`, issues: e.issues, ...(e.page ? { built: e.page } : {}) };
  if (!(e instanceof InputError) || e instanceof UsageError) return undefined;
  const fix = e.fix ?? 'see docs/page.schema.json', [first = '', ...rest] = e.message.split('\n').filter(line => line !== `  fix: ${e.fix}`);
  const issue = (at: string, what: string): Issue => ({ code: 'PAGE', at, what, expected: 'a page', got: what, fix });
  const placed = rest.flatMap(line => { const at = /^\s+([^:]+): /.exec(line)?.[1]; return at === undefined ? [] : [issue(at, line.trim())]; });   // a document's problems, each with its path
  return { page: null, where: subject, issues: placed.length === rest.length && placed.length ? placed : [{ ...issue(subject, first.replace(`${subject}: `, '')), ...(rest.length ? { lines: rest.map(line => line.trim()) } : {}) }] };
}
