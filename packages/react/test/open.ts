import { afterEach } from 'vitest'
import { type Site, site } from './site.js'
import { pass } from './stage.js'

const opened: Site[] = []

afterEach(async () => {
  const closing = opened.splice(0).map(({ client }) => client.close({ timeout: 1000 }))
  await pass(10_000)
  await Promise.all(closing)
})

/** A site for this test, attached and closed behind it. */
export async function open(channel?: string): Promise<Site> {
  const made = site(channel)
  opened.push(made)
  await pass(10)
  return made
}
