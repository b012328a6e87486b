/** Who may import whom. The arrows are drawn in docs/architecture.md; a rule's comment says what to do instead. */

const below = {
  driver: [],
  core: ['driver'],
  'driver-memory': ['driver'],
  'driver-websocket': ['driver'],
  'driver-nats': ['driver'],
  'driver-kubemq': ['driver'],
  'driver-kafka': ['driver'],
  node: ['driver', 'core'],
  browser: ['driver', 'core', 'driver-websocket'],
  react: ['core'],
  gateway: ['driver', 'core'],
  bridge: ['driver', 'core'],
  testkit: ['driver', 'core', 'driver-memory'],
}

/** They import the first entry of their package by its name, so that both share what lives in it. */
const secondEntries = ['^packages/driver/src/kit/', '^packages/react/src/suspense\\.ts$']

const tests = '\\.test\\.tsx?$'

/** One rule a package: its sources reach only the packages below it. Its tests may use any package. */
const arrows = Object.entries(below).map(([name, allowed]) => ({
  name: `arrow-${name}`,
  comment: `${name} may import ${allowed.length > 0 ? allowed.join(', ') : 'no other package'}. Move the shared thing below the seam, or take it by argument.`,
  severity: 'error',
  from: { path: `^packages/${name}/src/`, pathNot: tests },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}))

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-cycle',
      comment: 'No runtime cycle: one of the two files knows too much. Type-only edges are fine.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-folders-below-client',
      comment: 'The folders of core do not know the client that is built of them.',
      severity: 'error',
      from: { path: '^packages/core/src/(contract|arrival|route|session|departure|runtime)/', pathNot: tests },
      to: { path: '^packages/core/src/client/' },
    },
    {
      name: 'no-folder-index',
      comment: 'Import the file that has the thing, not the index of its package or folder.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/', pathNot: [tests, ...secondEntries] },
      to: { path: '^packages/$1/.*/index\\.tsx?$' },
    },
    {
      name: 'runs-anywhere',
      comment: 'driver, core, driver-memory, browser and react run in pages: no module of Node.',
      severity: 'error',
      from: { path: '^packages/(driver|core|driver-memory|browser|react)/src/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-dependency',
      comment: 'driver and core have no dependency but each other.',
      severity: 'error',
      from: { path: '^packages/(driver|core|driver-memory)/src/', pathNot: tests },
      to: { path: 'node_modules' },
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'packages-know-no-example',
      comment: 'What is published never imports what shows or tests it.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: tests },
      to: { path: '^(examples|test|bench|faults|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.snippets)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
