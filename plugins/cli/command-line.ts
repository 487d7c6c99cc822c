/** The command line as a function: arguments and streams in, exit code out. Commands load what they need when they run. */
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { check } from './check.ts';
import { compare } from './compare.ts';
import { diff } from './diff.ts';
import { draw } from './draw.ts';
import { env } from './env-check.ts';
import { evaluate } from './evaluate.ts';
import { exported } from './export.ts';
import { fork } from './fork.ts';
import { gallery } from './gallery.ts';
import { labelled, wrap } from './layout.ts';
import { list } from './list.ts';
import { option } from './options.ts';
import { resume } from './resume.ts';
import { Session, type ExitCode, type Io } from './session.ts';
import { setup } from './setup.ts';
import { swap } from './swap.ts';
import { table } from './table.ts';
import { train } from './train.ts';
import { version } from '../version.ts';

const ABOUT = 'Reinforcement-learning algorithms as graphs of nodes that you compose, look at and change while they run.';
const EXAMPLES = [
  'skein list environments',
  'skein train qmix --env lbf/8x8-2p-2f-coop --steps 200k',
  'skein train qmix --env matrix/climbing --swap mixer=duplexMixer --set q.lr=1e-3',
  'skein swap runs/qmix-lbf-8x8-2p-2f-coop-1 mixer=sumMixer',
  'skein evaluate runs/qmix-lbf-8x8-2p-2f-coop-1',
  'skein compare runs/* -o curves.svg',
  'skein draw qmix -o qmix.svg',
  'skein diff vdn qmix -o difference.svg',
];
const EXIT_CODES = [['0', 'done'], ['1', 'the answer is no: problems or differences were found'], ['2', 'bad usage or bad input'], ['3', 'the run failed'], ['130', 'interrupted; a run has saved a checkpoint (143: terminated)']] as const;

/** `train <algorithm>`, `env check <id>`. */
const termOf = (command: Command, before = ''): string => `${before}${command.name()}${command.registeredArguments.map(a => (a.required ? ` <${a.name()}${a.variadic ? '...' : ''}>` : ` [${a.name()}]`)).join('')}`;
const commandsOf = (command: Command, before = ''): (readonly [string, string])[] => command.commands.flatMap(c => (c.commands.length ? commandsOf(c, `${before}${c.name()} `) : [[termOf(c, before), c.summary()]]));
/** The first page of help: the commands before everything else. */
function overview(skein: Command, columns: number): string {
  const commands = commandsOf(skein), width = Math.max(...commands.map(([term]) => term.length)), rows = (all: readonly (readonly [string, string])[], to = width) => all.flatMap(([label, text]) => labelled(label, text, to, columns));
  return [
    'Usage: skein <command> [options]', '', ...wrap(ABOUT, columns), '',
    'Commands:', ...rows(commands), '',
    'Options:', ...rows([['<command> --help', 'what a command does and takes'], ['--version', 'the version']]), '',
    'Examples:', ...EXAMPLES.map(line => `  ${line}`), '',
    'Exit codes:', ...rows(EXIT_CODES, 3), '',
  ].join('\n');
}

/** Settings that commander keeps for every command by itself. */
function configure(command: Command, session: Session): void {
  command.exitOverride().showHelpAfterError(false).helpOption('-h, --help', 'what the command does and takes').helpCommand(false).configureHelp({ minWidthToWrap: 20 }).configureOutput({
    writeOut: text => session.stdout.write(text), writeErr: text => session.stderr.write(text),
    outputError: () => undefined,
    getOutHelpWidth: () => session.answer.columns, getErrHelpWidth: () => session.remarks.columns, getOutHasColors: () => false, getErrHasColors: () => false,
  });
  if (!command.commands.length) for (const every of [option.quiet(), option.ascii()]) command.addOption(every);
  for (const sub of command.commands) configure(sub, session);
}

export function program(session: Session): Command {
  const skein = new Command('skein').version(version(), '--version', 'the version');
  for (const make of [list, train, resume, swap, fork, evaluate, compare, exported, check, table, draw, diff, gallery, env, setup]) skein.addCommand(make(session));
  configure(skein, session);
  skein.hook('preAction', (_, command) => { session.answer.ascii = session.remarks.ascii = command.opts<{ ascii?: boolean }>().ascii ?? false; });
  skein.configureHelp({ formatHelp: (command, helper) => overview(command, helper.helpWidth ?? 80) });
  return skein;
}

/** Commander's words in the form of all our errors: the name meant in the first line, the remedy in the second. */
function usage(session: Session, command: Command, { message }: CommanderError): void {
  const words: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) words.unshift(at.name());
  const said = message.replace(/^error: /, '').replace(/\n\(Did you mean (one of )?(.*?)\?\)/s, (_, __, names: string) => `; did you mean ${names.replace(/, ([^,]*)$/, ' or $1')}?`);
  session.remarks.print(`[[red|error:]] ${said}`, `  fix: ${words.join(' ')} --help`);
}
/** Long lines of an error at a terminal, with what follows a line break under its text; lines that are set in columns stay. */
function lines(session: Session, text: string): string[] {
  const { isTerminal, columns } = session.remarks, shown = text.replaceAll(`${process.cwd()}${path.sep}`, '').split('\n');
  return shown.flatMap(line => (!isTerminal || /\S {2,}\S/.test(line) ? [line] : wrap(line, columns - 7).map((part, i) => (i ? `       ${part}` : `${/^ */.exec(line)![0]}${part}`))));
}
/** Exit code of an error, once it is said. Errors are told by name: a plugin may have a copy of skein of its own. */
function failure(session: Session, e: unknown): ExitCode {
  const name = e instanceof Error ? e.name : '', [first = '', ...rest] = lines(session, e instanceof Error ? e.message : String(e));
  session.remarks.print(`[[red|error:]] ${first}`, ...rest);
  const known = ['InputError', 'GraphError', 'RunError'].includes(name);
  if (session.io.environment['SKEIN_DEBUG'] === '1' && e instanceof Error) session.remarks.print(...(e.stack ?? '').split('\n').filter(line => /^\s+at /.test(line)));
  else if (!known) session.remarks.print('  fix: none is known; SKEIN_DEBUG=1 shows where it came from');
  return name === 'InputError' || name === 'GraphError' ? 2 : 3;
}

/** Node ends a process for an error that nobody caught, with exit code 1 and in its own words. */
async function guarded(session: Session, work: () => Promise<ExitCode>): Promise<ExitCode> {
  const { signals, exit } = session.io, heard = (reason: unknown) => {
    if (session.fault) { session.fault(reason); return; }
    failure(session, reason);
    exit(3);
  };
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const) signals.on(fault, heard);
  try { return await work(); } finally { for (const fault of ['uncaughtException', 'unhandledRejection'] as const) signals.off(fault, heard); }
}

export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  const session = new Session(io);
  return guarded(session, () => answer(session, argv));
}
async function answer(session: Session, argv: readonly string[]): Promise<ExitCode> {
  const skein = program(session);
  let at = skein;
  for (const word of argv) { const sub = at.commands.find(c => c.name() === word); if (!sub) break; at = sub; }
  try {
    if (!argv.length) { skein.outputHelp({ error: true }); return 2; }
    if (at.commands.length && at !== skein && argv.length === 1) { at.outputHelp({ error: true }); return 2; }
    await skein.parseAsync([...argv], { from: 'user' });
    return session.code;
  } catch (e) {
    if (!(e instanceof CommanderError)) return failure(session, e);
    if (e.exitCode === 0) return 0;
    usage(session, at, e);
    return 2;
  }
}
