/** Who may import whom: the table of folders, as rules. core <- nodes <- graphs <- plugins/compose.ts; nothing imports test. */
const ours = '^(core|nodes|graphs|plugins|visualizer|test)/';
/** Everything of ours that a folder must not import. */
const only = (name, from, allowed, comment, to = {}) => ({ name, severity: 'error', comment, from: { path: from }, to: { path: ours, pathNot: allowed, ...to } });

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', comment: 'Two files that need each other are one idea, or three.',
      from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'no-missing', severity: 'error', comment: 'An import that leads nowhere.', from: {}, to: { couldNotResolve: true } },

    only('core-is-alone', '^core/', '^core/', 'core imports nothing of ours.'),
    only('nodes-know-core', '^nodes/', '^(core|nodes)/', 'A node knows its neighbours by its ports only.'),
    only('graphs-wire-nodes', '^graphs/', '^(core|nodes|graphs)/', 'A page is wiring between nodes.'),
    { name: 'graphs-without-maths', severity: 'error', comment: 'A page has no tensors: what it computes belongs into a node.',
      from: { path: '^graphs/' }, to: { path: '^nodes/maths\\.ts$' } },
    only('plugins-know-core', '^plugins/(environments|engines|replay|stores|trackers|transports)/', '^(core|plugins)/',
      'A plugin implements an interface of core; plugins/compose.ts brings everything together.'),
    { name: 'plugins-are-loaded-by-compose', severity: 'error', comment: 'The composition root stands above all others.',
      from: { path: '^plugins/(environments|engines|replay|stores|trackers|transports)/' }, to: { path: '^plugins/(compose|cli/)' } },
    only('visualizer-reads-descriptions', '^visualizer/', '^visualizer/|^core/(describe|tracker)\\.ts$',
      'A picture is drawn from the description, and a curve from metric records.'),
    { name: 'visualizer-imports-types-of-core', severity: 'error', comment: 'What the web page draws must not pull the engine into the browser.',
      from: { path: '^visualizer/' }, to: { path: '^core/', dependencyTypesNot: ['type-only'] } },
    { name: 'nothing-imports-test', severity: 'error', comment: 'Tests stand outside.', from: { pathNot: '^test/' }, to: { path: '^test/' } },

    { name: 'injection-at-the-edge', severity: 'error', comment: 'Nodes, graphs and core functions are imported, never injected.',
      from: { pathNot: '^(plugins|test)/' }, to: { path: '(^|node_modules/)(inversify|@inversifyjs|reflect-metadata)(/|$)' } },
    { name: 'no-tensors-in-pages-and-pictures', severity: 'error', comment: 'Pages are wiring, pictures are descriptions.',
      from: { path: '^(graphs|visualizer)/' }, to: { path: '(^|node_modules/)@tensorflow/' } },
    { name: 'engines-alone-load-backends', severity: 'error', comment: 'TensorFlow.js with its side effects is an engine\'s; elsewhere tfjs-core is enough.',
      from: { pathNot: '^(plugins/engines|test)/' }, to: { path: '(^|node_modules/)@tensorflow/(?!tfjs-core(/|$))' } },
    { name: 'core-has-few-packages', severity: 'error', comment: 'core runs in a browser: tensors, streams, graphs, schemas, random numbers, and nothing of Node.',
      from: { path: '^core/' }, to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional'], pathNot: 'node_modules/(@tensorflow/tfjs-core|rxjs|graphology|graphology-[a-z]+|zod|pure-rand|@noble/hashes|fastest-levenshtein)(/|$)' } },
    { name: 'nodes-have-tensors-only', severity: 'error', comment: 'A node is a pure function of tensors.',
      from: { path: '^nodes/' }, to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional'], pathNot: 'node_modules/@tensorflow/tfjs-core(/|$)' } },
    { name: 'graphs-have-no-packages', severity: 'error', comment: 'A page needs only our own words.',
      from: { path: '^graphs/' }, to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional'] } },
    { name: 'no-dev-packages-at-run-time', severity: 'error', comment: 'What users install has no development packages.',
      from: { pathNot: '^test/|^\\.vitest\\.config' }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'], extensions: ['.ts', '.js', '.json'] },
  },
};
