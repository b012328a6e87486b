/** What pages load: minified, gzipped, everything that a package exports. */
import { existsSync } from 'node:fs'

const core = 'packages/core/dist/index.js'
const websocket = 'packages/driver-websocket/dist/index.js'
const browser = 'packages/browser/dist/index.js'
const react = 'packages/react/dist/index.js'

/**
 * Fails the bundle when a package is in it that the budget does not name: a dependency must not come in unseen.
 */
function onlyFrom(...packages) {
  const setup = (build) => {
    build.onEnd(({ metafile }) => {
      const strangers = Object.keys(metafile?.inputs ?? {}).filter(
        (file) => !packages.some((name) => file.includes(`packages/${name}/`)) && !file.includes('size-limit'),
      )
      return { errors: strangers.map((file) => ({ text: `${file} does not belong in this bundle` })) }
    })
  }
  return (config) => ({ ...config, plugins: [...(config.plugins ?? []), { name: 'only-from', setup }] })
}

export default [
  {
    name: 'core and driver-websocket',
    path: [core, websocket],
    import: { [core]: '*', [websocket]: '*' },
    limit: '12 kB',
    modifyEsbuildConfig: onlyFrom('core', 'driver', 'driver-websocket'),
  },
  {
    name: 'the preset for pages, which adds their life cycle',
    path: [browser],
    import: { [browser]: '*' },
    limit: '13 kB',
    modifyEsbuildConfig: onlyFrom('core', 'driver', 'driver-websocket', 'browser'),
  },
  {
    name: 'the hooks of react, over core',
    path: [react],
    import: { [react]: '*' },
    ignore: ['@spanwire/core', 'react'],
    limit: '4 kB',
    modifyEsbuildConfig: onlyFrom('react'),
  },
].filter(({ path }) => path.every((file) => existsSync(file)))
