/** What every command on a page takes, `check` and `table`: the page, edits of it, and an environment that gives its dims their sizes. */
import type { Command } from 'commander';
import type { Definition } from '../../core/definition.ts';
import type { VectorEnvironment } from '../../core/environment.ts';
import type { Plan } from '../../core/plan.ts';
import { option, type PageOptions } from './options.ts';

export interface PageFlags extends PageOptions { readonly env?: string }
/** Argument and options, in the order of the help. */
export const takesPage = (command: Command, json?: string): Command => command
  .argument('<algorithm>', 'a name (skein list algorithms), ./page.ts[#export], ./page.json or npm:package#export')
  .addOption(option.env())
  .addOption(option.set())
  .addOption(option.swap())
  .addOption(option.plugin())
  .addOption(option.json(json));

/** A page as it is asked for; `sizes` and `plan` where an environment is named. */
export interface Opened { readonly page: Definition; readonly sizes: Readonly<Record<string, number>> | undefined; readonly plan: Plan | undefined }
export interface PageQuestion {
  /** How errors call the page. */
  readonly subject: string;
  readonly env: VectorEnvironment | undefined;
  /** `in lbf/...: 2 agents, ...` of the environment. */
  readonly world: string | undefined;
  /** Reads, edits and checks the page; a `GraphError` has all its problems. */
  open(): Promise<Opened>;
}

/** Finds page and environment, asks, and closes what was opened. */
export async function withPage(algorithm: string, flags: PageFlags, ask: (question: PageQuestion) => Promise<void>): Promise<void> {
  const { compose } = await import('../compose.ts'), { findPage, openPage } = await import('../pages.ts'), { edited, settingOf, swapNow } = await import('./edits.ts'), { plan } = await import('../../core/plan.ts'), { sizesOf } = await import('../rollout.ts'), { worldInWords } = await import('./world-facts.ts');
  const { catalogue } = await compose({ plugins: flags.plugin ?? [] }), edits = { set: Object.fromEntries((flags.set ?? []).map(settingOf)), swap: (flags.swap ?? []).map(swapNow) };
  const source = await findPage(algorithm, catalogue), env = flags.env === undefined ? undefined : await catalogue.environment(flags.env, { copies: 1, seed: 1 });
  try {
    await ask({
      subject: source.subject, env, world: env && `${env.spec.id}: ${worldInWords(env.spec)}`,
      open: async () => {
        const page = edited(await openPage(source, catalogue), edits, catalogue), sizes = env && sizesOf(page, env);
        return { page, sizes, plan: sizes && plan(page, sizes) };
      },
    });
  } finally { await env?.close(); }
}
