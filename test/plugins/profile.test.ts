/** Profiles: what they say of a run, and that the run is the same with and without. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compose, type Composition } from '../../plugins/compose.ts';
import type { ProfileFacts } from '../../plugins/profile.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import { skein, TINY } from './cli/skein.ts';
import { outcomeOf, TINY_RUNS } from './tiny-runs.ts';

let made: Composition, folder: string;
beforeAll(async () => { made = await compose(); folder = await mkdtemp(path.join(os.tmpdir(), 'skein-profiles-')); vi.stubEnv('TMPDIR', folder); });
afterAll(() => { vi.unstubAllEnvs(); return rm(folder, { recursive: true }); });
const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);

async function trained(name: string, engine: string, profile: boolean, out: string) {
  const { environment, steps, copies, set } = TINY_RUNS[name]!;
  return (await made.training.prepare(applySettings(made.catalogue.page(name), set), { environment, steps, copies, out, engine, seed: 3, evaluate: { episodes: 3, every: Math.ceil(steps / 3) }, logEvery: 20, checkpointEvery: 60, profile, picture: false })).begin();
}

describe.each(['tfjs:cpu', 'onnx:cpu-1'])('a profile on %s', engine => {
  it.each(['dqn', 'qmix'])('of %s changes no number, and says where all of the time went', async name => {
    const out = (profile: boolean) => `${folder}/${name}-${engine.replace(':', '-')}-${profile}`, began = performance.now(), { profile } = await trained(name, engine, true, out(true)), taken = (performance.now() - began) / 1000;
    expect((await trained(name, engine, false, out(false))).profile).toBeUndefined();
    expect(await outcomeOf(out(true))).toEqual(await outcomeOf(out(false)));
    expect((await readdir(folder)).filter(file => file.startsWith('skein-'))).toEqual([]);
    expect(JSON.parse(await readFile(`${out(true)}/profile.json`, 'utf8'))).toEqual(profile);
    expect(await readdir(out(false))).not.toContain('profile.json');
    const { seconds, phases, programs, nodes, between } = profile!;
    expect(phases.map(p => p.name)).toEqual(['environment', 'acting', 'replay', 'learning', 'evaluation', 'checkpoints', 'other']);
    for (const p of phases) expect(p.seconds, p.name).toBeGreaterThan(0);
    expect(sum(phases.map(p => p.seconds))).toBeCloseTo(seconds, 6);
    expect(sum(phases.map(p => p.share))).toBeCloseTo(1, 6);
    expect(seconds).toBeLessThan(taken);
    // what runs in programs is part of what the run does, and nodes are part of the programs
    for (const { use, seconds: inside, calls } of programs) { expect(calls).toBeGreaterThan(3); expect(inside).toBeLessThan(phases.find(p => p.name === use)!.seconds); expect(between[use]).toBeGreaterThan(-1e-9); }
    expect(sum(nodes.map(n => n.acting)) + between.acting).toBeCloseTo(programs.find(p => p.use === 'acting')!.seconds, 6);
    expect(sum(nodes.map(n => n.forward + n.backward)) + between.learning).toBeCloseTo(programs.find(p => p.use === 'learning')!.seconds, 6);
    const of = (node: string) => nodes.find(n => n.name === node)!, [q, target] = name === 'dqn' ? ['q', 'targetQ'] : ['agentQ', 'targetAgentQ'];
    for (const key of ['acting', 'forward', 'backward', 'evaluation'] as const) expect(of(q!)[key], key).toBeGreaterThan(0);
    expect([of(target!).acting, of(target!).backward, of(target!).forward > 0]).toEqual([0, 0, true]);
    for (const n of nodes) expect(Object.keys(made.catalogue.page(name).page.nodes)).toContain(n.name);
  }, 60_000);
});

describe('skein', () => {
  it('train --profile tells it at the end, and as a line of JSON', async () => {
    const argv = ['train', 'qmix', ...TINY, '--no-picture', '--profile', '--out'], people = await skein(...argv, `${folder}/people`), lines = (await skein(...argv, `${folder}/json`, '--json')).stdout.trim().split('\n').map(line => JSON.parse(line) as { kind?: string });
    expect([people.code, people.stderr]).toEqual([0, '']);
    for (const line of [/^where the time went: [\d.]+ s on tfjs:cpu$/m, /^ {2}environment +[\d.-]+ +[\d.]+ %$/m, /^ {2}node +acting +forward +backward +evaluation +share$/m, /^ {2}mixer +- +[\d.]+ +[\d.]+ +- +[\d.]+ %$/m, /^ {2}between nodes /m]) expect(people.stdout).toMatch(line);
    expect(lines.filter(l => l.kind === 'profile').length).toBe(1);
  }, 60_000);
  it('table --profile trains for a moment and leaves nothing', async () => {
    const { code, stdout } = await skein('table', 'vdn', '--env', 'matrix/m1', '--set', 'agentQ.hidden=4', '--set', 'data.batch=2', '--profile', '--engine', 'onnx:cpu-1', '--json'), { profile } = JSON.parse(stdout) as { profile: ProfileFacts };
    expect(code).toBe(0);
    expect(profile.programs.find(p => p.use === 'learning')!.calls).toBeGreaterThan(100);
    expect(profile.phases.find(p => p.name === 'checkpoints')!.seconds).toBe(0);
  }, 60_000);
  it('says what it needs', async () => {
    expect((await skein('table', 'vdn', '--profile')).stderr).toBe('error: --profile without an environment\n  fix: --env <id>, for example skein table vdn --env lbf/8x8-2p-2f-coop --profile\n');
    expect((await skein('table', 'vdn', '--engine', 'onnx')).stderr).toBe('error: --engine says nothing of a table\n  fix: with --profile it is what computes\n');
    expect((await skein('train', 'vdn', '--env', 'matrix/m1', '--profile', '--engine', 'relay:script', '--plugin', './test/fixtures/plugins/relay.ts', '--out', `${folder}/never`)).stderr).toBe('error: engine relay does not say where its time goes\n  fix: --engine onnx or --engine tfjs with --profile\n');
    expect(await readdir(folder)).not.toContain('never');
  });
});
