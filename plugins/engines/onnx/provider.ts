/**
 * Where ONNX Runtime computes, if not on the CPU: its execution providers, as onnxruntime-node has them. One that is named has to pass a trial before
 * anything else begins, in a process of its own: a driver may say why not on standard error alone, wait for ever, or take its process with it.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { InferenceSession } from 'onnxruntime-node';
import { InputError } from '../../../core/error.ts';
import { firstGpu } from '../tensorflow/library.ts';
import { emit } from './emit.ts';
import { optionsOf } from './session.ts';
import { trace } from './symbolic-backend.ts';

const require = createRequire(import.meta.url);
export interface Provider {
  readonly name: string;
  /** Platforms for which the package has it. */
  readonly on: readonly string[];
  readonly asked: InferenceSession.ExecutionProviderConfig;
  readonly remedy: string;
  /** Libraries beside the package's own, which its install script fetches. */
  readonly fetched?: readonly string[];
  /** What its libraries read from the environment; what the user has set there stays. */
  readonly settings?: Readonly<Record<string, string>>;
  device?(): string;
}
const ALL: readonly Provider[] = [
  {
    name: 'cuda', on: ['linux x64'], asked: { name: 'cuda', deviceId: 0 }, fetched: ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'],
    // products in float32, where CUDA would round to the 10 bits of TF32; the first GPU as nvidia-smi counts them
    settings: { NVIDIA_TF32_OVERRIDE: '0', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' },
    remedy: 'have CUDA 12, cuDNN 9 and the driver of the GPU where the loader finds them (LD_LIBRARY_PATH)', device: () => firstGpu(process.env),
  },
  { name: 'webgpu', on: ['linux x64', 'darwin arm64', 'win32 x64', 'win32 arm64'], asked: { name: 'webgpu' }, remedy: { linux: 'install the Vulkan driver of the GPU' }[process.platform as string] ?? 'update the driver of the GPU' },
  { name: 'dml', on: ['win32 x64', 'win32 arm64'], asked: { name: 'dml', deviceId: 0 }, remedy: 'update the driver of the GPU' },
  // a program that keeps float32 (0x10), on CPU and GPU (0x20): the neural engine has half of it
  { name: 'coreml', on: ['darwin arm64'], asked: { name: 'coreml', coreMlFlags: 0x30 } as InferenceSession.ExecutionProviderConfig, remedy: 'have macOS 12 or later' },
];
export const PROVIDERS: readonly Provider[] = ALL.filter(p => p.on.includes(`${process.platform} ${process.arch}`));

const ROWS = 8, INNER = 64, PATIENCE = 60_000;
const given = (rows: number, columns: number, step: number) => ({ shape: [rows, columns] as [number, number], numbers: Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * step)) });
/** One layer: a b + c. */
const GIVEN = { a: given(ROWS, INNER, 1), b: given(INNER, ROWS, 2), c: given(ROWS, ROWS, 3) };
const SCRIPT = `
const { at, given, bytes, options } = JSON.parse(process.argv[1]), { env, InferenceSession, Tensor } = require(at), read = text => Uint8Array.from(Buffer.from(text, 'base64'));
env.logLevel = 'error';
(async () => {
  const session = await InferenceSession.create(read(bytes), options);
  const made = await session.run(Object.fromEntries(given.map(([name, shape, numbers]) => [name, new Tensor('float32', new Float32Array(read(numbers).buffer), shape)])));
  return { numbers: [...made['out:y'].data] };
})().catch(e => ({ error: String(e?.message ?? e) })).then(said => { console.log(JSON.stringify(said)); });
`;
const written = (of: ArrayBufferView): string => Buffer.from(of.buffer, of.byteOffset, of.byteLength).toString('base64');
/** What a trial left: its numbers, or what ONNX Runtime threw; what was said on standard error; how its process ended, where not by itself. */
export interface Trial { readonly numbers?: readonly number[]; readonly error?: string; readonly noise: string; readonly ended?: string }
export async function attempt(provider: Provider | undefined): Promise<Trial> {
  const { bytes } = emit(trace({ key: 'trial', run: input => {
    const { a, b, c } = Object.fromEntries(Object.entries(GIVEN).map(([name, { shape }]) => [name, input(name, shape, 'f32')])) as Record<keyof typeof GIVEN, tf.Tensor>;
    return { y: tf.add(tf.matMul(a, b), c) };
  } }));
  const asked = { at: require.resolve('onnxruntime-node'), given: Object.entries(GIVEN).map(([name, { shape, numbers }]) => [`in:${name}`, shape, written(numbers)]), bytes: written(bytes), options: optionsOf(provider, 1) };
  return new Promise(resolve => {
    execFile(process.execPath, ['-e', SCRIPT, JSON.stringify(asked)], { timeout: PATIENCE, killSignal: 'SIGKILL', maxBuffer: 2 ** 24 }, (failed, out, noise) => {
      if (failed) { resolve({ noise, ended: failed.killed ? `its trial took more than ${PATIENCE / 1000} s` : failed.signal ? `its trial was ended by ${failed.signal}` : `its trial ended with ${failed.code}` }); return; }
      resolve({ noise, ...JSON.parse(out.trim().split('\n').at(-1)!) as Pick<Trial, 'numbers' | 'error'> });
    });
  });
}
/** How far the numbers are off, of the largest. */
function off(got: readonly number[]): number {
  const { a: { numbers: a }, b: { numbers: b }, c: { numbers: c } } = GIVEN;
  let most = 0, apart = 0;
  for (let i = 0; i < ROWS * ROWS; i++) {
    let sum = c[i]!;
    for (let k = 0; k < INNER; k++) sum += a[Math.floor(i / ROWS) * INNER + k]! * b[k * ROWS + i % ROWS]!;
    most = Math.max(most, Math.abs(sum));
    apart = Math.max(apart, Math.abs(sum - (got[i] ?? NaN)));
  }
  return apart / most;
}
/** In ONNX Runtime's words, without the places in its source; what a driver said stands in brackets where it says less. */
function words({ error = '', noise }: Trial): string {
  const [, library] = /with error: (.+)/.exec(noise) ?? [], [, warning] = /^Warning: (.+)/m.exec(noise) ?? [];
  if (library !== undefined) return library.replace(/^\S*\/(?=[^/\s]+: )/, '');
  const said = error.trim().split('\n', 1)[0]!.replace(/^.* was false\. /, '');
  return warning === undefined ? said : `${said} (${warning.replace(/\.$/, '')})`;
}
/** Why the provider cannot be taken; undefined where it can. */
export function whyNot(trial: Trial): string | undefined {
  if (trial.ended !== undefined) return trial.ended;
  if (!trial.numbers) return words(trial);
  const error = off(trial.numbers);
  return error < 1e-5 ? undefined : `a product was ${Number.isNaN(error) ? 'not a number' : `${error.toExponential(1)} of the largest number off`}, and 1e-5 is let pass`;
}

/** Refuses a provider that does not compute here. */
export async function tryOut(provider: Provider): Promise<void> {
  const refuse = (why: string, remedy: string) => new InputError(`engine onnx:${provider.name} does not load: ${why}`, `${remedy}; or --engine onnx, on the CPU`);
  const root = path.dirname(require.resolve('onnxruntime-node/package.json')), missing = provider.fetched?.find(file => !existsSync(path.join(root, 'bin', 'napi-v6', process.platform, process.arch, file)));
  if (missing !== undefined) throw refuse(`${missing} is not there, because the install script of onnxruntime-node has not run`, `node ${path.relative('', path.join(root, 'script', 'install.js'))}, and ${provider.remedy}`);
  for (const [name, value] of Object.entries(provider.settings ?? {})) process.env[name] ??= value;
  const why = whyNot(await attempt(provider));
  if (why !== undefined) throw refuse(why, provider.remedy);
}
