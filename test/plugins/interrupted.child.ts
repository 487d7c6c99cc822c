/**
 * The command line, as a process that says where it is: `acting`, `updating` or `saving`, whichever its first word names, once it has taken 20
 * steps. It stands there until it hears a signal; with `stuck` as its second word for ever.
 */
import { writeSync } from 'node:fs';
import { Learner } from '../../core/step.ts';
import { main } from '../../plugins/cli/command-line.ts';
import { Rollout } from '../../plugins/rollout.ts';
import { disk } from '../../plugins/stores/file-system.ts';

const [where, how, ...argv] = process.argv.slice(2);
let ticks = 0, said = false;
async function here(place: string): Promise<void> {
  if (place !== where || ticks < 20 || said) return;
  said = true;
  const heard = new Promise<void>(resolve => { for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { resolve(); }); }), alive = setInterval(() => undefined, 1000);
  writeSync(1, `${place}\n`);
  await heard;
  writeSync(1, 'heard\n');
  if (how === 'stuck') await new Promise(() => undefined);
  clearInterval(alive);
}
const { tick } = Rollout.prototype, { update } = Learner.prototype, { write } = disk;
Rollout.prototype.tick = async function (...given) { ticks++; await here('acting'); return tick.apply(this, given); };
Learner.prototype.update = async function (...given) { await here('updating'); return update.apply(this, given); };
disk.write = async (path, chunks, mode) => {
  const parts = [...chunks];
  if (!path.includes('arrays')) return write(path, parts, mode);
  function* slowly() { yield* parts.map(part => part.subarray(0, part.length / 2)); yield* parts.map(part => part.subarray(part.length / 2)); }
  if (how !== 'stuck') { await here('saving'); return write(path, parts, mode); }
  await write(path, [...slowly()].slice(0, parts.length), mode);          // half of it is on the disk
  await here('saving');
};
const { stdout, stderr } = process;
process.exit(await main(argv, { stdout, stderr, environment: process.env, signals: process, exit: code => { process.exit(code); } }));
