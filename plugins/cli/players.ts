/** `skein train players.json`, `skein resume` and `skein evaluate` of several players in one environment. */
import { InputError } from '../../core/error.ts';
import type { Tracker } from '../../core/tracker.ts';
import type { Composition } from '../compose.ts';
import type { Document } from '../documents.ts';
import type { JointPrepared } from '../joint-run.ts';
import { playersInWords, type Player, type Players } from '../players.ts';
import { findPage, openPage, strangers } from '../pages.ts';
import { consoleTrackers } from '../trackers/console.ts';
import { score as figure } from '../trackers/readable.ts';
import type { Outcome } from '../training.ts';
import { edited, namedSwaps, swapOf } from './edits.ts';
import { mergeExperiment, readJoint, type JointFile, type TrainFlags } from './experiment.ts';
import { counted, grouped, labelled } from './layout.ts';
import { countOf } from './options.ts';
import { untilSignalled, type ConsoleFlags } from './running.ts';
import type { ExitCode, Session } from './session.ts';
import { worldInWords } from './world-facts.ts';

/** Players as a document names them, on an environment that may name populations of its own. */
async function playersOf(file: JointFile, environment: string, place: (path: readonly PropertyKey[]) => string, { catalogue }: Composition): Promise<Players> {
  const env = await catalogue.environment(environment, { copies: 1, seed: 0 }), { spec } = env;
  await env.close();
  const players: [string, Player][] = [];
  for (const [name, p] of Object.entries(file.players)) {
    const named = p.agents ?? name, agents = typeof named === 'string' ? spec.players?.[named] : named, there = Object.keys(spec.players ?? {});
    if (!agents) throw new InputError(`${place(['players', name])}: ${spec.id} has no population ${String(named)}`, there.length ? `its populations are ${there.join(', ')}; or agents: a list of numbers` : 'agents: a list of numbers');
    if ('run' in p) players.push([name, { agents, run: p.run, ...(p.at === undefined ? {} : { at: p.at }) }]);
    else if ('copyOf' in p) players.push([name, { agents, copyOf: p.copyOf, every: countOf(p.every, `${place(['players', name, 'every'])}: every`) }]);
    else {
      const source = await findPage(p.page, catalogue), set = Object.fromEntries(Object.entries(p.set ?? {})), page = edited(await openPage(source, catalogue), { set, swap: await namedSwaps((p.swap ?? []).map(swapOf), catalogue) }, catalogue);
      if (source.kind === 'module' && strangers(page, catalogue.registry).length) await catalogue.load(source.module);
      players.push([name, { agents, page }]);
    }
  }
  return Object.fromEntries(players);
}
/** A joint run from its preparation to its last lines. */
async function runTogether(session: Session, flags: ConsoleFlags, prepare: (trackers: readonly Tracker[]) => Promise<JointPrepared>): Promise<ExitCode> {
  const { stdout, stderr, io: { environment } } = session, { json = false, quiet = false } = flags, paper = json ? session.remarks : session.answer, lines = (rows: readonly (readonly [string, string])[]) => { for (const [label, text] of rows) paper.print(...labelled(label, text, 7, paper.columns)); };
  let began = 0;
  const report: Tracker = {
    start: () => {
      if (quiet) return;
      const [, lead] = Object.entries(prepared.players)[0]!;
      lines([['engine', `${lead.engine.info.engine} ${lead.engine.info.version} on ${lead.engine.info.backend}`], ...Object.entries(prepared.players).map(([name, { plan, spec }]): [string, string] => ['player', `${name}: ${plan.d.page.name}, ${worldInWords(spec)}, ${grouped(plan.total)} weights`]), ...(prepared.folder === undefined ? [] : [['folder', prepared.folder] as [string, string]])]);
      paper.print('');
    },
    event: e => { if (e.kind === 'start' || e.kind === 'resume') began = e.step; },
  };
  const prepared = await prepare([...consoleTrackers({ stdout, stderr, ...flags, environment }), report]), from = performance.now();
  const { result, code, fault } = await untilSignalled(session, prepared.folder, () => { prepared.stop(); }, () => prepared.begin());
  end(result, prepared);
  if (fault) throw fault;
  return Object.values(result).some(o => o.reason === 'stopped') ? code : 0;

  function end(outcomes: Readonly<Record<string, Outcome>>, { folder, record }: JointPrepared): void {
    const rows = Object.entries(outcomes), [, first] = rows[0]!, { counters } = first.state, seconds = (performance.now() - from) / 1000, speed = Math.round((counters.steps - began) / seconds), where = folder === undefined ? '' : `, ${folder}`;
    if (json) stdout.write(`${JSON.stringify({ kind: 'summary', reason: first.reason, step: counters.steps, episode: counters.episodes, steps_per_second: speed, players: Object.fromEntries(rows.map(([n, o]) => [n, { update: o.state.counters.updates, ...o.score }])), unit: 'return per episode', folder: folder ?? null })}\n`);
    if (!quiet) paper.print('');
    if (first.reason === 'stopped' && folder !== undefined && !quiet) lines([['stopped', `at ${grouped(counters.steps)} of ${grouped(record.steps)} steps; skein resume ${folder} goes on`]]);
    paper.print(`[[bold|${rows.map(([n, o]) => `${n} ${o.score['eval/return'] === undefined ? 'not evaluated' : figure(o.score['eval/return'])}`).join(', ')}]] return per episode, ${grouped(speed)} steps/s${where}`);
  }
}

