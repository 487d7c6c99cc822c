/** `skein env check`: does an environment keep the contract, and how fast is it? */
import { Command } from 'commander';
import { report } from '../../core/error.ts';
import { counted, grouped, labelled } from './layout.ts';
import { countOf, option, seedOf } from './options.ts';
import type { ConsoleFlags } from './running.ts';
import type { Session } from './session.ts';

interface Flags extends ConsoleFlags { readonly steps?: string; readonly seed?: string; readonly envs?: string; readonly plugin?: readonly string[] }
const check = (session: Session): Command => new Command('check')
  .summary('does an environment keep the contract, and how fast is it?')
  .description('Plays an environment with random actions, compares it with itself, and names every breach of the contract. Exit code 1 if there are any.')
  .argument('<id>', 'family/task?option=value: skein list environments; or ./file.ts, npm:package')
  .addOption(option.steps('steps of every copy (default 1000)'))
  .option('--envs <copies>', 'copies that are stepped at once (default 4)')
  .addOption(option.seed())
  .addOption(option.plugin())
  .addOption(option.json())
  .action(async (written: string, flags: Flags) => {
    const steps = countOf(flags.steps ?? 1000, '--steps'), copies = countOf(flags.envs ?? 4, '--envs'), seed = seedOf(flags.seed ?? 1, '--seed');
    const { compose } = await import('../compose.ts'), { checkEnvironment } = await import('../environments/check.ts'), { worldInWords } = await import('./world-facts.ts'), { catalogue } = await compose({ plugins: flags.plugin ?? [] }), id = await catalogue.environmentId(written);
    const one = await catalogue.environment(id, { copies: 1, seed }), { spec } = one;
    await one.close();
    const found = await session.work('steps', steps * copies, flags, told => checkEnvironment(setting => catalogue.environment(id, setting), { steps, copies, seed, told })), { problems } = found;
    session.code = problems.length ? 1 : 0;
    if (flags.json) { const { fields, ...rest } = spec; session.json({ environment: spec.id, spec: { ...rest, limit: Number.isFinite(spec.limit) ? spec.limit : null, fields }, copies, steps: found.steps, episodes: found.episodes, stepsPerSecond: found.stepsPerSecond, problems }); return; }
    const paper = session.answer, width = paper.columns, fields = Object.entries(spec.fields).map(([name, { dtype, dims }]) => `${name} ${dtype}${dims ? ` [${dims}]` : ''}`);
    if (problems.length) paper.print(...report(`environment ${spec.id}`, problems.map(p => ({ ...p, at: spec.id, expected: p.fix, got: p.what }))).split('\n'), '');
    else paper.print(`[[bold|${spec.id}]] keeps the contract`);
    paper.print(...labelled('played', `${counted(found.steps, 'step')}, ${counted(found.episodes, 'whole episode')}, ${counted(copies, 'copy', 'copies')}, random actions`, 6, width), ...labelled('speed', `${grouped(found.stepsPerSecond)} steps/s, those of all copies added up`, 6, width),
      ...labelled('world', worldInWords(spec), 6, width), ...(spec.returns ? labelled('return', `${spec.returns.least} .. ${spec.returns.most} an episode`, 6, width) : []), ...labelled('fields', fields.join(', '), 6, width));
  });

export const env = (session: Session): Command => new Command('env').summary('environments: check').description('Work on environments.').addCommand(check(session));
