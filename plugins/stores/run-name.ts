/** Where a run goes that was given no folder: `runs/<algorithm>-<environment>-<seed>`, and with a number after it where that is taken. */
import { codeOf, disk, type FileSystem } from './file-system.ts';

/** Letters, digits, '.', '_' and '-' are names on every system; everything else, and dots and dashes in a row, become one '-'. */
const plain = (text: string, most: number) => text.replace(/[^A-Za-z0-9._]+/g, '-').replace(/[-.]{2,}/g, '-').slice(0, most).replace(/^[-.]+|[-.]+$/g, '');

export interface RunSubject { readonly algorithm: string; readonly environment: string; readonly seed: number }

export const runName = ({ algorithm, environment, seed }: RunSubject): string =>
  [plain(algorithm, 60), plain(environment, 100), seed].filter(part => part !== '').join('-');

/** Makes the first free folder of that name; two runs that start at once get two. */
export async function claimRunFolder(subject: RunSubject, root = 'runs', files: FileSystem = disk): Promise<string> {
  const name = `${root}/${runName(subject)}`;
  await files.makeFolder(root);
  for (let n = 1; ; n++) {
    const path = n === 1 ? name : `${name}-${n}`;
    try { await files.claimFolder(path); return path; } catch (error) { if (codeOf(error) !== 'EEXIST') throw error; }
  }
}