export async function trainTogether(session: Session, flags: TrainFlags, document: Document, name: string): Promise<ExitCode> {
  for (const [flag, given] of [['--set', flags.set], ['--swap', flags.swap], ['--overlap', flags.overlap]] as const) if (given !== undefined) throw new InputError(`${flag}: ${name} names several players`, flag === '--overlap' ? 'leave it out' : `write ${flag.slice(2)} beside the player's page in ${name}`);
  const file = readJoint(document, name), asked = mergeExperiment(flags, { options: file, place: key => document.place([key]) }), { compose } = await import('../compose.ts'), composition = await compose({ plugins: asked.plugin }), { catalogue, joint } = composition;
  const environment = await catalogue.environmentId(asked.env), engine = asked.engine === undefined ? {} : { engine: await catalogue.engineName(asked.engine) };
  catalogue.checkEnvironment(environment);
  const players = await playersOf(file, environment, path => document.place(path), composition);
  return runTogether(session, flags, trackers => joint.prepare(players, {
    environment, ...engine, steps: asked.steps, seed: asked.seed, trackers, picture: asked.picture, experiment: { players: file.players, says: playersInWords(players) },
    ...(asked.envs === undefined ? {} : { copies: asked.envs }), ...(asked.evaluate ? { evaluate: asked.evaluate } : {}), ...(asked.checkpoint === undefined ? {} : { checkpointEvery: asked.checkpoint }), ...(asked.out === undefined ? {} : { out: asked.out }),
  }));
}
interface RunFlags extends ConsoleFlags { readonly plugin?: readonly string[]; readonly engine?: string }
/** Runs of several players, with the plugins that they need; an engine only where one is named, for each player goes on with its own. */
async function opened(session: Session, run: string, flags: RunFlags): Promise<{ readonly joint: Composition['joint']; readonly engine: { readonly engine?: string } }> {
  const { openRecorded } = await import('./recorded-run.ts'), { composition: { joint }, remarks, engine } = await openRecorded(run, flags);
  session.remarks.print(...remarks.map(remark => `note: ${remark}`));
  return { joint, engine: flags.engine === undefined ? {} : { engine } };
}
export async function resumeTogether(session: Session, run: string, flags: RunFlags, steps: number | undefined): Promise<ExitCode> {
  const { joint, engine } = await opened(session, run, flags);
  return runTogether(session, flags, trackers => joint.resume(run, { trackers, ...(steps === undefined ? {} : { steps }), ...engine }));
}
export async function evaluateTogether(session: Session, run: string, flags: RunFlags, { episodes, seed }: { readonly episodes: number; readonly seed: number }): Promise<void> {
  const { joint, engine } = await opened(session, run, flags), { scores, step, record } = await session.work('episodes', episodes, flags, told => joint.evaluate(run, { episodes, seed, told, ...engine }));
  if (flags.json) { session.json({ run, environment: record.environment, step, seed, players: scores }); return; }
  const width = Math.max(...Object.keys(scores).map(n => n.length));
  session.answer.print(`[[bold|${record.algorithm}]] on [[bold|${record.environment}]] after ${counted(step, 'step')}: ${counted(episodes, 'greedy episode')}, seed ${grouped(seed)}`,
    ...Object.entries(scores).map(([n, s]) => `  ${n.padEnd(width)}  ${figure(s.mean)} return per episode (95 % interval ${figure(s.low)} .. ${figure(s.high)}), IQM ${figure(s.iqm)}`));
}
