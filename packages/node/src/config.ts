import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { parse } from 'yaml'
import { explainIssues } from './issues.js'
import { type Config, configSchema } from './schema.js'

const DEFAULT_FILES = ['spanwire.config.json', 'spanwire.config.yaml', 'spanwire.config.yml']

/**
 * Reads and checks a configuration file, JSON or YAML; without a name the first of `spanwire.config.json`, `.yaml` and
 * `.yml` here. Rejects with `not-found`, or with `invalid`, which names every wrong path and what would be allowed there.
 */
export async function loadConfig(file?: string): Promise<Config> {
  const found = file ?? DEFAULT_FILES.find((name) => existsSync(name))
  if (found === undefined) {
    throw new MessagingError(
      'not-found',
      `no configuration: none of ${DEFAULT_FILES.join(', ')} in ${process.cwd()}; write one, or name it with --config`,
    )
  }
  let text: string
  try {
    text = await readFile(resolve(found), 'utf8')
  } catch (cause) {
    throw new MessagingError(
      'not-found',
      `cannot read the configuration ${found}: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
  return parseConfig(text, found)
}

/** The text of a configuration, JSON or YAML. `file`: how errors call it. */
export function parseConfig(text: string, file = 'the configuration'): Config {
  let value: unknown
  try {
    // YAML 1.2 contains JSON.
    value = parse(text)
  } catch (cause) {
    throw new MessagingError(
      'invalid',
      `${file} is neither JSON nor YAML: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
  const result = configSchema.safeParse(value)
  if (result.success) return result.data
  throw new MessagingError('invalid', `${file}:\n${explainIssues(result.error.issues, value).join('\n')}`)
}
