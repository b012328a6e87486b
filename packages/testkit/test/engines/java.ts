import { findJava } from '../../src/engines/java.js'
import { findProgram } from '../../src/engines/program.js'

/** Why Kafka cannot be started here, to be read behind its name; `undefined`: it can. */
export async function whyNoKafka(): Promise<string | undefined> {
  if (findProgram('mvn') === undefined) return ' (no Maven here: apt-get install maven)'
  return await findJava().then(
    () => undefined,
    (error: Error) => ` (${error.message})`,
  )
}
