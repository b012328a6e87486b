#!/usr/bin/env node
/** The one entry behind `npm start`, `npm test` and the rest: brings the workspace up, then does what was asked. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build, env, pnpm, prepare, root } from './bootstrap.mjs'
import { provideChromium } from './chromium.mjs'
import { fail, run, toStderr } from './exec.mjs'
import { generate } from './generate.mjs'

const [command = '', ...args] = process.argv.slice(2)

/** @type {Record<string, () => Promise<number>>} */
const commands = {
  start: async () => {
    await prepare()
    await build(['@spanwire-examples/quotes'])
    const { code, stopped } = await node(['examples/quotes/dist/start.js', ...args])
    // Who ended the example on purpose has not failed, however the signal was taken.
    return stopped && code > 128 ? 0 : code
  },

  test: async () => {
    await prepare()
    await build()
    const chromium = await provideChromium()
    // Tests that need the server wait for it, and say why there is none; the others go ahead.
    const { installEngine } = await launcher()
    const engines = args.length === 0 ? /** @type {const} */ (['nats', 'kafka']) : []
    const installed = Promise.allSettled(engines.map((name) => installEngine(name)))
    const { code } = await node([bin('vitest/vitest.mjs'), 'run', ...args], chromium)
    await installed
    return code
  },

  'test:long': async () => {
    await prepare()
    await build()
    const extra = { ...(await provideChromium()), SPANWIRE_LONG: '1' }
    return (await node([bin('vitest/vitest.mjs'), 'run', ...args], extra)).code
  },

  check: async () => {
    await prepare()
    return (await node(['scripts/check.mjs', ...args])).code
  },

  consumers: async () => {
    await prepare()
    await build(['./packages/*'])
    return (await node(['test/consumers/run.mjs', ...args])).code
  },

  build: async () => {
    await prepare()
    await build(args)
    return 0
  },

  bench: async () => {
    await prepare()
    await build(['./packages/*'])
    const file = 'bench/run.mjs'
    if (!existsSync(join(root, file))) fail(`There is no ${file} yet.`)
    return (await node(['--expose-gc', file, ...args])).code
  },

  simulate: async () => {
    await prepare()
    await build(['@spanwire/testkit'])
    return (await node(['scripts/simulate.mjs', ...args])).code
  },

  engines: async () => {
    await prepare(toStderr)
    const embedded = ['nats', 'kafka', 'kubemq'].some((name) => args.includes(name)) ? [] : ['@spanwire/cli']
    await build(['@spanwire/testkit', ...embedded], toStderr)
    return await (await launcher()).enginesCommand(args)
  },

  faults: async () => {
    await prepare()
    await build(['./packages/*'])
    return (await node(['faults/run.mjs', ...args])).code
  },

  generate,

  pnpm: () => pnpm(args),
}

/** The built launcher, in this process: whoever watches this one, or ends it, means the launcher. */
async function launcher() {
  return await import(join(root, 'packages/testkit/dist/engines.js'))
}

/** @param {readonly string[]} argv @param {NodeJS.ProcessEnv} [extra] */
function node(argv, extra = {}) {
  return run(process.execPath, argv, { cwd: root, env: { ...env, ...extra } })
}

/** @param {string} file */
function bin(file) {
  return join(root, 'node_modules', file)
}

const action = commands[command]
if (action === undefined) fail(`Unknown command "${command}". One of: ${Object.keys(commands).join(', ')}.`)
process.exitCode = await action()
