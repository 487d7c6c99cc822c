/**
 * TensorFlow's own library as a backend of TensorFlow.js: where `skein setup tensorflow` puts it, and how a process loads it from there.
 * The folder has the libraries as in their wheels, because a CUDA build looks for CUDA beside itself, and of `@tensorflow/tfjs-node` the JavaScript.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

export const TENSORFLOW = '2.15.1', TFJS_NODE = '4.22.0';
export type Build = 'cpu' | 'cuda';
export type Environment = Readonly<Record<string, string | undefined>>;
/** `setup.json` of the folder. */
export interface Installed { readonly build: Build; readonly tensorflow: string; readonly tfjs: string; readonly bytes: number; readonly packages: Readonly<Record<string, string>> }

/** Where a user's caches are. */
const cacheOf = ({ XDG_CACHE_HOME: cache, HOME: home = os.homedir() }: Environment): string => (cache !== undefined && path.isAbsolute(cache) ? cache : path.join(home, '.cache'));
/** Other versions are another folder. It is made in one step, so where it is it is whole. */
export const folderOf = (environment: Environment = process.env): string => path.join(cacheOf(environment), 'skein', `tensorflow-${TENSORFLOW}-tfjs-${TFJS_NODE}`);
export function installed(folder: string): Installed | undefined {
  try { return JSON.parse(readFileSync(path.join(folder, 'setup.json'), 'utf8')) as Installed; } catch { return undefined; }
}
export const bindingIn = (folder: string): string => path.join(folder, 'tensorflow', 'tfjs_binding.node');

/**
 * What the library reads from the environment; what the user has set there stays. It is quiet on standard error, takes one GPU and of its memory what it needs
 * instead of all of it, and multiplies in float32, where it would round to the 10 bits of TF32, which is 1e-3 off.
 */
export const SETTINGS = { TF_CPP_MIN_LOG_LEVEL: '3', CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: '0', TF_FORCE_GPU_ALLOW_GROWTH: 'true', NVIDIA_TF32_OVERRIDE: '0' } as const;
export function settle(): void { for (const [name, value] of Object.entries(SETTINGS)) process.env[name] ??= value; }

/** What the JavaScript of the binding asks of `util`: Node 22 warns of it, and later ones took it away. */
export function restoreUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] = (x: unknown) => x === null || x === undefined;
  util['isArray'] = Array.isArray;
}

type Binding = { readonly TF_Version: string; isUsingGpuDevice(): boolean };
type Backend = new (binding: Binding, packageName: string) => tf.KernelBackend & { readonly binding: Binding };
/** Packages that the JavaScript asks for: empty in the folder, and filled with those of this process, since all must share one tfjs-core. */
export const LENT = ['@tensorflow/tfjs', '@tensorflow/tfjs-core'] as const;
/** Registers the backend `tensorflow` and its kernels, as the package's own entry does after a search for its download. */
export function register(folder: string, { build }: Installed): void {
  const here = createRequire(import.meta.url), there = createRequire(path.join(folder, 'tfjs-node', 'package.json'));
  for (const name of LENT) Object.assign(there(name) as object, here('@tensorflow/tfjs'));
  const binding = there(bindingIn(folder)) as Binding, { NodeJSKernelBackend } = there('./dist/nodejs_kernel_backend.js') as { NodeJSKernelBackend: Backend };
  there('./dist/register_all_kernels.js');
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, build === 'cuda' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node'));
}

/** What runs, of any binding that is the backend of the process: the library's version, and the device in words. */
export function running(): { readonly version: string; readonly device: string } {
  const { binding } = tf.backend() as InstanceType<Backend>;
  return { version: binding.TF_Version, device: binding.isUsingGpuDevice() ? gpuOf(process.env) : 'CPU' };
}
const smi = (environment: Environment, ...args: readonly string[]): string | undefined => {
  const { status, stdout } = spawnSync('nvidia-smi', args, { encoding: 'utf8', env: environment });
  return status === 0 ? stdout.trim().split('\n').at(-1) || undefined : undefined;
};
export const hasGpu = (environment: Environment): boolean => smi(environment, '--list-gpus') !== undefined;
const visible = (environment: Environment): string[] => (environment['CUDA_VISIBLE_DEVICES'] ?? SETTINGS.CUDA_VISIBLE_DEVICES).split(',').map(id => id.trim());
const nameOf = (environment: Environment, id: string): string => smi(environment, `--id=${id}`, '--query-gpu=name', '--format=csv,noheader') ?? 'GPU';
/** The binding computes on the last GPU that a process sees. */
export const gpuOf = (environment: Environment): string => nameOf(environment, visible(environment).at(-1)!);
/** Others on the first. */
export const firstGpu = (environment: Environment): string => nameOf(environment, visible(environment)[0]!);
