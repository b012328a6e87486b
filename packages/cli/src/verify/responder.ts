import type { Rpc } from '@spanwire/core'
import { loadConfig } from '@spanwire/node'
import { aborted } from '../request.js'
import { channel, clientOf } from '../session.js'
import { wait } from './pace.js'
import { type Answer, answerSchema, type Question, questionSchema } from './question.js'
import { DRAIN_MS, judged, sitesOf } from './run.js'
import { tell } from './tell.js'

export interface ResponderOptions {
  readonly config?: string
  readonly channel: string
  readonly work: number
}

/** Answers, and says what it ran. */
export async function answer(options: ResponderOptions): Promise<void> {
  const config = await loadConfig(options.config)
  const contract = channel(config, options.channel, 'rpc')
  const rpc: Rpc<string, Question, Question, Answer, Answer> = {
    ...contract,
    schema: questionSchema,
    reply: answerSchema,
  }
  await judged(async ({ lines, signal }) => {
    const client = await clientOf(config)
    const told = tell(client, lines)
    let executed = 0
    try {
      const responder = client.respond(rpc, async ({ id, n }, { attempt, site }) => {
        executed += 1
        lines.print('executed', { id, n, attempt, site })
        const room = lines.room()
        if (room !== undefined) await room
        if (options.work > 0) await wait(options.work, signal)
        return { id, n, site }
      })
      await Promise.race([responder.ready, aborted(signal)])
      const sites = await sitesOf(client, signal)
      if (!signal.aborted) lines.print('startup_complete', { sites })
      await aborted(signal)
      await client.close({ timeout: DRAIN_MS })
      await told
      return { executed }
    } finally {
      await client.close({ timeout: DRAIN_MS })
    }
  })
}
