/** `skein train`: a new run. */
import { Command } from 'commander';
import { InputError } from '../../core/error.ts';
import type { TrainFlags } from './experiment.ts';
import { option } from './options.ts';
import type { Session } from './session.ts';

export const train = (session: Session): Command => new Command('train')
  .summary('train an algorithm in an environment')
  .description('Trains an algorithm, evaluates on the way, saves checkpoints, and ends with the score, the speed and the folder of the run.\nA file holds options under their names (algorithm: qmix, env: ..., set: {...}, swap: [...]); one on the command line wins.\nWhere an environment, a node type or an engine is asked for, a file (./mine.ts#export) or npm:package#export may stand as well.')
  .argument('<algorithm>', 'a name (skein list algorithms), ./page.ts[#export], ./page.json, npm:package#export, a file of options: experiment.yaml, or of several players: players.json')
  .addOption(option.env())
  .addOption(option.steps('environment steps over all copies: 200k, 2M, 1e6 (default 100k)'))
  .addOption(option.seed())
  .addOption(option.set())
  .addOption(option.swap(true))
  .addOption(option.engine())
  .option('--evaluate <steps:episodes>', 'pace of evaluations, 10k:32 (default: 20 in a run, 32 episodes each)')
  .option('--checkpoint <steps>', 'steps between checkpoints, 50k (default: 10 in a run)')
  .option('--envs <copies>', "copies of the environment (default: the page's number, else 1)")
  .option('--out <folder>', 'folder of the run (default runs/<page>-<env>-<seed>)')
  .option('--no-picture', 'leave out graph.svg and curve.svg')
  .option('--overlap <when>', 'learn in a thread beside the environments, an update behind: on, off, or auto, where it is faster (default: off, which repeats exactly)')
  .option('--profile', 'where the time goes, at the end and in profile.json: by node, and by what the run does')
  .addOption(option.plugin())
  .addOption(option.json('progress, metrics, events and a summary as JSON lines on standard output'))
  .action(async (algorithm: string, { profile = false, ...flags }: TrainFlags & { readonly profile?: boolean }) => {
    const { formatOf, readDocument } = await import('../documents.ts'), { isJoint, isPage, mergeExperiment, readExperiment, writtenExperiment } = await import('./experiment.ts');
    const document = formatOf(algorithm) ? await readDocument(algorithm) : undefined;
    if (document && isJoint(document)) {
      if (profile) throw new InputError(`--profile: ${algorithm} names several players`, 'profile one of them alone');
      session.code = await (await import('./players.ts')).trainTogether(session, flags, document, algorithm);
      return;
    }
    const file = document && !isPage(document) ? readExperiment(document, algorithm) : undefined;
    const asked = mergeExperiment(flags, file && { options: file, place: key => document!.place([key]) });
    const { compose } = await import('../compose.ts'), { findPage, openPage, strangers } = await import('../pages.ts'), { edited, editsInWords, namedSwaps, planned } = await import('./edits.ts'), { runOnConsole } = await import('./running.ts');
    const { catalogue, training } = await compose({ plugins: asked.plugin }), environment = await catalogue.environmentId(asked.env), engine = asked.engine === undefined ? {} : { engine: await catalogue.engineName(asked.engine) };
    catalogue.checkEnvironment(environment);
    const edits = { set: asked.set, swap: await namedSwaps(asked.swap, catalogue) }, source = await findPage(file?.algorithm ?? algorithm, catalogue), page = edited(await openPage(source, catalogue), edits, catalogue);
    if (source.kind === 'module' && strangers(page, catalogue.registry).length) await catalogue.load(source.module);          // so that the run can be read back
    session.code = await runOnConsole(session, { because: asked.engine === undefined ? 'the best that loads here' : 'the one named', edits: editsInWords(edits), remarks: catalogue.passedOver }, flags, console => training.prepare(page, {
      environment, ...engine, steps: asked.steps, seed: asked.seed, ...console, experiment: writtenExperiment(file?.algorithm ?? algorithm, asked),
      ...(asked.envs === undefined ? {} : { copies: asked.envs }), ...(asked.evaluate ? { evaluate: asked.evaluate } : {}),
      ...(asked.checkpoint === undefined ? {} : { checkpointEvery: asked.checkpoint }), ...(asked.out === undefined ? {} : { out: asked.out }), picture: asked.picture, ...(asked.overlap ? { overlap: asked.overlap } : {}), profile, swaps: planned(edits.swap),
    }));
  });
