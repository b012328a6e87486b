import { spawnSync } from 'node:child_process'

/** Why Kafka cannot be started here, to be read behind a name; `undefined`: it can. */
export async function whyNoKafka(): Promise<string | undefined> {
  const missing = ['java', 'mvn'].filter(
    (name) => spawnSync(name, ['-version'], { stdio: 'ignore' }).error !== undefined,
  )
  return missing.length === 0 ? undefined : ` (${missing.join(' and ')} missing here: docs/engines.md)`
}
