import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { claimRunFolder, runName } from '../../../plugins/stores/run-name.ts';
import { disk } from '../../../plugins/stores/file-system.ts';
import { emptyFolder } from './folder.ts';

describe('runName', () => {
  it.each([
    [{ algorithm: 'qmix', environment: 'lbf/8x8-2p-3f-coop?sight=2', seed: 1 }, 'qmix-lbf-8x8-2p-3f-coop-sight-2-1'],
    [{ algorithm: './my page.ts', environment: 'python:./../env.py#make', seed: 0 }, 'my-page.ts-python-env.py-make-0'],
    [{ algorithm: '../..', environment: 'a\\b\0c', seed: 2 }, 'a-b-c-2'],
  ])('is a name on every system', (subject, name) => { expect(runName(subject)).toBe(name); });
});

describe('claimRunFolder', () => {
  const subject = { algorithm: 'vdn', environment: 'matrix/m1', seed: 1 };

  it('makes the first free folder, also when two ask at once', async () => {
    const root = `${await emptyFolder()}/runs`;
    const claimed = await Promise.all([claimRunFolder(subject, root), claimRunFolder(subject, root), claimRunFolder(subject, root)]);
    expect(claimed.sort()).toEqual([`${root}/vdn-matrix-m1-1`, `${root}/vdn-matrix-m1-1-2`, `${root}/vdn-matrix-m1-1-3`]);
    expect((await readdir(root)).sort()).toEqual(['vdn-matrix-m1-1', 'vdn-matrix-m1-1-2', 'vdn-matrix-m1-1-3']);
  });

  it('gives up where no folder can be made', async () => {
    await expect(claimRunFolder(subject, await emptyFolder(), { ...disk, claimFolder: () => Promise.reject(new Error('EROFS')) })).rejects.toThrow('EROFS');
  });
});
