/** What PRIMAL learns of paths: by cloning the planner on an empty map, and whole, on maps of every density, for teams of every size. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { each, graph, now } from '../../core/graph.ts';
import { adam } from '../../core/optimiser.ts';
import { compose } from '../../plugins/compose.ts';
import { gridTeam } from '../../graphs/primal.ts';
import { categorical, gridEncoder, imitation, lstmEncoder, sampleCategorical } from '../../nodes/index.ts';
import { byChance, byPlan, bySkill, PAGES, SMALL, trained, type Cell, type Success } from './primal.ts';
import { Table } from './table.ts';

const { 'look.near': near, 'look.far': far, 'look.hidden': hidden } = SMALL;
/** PRIMAL's network without its reinforcement learning: the page acts for its own rollouts, as it must, and learns from the expert's episodes only. */
const cloning = graph('cloning', gridTeam, g => {
  const ro = g.rollout({ steps: 8, copies: 4 });
  const look = g.add('look', gridEncoder({ near, far, hidden }), { grid: ro.grid, goal: ro.goal }), memory = g.add('memory', lstmEncoder({ hidden }), { x: look.x }), pi = g.add('policy', categorical(), { z: memory.z, avail: ro.avail });
  const ex = g.episodes({ name: 'expert', by: 'expert', batch: 32 });
  const seen = g.shared('expertLook', look, { grid: ex.grid, goal: ex.goal }), kept = g.shared('expertMemory', memory, { x: seen.x }), said = g.shared('expertPolicy', pi, { z: kept.z, avail: ex.avail });
  const loss = g.add('loss', imitation(), { logits: now(said.raw), action: ex.action, mask: each('agent', ex.valid) });
  g.train('imitation', loss.loss, { optimiser: adam({ lr: 2e-3 }), clipNorm: 10 });
  g.act(g.add('explore', sampleCategorical(), { logits: pi.logits }));
});

it('cloned, brings one agent on an empty map of 10 x 10 to its goal within 64 steps, 95 times of 100', async () => {
  const { training } = await compose(), prepared = await training.prepare(cloning, { environment: 'mapf/10x10?agents=1&density=0&steps=64', steps: 32 * 300, seed: 1, out: false, evaluate: { every: 32 * 100, episodes: 200 }, logEvery: 640 });
  prepared.run.metrics$.subscribe(({ step, update, seconds, values }) => { if ('eval/win' in values || update % 20 === 0) process.stdout.write(`  step ${step}, update ${update}, ${seconds.toFixed(0)} s: ${JSON.stringify(values)}\n`); });
  const { score } = await prepared.begin();
  expect(score['eval/win']).toBeGreaterThanOrEqual(0.95);
}, 1_800_000);

const UPDATES = 500, EPISODES = 100, made = compose(), table = new Table(`PRIMAL, ${UPDATES} updates: all agents on their goals (share of agents), of ${EPISODES} episodes`), folder = mkdtempSync(path.join(os.tmpdir(), 'skein-primal-'));
const CELLS = [10, 20].flatMap(side => [0, 0.1, 0.2, 0.3].flatMap(density => [1, 2, 4, 8].map((agents): Cell => ({ side, density, agents }))));
/** By density: of a map without walls the share of teams that arrive, else that of agents. */
const ASKED: Readonly<Record<number, number>> = { 0: 0.9, 0.1: 0.85, 0.2: 0.7, 0.3: 0.5 };
afterAll(() => { table.print(); rmSync(folder, { recursive: true, force: true }); });
const said = ({ all, agents }: Success) => `${all.toFixed(2)} (${agents.toFixed(2)})`;

describe.each(Object.entries(PAGES))('%s, of one policy for maps of both sizes, all densities and teams of every size', (name, page) => {
  it('is trained', async () => {
    const { seconds } = await trained(await made, page, { updates: UPDATES, seed: 1, folder: path.join(folder, name) });
    process.stdout.write(`  ${name}: ${seconds.toFixed(0)} s\n`);
  });
  it.each(CELLS)('on $side x $side with density $density and agents $agents', async cell => {
    const composition = await made, skill = await bySkill(composition, path.join(folder, name), cell, EPISODES), row = { 'learned': name, 'map': `${cell.side} x ${cell.side}`, 'density': cell.density, 'agents': cell.agents, 'success': said(skill) };
    if (name !== 'PRIMAL') { table.add(row); return; }
    const chance = await byChance(composition, cell, EPISODES), plan = await byPlan(composition, cell, EPISODES);
    table.add({ ...row, 'expert': said(plan), 'random play': said(chance) });
    expect(skill.agents).toBeGreaterThan(chance.agents);
    expect(cell.density === 0 ? skill.all : skill.agents).toBeGreaterThanOrEqual(ASKED[cell.density]!);
  });
});
