import { readFile } from 'node:fs/promises'
import { type Credentials, MessagingError } from '@spanwire/driver'
import type { Secret, SiteConfig } from './schema.js'

/** Reads a secret now: files and variables may have changed since the last dial. Rejects with `unauthenticated`, never showing a value. */
async function read(secret: Secret, what: string): Promise<string> {
  if (typeof secret === 'string') return secret
  if ('env' in secret) {
    const value = process.env[secret.env]
    if (value === undefined)
      throw new MessagingError('unauthenticated', `${what}: the environment variable ${secret.env} is not set`)
    return value
  }
  try {
    return (await readFile(secret.file, 'utf8')).trimEnd()
  } catch (cause) {
    throw new MessagingError('unauthenticated', `${what}: cannot read ${secret.file}`, { cause })
  }
}

/** The provider that a session asks before each dial. */
export function credentialsOf(site: string, config: SiteConfig['credentials']): () => Promise<Credentials> {
  const what = `sites.${site}.credentials`
  return async () => {
    if (config === undefined) return { by: 'none' }
    if ('token' in config) return { by: 'token', token: await read(config.token, `${what}.token`) }
    if ('user' in config) {
      return {
        by: 'password',
        user: await read(config.user, `${what}.user`),
        password: await read(config.password, `${what}.password`),
      }
    }
    return { by: 'key', jwt: await read(config.jwt, `${what}.jwt`), seed: await read(config.seed, `${what}.seed`) }
  }
}

type Tls = { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string }

/** PEM texts; a text that names a file is read from `{ file }`. */
export async function tlsOf(site: string, config: NonNullable<SiteConfig['tls']>): Promise<Tls> {
  const texts: Record<string, string> = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const secret = config[name]
    if (secret !== undefined) texts[name] = await read(secret, `sites.${site}.tls.${name}`)
  }
  return { ...texts, ...(config.serverName === undefined ? undefined : { serverName: config.serverName }) }
}
