/** `skein draw`, `skein diff` and `skein check -o`: what they write, what they print, and what they say to bad input. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { toJson } from '../../../core/definition.ts';
import { qmix } from '../../../graphs/index.ts';
import { viewProblem } from '../../../visualizer/json.ts';
import { scratch, skein, TINY } from './skein.ts';

const folder = scratch();
afterAll(() => { folder.remove(); });
const text = (name: string) => readFileSync(folder.in(name), 'utf8');
/** What is said to input that is refused. */
const refused = async (...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await skein(...argv);
  expect([code, stdout]).toEqual([2, '']);
  return stderr.replaceAll(`${folder.path}/`, '');
};

describe('skein draw', () => {
  it.each([['svg', '<svg '], ['dot', 'digraph "qmix" {'], ['mmd', 'flowchart LR'], ['html', '<!doctype html>'], ['png', '\ufffdPNG'], ['json', '{\n "schema": 1']])('writes .%s, and nothing beside it', async (ending, begin) => {
    const { code, stdout, stderr } = await skein('draw', 'qmix', '-o', folder.in(`q.${ending}`));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^qmix drawn: .*, \d+ kB, level 1, 12 boxes, 15 lines\n$/);
    expect(text(`q.${ending}`).startsWith(begin)).toBe(true);
    expect(readdirSync(folder.path).filter(n => n.startsWith('.'))).toEqual([]);
  });
  it('writes SVG to standard output for -, and a view for --json', async () => {
    expect((await skein('draw', 'vdn', '-o', '-')).stdout).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(viewProblem(JSON.parse((await skein('draw', 'vdn', '--json')).stdout))).toBeUndefined();
  });
  it('edits the page first', async () => {
    const { stdout } = await skein('draw', 'qmix', '--json', '--swap', 'mixer=sumMixer', '--set', 'agentQ.hidden=16');
    const { nodes } = JSON.parse(stdout) as { nodes: { id: string; detail: string[] }[] };
    expect([nodes.find(n => n.id === 'mixer')!.detail, nodes.find(n => n.id === 'agentQ')!.detail]).toEqual([['sumMixer'], ['rnnAgentQ', 'hidden 16']]);
  });
  it('shows layers by name without an environment, and with their shapes in one; operations at level 3', async () => {
    const parts = async (...more: readonly string[]) => (JSON.parse((await skein('draw', 'qmix', '--json', ...more)).stdout) as { nodes: { id: string; parts?: { id: string; detail: string }[] }[] }).nodes.find(n => n.id === 'mixer')!.parts ?? [];
    expect((await parts('--level', '2')).map(p => p.id)).toEqual(['mixer/w1', 'mixer/b1', 'mixer/w2', 'mixer/v']);
    expect((await parts('--level', '2', '--env', 'matrix/two-step'))[1]!.detail).toBe('3×32 = 128');
    expect(await parts()).toEqual([]);
    expect((await parts('--expand', 'mixer')).length).toBe(4);
    expect((await parts('--level', '3', '--env', 'matrix/two-step')).map(p => p.detail)).toContain('[1 64]');
  }, 60_000);
  it('has lines inside what is open, with an environment and without one, and nothing runs where nothing is', async () => {
    const threads = async (...more: readonly string[]) => (JSON.parse((await skein('draw', 'qmix', '--json', ...more)).stdout) as { nodes: { id: string; threads?: unknown[] }[] }).nodes.find(n => n.id === 'mixer')!.threads?.length;
    expect([await threads('--level', '2'), await threads('--expand', 'mixer'), await threads('--level', '2', '--env', 'matrix/two-step'), await threads()]).toEqual([9, 9, 9, undefined]);
    expect(await threads('--level', '2', '--expand', 'mixer', '--env', 'matrix/two-step')).toBe(29);
    await skein('draw', 'qmix', '-o', folder.in('open.html'));
    expect(text('open.html').match(/<g class="inside">/g)!.length).toBe(2);
  }, 60_000);
  it('names place and remedy of bad input', async () => {
    expect(await refused('draw', 'qmix')).toBe('error: no file is named\n  fix: -o qmix.svg (or .png, .dot, .mmd, .json, .html); -o - writes SVG to standard output\n');
    expect(await refused('draw', 'qmix', '-o', 'q.sgv')).toBe('error: -o q.sgv: no format is called sgv; did you mean .svg?\n  fix: draw writes .svg, .png, .dot, .mmd, .json, .html\n');
    expect(await refused('draw', 'qmix', '-o', folder.in('no/q.svg'))).toBe(`error: -o no/q.svg: there is no folder ${folder.path}/no\n  fix: mkdir -p ${folder.path}/no\n`.replaceAll(`${folder.path}/`, ''));
    expect(await refused('draw', 'qmix', '-o', '-', '--expand', 'mixr')).toMatch(/^error: --expand mixr: qmix has no mixr; did you mean mixer\?\n {2}fix: nodes and parts: data, /);
    expect(await refused('draw', 'qmix', '-o', '-', '--level', '2', '--expand', 'mixer')).toBe('error: --expand mixer at level 2: operations are traced on tensors, and no environment gives them sizes\n  fix: --env <id>; skein list environments shows them\n');
    expect(await refused('draw', 'qmix', '-o', '-', '--path', 'obs')).toBe('error: --path obs: no way from one place to another\n  fix: write from:to, for example obs:loss\n');
    expect(await refused('draw', 'qmix', '-o', '-', '--level', '7')).toMatch(/^error: --level 7: it is none of 0, 1, 2, 3\n/);
    expect(await refused('draw', 'qmix', '-o', '-', '--shapes', 'concrete')).toMatch(/no environment gives the dims their sizes\n {2}fix: --env <id>/);
    expect(await refused('draw', 'qmix', '-o', folder.in('l2.mmd'), '--level', '2')).toMatch(/Mermaid has no ports/);
    mkdirSync(folder.in('taken.svg'));
    expect(await refused('draw', 'qmix', '-o', folder.in('taken.svg'))).toMatch(/that is a folder/);
    expect(readdirSync(folder.path).filter(n => n.startsWith('.'))).toEqual([]);
  });
});

