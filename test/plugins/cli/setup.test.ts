/** `skein setup tensorflow` as it is typed; what it runs has tests of its own beside the engine's. */
import { EventEmitter } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build } from '../../../plugins/engines/tensorflow/build.ts';
import { Workshop } from '../engines/workshop.ts';
import { skeinWith, type Answer, type Setting } from './skein.ts';

let shop: Workshop;
beforeEach(() => { shop = new Workshop(); });
afterEach(() => { shop.remove(); });
const typed = (words: string, setting: Setting = {}): Promise<Answer> => skeinWith({ environment: shop.environment, ...setting }, 'setup', 'tensorflow', ...words.split(' ').filter(Boolean));
/** Where it is, in every answer. */
const named = ({ stdout, ...rest }: Answer): Answer => ({ ...rest, stdout: stdout.replaceAll(shop.folder, '<folder>').replace(/"seconds": [\d.]+/, '"seconds": 1').replace(/"bytes": \d+/, '"bytes": 1') });

describe('setup tensorflow', () => {
  it('says what it does and takes', async () => {
    expect((await typed('--help')).stdout).toMatchInlineSnapshot(`
      "Usage: skein setup tensorflow [options]

      Gives engine tfjs TensorFlow's own library, as backend tensorflow: fetches it with pip and npm from
      wherever these are set to look, compiles its binding, tries it, and puts it into the cache folder of
      the user (XDG_CACHE_HOME, else ~/.cache), where every skein of these versions finds it.
      The CPU build takes 0.6 GB, the CUDA build, which brings CUDA and needs the driver alone, 4 GB. For
      linux x64.

      Options:
        --gpu       the CUDA build (default: where nvidia-smi finds a GPU)
        --no-gpu    the CPU build
        --json      one JSON document on standard output
        --quiet     alarms and the last line only
        --ascii     no character outside ASCII
        -h, --help  what the command does and takes
      "
    `);
  });
  it('begins with what is fetched and kept, and refuses what is not the file that was meant', async () => {
    const { code, stdout, stderr } = await typed('--no-gpu');
    expect({ code, stdout }).toEqual({ code: 3, stdout: 'TensorFlow 2.15.1 for engine tfjs, CPU build: 207 MB are fetched, 615 MB are kept\n  fetch    @tensorflow/tfjs-node 4.22.0, node-api-headers 1.9.0, tensorflow-cpu 2.15.1\n' });
    expect(stderr).toMatch(/^error: what npm fetched as @tensorflow\/tfjs-node 4\.22\.0 is another file: sha512 .{88} instead of uHrXeUlf.+\n {2}fix: fetch from another mirror\n$/);
    expect(shop.left()).toEqual([]);
  });
  it('says which commands are missing', async () => {
    shop.lacks('c++');
    expect(await typed('--quiet')).toEqual({ code: 3, stdout: '', stderr: "error: to build TensorFlow's binding a command is missing\n  c++  a C++ compiler, to compile the binding: apt-get install g++, or name one in CXX\n  fix: install what is missing, and do this again\n" });
  });
  it('takes the CUDA build where there is a GPU, unless it is told otherwise', async () => {
    shop.tells('npm', 'no');
    shop.brings('nvidia-smi');
    for (const [words, kind] of [['', 'CUDA build: 2.4 GB are fetched, 4.0 GB are kept'], ['--no-gpu', 'CPU build: 207 MB are fetched, 615 MB are kept']] as const) expect((await typed(words)).stdout.split('\n')[0]).toBe(`TensorFlow 2.15.1 for engine tfjs, ${kind}`);
    shop.lacks('nvidia-smi');
    for (const [words, kind] of [['', 'CPU build'], ['--gpu', 'CUDA build']] as const) expect((await typed(words)).stdout).toContain(`, ${kind}: `);
  });
  it('finds what is there, tries it, and changes nothing', async () => {
    await build(shop.order());
    const before = shop.left(), asked = shop.asked().length;
    expect(named(await typed(''))).toEqual({ code: 0, stderr: '', stdout: 'TensorFlow 2.15.1, CPU build, on CPU: 0 MB in <folder>, set up already\n  skein train ... --engine tfjs:tensorflow computes with it\n' });
    expect(named(await typed('--quiet'))).toEqual({ code: 0, stderr: '', stdout: 'TensorFlow 2.15.1, CPU build, on CPU: 0 MB in <folder>, set up already\n' });
    expect(JSON.parse(named(await typed('--json')).stdout)).toEqual({ folder: '<folder>', build: 'cpu', tensorflow: '2.15.1', tfjs: '4.22.0', bytes: 1, packages: { '@tensorflow/tfjs-node': '4.22.0', 'node-api-headers': '1.9.0', 'tensorflow-cpu': '2.15.1' }, device: 'CPU', fresh: false, seconds: 1 });
    expect([shop.left(), shop.asked().length]).toEqual([before, asked]);
  });
  it('tells of a GPU that the build there is cannot use, and of one that it does not find', async () => {
    shop.brings('nvidia-smi');
    await build(shop.order());
    expect(await typed('')).toMatchObject({ code: 0, stderr: 'note: this machine has an NVIDIA GPU; skein setup tensorflow --gpu takes the CUDA build instead\n' });
    shop.binding('2.15.1', false, "console.error('2026-01-01 10:00:00.1: E xla/cuda_dnn.cc:1] Unable to register cuDNN factory\\n2026-01-01 10:00:00.1: E xla/cuda_driver.cc:274] failed call to cuInit: CUDA_ERROR_NO_DEVICE')");
    await build(shop.order({ build: 'cuda', recipe: shop.recipe(true) }));
    expect(await typed('')).toMatchObject({ code: 0, stderr: 'note: it finds no GPU, and computes on the CPU until it does: failed call to cuInit: CUDA_ERROR_NO_DEVICE\n' });
    shop.binding('2.15.1', true);
    await build(shop.order({ build: 'cuda', recipe: shop.recipe(true) }));
    expect(named(await typed('--gpu --quiet'))).toEqual({ code: 0, stderr: '', stdout: 'TensorFlow 2.15.1, CUDA build, on NVIDIA H100 80GB HBM3: 0 MB in <folder>, set up already\n' });
  });
  it('begins anew where what is there does not load', async () => {
    await build(shop.order());
    writeFileSync(path.join(shop.folder, 'tensorflow/tfjs_binding.node/index.js'), "throw new Error('gone')");
    expect(await typed('')).toMatchObject({ code: 3, stdout: expect.stringMatching(/^TensorFlow 2\.15\.1 for engine tfjs, CPU build: 207 MB are fetched/) as string });
    rmSync(path.join(shop.folder, 'tensorflow'), { recursive: true });
    expect((await typed('')).stdout).toMatch(/are fetched/);
  });
  it.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('ends at %s and leaves nothing; a second one ends the process', async (signal, code) => {
    shop.tells('npm', 'wait');
    const signals = new EventEmitter(), exits: number[] = [], answer = typed('--quiet', { signals, exit: c => { exits.push(c); } }), pid = await shop.waiting();
    signals.emit(signal);
    signals.emit(signal);
    expect(await answer).toEqual({ code, stdout: '', stderr: 'interrupted: nothing was changed, and nothing is left of it\n' });
    expect(exits).toEqual([code]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(shop.left()).toEqual([]);
    expect(['SIGINT', 'SIGTERM'].map(s => signals.listenerCount(s))).toEqual([0, 0]);
  });
});
