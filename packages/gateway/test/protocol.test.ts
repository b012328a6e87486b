import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { house } from './house.js'
import { check, checks } from './protocol.mjs'

describe('the protocol, spoken by hand', () => {
  it.each(Object.keys(checks))('%s', async (name) => {
    await using here = await house({ timing: { pingMs: 200, beatMs: 50 } })
    await check(name, here.gateway.url)
  })

  it('the suite runs by itself against a URL, and says what holds', async () => {
    await using here = await house({ timing: { pingMs: 200, beatMs: 50 } })
    const suite = fileURLToPath(new URL('protocol.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [suite, here.gateway.url])
    expect(stdout.trim().split('\n')).toEqual(Object.keys(checks).map((name) => `ok   ${name}`))
  })
})
