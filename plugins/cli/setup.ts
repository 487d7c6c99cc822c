/** `skein setup tensorflow`: TensorFlow's own library for engine `tfjs`, in the cache folder of the user. */
import { Command } from 'commander';
import { option } from './options.ts';
import type { ConsoleFlags } from './running.ts';
import type { ExitCode, Session, Signal } from './session.ts';

const CODES: Readonly<Record<Signal, ExitCode>> = { SIGINT: 130, SIGTERM: 143 };
/** A signal stops the work, which leaves nothing behind; a second one ends the process. */
async function stoppable(session: Session, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { signals, exit } = session.io, stop = new AbortController();
  let code: ExitCode = 0;
  const hear = (signal: Signal) => () => {
    if (code !== 0) { exit(CODES[signal]); return; }
    code = CODES[signal];
    stop.abort();
  };
  const listeners = (['SIGINT', 'SIGTERM'] as const).map(signal => [signal, hear(signal)] as const);
  for (const [signal, listener] of listeners) signals.on(signal, listener);
  try { await work(stop.signal); } catch (e) {
    if (!stop.signal.aborted) throw e;
    session.code = code;
    session.remarks.print('interrupted: nothing was changed, and nothing is left of it');
  } finally { for (const [signal, listener] of listeners) signals.off(signal, listener); }
}

const BUILDS = { cpu: 'CPU build', cuda: 'CUDA build' } as const;
interface Flags extends ConsoleFlags { readonly gpu?: boolean }
const tensorflow = (session: Session): Command => new Command('tensorflow')
  .summary("TensorFlow's own library for engine tfjs, on the CPU or a CUDA GPU")
  .description("Gives engine tfjs TensorFlow's own library, as backend tensorflow: fetches it with pip and npm from wherever these are set to look, compiles its binding, tries it, and puts it into the cache folder of the user (XDG_CACHE_HOME, else ~/.cache), where every skein of these versions finds it.\nThe CPU build takes 0.6 GB, the CUDA build, which brings CUDA and needs the driver alone, 4 GB. For linux x64.")
  .option('--gpu', 'the CUDA build (default: where nvidia-smi finds a GPU)')
  .option('--no-gpu', 'the CPU build')
  .addOption(option.json())
  .action((flags: Flags) => stoppable(session, async signal => {
    const began = performance.now(), { environment } = session.io, { build, downloadOf, inWords, tried } = await import('../engines/tensorflow/build.ts'), { folderOf, gpuOf, hasGpu, installed, TENSORFLOW } = await import('../engines/tensorflow/library.ts'), { RECIPES } = await import('../engines/tensorflow/recipe.ts');
    const paper = flags.json ? session.remarks : session.answer, folder = folderOf(environment), before = installed(folder), gpu = flags.gpu ?? hasGpu(environment), wanted = gpu ? 'cuda' : 'cpu', recipe = RECIPES[wanted];
    const say = (...lines: readonly string[]) => { if (!flags.quiet) paper.print(...lines); };
    /** One that no longer loads is made anew. */
    const kept = before && (flags.gpu === undefined || before.build === wanted) ? await tried({ environment, signal }, folder).catch(() => { signal.throwIfAborted(); return undefined; }) : undefined;
    if (!kept) say(`TensorFlow ${TENSORFLOW} for engine tfjs, ${BUILDS[wanted]}: ${inWords(downloadOf(recipe))} are fetched, ${inWords(recipe.bytes)} are kept`);
    const { installed: now, tried: found } = kept ? { installed: before!, tried: kept } : await build({
      folder, build: wanted, recipe, environment, signal,
      told: { step: (what, detail) => { say(`  ${what.padEnd(7)}  ${detail}`); }, fetch: (bytes, work) => session.work('MB', Math.round(bytes / 1e6), flags, told => work(there => { told(Math.round(there / 1e6)); })) },
    }), device = found.gpu ? gpuOf(environment) : 'CPU', seconds = (performance.now() - began) / 1000;
    if (now.build === 'cuda' && !found.gpu) session.remarks.print(`note: it finds no GPU, and computes on the CPU until it does${found.says === '' ? ' (nvidia-smi says whether the driver sees one)' : `: ${found.says}`}`);
    if (now.build === 'cpu' && gpu) session.remarks.print('note: this machine has an NVIDIA GPU; skein setup tensorflow --gpu takes the CUDA build instead');
    if (flags.json) { session.json({ folder, ...now, device, fresh: !kept, seconds }); return; }
    session.answer.print(`[[bold|TensorFlow ${now.tensorflow}]], ${BUILDS[now.build]}, on ${device}: ${inWords(now.bytes)} in ${folder}, ${kept ? 'set up already' : `set up in ${Math.round(seconds)} s`}`);
    say('  skein train ... --engine tfjs:tensorflow computes with it');
  }));

export const setup = (session: Session): Command => new Command('setup').summary('what is fetched on demand: tensorflow').description('Fetches what skein can do without, and what npm does not bring.').addCommand(tensorflow(session));
