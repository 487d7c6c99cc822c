import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../core/random.ts';
import { Checkpoints } from '../../../plugins/stores/checkpoints.ts';
import { emptyFolder } from './folder.ts';
import { plain, snapshotOf } from './snapshots.ts';

const child = fileURLToPath(new URL('save-forever.child.ts', import.meta.url));
/** More rounds by hand: SKEIN_ROUNDS=1000. */
const ROUNDS = Number(process.env['SKEIN_ROUNDS'] ?? 4), SEED = 1;

/** Starts it, lets it save for a while and kills it at a moment of which it knows nothing. */
async function savesUntilKilled(folder: string, from: number, after: number): Promise<void> {
  const process_ = spawn(process.execPath, ['--import', 'tsx', child, folder, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(process_.stdout, 'data');
  await new Promise(resolve => { setTimeout(resolve, after); });
  process_.kill('SIGKILL');
  await once(process_, 'close');
}

describe('a process killed while it saves', () => {
  it('leaves complete checkpoints only, and the next one goes on', async () => {
    const folder = await emptyFolder(), draws = Random.of(SEED, 'kill');
    for (let round = 0, from = 0; round < ROUNDS; round++) {
      await savesUntilKilled(folder, from, draws.uniform() * 60);
      const checkpoints = new Checkpoints(folder, { version: '0.1.0' }), there = await checkpoints.list();
      expect(there.length, `round ${round}`).toBeGreaterThanOrEqual(1);
      expect(there.length, `round ${round}`).toBeLessThanOrEqual(3);
      for (const update of there) expect(plain(await checkpoints.load(update))).toEqual(plain(snapshotOf(update)));
      expect(there.at(-1)).toBeGreaterThanOrEqual(from);
      from = there.at(-1)! + 1;
    }
    const last = (await new Checkpoints(folder, { version: '0.1.0' }).list()).at(-1)! + 1;
    await new Checkpoints(folder, { version: '0.1.0' }).save(last, snapshotOf(last));
    expect((await readdir(folder)).filter(name => name.startsWith('.'))).toEqual([]);
  }, 120_000);
});
