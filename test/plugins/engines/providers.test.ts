/** Engine `onnx` elsewhere than on the CPU: names, what ONNX Runtime is asked for, and why a provider is refused. The texts are those that it gave. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { add } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { onnx, ready } from '../../../plugins/engines/onnx/engine.ts';
import { emit } from '../../../plugins/engines/onnx/emit.ts';
import { attempt, PROVIDERS, whyNot, type Provider } from '../../../plugins/engines/onnx/provider.ts';
import { loadRuntime, optionsOf, type Native } from '../../../plugins/engines/onnx/session.ts';
import { trace } from '../../../plugins/engines/onnx/symbolic-backend.ts';
import { timedSession } from '../../../plugins/engines/onnx/timed-session.ts';
import { timesOf } from '../../../plugins/engines/program.ts';
import { scratch, skein, TINY } from '../cli/skein.ts';

beforeAll(() => ready('a test'));
afterEach(() => { vi.unstubAllEnvs(); });
const program = { key: 'plus', run: (input: Parameters<Parameters<typeof trace>[0]['run']>[0]) => ({ y: add(input('x', [2], 'f32'), 1) }) };
const LINUX = process.platform === 'linux' && process.arch === 'x64', fetched = path.join(path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')), 'bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so');
const none: Provider = { name: 'none', on: [], asked: { name: 'none' }, remedy: '' };

describe('a provider', () => {
  it('is a backend of the engine where the package has it', () => {
    expect(onnx.backends).toEqual(['cpu', ...PROVIDERS.map(p => p.name)]);
    if (LINUX) expect(onnx.backends).toEqual(['cpu', 'cuda', 'webgpu']);
  });
  it.each([undefined, ...PROVIDERS])('is what a session asks for, and all else is as on the CPU', async provider => {
    const asked: unknown[] = [], binding = { InferenceSession: class { loadModel(...given: unknown[]): void { asked.push(given.at(-1)); } } };
    await loadRuntime(provider, () => ({ initOrt: () => undefined, binding }) as unknown as Native).open(emit(trace(program)), 2, 'calls');
    expect(asked).toEqual([{ ...(provider ? { executionProviders: [{ name: provider.name, ...(provider.asked as object) }] } : {}), intraOpNumThreads: 2, interOpNumThreads: 1, executionMode: 'sequential', enableCpuMemArena: true, enableMemPattern: false, graphOptimizationLevel: 'all', logSeverityLevel: 3, extra: { session: { 'intra_op.spin_duration_us': '20' } }, enableProfiling: true, profileFilePrefix: 'calls' }]);
    expect(optionsOf(provider, 1)).not.toHaveProperty('enableProfiling');
  });
  it('says with a profile which operators it has left to the CPU', async () => {
    const times = timesOf(program), session = await timedSession(loadRuntime(), emit(trace(program)), 1, times, true);
    await session.run(() => new Float32Array(2));
    session.dispose();
    expect(times.placed).toEqual({ operators: 1, onCpu: { Add: 1 } });
  });
});

describe('a trial', () => {
  it('computes one layer in a process of its own', async () => {
    const trial = await attempt(undefined);
    expect(trial.numbers).toHaveLength(64);
    expect(whyNot(trial)).toBeUndefined();
    expect(whyNot({ ...trial, numbers: trial.numbers!.map(x => x * (1 + 2 ** -11)) })).toMatch(/^a product was 4\.\de-4 of the largest number off, and 1e-5 is let pass$/);
    expect(whyNot({ ...trial, numbers: [] })).toBe('a product was not a number, and 1e-5 is let pass');
  }, 60_000);
  it('of what the package has not says so', async () => {
    expect(whyNot(await attempt(none))).toBe('no available backend found. ERR: [none] backend not found.');
  }, 60_000);
  it.each([
    ['OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library', '[E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] /src/provider_bridge_ort.cc:1988 onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library /a/b/libonnxruntime_providers_cuda.so with error: libcublasLt.so.12: cannot open shared object file: No such file or directory\n', 'libcublasLt.so.12: cannot open shared object file: No such file or directory'],
    ['x', 'FAIL : Failed to load library /a/b/libp.so with error: /a/b/libp.so: undefined symbol: cudaFree\n', 'libp.so: undefined symbol: cudaFree'],
    ['/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n', "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory\n    at operator() (BackendVk.cpp:368)\n\n", "Failed to get a WebGPU adapter: No supported adapters (Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory)"],
    ['CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0\nmore', '', 'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0'],
  ])('gives the first line of the reason: %#', (error, noise, why) => { expect(whyNot({ error, noise })).toBe(why); });
  it('that does not end by itself says how it ended', () => { expect(whyNot({ noise: '', ended: 'its trial was ended by SIGSEGV' })).toBe('its trial was ended by SIGSEGV'); });
});

describe.runIf(LINUX)('what does not load is refused before a run has a folder', () => {
  const folder = scratch(), train = (engine: string) => skein('train', 'qmix', ...TINY.map(word => (word === 'tfjs:cpu' ? engine : word)), '--out', folder.in('never'));
  afterEach(() => { expect(existsSync(folder.in('never'))).toBe(false); folder.remove(); });
  it.runIf(!existsSync(fetched))('cuda, of which the libraries are not there', async () => {
    expect(await train('onnx:cuda')).toEqual({ code: 2, stdout: '', stderr: 'error: engine onnx:cuda does not load: libonnxruntime_providers_cuda.so is not there, because the install script of onnxruntime-node has not run\n  fix: node node_modules/onnxruntime-node/script/install.js, and have CUDA 12, cuDNN 9 and the driver of the GPU where the loader finds them (LD_LIBRARY_PATH); or --engine onnx, on the CPU\n' });
  });
  it('webgpu, without a driver', async () => {
    for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES']) vi.stubEnv(name, '/nowhere');
    const { code, stdout, stderr } = await train('onnx:webgpu');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: engine onnx:webgpu does not load: Failed to get a WebGPU adapter: No supported adapters \([^\n]+\)\n {2}fix: install the Vulkan driver of the GPU; or --engine onnx, on the CPU\n$/);
  }, 60_000);
});
