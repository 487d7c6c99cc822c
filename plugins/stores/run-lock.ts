/** One process at a time writes a run's folder. The lock names its holder, so a dead one's is taken over and a live one's is refused by name. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { RunError } from '../../core/error.ts';
import { codeOf, disk, unlessMissing, type FileSystem } from './file-system.ts';

export const LOCK = 'run.lock';

const holder = z.object({
  pid: z.int().positive(),
  /** When the process began, in the system's own words; tells it from a later process with the same pid. '' where the system does not say. */
  began: z.string(),
  host: z.string(),
});
export type Holder = z.infer<typeof holder>;

/** What the lock asks of the operating system. */
export interface Processes {
  readonly self: Holder;
  /** Undefined where there is no such process on this machine. */
  began(pid: number): string | undefined;
}

/**
 * Linux says it in clock ticks since the machine's start, in field 22 of `stat`; field 2 is a name that may hold anything, so fields are counted
 * from its end. One that was killed stays listed (Z) until its parent asks how it ended, which in a container may be never.
 */
function beganOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 'ZXx'.includes(state) ? undefined : fields[18];
  } catch { return undefined; }
}
function beganElsewhere(pid: number): string | undefined {
  try { process.kill(pid, 0); } catch (error) { if (codeOf(error) === 'ESRCH') return undefined; }
  return '';
}
const began = process.platform === 'linux' ? beganOnLinux : beganElsewhere;
export const processes: Processes = { self: { pid: process.pid, began: began(process.pid) ?? '', host: hostname() }, began };

/** 'unclear' is a file that is no lock (yet): its process may have made it and not filled it. */
type Found = Holder | 'unclear' | undefined;
async function read(files: FileSystem, path: string): Promise<Found> {
  const bytes = await files.read(path).catch(unlessMissing);
  if (!bytes) return undefined;
  try { return holder.parse(JSON.parse(Buffer.from(bytes).toString())); } catch { return 'unclear'; }
}

/** How often an attempt is made, and the time between two, in ms: half of it is for a lock that is just being written. */
const [TRIES, PAUSE] = [40, 25];

/** Takes the lock of a folder; the returned function gives it back. */
export async function lockRun(folder: string, files: FileSystem = disk, { self, began: ask }: Processes = processes): Promise<() => Promise<void>> {
  const path = `${folder}/${LOCK}`, second = `${path}.stale`, text = `${JSON.stringify(self)}\n`;
  const take = (at: string) => files.write(at, [Buffer.from(text)], 0o600)
    .then(() => true, (error: unknown) => { if (codeOf(error) === 'EEXIST') return false; throw error; });
  const pause = () => new Promise(resolve => { setTimeout(resolve, PAUSE); });
  /** Somebody on another machine cannot be asked, so their lock holds. */
  const holds = ({ pid, began, host }: Holder) => host !== self.host || ask(pid) === began;
  const dead = (found: Found) => typeof found === 'object' && !holds(found);

  /** Two may find the same dead lock: only who has the second lock may take it away, and looks again before. */
  const bury = async () => {
    if (await take(second)) {
      const again = await read(files, path);
      if (dead(again) || again === 'unclear') await files.remove(path);
      await files.remove(second);
    } else {
      if (dead(await read(files, second))) await files.remove(second);
      await pause();
    }
  };

  for (let tries = 0; tries < TRIES; tries++) {
    if (await take(path)) {
      return async () => {
        const bytes = await files.read(path).catch(unlessMissing);
        if (bytes && Buffer.from(bytes).toString() === text) await files.remove(path);
      };
    }
    const found = await read(files, path);
    if (typeof found === 'object' && holds(found)) {
      const near = found.host === self.host;
      throw new RunError(`${folder} is in use by process ${found.pid}${near ? '' : ` on ${found.host}`}`,
        near ? 'stop that process, or name another folder' : `stop it there; if it no longer runs, remove ${path}`);
    }
    if (found === undefined || (found === 'unclear' && tries < TRIES / 2)) await pause();
    else await bury();
  }
  throw new RunError(`${path} cannot be taken over`, `if no process uses ${folder}, remove ${path} and ${second}`);
}
