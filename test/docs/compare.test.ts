/** docs/compare.md: what it prints and draws of the recorded runs, and its commands, shortened. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/random.ts';
import { interval, iqm } from '../../plugins/statistics.ts';
import { recordRun } from '../plugins/cli/recorded-runs.ts';
import { scratch, skein } from '../plugins/cli/skein.ts';
import { blocksOf, joined, pageText } from './blocks.ts';

interface Run { readonly name: string; readonly algorithm: string; readonly environment: string; readonly seed: number; readonly points: readonly (readonly [number, number])[] }
const runs = JSON.parse(readFileSync(new URL('../fixtures/compared-runs/runs.json', import.meta.url), 'utf8')) as readonly Run[], blocks = blocksOf(pageText('docs/compare.md'));
const folder = scratch();
afterAll(folder.remove);

describe('docs/compare.md', () => {
  it('prints and draws what it says, of the runs that were recorded', async () => {
    const folders = runs.map(run => recordRun(folder.in(run.name), run)), { code, stdout, stderr } = await skein('compare', ...folders, '-o', folder.in('curves.svg'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replaceAll(`${folder.path}/`, '')).toBe(joined(blocks, 'text'));
    expect(pageText('docs/pictures/compare.svg')).toBe(readFileSync(folder.in('curves.svg'), 'utf8'));
  });
  it('has a command that trains such runs', async () => {
    const said = [...joined(blocks, 'sh').matchAll(/in ([\w ]+); do/g)].map(([, words]) => words!.split(' '));
    expect(said).toEqual([[...new Set(runs.map(r => String(r.seed)))], [...new Set(runs.map(r => r.algorithm))]]);
    const command = /npx skein (train [^]*?)\n *done/.exec(joined(blocks, 'sh'))![1]!.replace(/\\\n/g, ' ').replace(/'/g, '').split(/ +/);
    for (const run of runs.filter(r => r.seed === 1)) {
      const words = command.map(word => (word === '$algorithm' ? run.algorithm : word === '$seed' ? '1' : word === '8k' ? '60' : word));
      expect((await skein(...words, '--quiet', '--out', folder.in(`trained-${run.algorithm}`))).code).toBe(0);
    }
  }, 120_000);
  it('says of how many normal samples the interval holds their mean', () => {
    const sizes = [3, 5, 10, 20, 50], tries = 500, draw = Random.of(1, 'coverage');
    const held = sizes.map(n => Array.from({ length: tries }, (_, i) => interval(s => iqm(s!), [[[...Random.of(i, 'normal', n).fill('normal', new Float32Array(n))]]], 400, draw)).filter(({ low, high }) => low <= 0 && high >= 0).length / tries);
    expect(pageText('docs/compare.md')).toContain(`| runs | ${sizes.join(' | ')} |\n|---|${'---|'.repeat(sizes.length)}\n| held | ${held.map(share => `${Math.round(share * 100)} %`).join(' | ')} |\n`);
  });
});
