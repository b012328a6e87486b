import { spawnSync } from 'node:child_process'
import { describe } from 'vitest'

const missing = ['java', 'mvn'].filter((name) => spawnSync(name, ['-version'], { stdio: 'ignore' }).error !== undefined)

/** Why Kafka cannot be started here, to be read behind a name; `undefined`: it can. */
export const noKafka: string | undefined =
  missing.length === 0 ? undefined : ` (${missing.join(' and ')} missing here: docs/engines.md)`

/** Tests on real brokers, skipped where there can be none. */
export function withKafka(name: string, tests: () => void): void {
  describe.skipIf(noKafka)(`${name}${noKafka ?? ''}`, tests)
}
