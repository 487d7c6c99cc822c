/** A run whose graph.svg cannot be drawn or written says so and goes on. */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Definition } from '../../../core/definition.ts';
import type { RunEvent } from '../../../core/tracker.ts';
import { compose } from '../../../plugins/compose.ts';
import { readRun } from '../../../plugins/stores/read-run.ts';
import { applySettings } from '../../../plugins/page-settings.ts';
import type { Outcome } from '../../../plugins/training.ts';
import { FailingDisk } from '../stores/failing-disk.ts';
import { emptyFolder } from '../stores/folder.ts';

/** A disk that takes everything but one file. */
class WithoutPicture extends FailingDisk {
  override write(path: string, chunks: Iterable<Uint8Array>, mode?: number) {
    return path.includes('graph.svg') ? Promise.reject(Object.assign(new Error('ENOSPC: no luck, write'), { code: 'ENOSPC' })) : super.write(path, chunks, mode);
  }
}
async function trained(files: FailingDisk, picture?: false): Promise<{ readonly run: string; readonly outcome: Outcome; readonly alarms: readonly RunEvent[] }> {
  const made = await compose(), page: Definition = applySettings(made.catalogue.page('vdn'), { 'data.batch': 2, 'data.start': 2, 'agentQ.hidden': 3, 'data.keep': 4 }), run = `${await emptyFolder()}/run`, alarms: RunEvent[] = [];
  const prepared = await made.training.prepare(page, { environment: 'matrix/two-step', steps: 18, engine: 'tfjs:cpu', evaluate: { every: 18, episodes: 1 }, logEvery: 4, checkpointEvery: 6, out: run, files, ...(picture === false ? { picture } : {}), trackers: [{ event: e => { if (e.kind === 'alarm') alarms.push(e); } }] });
  return { run, outcome: await prepared.begin(), alarms };
}

describe('a run whose picture cannot be written', () => {
  it('raises the alarm PICTURE, is recorded with it, and comes to its end', async () => {
    const { run, outcome, alarms } = await trained(new WithoutPicture());
    expect(alarms.map(a => a.detail)).toEqual([{ code: 'PICTURE', what: expect.stringMatching(/^graph\.svg is not drawn: .*ENOSPC: no luck/) as unknown }]);
    expect(outcome).toMatchObject({ folder: run, dropped: {} });
    expect((await readRun(run)).events.filter(e => e.kind === 'alarm').map(e => e.detail['code'])).toEqual(['PICTURE']);
    expect(existsSync(`${run}/graph.svg`)).toBe(false);
    expect(readdirSync(`${run}/checkpoints`).length).toBeGreaterThan(0);
  });
  it('raises none where no picture is asked for', async () => { expect((await trained(new WithoutPicture(), false)).alarms).toEqual([]); });
  it('raises none where it can', async () => {
    const { run, alarms } = await trained(new FailingDisk());
    expect(alarms).toEqual([]);
    expect(existsSync(`${run}/graph.svg`)).toBe(true);
  });
});
