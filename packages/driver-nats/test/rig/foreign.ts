import { connect } from '@nats-io/transport-node'
import type { Foreign } from '@spanwire/testkit'
import type { EngineNode } from '@spanwire/testkit/engines'
import { ADMIN } from './accounts.js'
import { asAdmin } from './admin.js'
import { subjectOf } from './names.js'

/** A program on plain nats.js that knows nothing of us but the subjects. */
export function foreign(node: EngineNode): Foreign {
  return {
    publish: (spec, path, body) =>
      asAdmin(node, async (nc) => {
        nc.publish(subjectOf(spec, path), body)
        await nc.flush()
      }),
    async read(spec, count) {
      const nc = await connect({ servers: node.endpoint, ...ADMIN, reconnect: false })
      const subscription = nc.subscribe(subjectOf(spec, '>'), { max: count })
      await nc.flush()
      const gather = async (): Promise<readonly string[]> => {
        const bodies: string[] = []
        for await (const message of subscription) bodies.push(message.string())
        await nc.close()
        return bodies
      }
      return { bodies: gather() }
    },
  }
}
