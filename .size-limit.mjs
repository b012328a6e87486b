/**
 * What pages load, minified and gzipped, by what they do; each entry names what it imports. The limits are close to what is
 * reached: docs/decisions/2026-11-22-the-page-bundle.md.
 */

/** Fails the bundle when a package is in it that the budget does not name: a dependency must not come in unseen. */
function onlyFrom(...packages) {
  const setup = (build) => {
    build.onEnd(({ metafile }) => {
      const files = Object.keys(metafile?.inputs ?? {})
      const strangers = files.filter((file) => !packages.some((name) => file.includes(`packages/${name}/dist/`)))
      const unexpected = strangers.filter((file) => !file.startsWith('scripts/'))
      return { errors: unexpected.map((file) => ({ text: `${file} does not belong in this bundle` })) }
    })
  }
  // As an ES module, for elsewhere esbuild drops what nobody in the bundle uses; of what was built, not of the sources.
  return (config) => ({
    ...config,
    format: 'esm',
    tsconfigRaw: {},
    plugins: [...(config.plugins ?? []), { name: 'only-from', setup }],
  })
}

/** A page of `scripts/check/pages` over core and driver-websocket. */
function page(does, file, limit) {
  return {
    name: `a page that ${does}`,
    path: `scripts/check/pages/${file}.mjs`,
    limit,
    gzip: true,
    modifyEsbuildConfig: onlyFrom('core', 'driver', 'driver-websocket'),
  }
}

export default [
  page('shows the newest values', 'board', '22.7 kB'),
  page('shows quotes: tables and subscriptions', 'quotes', '30.95 kB'),
  page('also publishes and requests', 'desk', '46.3 kB'),
  page('uses every verb', 'everything', '53.65 kB'),
  {
    name: 'browser, by itself: the client without verbs and the life of a page',
    path: 'packages/browser/dist/index.js',
    limit: '16.8 kB',
    gzip: true,
    modifyEsbuildConfig: onlyFrom('core', 'driver', 'driver-websocket', 'browser'),
  },
  {
    name: 'react, over core',
    path: 'packages/react/dist/index.js',
    ignore: ['@spanwire/core', 'react'],
    limit: '4 kB',
    gzip: true,
    modifyEsbuildConfig: onlyFrom('react'),
  },
]
