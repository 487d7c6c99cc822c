/** TensorFlow's library for the tests of `npm run test:native`, where it is not there yet. */
import { spawnSync } from 'node:child_process';

export default function setUp(): void {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'plugins/cli/main.ts', 'setup', 'tensorflow'], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`skein setup tensorflow ended with ${status}`);
}
