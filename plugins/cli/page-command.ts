/** What every command on a page takes (`check`, `table`, `draw`, `diff`): the page, edits of it, and an environment that gives its dims their sizes. */
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Definition } from '../../core/definition.ts';
import type { Engine } from '../../core/engine.ts';
import type { VectorEnvironment } from '../../core/environment.ts';
import type { Plan } from '../../core/plan.ts';
import type { Training } from '../training.ts';
import { asUsage } from '../usage.ts';
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
  /** Of a page as far as it was built, the sizes that are known; undefined without an environment, or in one that is none for it. */
  sizesIn(page: Definition): Readonly<Record<string, number>> | undefined;
  /** An engine by name, for what has to run; and the name by which one that was written, a file too, is opened. */
  engine(name: string): Promise<Engine>;
  engineName(written: string): Promise<string>;
  readonly training: Training;
  /** Reads, edits and checks the page; a `GraphError` has all its problems, a `UsageError` says what of the edits is none. */
  open(): Promise<Opened>;
}

/** Is it the folder of a run? Then its page is meant, as the run has it. */
const isRun = async (reference: string): Promise<boolean> => (await stat(`${reference}/run.json`).catch(() => undefined))?.isFile() === true;

/** Finds page and environment, asks, and closes what was opened. */
export async function withPage(algorithm: string, flags: PageFlags, ask: (question: PageQuestion) => Promise<void>): Promise<void> {
  const { compose } = await import('../compose.ts'), { findPage, openPage } = await import('../pages.ts'), { edited, namedSwaps, settingOf, swapNow } = await import('./edits.ts'), { plan } = await import('../../core/plan.ts'), { sizesOf } = await import('../rollout.ts'), { worldInWords } = await import('./world-facts.ts');
  const swaps = (flags.swap ?? []).map(swapNow), run = await isRun(algorithm) ? await (await import('./recorded-run.ts')).openRun(algorithm, { plugin: flags.plugin ?? [], swaps }) : undefined;
  const { catalogue, training } = run?.composition ?? await compose({ plugins: flags.plugin ?? [] }), edits = { set: Object.fromEntries((flags.set ?? []).map(settingOf)), swap: run?.swaps ?? await namedSwaps(swaps, catalogue) };
  const source = run ? { kind: 'name', subject: algorithm, page: run.page } as const : await findPage(algorithm, catalogue), env = flags.env === undefined ? undefined : await catalogue.environment(await catalogue.environmentId(flags.env), { copies: 1, seed: 1 });
  try {
    await ask({
      subject: source.subject, env, world: env && `${env.spec.id}: ${worldInWords(env.spec)}`,
      sizesIn: page => { try { return env && { ...sizesOf(page, env), ...page.page.dims }; } catch { return undefined; } },
      engine: name => catalogue.engine(name), engineName: written => catalogue.engineName(written), training,
      open: async () => {
        const read = await openPage(source, catalogue), page = asUsage(() => edited(read, edits, catalogue)), sizes = env && sizesOf(page, env);
        return { page, sizes, plan: sizes && plan(page, sizes) };
      },
    });
  } finally { await env?.close(); }
}
