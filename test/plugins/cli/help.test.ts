/** What the command line says of itself, and of words that it does not know. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { skein, skeinWith } from './skein.ts';

describe('help', () => {
  it('is an overview', async () => {
    const { code, stdout, stderr } = await skein('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: skein <command> [options]

      Reinforcement-learning algorithms as graphs of nodes that you compose, look at and change while they
      run.

      Commands:
        list [kind]             what there is: algorithms, nodes, environments, engines
        train <algorithm>       train an algorithm in an environment
        resume <run>            go on where the newest checkpoint of a run stands
        swap <run> [slot=type]  another node in a slot of a run, also while it runs
        fork <run>              a new run from a checkpoint of another, with an edit
        evaluate <run>          play greedy episodes from the newest checkpoint of a run
        compare <runs...>       runs side by side over their seeds, with intervals
        export <run>            the best actions of a run as an ONNX file, for other programs
        check <algorithm>       all wiring problems of a page at once, with places and remedies
        table <algorithm>       nodes, ports with dims and sizes, weights, multiply-adds
        draw <algorithm>        the topology of a page or a run as a picture
        diff <a> <b>            what differs between two pages or runs, in words and as a picture
        gallery                 a page for every algorithm: picture, formulas, paper, results
        env check <id>          does an environment keep the contract, and how fast is it?
        setup tensorflow        TensorFlow's own library for engine tfjs, on the CPU or a CUDA GPU

      Options:
        <command> --help        what a command does and takes
        --version               the version

      Examples:
        skein list environments
        skein train qmix --env lbf/8x8-2p-2f-coop --steps 200k
        skein train qmix --env matrix/climbing --swap mixer=duplexMixer --set q.lr=1e-3
        skein swap runs/qmix-lbf-8x8-2p-2f-coop-1 mixer=sumMixer
        skein evaluate runs/qmix-lbf-8x8-2p-2f-coop-1
        skein compare runs/* -o curves.svg
        skein draw qmix -o qmix.svg
        skein diff vdn qmix -o difference.svg

      Exit codes:
        0    done
        1    the answer is no: problems or differences were found
        2    bad usage or bad input
        3    the run failed
        130  interrupted; a run has saved a checkpoint (143: terminated)
      "
    `);
  });
  it('of train', async () => { expect((await skein('train', '--help')).stdout).toMatchInlineSnapshot(`
    "Usage: skein train [options] <algorithm>

    Trains an algorithm, evaluates on the way, saves checkpoints, and ends with the score, the speed and
    the folder of the run.
    A file holds options under their names (algorithm: qmix, env: ..., set: {...}, swap: [...]); one on
    the command line wins.
    Where an environment, a node type or an engine is asked for, a file (./mine.ts#export) or
    npm:package#export may stand as well.

    Arguments:
      algorithm                    a name (skein list algorithms), ./page.ts[#export], ./page.json,
                                   npm:package#export, a file of options: experiment.yaml, or of several
                                   players: players.json

    Options:
      --env <id>                   environment, family/task?option=value: skein list environments; or
                                   ./file.ts#family/task
      --steps <n>                  environment steps over all copies: 200k, 2M, 1e6 (default 100k)
      --seed <n>                   seed of everything random (default 1)
      --set <path=value>           another number of the page, repeatable: q.lr=1e-3
      --swap <slot=type[:json]>    another node in a slot, repeatable: mixer=sumMixer,
                                   mixer=./mine.ts#export; on the way, mixer=sumMixer@50k
      --engine <name>              engine and backend, onnx:cuda or tfjs:wasm; or
                                   ./file.ts#export:backend (default: the first that loads of onnx and
                                   tfjs)
      --evaluate <steps:episodes>  pace of evaluations, 10k:32 (default: 20 in a run, 32 episodes each)
      --checkpoint <steps>         steps between checkpoints, 50k (default: 10 in a run)
      --envs <copies>              copies of the environment (default: the page's number, else 1)
      --out <folder>               folder of the run (default runs/<page>-<env>-<seed>)
      --no-picture                 leave out graph.svg and curve.svg
      --overlap <when>             learn in a thread beside the environments, an update behind: on, off,
                                   or auto, where it is faster (default: off, which repeats exactly)
      --profile                    where the time goes, at the end and in profile.json: by node, and by
                                   what the run does
      --plugin <file>              a file or npm:package with node types, environments, ..., repeatable;
                                   the files that a run was made with
      --json                       progress, metrics, events and a summary as JSON lines on standard
                                   output
      --quiet                      alarms and the last line only
      --ascii                      no character outside ASCII
      -h, --help                   what the command does and takes
    "
  `); });
  it('of compare', async () => { expect((await skein('compare', '--help')).stdout).toMatchInlineSnapshot(`
    "Usage: skein compare [options] <runs...>

    Compares runs at the same environment steps, grouped by environment, algorithm and settings.
    Of each group it shows the interquartile mean (IQM, the mean of the middle half of its runs) with a
    95 % interval by stratified bootstrap, of each two how likely a run of one scores higher than one of
    the other (Agarwal et al. 2021, arXiv 2108.13264).

    Arguments:
      runs                 folders of runs, as skein train printed them: runs/*

    Options:
      --metric <name>      what is compared, by its name in metrics.jsonl (default eval/return)
      --steps <n>          environment steps at which they are compared (default: as many as all runs
                           have made)
      -o, --output <file>  curves over environment steps: curves.svg
      --json               one JSON document on standard output
      --quiet              alarms and the last line only
      --ascii              no character outside ASCII
      -h, --help           what the command does and takes
    "
  `); });
  it('fits the terminal', async () => {
    for (const columns of [60, 80, 120]) for (const command of [[], ['list'], ['train'], ['resume'], ['swap'], ['fork'], ['evaluate'], ['compare'], ['check'], ['table'], ['gallery'], ['env', 'check']]) {
      const { stdout } = await skeinWith({ columns }, ...command, '--help'), wide = stdout.split('\n').filter(line => line.length > columns && !line.startsWith('  skein '));
      expect(wide).toEqual([]);
    }
  });
  it('breaks no sentence of its own where the terminal is wide', async () => {
    for (const command of [['list'], ['train'], ['resume'], ['swap'], ['fork'], ['evaluate'], ['compare'], ['export'], ['check'], ['table'], ['draw'], ['diff'], ['gallery'], ['env', 'check'], ['setup', 'tensorflow']]) {
      const { stdout } = await skeinWith({ columns: 2000 }, ...command, '--help'), said = stdout.split('\n\n')[1]!.split('\n');
      expect(said.filter(line => !line.endsWith('.'))).toEqual([]);
    }
  });
  it('goes to standard error where a command is missing', async () => {
    expect(await skein()).toMatchObject({ code: 2, stdout: '', stderr: (await skein('--help')).stdout });
    expect(await skein('env')).toMatchObject({ code: 2, stdout: '' });
  });
  it('offers nothing of later versions', async () => {
    const all = await Promise.all(['train', 'resume'].map(async command => (await skein(command, '--help')).stdout));
    expect(all.join()).not.toMatch(/--serve|@step/);
  });
  it('has the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await skein('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('usage', () => {
  it.each([
    [['trian', 'qmix'], "error: unknown command 'trian'; did you mean train?\n  fix: skein --help\n"],
    [['env', 'chekc'], "error: unknown command 'chekc'; did you mean check?\n  fix: skein env --help\n"],
    [['train', 'qmix', '--stesp', '3'], "error: unknown option '--stesp'; did you mean --steps?\n  fix: skein train --help\n"],
    [['--verson'], "error: unknown option '--verson'; did you mean --version?\n  fix: skein --help\n"],
    [['train'], "error: missing required argument 'algorithm'\n  fix: skein train --help\n"],
    [['train', 'qmix', '--env'], "error: option '--env <id>' argument missing\n  fix: skein train --help\n"],
    [['evaluate', 'a', 'b'], "error: too many arguments for 'evaluate'. Expected 1 argument but got 2.\n  fix: skein evaluate --help\n"],
  ])('%j', async (argv, stderr) => { expect(await skein(...argv)).toEqual({ code: 2, stdout: '', stderr }); });
  it('has colours on a terminal that wants them', async () => {
    const red = '\u001b[1;31merror:\u001b[0m', first = async (environment: Record<string, string>, columns?: number) => (await skeinWith({ environment, ...(columns === undefined ? {} : { columns }) }, 'nosuch')).stderr.split(' ')[0];
    expect([await first({}, 80), await first({ NO_COLOR: '1' }, 80), await first({ TERM: 'dumb' }, 80), await first({})]).toEqual([red, 'error:', 'error:', 'error:']);
  });
});