describe('skein diff', () => {
  it('says what differs, exits with 1, and with 0 where nothing does', async () => {
    const { code, stdout } = await skein('diff', 'vdn', 'qmix', '--env', 'matrix/two-step');
    expect(code).toBe(1);
    expect(stdout.split('\n').slice(0, 5)).toEqual(['vdn → qmix', 'Slot mixer: sumMixer → monotonicMixer (embed 32, hypernet 64); targetMixer follows.', 'Reads state, which vdn does not; rule q also trains mixer.', 'Slot mixer is no longer additive, still monotonic and IGM.', '9 of 11 nodes unchanged (+0 −0 ~2); wires +2 −0; weights 25,602 → 32,643 (+7,041).']);
    writeFileSync(folder.in('qmix.json'), JSON.stringify(toJson(qmix)));
    expect(await skein('diff', 'qmix', folder.in('qmix.json'))).toMatchObject({ code: 0, stdout: `qmix → ${folder.in('qmix.json')}\nqmix and ${folder.in('qmix.json')} have the same nodes, wires and rules.\n` });
  });
  it('writes Markdown and JSON', async () => {
    await skein('diff', 'vdn', 'qmix', '-o', folder.in('d.md'));
    expect(text('d.md')).toContain('| \\~ | mixer | sumMixer → monotonicMixer (embed 32, hypernet 64) |');
    await skein('diff', 'vdn', 'qmix', '-o', folder.in('d.json'));
    expect(JSON.parse(text('d.json'))).toMatchObject({ comparison: { counts: { changed: 2, same: 9 }, inputs: { added: ['data.state'] } } });
  });
});

describe('skein check -o', () => {
  it('draws what leads to the problem, and nothing where there is none', async () => {
    const page = JSON.parse(JSON.stringify(toJson(qmix))) as { nodes: Record<string, { in: Record<string, string> }> };
    page.nodes['mixer']!.in['state'] = 'data.state';
    writeFileSync(folder.in('bad.json'), JSON.stringify(page));
    expect((await skein('check', folder.in('bad.json'), '-o', folder.in('e.svg'))).code).toBe(1);
    expect(text('e.svg')).toContain('axis 1: time+1 where time is expected');
    expect(text('e.svg')).not.toContain('id="node-tdLoss"');
    expect((await skein('check', 'qmix', '-o', folder.in('none.svg'))).code).toBe(0);
    expect(existsSync(folder.in('none.svg'))).toBe(false);
  });
});

describe('a run', () => {
  it('has its graph, and none with --no-picture; it can be drawn and compared', async () => {
    for (const [name, ...more] of [['with'], ['without', '--no-picture']] as const) expect((await skein('train', 'qmix', ...TINY, '--out', folder.in(name), ...more)).code).toBe(0);
    expect(text('with/graph.svg')).toContain('<title>qmix on matrix/two-step</title>');
    expect(readdirSync(folder.in('without')).filter(n => n.endsWith('.svg'))).toEqual([]);
    expect((await skein('draw', folder.in('without'), '-o', folder.in('run.svg'))).code).toBe(0);
    expect((await skein('diff', folder.in('with'), folder.in('without'))).code).toBe(0);
  }, 120_000);
});
