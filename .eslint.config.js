/** What the compiler does not see. Rules that need types are few and named: they are the ones that find real faults here. */
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const LOCALE = ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString', 'toLocaleLowerCase', 'toLocaleUpperCase', 'localeCompare']
  .map(property => ({ property, message: 'A run prints the same under every locale.' }));
const FOCUS = ['it', 'test', 'describe'].flatMap(object => ['only', 'skip', 'todo']
  .map(property => ({ object, property, message: 'Every test runs, always.' })));
const CHANCE = [
  { object: 'Math', property: 'random', message: 'Draw from core/random.ts: a run is repeated bit for bit.' },
  { object: 'Date', property: 'now', message: 'Durations come from a monotonic clock that is handed in.' }];

export default defineConfig(
  globalIgnores(['dist/', 'runs/', 'coverage/', '**/*.d.ts', 'test/fixtures/']),
  {
    files: ['**/*.{ts,js,cjs}'],
    extends: [tseslint.configs.recommended],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'eqeqeq': 'error',
      'no-console': 'error',
      'no-constant-binary-expression': 'error',
      'no-dupe-else-if': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-restricted-properties': ['error', ...LOCALE],
      'no-self-assign': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable': 'error',
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-expressions': ['error', { allowShortCircuit: true, allowTernary: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    files: ['core/**/*.ts', 'plugins/**/*.ts', 'visualizer/**/*.ts'],     // nodes and pages have no promises; tests would take twice as long
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ['core/**', 'nodes/**', 'graphs/**', 'visualizer/**'], rules: { 'no-restricted-properties': ['error', ...LOCALE, ...CHANCE] } },
  {
    files: ['test/**'],
    rules: {
      'no-restricted-properties': ['error', ...LOCALE, ...FOCUS],
      'no-restricted-syntax': ['error', {
        selector: 'ExpressionStatement > CallExpression[callee.object.property.name=/^(rejects|resolves)$/], ExpressionStatement > CallExpression[callee.object.object.property.name=/^(rejects|resolves)$/]',
        message: 'Await it: a promise that nobody waits for cannot fail a test.' }],
    },
  },
  {
    files: ['plugins/**'],
    rules: { 'no-restricted-syntax': ['error', {
      selector: 'ClassDeclaration[decorators.length>0] ImportExpression',
      message: 'Import beside the class: the compiler leaves the .ts of an import inside a decorated one.' }] },
  },
  { files: ['plugins/cli/**', 'test/bench/**'], rules: { 'no-console': 'off' } },
);
