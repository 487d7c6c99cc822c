/** Saves checkpoints until it is killed: what `killed.test.ts` starts. */
import { Checkpoints } from '../../../plugins/stores/checkpoints.ts';
import { snapshotOf } from './snapshots.ts';

const [folder, from] = [process.argv[2]!, Number(process.argv[3])];
const checkpoints = new Checkpoints(folder, { version: '0.1.0', room: { checkpoints: 2, bytes: Infinity } });

async function saveForever(): Promise<never> {
  for (let update = from; ; update++) {
    await checkpoints.save(update, snapshotOf(update));
    process.stdout.write('.');
  }
}
void saveForever();
