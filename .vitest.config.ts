import { defineConfig } from 'vitest/config';

const minutes = 60_000;
/** `SKEIN_ENGINE=onnx:cuda npm test -- test/plugins/engines/pages.test.ts` holds another engine to the plain one. */
const engine = process.env['SKEIN_ENGINE'] ?? 'onnx:cpu-1';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 3,                                                       // some tests wait for processes and clocks
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/learning/**', 'test/bench/**', 'test/fixtures/**'],
          testTimeout: 0.5 * minutes,
          hookTimeout: 0.5 * minutes,
          provide: { judged: engine, backends: ['cpu', 'wasm'] },
        },
      },
      {
        extends: true,
        test: {
          name: 'native',
          include: ['pages', 'nodes', 'kernels', 'tfjs'].map(file => `test/plugins/engines/${file}.test.ts`),
          globalSetup: 'test/plugins/engines/set-up.ts',
          testTimeout: 2 * minutes,
          provide: { judged: 'tfjs:tensorflow', backends: ['tensorflow'] },
        },
      },
      {
        extends: true,
        test: {
          name: 'learning',
          include: ['test/learning/**/*.test.ts'],
          testTimeout: 60 * minutes,
          hookTimeout: 5 * minutes,
        },
      },
    ],
  },
});
