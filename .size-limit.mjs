/**
 * What pages load: everything that the named packages export, minified and gzipped. The goal for core and driver-websocket is
 * 12 kB; the limits hold the line until then: docs/decisions/2026-11-22-the-page-bundle.md.
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

export default [
  {
    name: 'core and driver-websocket',
    path: 'scripts/check/page.mjs',
    limit: '37 kB',
    gzip: true,
    modifyEsbuildConfig: onlyFrom('core', 'driver', 'driver-websocket'),
  },
  {
    name: 'browser, which adds the life of a page',
    path: 'packages/browser/dist/index.js',
    limit: '36 kB',
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
